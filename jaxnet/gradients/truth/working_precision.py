"""In which precision was a gradient computed? Its dtype says so, unless something on the way was rounded to less."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.evidence import Gradient
from jaxnet.gradients.point import Point

DOUBLE, SINGLE = 2.0**-53, 2.0**-24
_MOST_SMOOTH = 1 / 4  # of the entries may move unevenly before the whole is taken to be rounded: relus turn, too
_STEP = 2.0**-20  # smooth functions bend by its cube, 1e-18; float32 moves in steps of 1e-7


def unit_roundoff(leaves: Mapping[str, Any]) -> float:
    """Return the coarsest unit roundoff among the dtypes of the leaves; others count as float64."""
    floating = [
        leaf.dtype for leaf in leaves.values() if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)
    ]
    return max((float(jnp.finfo(dtype).eps) / 2 for dtype in floating), default=DOUBLE)


def is_single(leaves: Gradient) -> bool:
    """Whether every number of a float64 gradient is one that float32 holds: it was computed there and converted."""
    return all(np.array_equal(leaf, leaf.astype(np.float32)) for leaf in leaves.values())


def computes_in_single(gradient: Callable[..., Gradient], arguments: Point, noise: Gradient) -> bool:
    """Whether a function that returns float64 moves in steps as coarse as those of float32, when its arguments move.

    Third differences (Moré and Wild 2011) of every entry at small steps: what is smooth vanishes.
    """
    rng = np.random.default_rng(0)
    leaves, structure = jax.tree.flatten(arguments)
    moves = lambda leaf: isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    ways = [rng.standard_normal(a.shape) * a if moves(a) else None for a in leaves]

    def at(step: float) -> Gradient:
        moved = [a if way is None else a + step * way for a, way in zip(leaves, ways, strict=True)]
        return gradient(*jax.tree.unflatten(structure, moved))

    rows = [at(place * _STEP) for place in range(-3, 5)]
    jitter = {
        # 20 = 6! / (3!)²: the variance of a third difference of noise of variance 1
        path: np.sqrt(np.mean(np.square(np.diff([row[path] for row in rows], 3, axis=0)), axis=0) / 20)
        for path in noise
    }
    moved = sum(int((jitter[path] > noise[path]).sum()) for path in noise)
    return moved > int(_MOST_SMOOTH * sum(leaf.size for leaf in noise.values()))
