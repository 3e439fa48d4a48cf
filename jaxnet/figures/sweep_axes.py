"""How the parameters of a sweep lie on axes: numbers on a line or its logarithm, everything else side by side."""

from typing import Any, NamedTuple

import numpy as np

from jaxnet.sweeps import Result
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.parameters import Choice, Layers, unconditional

_WIDE = 20  # times the smallest of some positive numbers, from which on a logarithm shows them better


class ParameterAxis(NamedTuple):
    """One parameter that varies, for every configuration [C]; NaN where a configuration lacks it."""

    name: str
    at: np.ndarray  # the number, or the position of the value among ``labels``
    log: bool
    bounds: tuple[float, float]
    labels: tuple[str, ...] = ()  # of values that are no numbers

    @property
    def places(self) -> np.ndarray:
        """Where between its bounds each value lies, from 0 to 1."""
        scale = np.log if self.log else np.asarray
        low, high = scale(self.bounds[0]), scale(self.bounds[1])
        return (scale(self.at) - low) / (high - low)

    @property
    def ends(self) -> tuple[str, str]:
        """The words for the lowest and the highest place."""
        return (self.labels[0], self.labels[-1]) if self.labels else (f"{self.bounds[0]:g}", f"{self.bounds[1]:g}")


def parameter_axes(result: Result) -> list[ParameterAxis]:
    """Return the axis of every parameter of a sweep's space that has more than one value."""
    found = []
    for name, parameter in result.plan.space.parameters.items():
        inner = unconditional(parameter)
        given = [configuration.get(name) for configuration in result.plan.configurations]
        if isinstance(inner, Float | Int):
            found.append(ParameterAxis(name, _numbers(given), inner.log, (float(inner.low), float(inner.high))))
        elif isinstance(inner, Normal):
            numbers = _numbers(given)
            low, high = np.nanmin(numbers), np.nanmax(numbers)
            found += [ParameterAxis(name, numbers, inner.log, (low, high))] if low < high else []
        elif isinstance(inner, Choice | Layers) and len(levels := list(dict.fromkeys(inner.levels(None)))) > 1:
            found.append(_levels_axis(name, levels, given))
    return found


def value_words(value: Any) -> str:
    """Write a value of a configuration in a few words: (16, 8) is 16 8."""
    if isinstance(value, tuple):
        return " ".join(map(value_words, value)) or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def wide(values: np.ndarray) -> bool:
    """Whether a logarithm shows some values better: all that are finite are above 0, and some far above others."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() >= _WIDE * finite.min())


def _levels_axis(name: str, levels: list[Any], given: list[Any]) -> ParameterAxis:
    if all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels):
        numbers = np.array(levels, float)
        return ParameterAxis(name, _numbers(given), wide(numbers), (numbers.min(), numbers.max()))
    at = np.array([levels.index(value) if value in levels else np.nan for value in given])
    return ParameterAxis(name, at, False, (0.0, len(levels) - 1.0), tuple(map(value_words, levels)))


def _numbers(given: list[Any]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in given], float)
