"""The orders of the examples, drawn exactly as ``fit`` with the same key would draw them: in NumPy, for a program that
draws them takes a second to compile, which is longer than many a sweep trains."""

import functools
from collections.abc import Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.network.threefry import KeyWords, fold_in, random_words, split, words_or_key
from jaxnet.training.batches import Examples, draw_order
from jaxnet.types import Array, Key


class Draws(Protocol):
    """What is drawn for the seeds of a group: the orders of its examples, and what dropout is drawn from."""

    ordered: bool  # whether there are orders, or examples stay as they stand

    def key(self, seed: int) -> np.ndarray:
        """Return the data of the key of a seed's runs."""

    def orders(self, seed: int, rows: int, epochs: range, *, size: int) -> np.ndarray:
        """Return the orders [len(epochs), size] (int32) of the epochs with these numbers, of ``rows`` examples, padding
        last."""


def draw_orders(key: Key, rows: int, epochs: Sequence[int], *, size: int) -> np.ndarray:
    """Return the orders [len(epochs), size] (int32) of the epochs with these numbers, of ``rows`` examples, padding
    last."""
    words = words_or_key(key)
    if not isinstance(words, np.ndarray):
        return np.asarray(_drawn_by_jax(key, jnp.asarray(rows, jnp.int32), jnp.asarray(epochs, jnp.int32), size))
    drawn = np.stack([random_words(_order_key(words, epoch), size) for epoch in epochs]).astype(np.uint64)
    drawn[:, rows:] = np.iinfo(np.uint32).max
    # a row beside its number, in one word: sorting plain numbers is several times faster than sorting positions
    position = np.arange(size, dtype=np.uint64)
    return (np.sort(drawn << np.uint64(32) | position) & np.uint64(2**32 - 1)).astype(np.int32)


def _order_key(words: KeyWords, epoch: int) -> Any:
    """Return what ``one_epoch`` draws the order of an epoch from."""
    return split(fold_in(words, int(epoch)))[0]


@functools.partial(jax.jit, static_argnums=3)
def _drawn_by_jax(key: Key, rows: Array, epochs: Array, size: int) -> Array:
    examples = Examples(jnp.zeros((size,), jnp.int32), jnp.zeros(()), None, rows)
    one = lambda epoch: draw_order(jax.random.split(jax.random.fold_in(key, epoch))[0], examples)
    return jax.lax.map(one, epochs)
