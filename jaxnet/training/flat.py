"""A tree of arrays laid side by side: one flat array a dtype.

Parameters and optimizer state are a dozen leaves or more, and what is done to them as a whole (gather, select, store,
hand to a device, fetch) costs a kernel to compile and run, or a copy, for every leaf. Flat it costs one. Only the step
of the optimizer, which wants the leaves, sees them: carried flat through every step they would be cut each time.
"""

import math
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.types import Array, Pytree

Flat: TypeAlias = tuple[Array, ...]  # [..., W], one a dtype


class Layout(NamedTuple):
    """Where the leaves of a tree lie in its flat arrays; hashable."""

    structure: Any
    leaves: tuple[tuple[tuple[int, ...], np.dtype], ...]  # shape behind the leading axes, and dtype

    @property
    def dtypes(self) -> tuple[np.dtype, ...]:
        """The dtypes of the flat arrays, in their order: that of the first leaf first."""
        return tuple(dict.fromkeys(dtype for _, dtype in self.leaves))

    @property
    def bytes(self) -> int:
        """What one tree takes."""
        return sum(math.prod(shape) * dtype.itemsize for shape, dtype in self.leaves)


def layout_of(tree: Pytree, leading: int) -> Layout:
    """Return the layout of a tree of arrays [..., *shape], whose first ``leading`` axes they have in common."""
    leaves, structure = jax.tree.flatten(tree)
    # not np.dtype(leaf.dtype): a key has a dtype of its own
    return Layout(structure, tuple((leaf.shape[leading:], leaf.dtype) for leaf in leaves))


def flatten(layout: Layout, tree: Pytree) -> Flat:
    """Lay the leaves [..., *shape] side by side: [..., W] a dtype, in NumPy where they are of NumPy, else in JAX."""
    leaves = jax.tree.leaves(tree)
    xp: Any = np if all(isinstance(leaf, np.ndarray) for leaf in leaves) else jnp
    rows: dict[np.dtype, list[Any]] = {dtype: [] for dtype in layout.dtypes}
    for leaf, (shape, dtype) in zip(leaves, layout.leaves, strict=True):
        rows[dtype].append(xp.reshape(leaf, (*leaf.shape[: leaf.ndim - len(shape)], math.prod(shape))))
    return tuple(xp.concatenate(parts, axis=-1) for parts in rows.values())


def unflatten(layout: Layout, flat: Flat) -> Pytree:
    """Cut flat arrays [..., W] into the leaves [..., *shape] of a tree; the opposite of ``flatten``."""
    arrays = dict(zip(layout.dtypes, flat, strict=True))
    starts = dict.fromkeys(layout.dtypes, 0)
    leaves = []
    for shape, dtype in layout.leaves:
        start = starts[dtype]
        starts[dtype] = start + math.prod(shape)
        part = arrays[dtype][..., start : starts[dtype]]
        leaves.append(part.reshape(*part.shape[:-1], *shape))
    return jax.tree.unflatten(layout.structure, leaves)
