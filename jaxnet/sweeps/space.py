"""A space of configurations: parameters by name, constants among them, and what a configuration must satisfy."""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jaxnet import checks
from jaxnet.sweeps.folds import Folds
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.parameters import Choice, Configuration, Derived, Layers, Seeds, When, asked, plain, unconditional
from jaxnet.sweeps.size_limits import require_points

Parameter = Float | Int | Normal | Choice | Layers | Derived | When


@dataclasses.dataclass(frozen=True, init=False)
class Space:
    """What a sweep varies.

    ``Space(learning_rate=Float(1e-3, 1, log=True), hidden=(16,), seed=Seeds(5), constraints=[...])``: every keyword
    is a parameter; a value that is no parameter is a constant. ``seed`` takes ``Seeds`` or one seed, ``fold`` takes
    ``Folds``. A constraint is a callable configuration -> bool.

    Raises TypeError for a constant that no file can hold, and where ``Seeds`` or ``Folds`` stand for something else;
    ValueError for a condition that names no other parameter of the space, or a value that it cannot have.
    """

    parameters: dict[str, Any]
    seeds: Seeds
    folds: Folds | None
    constraints: tuple[Callable[[Configuration], bool], ...]

    def __init__(self, *, constraints: Sequence[Callable[[Configuration], bool]] = (), **parameters: Any) -> None:
        seeds, folds = parameters.pop("seed", 0), parameters.pop("fold", None)
        if not isinstance(seeds, Seeds):
            seeds = Seeds(1, checks.integer("seed", seeds, note="jn.Seeds(5) for the first five"))
        checks.require(folds is None or isinstance(folds, Folds), "fold", "jn.Folds(k)", folds, TypeError)
        listed = isinstance(constraints, Sequence) and all(map(callable, constraints))
        checks.require(listed, "constraints", "a list of callables configuration -> bool", constraints, TypeError)
        for name, parameter in parameters.items():
            misplaced = isinstance(parameter, Seeds | Folds)
            checks.require(not misplaced, name, "Seeds as seed= and Folds as fold=", parameter, TypeError)
            if not isinstance(parameter, Parameter):
                parameters[name] = plain(name, parameter)
        for name, parameter in parameters.items():
            for other, wanted in getattr(parameter, "conditions", ()):
                _check_condition(name, parameters, other, wanted)
        for field, value in zip(("parameters", "seeds", "folds"), (parameters, seeds, folds), strict=True):
            object.__setattr__(self, field, value)
        object.__setattr__(self, "constraints", tuple(constraints))

    @property
    def axes(self) -> int:
        """How many axes the unit cube of this space has."""
        return sum(getattr(parameter, "axes", 0) for parameter in self.parameters.values())

    def at(self, units: Sequence[float]) -> dict[str, Any] | None:
        """Return the configuration at a point of the unit cube; None where a constraint forbids it."""
        remaining = iter(units)
        drawn = {}
        for name, parameter in self.parameters.items():
            # a conditional parameter takes its axes also where it does not stand, so that the others' stay theirs
            own = list(itertools.islice(remaining, getattr(parameter, "axes", 0)))
            inner = unconditional(parameter)
            drawn[name] = inner.at(own) if hasattr(inner, "at") else inner
        return self.settle(drawn)

    def grid(self, count: int | None) -> Iterator[dict[str, Any]]:
        """Yield the configurations of the grid, the last parameter varying fastest."""
        every = map(unconditional, self.parameters.values())
        levels = [each.levels(count) if hasattr(each, "levels") else [each] for each in every]
        require_points(levels)
        for values in itertools.product(*levels):
            configuration = self.settle(dict(zip(self.parameters, values, strict=True)))
            if configuration is not None:
                yield configuration

    def settle(self, drawn: Configuration) -> dict[str, Any] | None:
        """Leave out what has no place in a configuration, compute what is derived, and ask the constraints."""
        kept = dict(drawn)
        # again until nothing goes: what stood only beside a parameter that has gone goes, too
        while gone := [name for name in kept if not self.stands(name, kept)]:
            kept = {name: value for name, value in kept.items() if name not in gone}
        for name, parameter in self.parameters.items():
            derived = unconditional(parameter)
            if name in kept and isinstance(derived, Derived):
                # from all that were drawn, and from what was derived before it in the order of the space
                known = {other: value for other, value in kept.items() if not isinstance(value, Derived)}
                kept[name] = plain(name, asked(f"{name}.of", derived.of, known))
        return kept if all(asked("constraints", constraint, kept) for constraint in self.constraints) else None

    def stands(self, name: str, configuration: Configuration) -> bool:
        """Whether a parameter has a place in a configuration, by its conditions."""
        conditions = getattr(self.parameters.get(name), "conditions", ())
        return all(other in configuration and _meets(configuration[other], wanted) for other, wanted in conditions)


def configuration_text(configuration: Configuration) -> str:
    """Return the text that names a configuration whatever the order of its parameters."""
    return _AS_JSON.encode(dict(sorted(configuration.items())))


_AS_JSON = json.JSONEncoder(allow_nan=False)  # once: a million configurations are named


def space_as_json(space: Space) -> dict[str, Any]:
    """Return the space as JSON values, for a manifest; callables by their names."""
    parts: dict[str, Any] = {name: _described(parameter) for name, parameter in space.parameters.items()}
    constraints = [getattr(constraint, "__qualname__", type(constraint).__name__) for constraint in space.constraints]
    axes = {"seed": _described(space.seeds), "fold": _described(space.folds)}
    return parts | axes | ({"constraints": constraints} if constraints else {})


def _described(parameter: Any) -> Any:
    if not dataclasses.is_dataclass(parameter):
        return parameter
    fields = {field.name: getattr(parameter, field.name) for field in dataclasses.fields(parameter) if field.compare}
    shown = {name: getattr(value, "__qualname__", None) or _described(value) for name, value in fields.items()}
    return {"kind": type(parameter).__name__, **shown}


def _meets(value: Any, wanted: Any) -> bool:
    return value == wanted or (isinstance(wanted, tuple) and value in wanted)


def _check_condition(name: str, parameters: Configuration, other: str, wanted: Any) -> None:
    """Refuse a condition that no configuration can meet; one on a constant is met or not, as the user likes."""
    checks.choice(f"{name}.when", other, [each for each in parameters if each != name])
    parameter = unconditional(parameters[other])
    checks.require(not isinstance(parameter, Derived), f"{name}.when", "a parameter that is not derived", other)
    if isinstance(parameter, Choice | Layers):
        possible = parameter.levels(None)
        met = wanted in possible or (isinstance(wanted, tuple) and all(value in possible for value in wanted))
        checks.require(met, f"{name}.when", f"{other} as one of {', '.join(map(str, possible))}", wanted)
