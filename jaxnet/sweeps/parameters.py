"""What may vary in a sweep: each kind of parameter maps the unit interval to its values.

Grid, random and Sobol sampling are then one thing, points of a unit cube; a parameter takes as many axes of the cube
as its field ``axes`` says. Values are what a file can hold (numbers, text, booleans, None, tuples of these), so that a
configuration has an identity that lasts.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.sweeps.size_limits import MOST_MEMBERS, require_levels

Configuration = Mapping[str, Any]  # parameter name -> value
_MOST_DEPTH, _MOST_WIDTH = 4_998, 2**31 - 1  # hidden layers that a network may have, and units of one


@dataclasses.dataclass(frozen=True, init=False)
class Choice:
    """One of the given values, each as likely; of numbers, text, booleans, None and tuples of these.

    ``Choice(8, 16)``, or a single list of them, ``Choice([(8,), (16, 16)])``.
    """

    values: tuple[Any, ...]
    axes = 1

    def __init__(self, *values: Any) -> None:
        if len(values) == 1 and isinstance(values[0], list):
            values = tuple(values[0])
        checks.require(len(values) > 0, "Choice", "at least one value", checks.Words("none"))
        object.__setattr__(self, "values", tuple(plain("Choice", value) for value in values))

    def at(self, units: Sequence[float]) -> Any:
        """Return the value at a point of the unit interval."""
        return self.values[min(int(units[0] * len(self.values)), len(self.values) - 1)]

    def levels(self, count: int | None) -> list[Any]:
        """List the values."""
        return list(self.values)


@dataclasses.dataclass(frozen=True)
class Layers:
    """Hidden layers: a depth and a width, each from a lowest to a highest, as a tuple of hidden sizes.

    Widths are powers of two between the bounds when ``powers``; every layer has the same width, or, with
    ``pyramid``, half of the one before it.
    """

    depth: tuple[int, int]
    width: tuple[int, int]
    pyramid: bool = False
    powers: bool = True
    axes = 2

    def __post_init__(self) -> None:
        for name in ("depth", "width"):
            pair = getattr(self, name)
            checks.require(
                isinstance(pair, tuple | list) and len(pair) == 2, name, "(lowest, highest)", pair, TypeError
            )
            most = _MOST_WIDTH if name == "width" else _MOST_DEPTH
            low, high = (checks.integer(name, bound, minimum=int(name == "width"), maximum=most) for bound in pair)
            checks.require(low <= high, name, "(lowest, highest) in order", pair)
            object.__setattr__(self, name, (low, high))
        checks.require(self._widths(), "width", "bounds with a power of two between them", self.width)

    def at(self, units: Sequence[float]) -> tuple[int, ...]:
        """Return the hidden sizes at a point of the unit square: (depth, width)."""
        depth, width = (
            values[min(int(unit * len(values)), len(values) - 1)]
            for unit, values in zip(units, (self._depths(), self._widths()), strict=True)
        )
        return self._sizes(depth, width)

    def levels(self, count: int | None) -> list[tuple[int, ...]]:
        """List all hidden sizes."""
        require_levels("depth and width", len(self._depths()) * len(self._widths()))
        return list(dict.fromkeys(self._sizes(d, w) for d in self._depths() for w in self._widths()))

    def _depths(self) -> range:
        return range(self.depth[0], self.depth[1] + 1)

    def _widths(self) -> Sequence[int]:
        low, high = self.width
        return _powers_of_two(low, high) if self.powers else range(low, high + 1)

    def _sizes(self, depth: int, width: int) -> tuple[int, ...]:
        return tuple(max(1, width >> layer) if self.pyramid else width for layer in range(depth))


def _powers_of_two(low: int, high: int) -> list[int]:
    return [2**k for k in range(high.bit_length()) if low <= 2**k <= high]


@dataclasses.dataclass(frozen=True)
class Derived:
    """A value computed from the others of a configuration, ``of(configuration) -> value``; it adds no axis."""

    of: Callable[[Configuration], Any]
    axes = 0

    def __post_init__(self) -> None:
        checks.require(callable(self.of), "Derived", "a callable configuration -> value", self.of, TypeError)


@dataclasses.dataclass(frozen=True)
class When:
    """A parameter that a configuration has only where others have the given values: ``momentum`` only for SGD."""

    parameter: Any
    conditions: tuple[tuple[str, Any], ...]

    @property
    def axes(self) -> int:
        """The axes of the parameter, which are drawn also where it does not stand."""
        return getattr(self.parameter, "axes", 0)


def when(parameter: Any, **conditions: Any) -> When:
    """Let a parameter, or a constant, stand only where others have these values.

    ``when(Float(0, 0.99), optimizer="sgd")``; a tuple of values means any of them.
    """
    checks.require(conditions, "when", "at least one condition such as optimizer='sgd'", checks.Words("none"))
    return When(parameter, tuple((name, plain(name, value)) for name, value in conditions.items()))


def unconditional(parameter: Any) -> Any:
    """Return a parameter or constant without its conditions."""
    return parameter.parameter if isinstance(parameter, When) else parameter


@dataclasses.dataclass(frozen=True)
class Seeds:
    """Train every configuration with ``count`` seeds, ``first``, ``first`` + 1, ...: a population axis, paired."""

    count: int
    first: int = 0

    def __post_init__(self) -> None:
        checks.integer("Seeds.count", self.count, minimum=1, maximum=MOST_MEMBERS)
        checks.integer("Seeds.first", self.first, maximum=2**31 - 1 - self.count)


def plain(argument: str, value: Any) -> Any:
    """Return a value as a file would give it back (tuples for lists); refuse what no file can hold."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple | list):
        return tuple(plain(argument, part) for part in value)
    if isinstance(value, float):
        return checks.number(argument, value)
    expected = "numbers, text, booleans, None or tuples of these"
    checks.require(value is None or isinstance(value, bool | int | str), argument, expected, value, TypeError)
    return value


def in_words(value: Any) -> Any:
    """Return a tuple as text, (16, 8) as "16 8" and () as "none", and any other value as it is."""
    return " ".join(map(str, value)) or "none" if isinstance(value, tuple) else value


def asked(argument: str, function: Callable[[Configuration], Any], configuration: Configuration) -> Any:
    """Call a function of one's own with a configuration; where it misses a parameter, say which ones there are."""
    try:
        return function(configuration)
    except KeyError as error:
        there = f"a function of what each configuration has, such as {', '.join(configuration)}"
        hint = "a conditional parameter may be absent: use configuration.get"
        checks.refuse(argument, there, checks.Words(f"one of {error} ({hint})"))
