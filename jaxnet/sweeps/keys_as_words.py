"""Optimizers that draw, such as ``optax.add_noise``, have a key in their state; among the numbers of many members it
stands as its words."""

from typing import Any

import jax
import optax

from jaxnet.random_keys import is_key, of_words, words_of
from jaxnet.types import Pytree


def has_keys(optimizer: optax.GradientTransformation, params: Pytree) -> bool:
    """Whether the state of an optimizer, of parameters like these, has a key in it."""
    return any(map(is_key, jax.tree.leaves(jax.eval_shape(optimizer.init, params))))


def with_keys_as_words(optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    """Return an optimizer whose state is of numbers alone; its updates need the parameters."""
    drawing = optax.with_extra_args_support(optimizer)

    def init(params: Pytree) -> Pytree:
        return jax.tree.map(words_of, drawing.init(params))

    def update(updates: Pytree, state: Pytree, params: Any = None, **extra: Any) -> tuple[Pytree, Pytree]:
        kept = jax.tree.map(of_words, state, jax.eval_shape(drawing.init, params))
        updates, state = drawing.update(updates, kept, params, **extra)
        return updates, jax.tree.map(words_of, state)

    return optax.GradientTransformationExtraArgs(init, update)
