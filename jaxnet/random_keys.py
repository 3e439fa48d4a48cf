"""Keys of ``jax.random`` among the arrays of a state, as optimizers that draw have them: NumPy and files know their
words alone."""

from typing import Any

import jax
import jax.numpy as jnp


def is_key(leaf: Any) -> bool:
    """Whether a leaf, an array or its shape and dtype, is a key or an array of keys."""
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def words_of(leaf: Any) -> Any:
    """Return the words [..., 2] (uint32) of a key, or their shape and dtype; any other leaf as it is."""
    if not is_key(leaf):
        return leaf
    return jax.random.key_data(leaf) if isinstance(leaf, jax.Array) else jax.eval_shape(jax.random.key_data, leaf)


def of_words(words: Any, like: Any) -> Any:
    """Return the key of these words where ``like`` is one, by JAX's usual implementation where that has none to name;
    any other leaf as it is."""
    if not is_key(like):
        return words
    named = jax.random.key_impl(like) if isinstance(like, jax.Array) else None
    return jax.random.wrap_key_data(jnp.asarray(words), impl=named)
