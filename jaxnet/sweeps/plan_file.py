"""A plan in a TOML file: data, space, and how to search it.

    method = "sobol"
    n = 64
    epochs = 81
    metric = "validation_accuracy"
    halving = { eta = 3, min_epochs = 3 }
    # stop = { monitor = "validation_loss", patience = 9 };  rank = "best" or "last" epoch of each member

    [data]
    name = "digits"                  # a data set of the catalogue; or file = "table.csv", .npz or .parquet
    validation = 0.2                 # the share held out; or a file
    standardise = true
    # prepare = true                 # text, dates, gaps: by jn.data.prepare; or its options, { scale = "robust" }
    # group = "patient"              # of a prepared table: rows of one value on one side; or time = "day"
    # class_weights = "balanced"     # every class weighs alike

    [space]
    learning_rate = { min = 1e-3, max = 1.0, log = true }
    hidden = { choices = [[16], [32, 32]] }
    momentum = 0.9                   # a constant
    seed = { count = 5 }

Further kinds: ``{ depth = [1, 3], width = [8, 64] }`` for hidden layers, ``{ times = 0.1, of = "learning_rate" }``
for a derived value, ``{ mean = 0, sd = 1 }`` for a ``Normal``, ``fold = { count = 5, stratify = false }``;
``when = { optimizer = "sgd" }`` beside any of them, or beside ``value = 0.9``, makes it conditional. Bounds of
``hidden``, ``batch_size``, ``epochs`` and ``rows`` make an ``Int``, others a ``Float``. With method = "list",
``configurations`` is a list of tables. An unknown key is refused, with the nearest known one.
"""

import dataclasses
import inspect
import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jaxnet import checks
from jaxnet.data import (
    Dataset,
    catalogue,
    prepare,
    read_csv,
    read_npz,
    read_parquet,
    read_table,
    split_table,
)
from jaxnet.storage import CheckpointError, read_bytes, write_atomically
from jaxnet.sweeps.configuration import PARAMETER_NAMES
from jaxnet.sweeps.folds import Folds
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.parameters import Choice, Configuration, Derived, Layers, Seeds, when
from jaxnet.sweeps.plan_arguments import plan
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.rungs import PBT, Halving, Hyperband
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.toml_file import read_toml, toml_bytes
from jaxnet.training.stopping import Stop

