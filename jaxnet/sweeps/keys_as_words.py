"""Optimizers that draw, such as ``optax.add_noise``, have a key in their state; among the numbers of many members it
stands as its words."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxnet.types import Pytree


def with_keys_as_words(optimizer: optax.GradientTransformation, params: Pytree) -> optax.GradientTransformation:
    """Return an optimizer of parameters like these whose state is of numbers alone; itself where it is so already."""
    leaves = jax.tree.leaves(jax.eval_shape(optimizer.init, params))
    keys = tuple(bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)) for leaf in leaves)
    if not any(keys):
        return optimizer
    drawing = optax.with_extra_args_support(optimizer)

    def init(params: Pytree) -> Pytree:
        return _changed(drawing.init(params), keys, jax.random.key_data)

    def update(updates: Pytree, state: Pytree, params: Any = None, **extra: Any) -> tuple[Pytree, Pytree]:
        updates, state = drawing.update(updates, _changed(state, keys, jax.random.wrap_key_data), params, **extra)
        return updates, _changed(state, keys, jax.random.key_data)

    return optax.GradientTransformationExtraArgs(init, update)


def _changed(state: Pytree, keys: tuple[bool, ...], change: Any) -> Pytree:
    leaves, structure = jax.tree.flatten(state)
    changed = [change(leaf) if key else leaf for leaf, key in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(structure, changed)
