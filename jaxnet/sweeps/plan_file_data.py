"""The table ``[data]`` of a plan in a file: what is read, held out and prepared."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data import (
    Dataset,
    StoredArray,
    catalogue,
    is_array_file,
    prepare,
    read_csv,
    read_idx,
    read_npy,
    read_npz,
    read_parquet,
    read_table,
    split_rows,
    split_table,
)
from jaxnet.sweeps.toml_file import known_keys, typed

_DATA_NAMES = (
    "name", "file", "target", "delimiter", "validation", "standardise", "seed", "prepare", "group", "time",
    "class_weights", "stored",
)  # fmt: skip


def file_data(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments of ``plan`` that a table of data stands for."""
    options = dict(known_keys("data.", table, _DATA_NAMES))
    for name in ("name", "file", "delimiter", "group", "time"):
        typed(f"data.{name}", options.get(name, ""), str, "text")
    one = ("name" in options) != ("file" in options)
    checks.require(one, "data", "either name= or file=", checks.Words(", ".join(options) or "none"))
    weights = {"class_weights": options.pop("class_weights", None)}
    if stays(options):
        return _stored(options, folder) | weights
    if options.get("prepare", False) is not False:
        return _prepared(options, folder) | weights
    ways = [name for name in ("group", "time") if name in options]
    checks.require(not ways, "data", f"prepare = true beside {' and '.join(ways)}", checks.Words("none"))
    train = catalogue(options["name"]) if "name" in options else _file(folder / options["file"], options)
    held_out, validation = options.get("validation"), None
    if isinstance(held_out, str):
        validation = _file(folder / held_out, options)
    elif held_out is not None:
        share = checks.number("data.validation", held_out, above=0, below=1)
        validation, train = train.split(share, seed=options.get("seed", 0))
    if options.get("standardise", False):  # both by the training part alone, of which the other must know nothing
        validation = None if validation is None else validation.standardised(by=train)
        train = train.standardised()
    return {"data": train, "validation": validation, **weights}


def stays(options: Mapping[str, Any]) -> bool:
    """Whether the rows of a table of data stay in its file, be it for the kind of the file or by ``stored = true``."""
    typed("data.stored", options.get("stored", False), bool, "true or false")
    return is_array_file(str(options.get("file", ""))) or bool(options.get("stored"))


def files_that_stay(options: Mapping[str, Any], home: Path) -> dict[str, Path]:
    """Return the files of a table of data whose rows stay there, by the keys of a plan that name them."""
    held_out = options.get("validation")
    named = {"data.file": options.get("file"), "data.target": options.get("target")}
    if isinstance(held_out, dict):
        named |= {f"data.validation.{name}": held_out.get(name) for name in ("file", "target")}
    files = {key: home / name for key, name in named.items() if isinstance(name, str)}
    return {key: path.absolute() for key, path in files.items() if path.is_file()} if stays(options) else {}


def _stored(options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Read what stays on disk: X in one file and y in another, or both as columns of a Parquet file."""
    for name in ("delimiter", "prepare", "group", "time"):
        given = options.get(name)
        checks.require(not given, f"data.{name}", "none for rows that stay in their file", given)
    train, held = _parted(_rows(folder, options, "data."), options, folder)
    if options.get("standardise", False):  # both by the training part alone, of which the other must know nothing
        held = held and (held[0].standardised(by=train[0]), held[1])
        train = train[0].standardised(), train[1]
    return {"data": train, "validation": held}


def _parted(rows: "_Rows", options: Mapping[str, Any], folder: Path) -> tuple["_Rows", "_Rows | None"]:
    """Return the rows to train on and those that are held out: a share of them, those of other files, or none."""
    held_out = options.get("validation")
    if held_out is None:
        return rows, None
    if isinstance(held_out, dict):
        names = ("file", "target")
        table = dict(known_keys("data.validation.", held_out, names, needed=names))
        return rows, _rows(folder, {**options, **table}, "data.validation.")
    words = "a share, or a table { file = ..., target = ... }"
    checks.require(isinstance(held_out, int | float), "data.validation", words, held_out)
    share = checks.number("data.validation", held_out, above=0, below=1)
    x, y = rows
    train, held = split_rows(len(x), 1 - share, seed=options.get("seed", 0))
    return (x.take(train), y[train]), (x.take(held), y[held])


_Rows = tuple[StoredArray, np.ndarray]


def _rows(folder: Path, options: Mapping[str, Any], prefix: str) -> _Rows:
    """Return X [N, D], which stays on disk, and y; raises DataError for what cannot be read so."""
    path, target = folder / options["file"], options.get("target")
    if path.suffix == ".parquet":
        x, y = read_parquet(path, target=target, stored=True)
        return x, np.asarray(y)
    checks.require(
        is_array_file(path), f"{prefix}file", "an .npy, IDX or .parquet file, whose rows can stay there", path.name
    )
    words = 'the file of the targets, such as "y.npy"'
    checks.require(isinstance(target, str), f"{prefix}target", words, target)
    read = lambda each: read_npy(each) if each.suffix == ".npy" else read_idx(each, stored=True)
    x, y = read(path), np.asarray(read(folder / str(target)))
    fits = y.ndim in (1, 2) and len(y) == len(x)
    checks.require(fits, f"{prefix}target", f"one target for each of the {len(x)} rows of {path.name}", y)
    return x.flat(), y


_GIVEN = ("table", "target", "rows", "source", "delimiter", "columns", "reading")  # which other keys say, or none


def _prepared(options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Prepare a table, all by its training rows; those held out at random have their share of each class."""
    wishes = {} if options["prepare"] is True else options["prepare"]
    typed("data.prepare", wishes, dict, "true or a table of options of jn.data.prepare")
    fits = "file" in options and "standardise" not in options
    checks.require(fits, "data.prepare", "a file, and scale= in place of standardise", checks.Words(", ".join(options)))
    known = inspect.signature(prepare).parameters | inspect.signature(read_table).parameters
    names = [name for name in known if name not in _GIVEN]
    wishes = dict(known_keys("data.prepare.", wishes, names))
    reading = {name: wishes.pop(name) for name in list(wishes) if name in inspect.signature(read_table).parameters}
    read = lambda name: read_table(folder / name, delimiter=options.get("delimiter"), **reading)
    table, target, held_out = read(options["file"]), options.get("target", -1), options.get("validation")
    ways = {name: options[name] for name in ("group", "time", "seed") if name in options}
    if isinstance(held_out, int | float):
        share = checks.number("data.validation", held_out, above=0, below=1)
        prep, (train, held) = split_table(table, target, 1 - share, **ways, **wishes)
        return {"data": table.take(train), "validation": table.take(held), "preparation": prep}
    checks.require(
        not ways.keys() - {"seed"}, "data", "a share as validation, to be dealt out", checks.Words(str(ways))
    )
    validation = None if held_out is None else read(held_out)
    return {"data": table, "validation": validation, "preparation": prepare(table, target, **wishes)}


def _file(path: Path, options: Mapping[str, Any]) -> Dataset:
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".parquet":
        return read_parquet(path, target=options.get("target"))
    given = {name: options[name] for name in ("target", "delimiter") if name in options}
    return read_csv(path, **given)
