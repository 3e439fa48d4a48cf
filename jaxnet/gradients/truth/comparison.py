"""The true gradient at a point with all that bounds it, and a gradient held against it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.gradients.evidence import Gradient, within
from jaxnet.gradients.point import Point, copied, float64, split_arrays
from jaxnet.gradients.truth import tracing
from jaxnet.gradients.truth.finite_differences import Differences, Lines, vet
from jaxnet.gradients.truth.oracles import Oracle, automatic

_MOST_DIFFERENCED = 2_000  # parameters by which f is differenced one by one when its derivative rule is in doubt
_ORACLE_NOISE = 2.0**-40  # of the gradient in float64: far above its rounding, far below any mistake in a rule


@dataclass(frozen=True)
class Truth:
    """The true gradient at ``point``, (params, *data); ``low`` and ``high`` differ where f has a corner.

    Attributes:
        low: with derivative 0 for relu at 0 and its like.
        high: with derivative 1.
        sentence: what it was taken from and how it was confirmed.
        lines: f along lines through the point.
    """

    oracle: Oracle
    point: Point
    low: Gradient
    high: Gradient
    sentence: str
    lines: Lines

    def at(self, slope: float) -> Gradient:
        """Compute the gradient with another derivative at corners."""
        if slope in (0.0, 1.0):
            return self.high if slope else self.low
        return self.oracle.gradient(*self.point, slope=slope)

    @functools.cached_property
    def corner(self) -> bool:
        """Whether f has a corner at the point that its gradient can see."""
        return any(not np.array_equal(self.low[path], self.high[path]) for path in self.low)


def truth_at(f: Callable[..., Any], point: Point) -> Truth:
    """Find the true gradient of f at (params, *data) and confirm it by the values of f.

    Raises TypeError for an f that returns no number, ValueError where its value or its gradient is not finite; what f
    itself raises on NumPy arrays is passed on.
    """
    oracle = oracle_of(f, point)
    value = oracle.value(*point)
    checks.require(np.isfinite(value), "f", "a finite value at params", value)
    low = oracle.gradient(*point)
    for path, leaf in low.items():
        words = "a finite gradient at params"
        bad = np.argwhere(~np.isfinite(leaf))
        checks.require(not len(bad), "f", words, checks.Words(f"NaN or infinity in {path} at {bad[:1].tolist()}"))
    lines = Lines(lambda params: oracle.value(params, *point[1:]), point[0])
    if isinstance(oracle, Differences):
        return Truth(oracle, point, low, low, f"{oracle.name}, accurate to about {_error(oracle, point):.0e}", lines)
    high = oracle.gradient(*point, slope=1.0)
    return _confirmed(Truth(oracle, point, low, high, oracle.name, lines))


def oracle_of(f: Callable[..., Any], point: Point) -> Oracle:
    """Return ``jax.grad`` for an f that JAX can trace, differences for any other; refuse what returns no number."""
    try:
        with float64():
            taken = split_arrays(point)
            closed, result = jax.make_jaxpr(lambda arrays: f(*taken.joined(arrays)), return_shape=True)(taken.arrays)
    except Exception:  # whatever it is, it is raised again below if f fails on NumPy arrays, too
        result = f(*copied(point))
        _require_number(result)
        return Differences(f)
    _require_number(result)
    return automatic(f, closed, point)


def _require_number(result: Any) -> None:
    number = isinstance(result, int | float) or (hasattr(result, "dtype") and jnp.isrealobj(result))
    one = number and np.shape(result) == ()
    got = checks.Words(f"an array of shape {tuple(result.shape)}") if hasattr(result, "shape") else result
    checks.require(one, "f", "a function (params, *data) that returns one number", got, TypeError)


def _error(oracle: Differences, point: Point) -> float:
    derivatives = oracle.derivatives(point[0], point[1:])
    largest = max((float(np.max(np.abs(leaf[0]), initial=0.0)) for leaf in derivatives.values()), default=0.0)
    return max(float(np.max(leaf[1], initial=0.0)) for leaf in derivatives.values()) / (largest or 1.0)


def _confirmed(truth: Truth) -> Truth:
    # between the two conventions at a corner any slope is allowed
    noise = {path: _ORACLE_NOISE * np.abs(leaf) + np.abs(truth.high[path] - leaf) for path, leaf in truth.low.items()}
    vetting = vet(truth.lines, truth.low, noise)
    floor = 0.0
    if not vetting.ok:  # a value of f may be rounded more than its neighbours show
        floor = truth.oracle.value_noise(*truth.point, eps=2.0**-53)
        vetting = vet(truth.lines, truth.low, noise, floor=floor)
    if vetting.ok:
        order = vetting.taylor.slope
        remainder = "" if np.isnan(order) else f"; the Taylor remainder shrinks as h^{order:.2f}"
        words = f"confirmed by differences of f to {vetting.error:.0e}{remainder}"
        words = "at a corner of f, whose one-sided differences allow it" if truth.corner else words
        return replace(truth, sentence=f"{truth.oracle.name}, {words}")
    if _stops_gradients(truth):
        words = "which f stops in places (stop_gradient): differences of its values say otherwise"
        return replace(truth, sentence=f"{truth.oracle.name}, {words}")
    oracle = Differences(truth.oracle.value, floor)
    doubt = "jax.grad of f disagrees with differences of f (a custom rule or stop_gradient in f?)"
    if sum(leaf.size for leaf in truth.low.values()) > _MOST_DIFFERENCED:
        return replace(truth, sentence=f"{truth.oracle.name}, though {doubt}")
    gradient = oracle.gradient(*truth.point)
    sentence = f"extrapolated differences of f, because {doubt}"
    return replace(truth, oracle=oracle, low=gradient, high=gradient, sentence=sentence)


def _stops_gradients(truth: Truth) -> bool:
    """Whether f says itself where its gradient ends, and has no rules of its own that could be wrong."""
    taken, f = split_arrays(truth.point), getattr(truth.oracle, "f", None)
    if f is None:
        return False
    with float64():
        closed = tracing.trace(lambda arrays: f(*taken.joined(arrays)), taken.arrays)
    return not tracing.holds_rules(closed) and "stop_gradient" in str(closed)


@dataclass(frozen=True)
class Comparison:
    """A gradient against the true one: the true one under the convention that fits best, and the noise.

    ``slope`` is that convention at the corner that f has here: from 0, the slope of the lower side, to 1.
    """

    true: Gradient
    noise: Gradient
    right: bool
    eps: float
    oracle: Callable[..., Gradient]
    notes: tuple[str, ...] = ()
    slope: float | None = None


def compare_gradient(yours: Gradient, truth: Truth, *, eps: float, precision: float = 0.0) -> Comparison:
    """Hold the leaves that can be compared against the truth, at a corner under the convention that fits best.

    ``eps`` is the unit roundoff of the precision that ``yours`` was computed in; ``precision`` an error that its
    numbers are known to have, in their own units.
    """
    noise = {
        path: leaf + precision for path, leaf in truth.oracle.noise(*truth.point, eps=eps, corner=truth.corner).items()
    }
    if not truth.corner:
        right = wrong(yours, truth.low, noise) == 0
        return Comparison(truth.low, noise, right, eps, truth.oracle.gradient)
    # the conventions that are in use, and whatever other one the gradient at hand may have
    slopes = [0.0, 1.0, 0.5, _fitted(yours, truth)]
    true, slope = min(((truth.at(s), s) for s in slopes), key=lambda pair: wrong(yours, pair[0], noise))
    oracle = functools.partial(truth.oracle.gradient, slope=slope)
    return Comparison(true, noise, wrong(yours, true, noise) == 0, eps, oracle, slope=slope)


def wrong(yours: Gradient, true: Gradient, noise: Gradient) -> int:
    """Count the entries that rounding does not explain."""
    return sum(int((~within(leaf, true[path], noise[path])).sum()) for path, leaf in yours.items())


def _fitted(yours: Gradient, truth: Truth) -> float:
    """The slope at corners, one for all, that comes nearest in least squares."""
    pairs = [(leaf - truth.low[path], truth.high[path] - truth.low[path]) for path, leaf in yours.items()]
    size = sum(float(np.vdot(span, span)) for _, span in pairs)
    found = sum(float(np.vdot(span, off)) for off, span in pairs) / size if size else 0.0
    return float(np.clip(found, 0.0, 1.0)) if np.isfinite(found) else 0.0
