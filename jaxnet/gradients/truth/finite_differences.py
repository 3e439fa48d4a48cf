"""The values of f as a judge, by differences: they share no derivation and no derivative rule with JAX.

Central differences at steps h, h/4, h/16, ... are extrapolated to h = 0 (Richardson 1911; the tableau and its error
estimate are those of Ridders 1982). The values at both sides also tell a corner from a curve: the one-sided slopes of a
smooth function differ by O(h), those of a corner by a constant.

One number first (``derivative``, ``taylor``), then f along a line, then the gradient of an f that JAX cannot trace
(``Differences``), and last whether a gradient promises what the values of f do (``vet``).
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.gradients.evidence import Gradient, by_path, from_paths
from jaxnet.gradients.point import Point, copied, split_arrays
from jaxnet.gradients.truth import rounding_noise
from jaxnet.types import Pytree

_DOUBLE = 2.0**-53
_RATIO, _LEVELS = 4.0, 10  # steps down to 4**-9 of the first: rounding has long won by then
_WIDEST = 0.25  # of the scale, the first step
_SLOPPY = 4  # times the rounding of one value: each column of the tableau adds up a few
_NOISE_STEPS = (2.0**-40, 2.0**-24)  # steps for noise; the second shows that of a function that computes in float32
_NOISE_PLACES = range(-6, 7)  # ten third differences: their median is not moved by a corner at one of them
_DEVIATIONS = 1.4826  # standard deviations in a median absolute deviation
_THIRD = 20.0  # (2k)! / (k!)² for k = 3: the variance of a third difference of noise of variance 1
_CLEAR = 100  # times the noise: a remainder this large is of f, not of its rounding
_FEWEST_CLEAR = 3  # remainders: two rates at least, for one may be chance
_FINEST = 5  # rates of the smallest steps, which see no corners but those very near
_DOUBT = 10  # an extrapolation's own estimate of its error is one draw, not a bound
_DIRECTIONS = 2  # along one alone a wrong gradient may by chance be right
_JITTERS = 4  # draws of rounded inputs, each as dear as the gradient itself
MOST_DIFFERENCES = 20_000  # parameters; twenty values of f each


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
    steps = scale * _WIDEST / _RATIO ** np.arange(_LEVELS)
    middle = along(0.0)
    ahead, behind = (np.array([along(sign * h) for h in steps]) for sign in (1.0, -1.0))
    rounding = (noise + _DOUBLE * np.maximum(np.abs(ahead), np.abs(behind))) / steps
    value, error = _extrapolate((ahead - behind) / (2 * steps), rounding, power=2)
    jump, doubt = _extrapolate((ahead - 2 * middle + behind) / steps, _SLOPPY * rounding, power=1)
    return Derivative(value, error, abs(jump) if abs(jump) > _SLOPPY * doubt else 0.0)


def _extrapolate(estimates: np.ndarray, rounding: np.ndarray, *, power: int) -> tuple[float, float]:
    """Extrapolate to step 0 where the error is a series in h**power, h**(2 power), ...; return the best value."""
    best, least = float(estimates[0]), np.inf
    previous = [estimates[0]]
    for level in range(1, len(estimates)):
        row = [estimates[level]]
        for column, above in enumerate(previous, start=1):
            weight = _RATIO ** (power * column)
            row.append((weight * row[-1] - above) / (weight - 1))
            # the corrections that led here bound the truncation; rounding is what the smallest step leaves of it
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - above)) + _SLOPPY * rounding[level]
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
    for step in _NOISE_STEPS:
        values = np.array([along(scale * step * place) for place in _NOISE_PLACES])
        third = np.diff(values, n=3)
        noise = max(noise, _DEVIATIONS * float(np.median(np.abs(third))) / np.sqrt(_THIRD))
        largest = max(largest, float(np.max(np.abs(values))))
    return max(noise, _DOUBLE * largest)


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
    """Compute the remainders of ``along(t)`` against its claimed derivative ``slope`` at 0.

    ``noise``: how far rounding moves a value of ``along``.
    """
    steps = 2.0 ** -np.arange(4, 24)
    here = along(0.0)
    remainders = np.array([abs(along(h) - here - h * slope) for h in steps])
    clear = remainders > _CLEAR * noise
    clear &= np.cumsum(~clear) == 0  # from the widest step to the first one that drowns
    if clear.sum() < _FEWEST_CLEAR:
        return Taylor(steps, remainders, float("nan"), noise)
    rates = (np.diff(np.log(remainders[clear])) / np.diff(np.log(steps[clear])))[-_FINEST:]
    return Taylor(steps, remainders, float(np.median(rates)), noise)


def entrywise(value: Callable[[Pytree], float], params: Pytree, *, floor: float = 0.0) -> dict[str, np.ndarray]:
    """Differentiate by every parameter: per leaf an array [3, ...] of derivative, error and jump.

    ``floor``: the least that rounding moves a value, where that is known.
    """
    leaves = by_path(params)
    noise = max(along_random(value, params), floor)

    def by_entry(path: str, index: tuple[int, ...], scale: float) -> Derivative:
        one = np.zeros(leaves[path].shape)
        one[index] = 1.0
        return derivative(along_line(value, params, {path: one}), scale=scale, noise=noise)

    found = {}
    for path, leaf in leaves.items():
        scale = max(float(np.sqrt(np.mean(np.square(leaf)))) if leaf.size else 0.0, 1.0)
        entries = [by_entry(path, index, scale) for index in np.ndindex(leaf.shape)]
        found[path] = np.moveaxis(np.array(entries, np.float64).reshape(*leaf.shape, 3), -1, 0)
    return found


def along_random(value: Callable[[Pytree], float], params: Pytree) -> float:
    """Return how far rounding moves a value of f: looked at along one direction, and at least by its size elsewhere.

    A certain classifier has a loss of exactly 0, and so has its neighbourhood; that it is the difference of numbers as
    large as f elsewhere is what its rounding comes from.
    """
    # mirrored, at the origin and halfway: none of them near params
    elsewhere = [value(jax.tree.map(lambda leaf, c=c: c * leaf, params)) for c in (-1.0, 0.0, 0.5)]
    largest = max((abs(v) for v in elsewhere if np.isfinite(v)), default=0.0)
    return max(value_noise(along_line(value, params, direction(params)), scale=1.0), _DOUBLE * largest)


def direction(params: Pytree, seed: int = 0) -> Gradient:
    """Draw a direction of the size of each leaf, or of 1 where a leaf is zero."""
    rng = np.random.default_rng(seed)
    size = lambda leaf: float(np.sqrt(np.mean(np.square(leaf)))) or 1.0
    return {path: size(leaf) * rng.standard_normal(leaf.shape) for path, leaf in by_path(params).items() if leaf.size}


def along_line(value: Callable[[Pytree], float], params: Pytree, along: Gradient) -> Callable[[float], float]:
    """Return t -> f(params + t direction)."""
    leaves = by_path(params)
    return lambda t: value(from_paths(params, {p: leaf + t * along.get(p, 0.0) for p, leaf in leaves.items()}))


class Differences:
    """Extrapolated central differences of an f that JAX cannot trace; the noise is their own error and rounding's."""

    name = "extrapolated differences of f alone (f is not written for JAX)"

    def __init__(self, f: Callable[..., Any], floor: float = 0.0) -> None:
        self.f, self.floor = f, floor
        self._last: tuple[bytes, dict[str, np.ndarray]] | None = None

    def value(self, params: Pytree, *data: Any) -> float:
        return float(self.f(*copied((params, *data))))

    def gradient(self, params: Pytree, *data: Any, slope: float = 0.0) -> Gradient:
        return {path: leaf[0] for path, leaf in self.derivatives(params, data).items()}

    def noise(self, params: Pytree, *data: Any, eps: float, corner: bool = False) -> Gradient:
        found = self.derivatives(params, data)
        noise = {path: leaf[1] + leaf[2] for path, leaf in found.items()}
        if eps <= _DOUBLE:
            return noise
        spread = self._jitter(params, data, eps)
        return {path: noise[path] + rounding_noise.FACTOR * spread[path] for path in noise}

    def value_noise(self, params: Pytree, *data: Any, eps: float) -> float:
        value = self._with(data)
        return rounding_noise.FACTOR * max(along_random(value, params), eps * abs(value(params)))

    def derivatives(self, params: Pytree, data: Point) -> dict[str, np.ndarray]:
        """Return per leaf [3, ...]: derivative, error and jump of every entry; raises ValueError for too many of them.

        The last answer is kept: the gradient and its noise are asked for one after the other.
        """
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        expected = f"an f written with jax.numpy, or at most {MOST_DIFFERENCES} parameters for differences alone"
        checks.require(count <= MOST_DIFFERENCES, "f", expected, checks.Words(f"{count} parameters"))
        key = b"".join(np.ascontiguousarray(a).tobytes() for a in split_arrays((params, *data)).arrays)
        if self._last is None or self._last[0] != key:
            self._last = (key, entrywise(self._with(data), params, floor=self.floor))
        return self._last[1]

    def _with(self, data: Sequence[Any]) -> Callable[[Pytree], float]:
        return lambda params: self.value(params, *data)

    def _jitter(self, params: Pytree, data: Point, eps: float) -> Gradient:
        """The spread of the gradient when every input is rounded at random to ``eps``."""
        rng = np.random.default_rng(0)
        true = self.gradient(params, *data)
        squares = {path: np.zeros_like(leaf) for path, leaf in true.items()}
        floating = lambda leaf: isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
        rounded = lambda leaf: leaf * (1 + eps * rng.choice([-1.0, 1.0], leaf.shape)) if floating(leaf) else leaf
        for _ in range(_JITTERS):
            moved, *others = jax.tree.map(rounded, (params, *data))
            found = entrywise(self._with(others), moved)
            squares = {path: total + np.square(found[path][0] - true[path]) for path, total in squares.items()}
        return {path: np.sqrt(total / _JITTERS) for path, total in squares.items()}


