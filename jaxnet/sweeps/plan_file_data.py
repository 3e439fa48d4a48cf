"""The table ``[data]`` of a plan in a file: what is read, held out and prepared."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxnet import checks
from jaxnet.data import Dataset, catalogue, prepare, read_csv, read_npz, read_parquet, read_table, split_table
from jaxnet.sweeps.toml_file import known_keys, typed

_DATA_NAMES = (
    "name", "file", "target", "delimiter", "validation", "standardise", "seed", "prepare", "group", "time",
    "class_weights",
)  # fmt: skip


def file_data(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments of ``plan`` that a table of data stands for."""
    options = dict(known_keys("data.", table, _DATA_NAMES))
    for name in ("name", "file", "delimiter", "group", "time"):
        typed(f"data.{name}", options.get(name, ""), str, "text")
    one = ("name" in options) != ("file" in options)
    checks.require(one, "data", "either name= or file=", checks.Words(", ".join(options) or "none"))
    weights = {"class_weights": options.pop("class_weights", None)}
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
