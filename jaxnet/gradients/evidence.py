"""Everything that is known about a gradient under test, and what a found cause is: the terms of the diagnosis.

Gradients are plain dicts from ``jax.tree_util.keystr`` path, ``"[0]['w']"``, to a float64 NumPy array in the shape of
the parameter: whatever containers they came in, they are compared in this form.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jaxnet.gradients.example_axis import example_axis
from jaxnet.gradients.point import Point
from jaxnet.types import Pytree

Gradient = dict[str, np.ndarray]


@dataclass(frozen=True)
class Evidence:
    """A gradient under test with all that can be asked about it.

    Attributes:
        objective: f(params, *data) -> scalar, as it was given.
        params: the pytree of parameters, its leaves NumPy float64.
        data: the other arguments of f: NumPy float64 or integers where they are arrays.
        yours: the gradient under test at (params, *data).
        true: the oracle's gradient there.
        noise: for every entry the largest difference that rounding explains in the precision ``eps``.
        gradient: (params, *data) -> Gradient, the function under test on copies of its arguments; None when only
            arrays were given.
        oracle: (params, *data) -> Gradient, the true gradient in float64.
        network: an object with sizes, activations, output and apply, or None.
        loss: the name of a ``jn.objective``'s loss, else None.
        l2: the penalty's factor of a ``jn.objective``, else 0.
        eps: unit roundoff of the precision in which the gradient under test was computed.
    """

    objective: Callable[..., Any]
    params: Pytree
    data: Point
    yours: Gradient
    true: Gradient
    noise: Gradient
    gradient: Callable[..., Gradient] | None
    oracle: Callable[..., Gradient]
    network: object | None = None
    loss: str | None = None
    l2: float = 0.0
    eps: float = 2.0**-53

    @functools.cached_property
    def example_axis(self) -> int | None:
        """The axis of the data that counts the examples: 0 for rows, -1 for columns, None when there is none."""
        return example_axis(self.data, lambda *data: self.objective(self.params, *data))

    def elsewhere(self, params: Pytree, *data: Any) -> Gradient | None:
        """The gradient under test at other parameters or data; None where it has nothing to say there.

        That is where only arrays were given, or a function that returns the same whatever it is asked; where it fails,
        or what it returns is not finite.
        """
        if self.gradient is None:
            return None
        try:
            mine = self.gradient(params, *data)
        except Exception:  # the user's own code may refuse other batches, by any error
            return None
        usable = all(
            mine[path].shape == leaf.shape and np.isfinite(mine[path]).all() for path, leaf in self.true.items()
        )
        return None if not usable or all(np.array_equal(mine[path], self.yours[path]) for path in self.true) else mine


@dataclass(frozen=True)
class Cause:
    """Why a gradient is wrong.

    Attributes:
        kind: a short stable name, such as "summed_over_batch".
        layers: the layers it is in, from 1 (next to the input) to L (the output); empty when it is in none.
        leaves: the paths of the leaves that it makes wrong.
        factor: the constant by which they are wrong, or None.
        sentence: one sentence that says it, with the formula.
        fix: the corrected formula in NumPy.
        residual: relative error of the replay: |yours - replayed| / |yours|; 1 when nothing was replayed.
        where: "file:line: expression" of f that was differentiated wrongly, or None.
    """

    kind: str
    layers: tuple[int, ...]
    leaves: tuple[str, ...]
    factor: float | None
    sentence: str
    fix: str
    residual: float
    where: str | None = None


def by_path(tree: Pytree) -> dict[str, np.ndarray]:
    """Name every leaf by its ``jax.tree_util.keystr`` path; leaves become NumPy arrays of their own dtype."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in pairs}


def from_paths(like: Pytree, leaves: Mapping[str, np.ndarray]) -> Pytree:
    """Put named leaves back into the structure of ``like``; raises KeyError for a leaf that has no array."""
    pairs, structure = jax.tree_util.tree_flatten_with_path(like)
    return jax.tree_util.tree_unflatten(structure, [leaves[jax.tree_util.keystr(path)] for path, _ in pairs])


def agrees(yours: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray], noise: Mapping[str, np.ndarray]) -> bool:
    """Whether two gradients differ by no more than the noise in every entry of every leaf of ``yours``."""
    return all(bool(within(yours[path], other[path], noise[path]).all()) for path in yours)


def within(yours: np.ndarray, other: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Say entry by entry whether the difference is at most the noise; NaN never is."""
    return np.abs(yours - other) <= noise


def residual(yours: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> float:
    """Compute |yours - other| / |yours| over all leaves of ``yours``, in the Euclidean norm; 0 when both are 0."""
    difference = np.sqrt(sum(float(np.sum(np.square(yours[path] - other[path]))) for path in yours))
    size = np.sqrt(sum(float(np.sum(np.square(leaf))) for leaf in yours.values()))
    return float(difference / size) if size else float(difference > 0)
