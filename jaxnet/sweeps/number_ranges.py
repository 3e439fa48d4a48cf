"""Numbers that may vary in a sweep: real or whole between two bounds, or probably near a middle.

Each maps the unit interval to its values, so that grid, random and Sobol sampling are one thing, points of a unit cube.
"""

import dataclasses
import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.sweeps.size_limits import MOST_MEMBERS, require_levels

_RARE, _RAREST = 1e-6, 1e-12  # shares of a normal: that bounds must leave, and beyond which nothing is drawn
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
            require_levels("step", steps + 1)
            return [self.low + self.step * k for k in range(steps + 1)]
        note = "grid points along each Float that has no step"
        count = checks.integer("n", count, minimum=1, maximum=MOST_MEMBERS, note=note)
        return [self.at([u]) for u in np.linspace(0, 1, count)]


@dataclasses.dataclass(frozen=True)
class Int:
    """A whole number from ``low`` to ``high``, both included, uniform in itself or (``log``) in its logarithm; with a
    ``step`` one of low, low + step, ... that are not above ``high``."""

    low: int
    high: int
    log: bool = False
    step: int | None = None
    axes = 1

    def __post_init__(self) -> None:
        for name in ("low", "high"):  # beyond 2^53 a float, which the unit interval is mapped by, skips whole numbers
            checks.integer(name, getattr(self, name), minimum=-(2**53))
        if self.step is not None:
            checks.integer("step", self.step, minimum=1)
        _check_bounds(self)

    def at(self, units: Sequence[float]) -> int:
        """Return the value at a point of the unit interval; each whole number has its share of it."""
        if self.step is not None:
            steps = range(self.low, self.high + 1, self.step)
            return steps[min(math.floor(len(steps) * units[0]), len(steps) - 1)]
        if self.log:  # from half below to half above, so that the bounds have their share too
            value = round(_geometric(self.low - 0.5, self.high + 0.5, units[0]))
        else:
            value = self.low + math.floor((self.high + 1 - self.low) * units[0])
        return min(max(value, self.low), self.high)

    def unit(self, value: float) -> float:
        """Return where between its bounds a value lies, from 0 to 1."""
        return _position(self, value)

    def levels(self, count: int | None) -> list[int]:
        """List the values of a grid: all of them, every step, or ``count`` at about equal distances."""
        if self.step is not None:
            require_levels("step", (self.high - self.low) // self.step + 1)
            return list(range(self.low, self.high + 1, self.step))
        if count is None or count > self.high - self.low:
            require_levels("high", self.high - self.low + 1)
            return list(range(self.low, self.high + 1))
        reals = Float(self.low, self.high, log=self.log).levels(count)
        return list(dict.fromkeys(round(value) for value in reals))


@dataclasses.dataclass(frozen=True)
class Normal:
    """A real number that is probably near ``mean``: normal with standard deviation ``sd``, cut off at ``low`` and
    ``high`` where they are given. With ``log`` it is the logarithm that is normal: ``mean`` is then the middle value,
    and two of three values lie within a factor of e^sd of it.

    Raises ValueError or TypeError for an ``sd`` that is not positive, bounds that are not in order or that leave less
    than a millionth of the values, and what is not positive with ``log``.
    """

    mean: float
    sd: float
    low: float | None = None
    high: float | None = None
    log: bool = False
    axes = 1

    def __post_init__(self) -> None:
        checks.number("sd", self.sd, above=0)
        checks.require(isinstance(self.log, bool), "log", "True or False", self.log, TypeError)
        for name in ("mean", "low", "high"):
            if (value := getattr(self, name)) is not None or name == "mean":
                checks.number(name, value, **({"above": 0} if self.log else {}))
        if self.low is not None and self.high is not None:
            checks.require(self.low < self.high, "high", f"a number above low={self.low:g}", self.high)
        below, above = self._shares
        expected = "bounds that leave a millionth of the values at least"
        checks.require(above - below >= _RARE, "low and high", expected, (self.low, self.high))

    def at(self, units: Sequence[float]) -> float:
        """Return the value below which the share ``units[0]`` of all values lies."""
        below, above = self._shares
        share = min(max(below + (above - below) * units[0], _RAREST), 1 - _RAREST)
        value = self._scale(self.mean) + self.sd * statistics.NormalDist().inv_cdf(share)
        value = math.exp(value) if self.log else value
        return float(min(max(value, -math.inf if self.low is None else self.low), self.highest))

    def unit(self, value: float) -> float:
        """Return the share of the values that lie below one."""
        below, above = self._shares
        return min(max((self._share_below(value) - below) / (above - below), 0.0), 1.0)

    @property
    def highest(self) -> float:
        """The upper bound; infinity where there is none."""
        return math.inf if self.high is None else self.high

    def levels(self, count: int | None) -> list[float]:
        """List the values of a grid: the middles of ``count`` parts that are equally probable."""
        count = checks.integer("n", count, minimum=1, maximum=MOST_MEMBERS, note="grid points along each Normal")
        return [self.at([(k + 0.5) / count]) for k in range(count)]

    @property
    def _shares(self) -> tuple[float, float]:
        """The shares of an uncut normal below the two bounds."""
        return 0.0 if self.low is None else self._share_below(self.low), self._share_below(self.highest)

    def _share_below(self, value: float) -> float:
        return statistics.NormalDist().cdf((self._scale(value) - self._scale(self.mean)) / self.sd)

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value


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
