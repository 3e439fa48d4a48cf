"""The gradient of a function known by its values only, one parameter at a time, and the function along a line."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.gradients import arguments
from jaxnet.gradients.leaves import flatten, unflatten
from jaxnet.gradients.problem import Gradient
from jaxnet.gradients.truth import differences, rounding
from jaxnet.types import Pytree

MOST_DIFFERENCES = 20_000  # parameters; twenty values of f each
_JITTERS = 4


class Differences:
    """Extrapolated central differences of an f that JAX cannot trace; the noise is their own error and rounding's."""

    name = "extrapolated differences of f alone (f is not written for JAX)"

    def __init__(self, f: Callable, floor: float = 0.0) -> None:
        self.f, self.floor = f, floor
        self._last: tuple[bytes, dict[str, np.ndarray]] | None = None

    def value(self, params: Pytree, *data: Any) -> float:
        return float(self.f(*arguments.copied((params, *data))))

    def gradient(self, params: Pytree, *data: Any, slope: float = 0.0) -> Gradient:
        return {path: leaf[0] for path, leaf in self.derivatives(params, data).items()}

    def noise(self, params: Pytree, *data: Any, eps: float, corner: bool = False) -> Gradient:
        found = self.derivatives(params, data)
        noise = {path: leaf[1] + leaf[2] for path, leaf in found.items()}
        if eps <= 2.0**-53:
            return noise
        spread = self._jitter(params, data, eps)
        return {path: noise[path] + rounding.FACTOR * spread[path] for path in noise}

    def value_noise(self, params: Pytree, *data: Any, eps: float) -> float:
        value = lambda p: self.value(p, *data)
        return rounding.FACTOR * max(along_random(value, params), eps * abs(value(params)))

    def derivatives(self, params: Pytree, data: tuple) -> dict[str, np.ndarray]:
        """Return per leaf [3, ...]: derivative, error and jump of every entry."""
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        expected = f"an f written with jax.numpy, or at most {MOST_DIFFERENCES} parameters for differences alone"
        checks.require(count <= MOST_DIFFERENCES, "f", expected, checks.Words(f"{count} parameters"))
        key = b"".join(np.ascontiguousarray(a).tobytes() for a in arguments.split((params, *data)).arrays)
        if self._last is None or self._last[0] != key:
            self._last = (key, entrywise(lambda p: self.value(p, *data), params, floor=self.floor))
        return self._last[1]

    def _jitter(self, params: Pytree, data: tuple, eps: float) -> Gradient:
        """The spread of the gradient when every input is rounded at random to ``eps``."""
        rng = np.random.default_rng(0)
        true = self.gradient(params, *data)
        squares = {path: np.zeros_like(leaf) for path, leaf in true.items()}
        for _ in range(_JITTERS):
            moved, *others = jax.tree.map(lambda a: _rounded(a, eps, rng), (params, *data))
            found = entrywise(functools.partial(_at, self, tuple(others)), moved)
            squares = {path: total + np.square(found[path][0] - true[path]) for path, total in squares.items()}
        return {path: np.sqrt(total / _JITTERS) for path, total in squares.items()}


def _at(oracle: Differences, data: tuple, params: Pytree) -> float:
    return oracle.value(params, *data)


def _rounded(leaf: Any, eps: float, rng: np.random.Generator) -> Any:
    floating = isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    return leaf * (1 + eps * rng.choice([-1.0, 1.0], leaf.shape)) if floating else leaf


def entrywise(value: Callable[[Pytree], float], params: Pytree, *, floor: float = 0.0) -> dict[str, np.ndarray]:
    """Differentiate by every parameter: per leaf an array [3, ...] of derivative, error and jump.

    ``floor``: the least that rounding moves a value, where that is known.
    """
    leaves = flatten(params)
    noise = max(along_random(value, params), floor)
    found = {}
    for path, leaf in leaves.items():
        scale = max(float(np.sqrt(np.mean(np.square(leaf)))) if leaf.size else 0.0, 1.0)
        entries = [_entry(value, params, (path, index), scale=scale, noise=noise) for index in np.ndindex(leaf.shape)]
        found[path] = np.moveaxis(np.array(entries, np.float64).reshape(*leaf.shape, 3), -1, 0)
    return found


def _entry(
    value: Callable[[Pytree], float], params: Pytree, place: tuple, *, scale: float, noise: float
) -> differences.Derivative:
    path, index = place
    leaves = flatten(params)

    def along(t: float) -> float:
        moved = leaves[path].copy()
        moved[index] += t
        return value(unflatten(params, {**leaves, path: moved}))

    return differences.derivative(along, scale=scale, noise=noise)


def along_random(value: Callable[[Pytree], float], params: Pytree) -> float:
    """Return how far rounding moves a value of f: looked at along one direction, and at least by its size elsewhere.

    A certain classifier has a loss of exactly 0, and so has its neighbourhood; that it is the difference of numbers as
    large as f elsewhere is what its rounding comes from.
    """
    elsewhere = [value(jax.tree.map(lambda leaf, c=c: c * leaf, params)) for c in (-1.0, 0.0, 0.5)]
    largest = max((abs(v) for v in elsewhere if np.isfinite(v)), default=0.0)
    return max(differences.value_noise(line(value, params, direction(params)), scale=1.0), 2.0**-53 * largest)


def direction(params: Pytree, seed: int = 0) -> Gradient:
    """Draw a direction of the size of each leaf, or of 1 where a leaf is zero."""
    rng = np.random.default_rng(seed)
    size = lambda leaf: float(np.sqrt(np.mean(np.square(leaf)))) or 1.0
    return {path: size(leaf) * rng.standard_normal(leaf.shape) for path, leaf in flatten(params).items() if leaf.size}


def line(value: Callable[[Pytree], float], params: Pytree, along: Gradient) -> Callable[[float], float]:
    """Return t -> f(params + t direction)."""
    leaves = flatten(params)
    return lambda t: value(unflatten(params, {p: leaf + t * along.get(p, 0.0) for p, leaf in leaves.items()}))
