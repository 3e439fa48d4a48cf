"""A plan in a TOML file: data, space, and how to search it.

    method = "sobol"
    n = 64
    epochs = 81
    metric = "validation_accuracy"
    halving = { eta = 3, min_epochs = 3 }
    # pruner = { name = "MedianPruner", every = 5 }     # with method = "optuna"; and its own options
    # stop = { monitor = "validation_loss", patience = 9 };  rank = "best" or "last" epoch of each member

    [data]
    name = "digits"                  # a data set of the catalogue; or file = "table.csv", .npz or .parquet
    validation = 0.2                 # the share held out; or a file
    standardise = true
    # prepare = true                 # text, dates, gaps: by jn.data.prepare; or its options, { scale = "robust" }
    # group = "patient"              # of a prepared table: rows of one value on one side; or time = "day"
    # class_weights = "balanced"     # every class weighs alike
    # stored = true                  # rows of a Parquet file stay on disk, as those of file = "X.npy", target = "y.npy"

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
import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jaxnet import checks
from jaxnet.storage import CheckpointError, read_bytes, write_atomically
from jaxnet.sweeps.configuration import PARAMETER_NAMES
from jaxnet.sweeps.folds import Folds
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.parameters import Choice, Configuration, Derived, Layers, Seeds, when
from jaxnet.sweeps.plan_arguments import plan
from jaxnet.sweeps.plan_file_data import file_data, files_that_stay
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.pruning import Pruner
from jaxnet.sweeps.rungs import PBT, Halving, Hyperband
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.toml_file import known_keys, read_toml, toml_bytes, typed
from jaxnet.training.stopping import Stop
from jaxnet.user_paths import file_path

_SEARCH = (
    "method", "n", "configurations", "ask", "epochs", "metric", "metrics", "goal", "rank", "root", "dtype", "pad",
    "hurry", "orders", "keep",
)  # fmt: skip
_PRUNING = ("halving", "hyperband", "stop", "pbt", "pruner")
_STOP = ("monitor", "patience", "tolerance", "goal", "restore_best", "ties", "latest")
_WHOLE = ("hidden", "batch_size", "epochs", "rows")  # whose numbers are whole
KEPT_PLAN = "plan.toml"  # in the folder of a sweep that a plan in a file made
_KEPT_CHANGES = "plan.changes.json"


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
    path = file_path("path", path)
    found = read_toml(path, toml_bytes(path) if content is None else content)
    for change in changes:
        _change(found, change)
    for name in (name for name in found if name in _SPACE and name not in _SEARCH):
        checks.refuse(name, "this key below [space]", checks.Words("it above all tables"))
    known_keys("", found, (*_SEARCH, *_PRUNING, "data", "space"))
    for table in ("data", "space"):
        checks.require(isinstance(found.get(table), dict), table, f"a table [{table}]", found.get(table), TypeError)
    data = file_data(found.pop("data"), _home(path))
    space = Space(**{name: _parameter(name, value) for name, value in known_keys("space.", found.pop("space"), _SPACE)})
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
    nothing else to be read. A file that is named by a path that leads elsewhere stays where it is, as a pipe does; so
    does one whose rows stay on disk, and the folder knows where that is.

    ``changes`` are kept beside it, for ``kept_changes``.
    """
    folder = Path(folder)
    found = read_toml(path, content)
    for change in changes:
        _change(found, change)
    data = found["data"]
    large = files_that_stay(data, _home(path))
    changes = [*changes, *(f"{key} = {json.dumps(str(file))}" for key, file in large.items())]
    for name in () if large else (data.get("file"), data.get("validation")):
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
    if "pruner" in found:  # with the options of the one that it names, which knows them itself
        options = found["pruner"]
        named = isinstance(options, dict) and isinstance(options.get("name"), str)
        checks.require(named, "pruner", 'a table such as { name = "MedianPruner", every = 5 }', options, TypeError)
        further = {name: value for name, value in options.items() if name not in ("name", "every")}
        found["pruner"] = Pruner(options["name"], options.get("every"), further)
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
    return dict(known_keys(f"{name}.", options, names, **how))


def _parameter(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        alone = name not in ("seed", "fold") or (name == "seed" and isinstance(value, int))
        checks.require(alone, f"space.{name}", "a table such as { count = 5 }", value, TypeError)
        return value
    table = dict(value)
    conditions = table.pop("when", None)
    typed(f"space.{name}.when", conditions or {}, dict, 'a table such as { optimizer = "sgd" }')
    parameter = table.pop("value") if set(table) == {"value"} else _kind(name, table)
    return parameter if conditions is None else when(parameter, **conditions)


def _kind(name: str, table: dict[str, Any]) -> Any:
    prefix = f"space.{name}."
    if name == "seed":
        return Seeds(**dict(known_keys(prefix, table, ("count", "first"), needed=("count",))))
    if name == "fold":
        return Folds(**dict(known_keys(prefix, table, ("count", "stratify"), needed=("count",))))
    key = next((key for key in _KINDS if key in table), None)  # the one name that tells a kind from the others
    if key is None:
        said = [" and ".join(needed) + _beside(further) for needed, further, _ in _KINDS.values()]
        expected = f"a table with {'; '.join(said)}; or value; and when beside any of them"
        checks.refuse(f"space.{name}", expected, checks.Words(", ".join(table) or "none"))
    needed, further, make = _KINDS[key]
    if key == "min":
        further, make = (("log", "step"), Int) if name in _WHOLE else (further, make)
    typed(f"{prefix}choices", table.get("choices", []), list, "a list")
    return make(**{_SPELT.get(k, k): v for k, v in known_keys(prefix, table, (*needed, *further), needed=needed)})


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
