"""A plan in a TOML file: data, space, and how to search it.

    method = "sobol"
    n = 64
    epochs = 81
    metric = "validation_accuracy"
    halving = { eta = 3, min_epochs = 3 }

    [data]
    name = "digits"                  # a data set of the catalogue; or file = "table.csv"
    validation = 0.2                 # the share held out; or a file
    standardise = true

    [space]
    learning_rate = { min = 1e-3, max = 1.0, log = true }
    hidden = { choices = [[16], [32, 32]] }
    momentum = 0.9                   # a constant
    seed = { count = 5 }

Bounds that are both whole numbers make an ``Int``, others a ``Float``. An unknown key is refused, with the nearest
known one.
"""

import dataclasses
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jaxnet import checks
from jaxnet.data import DataError, Dataset, catalogue, read_csv, read_npz
from jaxnet.sweeps.parameters import Choice, Configuration, Derived, Float, Folds, Int, Layers, Seeds, when
from jaxnet.sweeps.planning import Plan, plan
from jaxnet.sweeps.recipe import NAMES
from jaxnet.sweeps.rungs import Halving, Hyperband
from jaxnet.sweeps.space import Space

SEARCH = ("method", "n", "ask", "epochs", "metric", "metrics", "goal", "halving", "hyperband", "root", "dtype")
DATA = ("name", "file", "target", "delimiter", "validation", "standardise", "seed")


@dataclasses.dataclass(frozen=True)
class Product:
    """A number times another parameter of the configuration."""

    times: float
    of: str

    def __call__(self, configuration: Configuration) -> float:
        """Compute it."""
        return self.times * configuration[checks.choice("of", self.of, configuration)]


def read_plan(path: str | os.PathLike) -> Plan:
    """Read a plan from a TOML file; files of data that it names are looked for beside it.

    Raises DataError where it is no TOML, OSError where a file is missing, ValueError or TypeError for what makes no
    plan.
    """
    path = Path(path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a TOML file ({error})") from error
    _known("", found, (*SEARCH, "data", "space"))
    for table in ("data", "space"):
        checks.require(isinstance(found.get(table), dict), table, f"a table [{table}]", found.get(table), TypeError)
    train, validation = _data(found.pop("data"), path.parent)
    space = Space(**{name: _parameter(name, value) for name, value in _known("space.", found.pop("space"), _SPACE)})
    return plan(space, train, validation=validation, **_search(found))


_SPACE = (*NAMES, "seed", "fold")


def _search(found: dict[str, Any]) -> dict[str, Any]:
    checks.require("epochs" in found, "epochs", "a number of epochs", checks.Words("none"))
    both = "halving" in found and "hyperband" in found
    checks.require(not both, "halving", "halving or hyperband", checks.Words("both"))
    for name, kind in (("halving", Halving), ("hyperband", Hyperband)):
        if name in found:
            options = found.pop(name)
            checks.require(isinstance(options, dict), name, "a table such as { eta = 3 }", options, TypeError)
            found["halving"] = kind(**dict(_known(f"{name}.", options, ("eta", "min_epochs", "audit"))))
    return found


def _data(table: Mapping[str, Any], folder: Path) -> tuple[Dataset, Dataset | None]:
    options = dict(_known("data.", table, DATA))
    one = ("name" in options) != ("file" in options)
    checks.require(one, "data", "either name= or file=", checks.Words(", ".join(options) or "none"))
    train = catalogue(options["name"]) if "name" in options else _file(folder / options["file"], options)
    held_out, validation = options.get("validation"), None
    if isinstance(held_out, str):
        validation = _file(folder / held_out, options)
    elif held_out is not None:
        share = checks.number("data.validation", held_out, above=0, below=1)
        validation, train = train.split(share, seed=options.get("seed", 0))
    if options.get("standardise", False):
        validation = None if validation is None else validation.standardised(by=train)
        train = train.standardised()
    return train, validation


def _file(path: Path, options: Mapping[str, Any]) -> Dataset:
    if path.suffix == ".npz":
        return read_npz(path)
    given = {name: options[name] for name in ("target", "delimiter") if name in options}
    return read_csv(path, **given)


def _parameter(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    table = dict(value)
    conditions = table.pop("when", None)
    parameter = table.pop("value") if set(table) == {"value"} else _kind(name, table)
    return parameter if conditions is None else when(parameter, **conditions)


def _kind(name: str, table: dict[str, Any]) -> Any:
    if name in ("seed", "fold"):
        kind: Callable = Seeds if name == "seed" else Folds
        return kind(**dict(_known(f"space.{name}.", table, ("count", "first") if name == "seed" else ("count",))))
    key = next((key for key in _KINDS if key in table), None)
    if key is None:
        known = f"a table with {', '.join(_KINDS)} or value"
        checks.refuse(f"space.{name}", known, checks.Words(", ".join(table) or "none"))
    names, make = _KINDS[key]
    return make(**{_SPELT.get(k, k): v for k, v in _known(f"space.{name}.", table, names)})


def _interval(**options: Any) -> Float | Int:
    whole = all(isinstance(options.get(name), int) for name in ("low", "high")) and "step" not in options
    return Int(**options) if whole else Float(**options)


_SPELT: Mapping[str, str] = MappingProxyType({"min": "low", "max": "high"})
_KINDS: Mapping[str, tuple[tuple[str, ...], Callable]] = MappingProxyType(
    {
        "min": (("min", "max", "log", "step"), _interval),
        "choices": (("choices",), lambda choices: Choice(*choices)),
        "depth": (("depth", "width", "pyramid", "powers"), Layers),
        "times": (("times", "of"), lambda times, of: Derived(Product(checks.number("times", times), of))),
    }
)


def _known(prefix: str, table: Mapping[str, Any], names: Iterable[str]) -> list[tuple[str, Any]]:
    """Return the entries of a table after refusing a key that it may not have."""
    known = [f"{prefix}{name}" for name in names]
    for name in table:
        checks.choice("key", f"{prefix}{name}", known)
    return list(table.items())
