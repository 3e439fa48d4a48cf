"""What may vary in a sweep: each kind of parameter maps the unit interval to its values.

Grid, random and Sobol sampling are then one thing, points of a unit cube; a parameter takes as many axes of the cube
as its field ``axes`` says. Values are what a file can hold (numbers, text, booleans, None, tuples of these), so that a
configuration has an identity that lasts.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet import checks

Configuration = Mapping[str, Any]  # parameter name -> value
_WHOLE = 1e-9  # of a step, by which (high - low) / step may fall short of a whole number, being rounded


@dataclasses.dataclass(frozen=True)
class Float:
    """A real number from ``low`` to ``high``, uniform in itself or (``log``) in its logarithm; ``step`` rounds it to
    low + k step. Raises ValueError or TypeError for bounds that are not in order, or not positive with ``log``."""

    low: float
    high: float
    log: bool = False
    step: float | None = None
    axes = 1

    def __post_init__(self) -> None:
        _check_bounds(self)

    def at(self, units: Sequence[float]) -> float:
        """Return the value at a point of the unit interval."""
        linear = self.low + (self.high - self.low) * units[0]
        value = _geometric(self.low, self.high, units[0]) if self.log else linear
        if self.step is not None:
            value = self.low + self.step * round((value - self.low) / self.step)
        return float(min(max(value, self.low), self.high))  # rounding, or a step, may have left the bounds

    def unit(self, value: float) -> float:
        """Return where in the unit interval a value lies."""
        return _position(self, value)

    def levels(self, count: int | None) -> list[float]:
        """List the values of a grid: every step, or ``count`` of them at equal distances."""
        if self.step is not None:
            steps = math.floor((self.high - self.low) / self.step + _WHOLE)
            return [self.low + self.step * k for k in range(steps + 1)]
        count = checks.integer("n", count, minimum=1, note="grid points along each Float that has no step")
        return [self.at([u]) for u in np.linspace(0, 1, count)]


@dataclasses.dataclass(frozen=True)
class Int:
    """A whole number from ``low`` to ``high``, both included, uniform in itself or (``log``) in its logarithm."""

    low: int
    high: int
    log: bool = False
    axes = 1

    def __post_init__(self) -> None:
        for name in ("low", "high"):  # beyond 2^53 a float, which the unit interval is mapped by, skips whole numbers
            checks.integer(name, getattr(self, name), minimum=-(2**53))
        _check_bounds(self)

    def at(self, units: Sequence[float]) -> int:
        """Return the value at a point of the unit interval; each whole number has its share of it."""
        if self.log:  # from half below to half above, so that the bounds have their share too
            value = round(_geometric(self.low - 0.5, self.high + 0.5, units[0]))
        else:
            value = self.low + math.floor((self.high + 1 - self.low) * units[0])
        return min(max(value, self.low), self.high)

    def unit(self, value: float) -> float:
        """Return where between its bounds a value lies, from 0 to 1."""
        return _position(self, value)

    def levels(self, count: int | None) -> list[int]:
        """List the values of a grid: all of them, or ``count`` at about equal distances."""
        if count is None or count > self.high - self.low:
            return list(range(self.low, self.high + 1))
        reals = Float(self.low, self.high, log=self.log).levels(count)
        return list(dict.fromkeys(round(value) for value in reals))


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
            low, high = (checks.integer(name, bound, minimum=name == "width") for bound in pair)
            checks.require(low <= high, name, "(lowest, highest) in order", pair)
            object.__setattr__(self, name, (low, high))
        checks.require(self._widths(), "width", "bounds with a power of two between them", self.width)

    def at(self, units: Sequence[float]) -> tuple[int, ...]:
        """Return the hidden sizes at a point of the unit square: (depth, width)."""
        depth, width = Choice(*self._depths()).at(units[:1]), Choice(*self._widths()).at(units[1:])
        return self._sizes(depth, width)

    def levels(self, count: int | None) -> list[tuple[int, ...]]:
        """List all hidden sizes."""
        return list(dict.fromkeys(self._sizes(d, w) for d in self._depths() for w in self._widths()))

    def _depths(self) -> range:
        return range(self.depth[0], self.depth[1] + 1)

    def _widths(self) -> list[int]:
        low, high = self.width
        powers = [2**k for k in range(high.bit_length()) if low <= 2**k <= high]
        return powers if self.powers else list(range(low, high + 1))

    def _sizes(self, depth: int, width: int) -> tuple[int, ...]:
        return tuple(max(1, width >> layer) if self.pyramid else width for layer in range(depth))


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
        checks.integer("Seeds.count", self.count, minimum=1)
        checks.integer("Seeds.first", self.first, maximum=2**31 - 1 - self.count)


@dataclasses.dataclass(frozen=True)
class Folds:
    """Validate every configuration on each of ``count`` parts of the data and train on the others, paired."""

    count: int

    def __post_init__(self) -> None:
        checks.integer("Folds.count", self.count, minimum=2)


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


def _check_bounds(parameter: Any) -> None:
    low, high = checks.number("low", parameter.low), checks.number("high", parameter.high)
    checks.require(low < high, "high", f"a number above low={low:g}", high)
    checks.require(isinstance(parameter.log, bool), "log", "True or False", parameter.log, TypeError)
    checks.require(not parameter.log or low > 0, "low", "a number above 0 with log=True", low)
    step = getattr(parameter, "step", None)
    if step is not None:
        checks.number("step", step, above=0, maximum=high - low)
        checks.require(not parameter.log, "step", "no step with log=True", step)


def _geometric(low: float, high: float, unit: float) -> float:
    if unit in (0, 1):  # a grid has the bounds themselves, not what exp(log(bound)) rounds to
        return float(high if unit else low)
    return math.exp(math.log(low) + (math.log(high) - math.log(low)) * unit)


def _position(parameter: Any, value: float) -> float:
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)