_SEARCH = (
    "method", "n", "configurations", "ask", "epochs", "metric", "metrics", "goal", "rank", "root", "dtype", "pad",
    "hurry", "orders", "keep",
)  # fmt: skip
_PRUNING = ("halving", "hyperband", "stop", "pbt")
_STOP = ("monitor", "patience", "tolerance", "goal", "restore_best", "ties", "latest")
_WHOLE = ("hidden", "batch_size", "epochs", "rows")  # whose numbers are whole
KEPT_PLAN = "plan.toml"  # in the folder of a sweep that a plan in a file made
_KEPT_CHANGES = "plan.changes.json"
_DATA_NAMES = (
    "name", "file", "target", "delimiter", "validation", "standardise", "seed", "prepare", "group", "time",
    "class_weights",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Product:
    """A number times another parameter of the configuration."""

    times: float
    of: str

    def __call__(self, configuration: Configuration) -> float:
        """Compute it."""
        return self.times * configuration[checks.choice("of", self.of, configuration)]


def read_plan(path: str | os.PathLike[str], changes: Iterable[str] = (), content: bytes | None = None) -> Plan:
    """Read a plan from a TOML file; files of data that it names are looked for beside it.

    ``changes`` are lines such as "n = 64" or "space.momentum = 0.5", each of which stands in place of the file's own;
    ``content`` is what was read of the file already, for a pipe gives it only once.
    Raises DataError where it is no TOML, OSError where a file is missing, ValueError or TypeError for what makes no
    plan.
    """
    path = Path(path)
    found = read_toml(path, toml_bytes(path) if content is None else content)
    for change in changes:
        _change(found, change)
    for name in (name for name in found if name in _SPACE and name not in _SEARCH):
        checks.refuse(name, "this key below [space]", checks.Words("it above all tables"))
    _known("", found, (*_SEARCH, *_PRUNING, "data", "space"))
    for table in ("data", "space"):
        checks.require(isinstance(found.get(table), dict), table, f"a table [{table}]", found.get(table), TypeError)
    data = _data(found.pop("data"), _home(path))
    space = Space(**{name: _parameter(name, value) for name, value in _known("space.", found.pop("space"), _SPACE)})
    return plan(space, data.pop("data"), **data, **_search(found))


def _change(plan: dict[str, Any], change: str) -> None:
    """Set a key of a plan, "space.momentum = 0.5": what stands behind the sign is TOML, or else text."""
    name, sign, text = (part.strip() for part in change.partition("="))
    expected = "a key and its value, such as n=64 or space.momentum=0.5"
    checks.require(name and sign and text, "set", expected, change)
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = text  # a name needs no quotes on a command line
    *tables, key = name.split(".")
    for table in tables:
        plan = plan.setdefault(table, {})
        checks.require(isinstance(plan, dict), f"set {name}", f"{table} to be a table", plan, TypeError)
    plan[key] = value


def _home(path: Path) -> Path:
    """Return the folder of a plan; that of whoever asks where it comes out of a pipe, which stands nowhere."""
    return path.parent if path.is_file() else Path()


def keep_plan(path: Path, content: bytes, folder: str | os.PathLike[str], changes: Iterable[str] = ()) -> None:
    """Keep a plan that was read, and the files of data that it names, in the folder of its sweep, which then needs
    nothing else to be read. A file that is named by a path that leads elsewhere stays where it is, as a pipe does.

    ``changes`` are kept beside it, for ``kept_changes``.
    """
    folder = Path(folder)
    found = read_toml(path, content)
    for change in changes:
        _change(found, change)
    data = found["data"]
    for name in (data.get("file"), data.get("validation")):
        inside = isinstance(name, str) and not Path(name).is_absolute() and ".." not in Path(name).parts
        if inside and (_home(path) / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / name, (_home(path) / name).read_bytes())
    # last, for a folder that has a plan has its data
    (folder / _KEPT_CHANGES).unlink(missing_ok=True)
    if changes:
        write_atomically(folder / _KEPT_CHANGES, json.dumps([*changes]).encode())
    write_atomically(folder / KEPT_PLAN, content)


def kept_changes(path: str | os.PathLike[str]) -> list[str]:
    """Return the changes that the plan in the folder of a sweep was read with.

    Raises ``CheckpointError`` where their file is damaged.
    """
    beside = Path(path).parent / _KEPT_CHANGES
    if Path(path).name != KEPT_PLAN or not beside.exists():
        return []
    try:
        kept = json.loads(read_bytes(beside))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{beside}: not the changes of a plan ({error})") from error
    if not isinstance(kept, list):
        raise CheckpointError(f"{beside}: not the changes of a plan")
    return [str(change) for change in kept]


_SPACE = (*PARAMETER_NAMES, "seed", "fold")


def _search(found: dict[str, Any]) -> dict[str, Any]:
    checks.require("epochs" in found, "epochs", "a number of epochs", checks.Words("none"))
    both = "halving" in found and "hyperband" in found
    checks.require(not both, "halving", "halving or hyperband", checks.Words("both"))
    for name, kind in (("halving", Halving), ("hyperband", Hyperband)):
        if name in found:
            found["halving"] = kind(**_options(found, name, "eta = 3", ("eta", "min_epochs", "audit")))
    if "pbt" in found:
        names = tuple(field.name for field in dataclasses.fields(PBT))
        found["pbt"] = PBT(**_options(found, "pbt", "every = 5", names, needed=("every",)))
    if "stop" in found:
        found["stop"] = Stop(**_options(found, "stop", "patience = 5", _STOP))
    return found


def _options(found: dict[str, Any], name: str, example: str, names: tuple[str, ...], **how: Any) -> dict[str, Any]:
    """Take a table out of a plan, after refusing what is none, and keys that it does not have."""
    options = found.pop(name)
    checks.require(isinstance(options, dict), name, f"a table such as {{ {example} }}", options, TypeError)
    return dict(_known(f"{name}.", options, names, **how))


def _data(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments of ``plan`` that a table of data stands for."""
    options = dict(_known("data.", table, _DATA_NAMES))
    for name in ("name", "file", "delimiter", "group", "time"):
        _typed(f"data.{name}", options.get(name, ""), str, "text")
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
    _typed("data.prepare", wishes, dict, "true or a table of options of jn.data.prepare")
    fits = "file" in options and "standardise" not in options
    checks.require(fits, "data.prepare", "a file, and scale= in place of standardise", checks.Words(", ".join(options)))
    known = inspect.signature(prepare).parameters | inspect.signature(read_table).parameters
    names = [name for name in known if name not in _GIVEN]
    wishes = dict(_known("data.prepare.", wishes, names))
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


def _parameter(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        alone = name not in ("seed", "fold") or (name == "seed" and isinstance(value, int))
        checks.require(alone, f"space.{name}", "a table such as { count = 5 }", value, TypeError)
        return value
    table = dict(value)
    conditions = table.pop("when", None)
    _typed(f"space.{name}.when", conditions or {}, dict, 'a table such as { optimizer = "sgd" }')
    parameter = table.pop("value") if set(table) == {"value"} else _kind(name, table)
    return parameter if conditions is None else when(parameter, **conditions)


def _kind(name: str, table: dict[str, Any]) -> Any:
    prefix = f"space.{name}."
    if name == "seed":
        return Seeds(**dict(_known(prefix, table, ("count", "first"), needed=("count",))))
    if name == "fold":
        return Folds(**dict(_known(prefix, table, ("count", "stratify"), needed=("count",))))
    key = next((key for key in _KINDS if key in table), None)  # the one name that tells a kind from the others
    if key is None:
        said = [" and ".join(needed) + _beside(further) for needed, further, _ in _KINDS.values()]
        expected = f"a table with {'; '.join(said)}; or value; and when beside any of them"
        checks.refuse(f"space.{name}", expected, checks.Words(", ".join(table) or "none"))
    needed, further, make = _KINDS[key]
    if key == "min":
        further, make = (("log", "step"), Int) if name in _WHOLE else (further, make)
    _typed(f"{prefix}choices", table.get("choices", []), list, "a list")
    return make(**{_SPELT.get(k, k): v for k, v in _known(prefix, table, (*needed, *further), needed=needed)})


def _beside(further: Sequence[str]) -> str:
    return f" (also {', '.join(further)})" if further else ""


_SPELT: Mapping[str, str] = MappingProxyType({"min": "low", "max": "high"})
_KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], Callable[..., Any]]] = MappingProxyType(
    {
        "mean": (("mean", "sd"), ("min", "max", "log"), Normal),  # before min, which it may have, too
        "min": (("min", "max"), ("log", "step"), Float),
        "choices": (("choices",), (), lambda choices: Choice(list(choices))),
        "depth": (("depth", "width"), ("pyramid", "powers"), Layers),
        "times": (("times", "of"), (), lambda times, of: Derived(Product(checks.number("times", times), of))),
    }
)


def _known(
    prefix: str, table: Mapping[str, Any], names: Iterable[str], *, needed: tuple[str, ...] = ()
) -> list[tuple[str, Any]]:
    """Return the entries of a table after refusing a key that it may not have, and a table without one it must."""
    known = [f"{prefix}{name}" for name in names]
    for name in table:
        checks.choice("key", f"{prefix}{name}", known)
    there = checks.Words(", ".join(table) or "none")
    checks.require(set(needed) <= set(table), prefix.removesuffix("."), " and ".join(needed), there)
    return list(table.items())


def _typed(argument: str, value: Any, kind: type, words: str) -> None:
    checks.require(isinstance(value, kind), argument, words, value, TypeError)
