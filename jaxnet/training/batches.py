"""The mini-batches of an epoch: an order of the examples, cut into batches, the last of which may be short.

A compiled loop wants batches of one shape. Where the objective takes example weights, the data is padded with rows of
weight 0 that fill up the last batch, so data sets of nearly the same size share one program; where it does not, the
short batch is a shape of its own, the ``tail``.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.types import Array, Batch, Key


class Examples(NamedTuple):
    """Training data as a compiled run sees it: M padded rows, of which the first ``rows`` are examples."""

    x: Array  # [M, ...]
    y: Array  # [M] or [M, K]
    weight: Array | None  # [M]; 0 in the padding
    rows: Array  # int32


def pad(batch: Batch, batch_size: int) -> Examples:
    """Pad to whole batches and on to one of 8 sizes an octave, with rows of zeros that weigh nothing."""
    rows = len(batch.x)
    batches = -(-rows // batch_size)
    grain = max(1, 2 ** (batches.bit_length() - 4))
    padded = -(-batches // grain) * grain * batch_size
    weight = np.ones(rows, batch.x.dtype) if batch.weight is None else batch.weight
    x, y, weight = (_lengthen(array, padded - rows) for array in (batch.x, batch.y, weight))
    return Examples(x, y, weight, jnp.asarray(rows, jnp.int32))


def _lengthen(array: Array | np.ndarray, more: int) -> Array:
    if isinstance(array, np.ndarray):
        # one copy on the host, zeros behind, which the device may then share
        longer = np.zeros((len(array) + more, *array.shape[1:]), array.dtype)
        longer[: len(array)] = array
        return jnp.asarray(longer)
    return jnp.concatenate([array, jnp.zeros((more, *array.shape[1:]), array.dtype)]) if more else array


def draw_order(key: Key, examples: Examples) -> Array:
    """Draw a random order [M] of the rows, the padding last.

    It depends on the key and the number of examples alone, not on how far they are padded: each row draws a number,
    and the rows are sorted by it.
    """
    size = len(examples.x)
    last = jnp.asarray(jnp.iinfo(jnp.uint32).max, jnp.uint32)
    drawn = jnp.where(
        jnp.arange(size, dtype=jnp.int32) < examples.rows, jax.random.bits(key, (size,), jnp.uint32), last
    )
    return jnp.argsort(drawn, stable=True).astype(jnp.int32)


def take(examples: Examples, order: Array | None, start: Array | int, size: int) -> Batch:
    """Take the batch of ``size`` rows that begins at position ``start`` of the order."""
    if order is not None:
        index = jax.lax.dynamic_slice(order, (start,), (size,))
        rows = lambda array: array.at[index].get(mode="promise_in_bounds")
    else:
        rows = lambda array: jax.lax.dynamic_slice_in_dim(array, start, size)
    return jax.tree.map(rows, Batch(*examples[:3]))
