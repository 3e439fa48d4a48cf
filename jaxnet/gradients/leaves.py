"""A pytree as a dict from path to array, ``{"[0]['w']": ...}``, and back: the form in which gradients are compared."""

from collections.abc import Mapping

import jax
import numpy as np

from jaxnet.types import Pytree


def flatten(tree: Pytree) -> dict[str, np.ndarray]:
    """Name every leaf by its ``jax.tree_util.keystr`` path; leaves become NumPy arrays of their own dtype."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in pairs}


def unflatten(like: Pytree, leaves: Mapping[str, np.ndarray]) -> Pytree:
    """Put named leaves back into the structure of ``like``."""
    pairs, structure = jax.tree_util.tree_flatten_with_path(like)
    return jax.tree_util.tree_unflatten(structure, [leaves[jax.tree_util.keystr(path)] for path, _ in pairs])