class Vetting(NamedTuple):
    """How the gradient fits the values of f: whether it does, how closely (relative), and the Taylor remainders."""

    ok: bool
    error: float
    taylor: Taylor


class Lines:
    """f along random directions from a point: every value is computed once, for all questions about it."""

    def __init__(self, value: Callable[[Pytree], float], params: Pytree) -> None:
        self.value, self.params = value, params
        self._along: dict[int, tuple[Gradient, Callable[[float], float]]] = {}

    def along(self, seed: int) -> tuple[Gradient, Callable[[float], float]]:
        """A direction, and t -> f(params + t direction)."""
        if seed not in self._along:
            way = direction(self.params, seed)
            self._along[seed] = way, functools.cache(along_line(self.value, self.params, way))
        return self._along[seed]

    @functools.cached_property
    def noise(self) -> float:
        """How far rounding moves a value of f."""
        return along_random(self.value, self.params)

    def remainders(self, gradient: Gradient) -> Taylor:
        """Compute the Taylor remainders of a gradient along a random direction."""
        way, along = self.along(0)
        return taylor(along, slope_along(gradient, way), self.noise)


def vet(lines: Lines, gradient: Gradient, noise: Gradient, *, floor: float = 0.0) -> Vetting:
    """Compare the slope of f along random directions with the one that ``gradient`` promises.

    ``floor``: the least that rounding moves a value of f, where that is known.
    """
    rounding = max(lines.noise, floor)
    found = [_compared(*lines.along(seed), gradient, noise, rounding=rounding) for seed in range(_DIRECTIONS)]
    return Vetting(all(ok for ok, _ in found), max(error for _, error in found), lines.remainders(gradient))


def _compared(
    way: Gradient, along: Callable[[float], float], gradient: Gradient, noise: Gradient, *, rounding: float
) -> tuple[bool, float]:
    measured = derivative(along, scale=1.0, noise=rounding)
    promised = slope_along(gradient, way)
    # a jump between the one-sided slopes is a corner, which any value between them respects
    allowed = _DOUBT * measured.error + measured.jump + slope_along(noise, {path: np.abs(d) for path, d in way.items()})
    size = slope_along({p: np.abs(g) for p, g in gradient.items()}, {p: np.abs(d) for p, d in way.items()})
    error = abs(measured.value - promised)
    return error <= allowed, error / size if size else error


def slope_along(gradient: Gradient, way: Gradient) -> float:
    """Compute <gradient, direction> over all leaves of the direction."""
    return float(sum(np.vdot(gradient[path], step) for path, step in way.items()))
