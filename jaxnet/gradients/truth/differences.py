"""Derivatives from values alone: extrapolated central differences with an error of their own, and Taylor remainders.

Central differences at steps h, h/4, h/16, ... are extrapolated to h = 0 (Richardson 1911; the tableau and its error
estimate are those of Ridders 1982). The values at both sides also tell a corner from a curve: the one-sided slopes of a
smooth function differ by O(h), those of a corner by a constant.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

RATIO, LEVELS = 4.0, 10
_FINEST = 5  # rates of the smallest steps, which see no corners but those very near
_WIDEST = 0.25


class Derivative(NamedTuple):
    """A derivative, the error it may have, and by how much the two one-sided derivatives differ."""

    value: float
    error: float
    jump: float


def derivative(along: Callable[[float], float], *, scale: float, noise: float) -> Derivative:
    """Differentiate ``along(t)`` at t = 0.

    Args:
        along: a function of one number.
        scale: the largest change of t to look at, about four times the first step.
        noise: how far rounding moves a value of ``along``.
    """
    steps = scale * _WIDEST / RATIO ** np.arange(LEVELS)
    middle = along(0.0)
    ahead, behind = (np.array([along(sign * h) for h in steps]) for sign in (1.0, -1.0))
    rounding = (noise + 2.0**-53 * np.maximum(np.abs(ahead), np.abs(behind))) / steps
    value, error = _extrapolate((ahead - behind) / (2 * steps), rounding, power=2)
    jump, doubt = _extrapolate((ahead - 2 * middle + behind) / steps, 4 * rounding, power=1)
    return Derivative(value, error, abs(jump) if abs(jump) > 4 * doubt else 0.0)


def _extrapolate(estimates: np.ndarray, rounding: np.ndarray, *, power: int) -> tuple[float, float]:
    """Extrapolate to step 0 where the error is a series in h**power, h**(2 power), ...; return the best value."""
    best, least = float(estimates[0]), np.inf
    previous = [estimates[0]]
    for level in range(1, len(estimates)):
        row = [estimates[level]]
        for column, above in enumerate(previous, start=1):
            weight = RATIO ** (power * column)
            row.append((weight * row[-1] - above) / (weight - 1))
            # the corrections that led here bound the truncation; rounding is what the smallest step leaves of it
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - above)) + 4 * rounding[level]
            if error < least:
                best, least = float(row[-1]), float(error)
        previous = row
    return best, least


def value_noise(along: Callable[[float], float], *, scale: float) -> float:
    """Estimate how far rounding moves a value of ``along`` from third differences at steps too small for it to bend.

    ECnoise (Moré and Wild 2011): the k-th difference of noise of standard deviation s has variance s² (2k)! / (k!)².
    The median is not moved by a corner among the points.
    """
    largest, noise = 0.0, 0.0
    for step in (2.0**-40, 2.0**-24):  # the second one shows the noise of a function that computes in float32
        values = np.array([along(scale * step * place) for place in range(-6, 7)])
        third = np.diff(values, n=3)
        noise = max(noise, _DEVIATIONS * float(np.median(np.abs(third))) / np.sqrt(20))
        largest = max(largest, float(np.max(np.abs(values))))
    return max(noise, 2.0**-53 * largest)


_DEVIATIONS = 1.4826  # standard deviations in a median absolute deviation


class Taylor(NamedTuple):
    """Remainders |f(p + h d) - f(p) - h <g, d>| along one direction d, which shrink as h² when g is the gradient.

    Attributes:
        steps: h [S].
        remainders: of the gradient under test [S].
        slope: the exponent of h, from the remainders above the noise; 2 when right, 1 when wrong; NaN when f is
            linear along d or all is noise.
        floor: the noise of a value of f.
    """

    steps: np.ndarray
    remainders: np.ndarray
    slope: float
    floor: float


def taylor(along: Callable[[float], float], slope: float, noise: float) -> Taylor:
    """Compute the remainders of ``along(t)`` against its claimed derivative ``slope`` at 0."""
    steps = 2.0 ** -np.arange(4, 24)
    remainders = np.array([abs(along(h) - along(0.0) - h * slope) for h in steps])
    clear = remainders > 100 * noise
    clear &= np.cumsum(~clear) == 0  # from the widest step to the first one that drowns
    if clear.sum() < 3:
        return Taylor(steps, remainders, float("nan"), noise)
    rates = (np.diff(np.log(remainders[clear])) / np.diff(np.log(steps[clear])))[-_FINEST:]
    return Taylor(steps, remainders, float(np.median(rates)), noise)
