"""The oracle itself is checked: the values of f have to change along a line as its gradient says."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxnet.gradients.problem import Gradient
from jaxnet.gradients.truth import differences
from jaxnet.gradients.truth.differences import Taylor
from jaxnet.gradients.truth.numerical import along_random, direction, line
from jaxnet.types import Pytree

DIRECTIONS = 2
_DOUBT = 10  # an extrapolation's own estimate of its error is one draw, not a bound


class Vetting(NamedTuple):
    """How the gradient fits the values of f: whether it does, how closely (relative), and the Taylor remainders."""

    ok: bool
    error: float
    taylor: Taylor


def vet(
    value: Callable[[Pytree], float], params: Pytree, gradient: Gradient, noise: Gradient, *, floor: float = 0.0
) -> Vetting:
    """Compare the slope of f along random directions with the one that ``gradient`` promises.

    ``floor``: the least that rounding moves a value of f, where that is known.
    """
    rounding = max(along_random(value, params), floor)
    found = [_along(value, params, gradient, noise, seed=seed, rounding=rounding) for seed in range(DIRECTIONS)]
    return Vetting(all(ok for ok, _ in found), max(error for _, error in found), remainders(value, params, gradient))


def _along(
    value: Callable, params: Pytree, gradient: Gradient, noise: Gradient, *, seed: int, rounding: float
) -> tuple[bool, float]:
    way = direction(params, seed)
    measured = differences.derivative(line(value, params, way), scale=1.0, noise=rounding)
    promised = slope(gradient, way)
    allowed = _DOUBT * measured.error + measured.jump + slope(noise, {path: np.abs(d) for path, d in way.items()})
    size = slope({p: np.abs(g) for p, g in gradient.items()}, {p: np.abs(d) for p, d in way.items()})
    error = abs(measured.value - promised)
    return error <= allowed, error / size if size else error


def slope(gradient: Gradient, way: Gradient) -> float:
    """Compute <gradient, direction>."""
    return float(sum(np.vdot(gradient[path], step) for path, step in way.items()))


def remainders(value: Callable[[Pytree], float], params: Pytree, gradient: Gradient) -> Taylor:
    """Compute the Taylor remainders of a gradient along a random direction."""
    way = direction(params)
    noise = along_random(value, params)
    return differences.taylor(line(value, params, way), slope(gradient, way), noise)
