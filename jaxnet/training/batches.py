"""The mini-batches of an epoch: an order of the examples, cut into batches, the last of which may be short.

A compiled loop wants batches of one shape. Where the objective takes example weights, the data is padded with rows of
weight 0 that fill up the last batch, so data sets of nearly the same size share one program; where it does not, the
short batch is a shape of its own, the ``tail``.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.types import Array, Batch, Key, Pytree

ALIGNED = 64  # bytes: memory that begins at a multiple, XLA's CPU shares instead of copying it
FEWEST_ROWS = 32  # of a padded full batch: fewer take no less time, and all small data sets share a program


class Examples(NamedTuple):
    """Training data as a compiled run sees it: M padded rows, of which the first ``rows`` are examples."""

    x: Array  # [M, ...]
    y: Array  # [M] or [M, K]
    weight: Array | None  # [M]; 0 in the padding
    rows: Array  # int32


def whole(batch: Batch) -> Examples:
    """Hand the examples to the device as they are."""
    x, y, weight = jax.tree.map(lambda array: _on_device(array, len(array)), batch)
    return Examples(x, y, weight, on_device(len(batch.x), np.int32))


def padded_size(count: int, fewest: int = 1) -> int:
    """Round a count up to one of 8 sizes an octave, ``fewest`` at least: few sizes to compile, an eighth too many."""
    count = max(count, fewest)
    grain = max(1, 2 ** (count.bit_length() - 4))
    return -(-count // grain) * grain


def pad(batch: Batch | Examples, batch_size: int) -> Examples:
    """Pad to whole batches and on to one of 8 sizes an octave, with rows of zeros that weigh nothing."""
    rows = len(batch.x)
    padded = padded_size(-(-rows // batch_size)) * batch_size
    weight = np.ones(rows, batch.x.dtype) if batch.weight is None else batch.weight
    x, y, weight = (_on_device(array, padded) for array in (batch.x, batch.y, weight))
    return Examples(x, y, weight, on_device(rows, np.int32))


def pad_full_batch(batch: Pytree) -> Any:
    """Pad the NumPy arrays [N, ...] of what one step looks at together to one of 8 sizes an octave, with rows of zeros
    (which weigh nothing where a weight is among the arrays); numbers stay.

    Nothing is put on a device, so nothing compiles for a size that was not met before.
    """
    rows = max(len(array) for array in jax.tree.leaves(batch) if array.ndim)
    more = padded_size(rows, FEWEST_ROWS) - rows
    if not more:
        return batch
    zeros = lambda array: np.zeros((more, *array.shape[1:]), array.dtype)
    return jax.tree.map(lambda array: np.concatenate([array, zeros(array)]) if array.ndim else array, batch)


def on_device(value: Any, dtype: Any) -> Array:
    """Hand a number, or an array of NumPy's that nobody will change, to the device, where ``jnp.asarray`` would first
    compile its conversion."""
    return jax.device_put(np.asarray(value, dtype))


def _on_device(array: Array | np.ndarray, length: int) -> Array:
    """Hand an array to the device, with zeros behind it up to a length."""
    more = (length - len(array), *array.shape[1:])
    if not isinstance(array, np.ndarray):
        return jnp.concatenate([array, jnp.zeros(more, array.dtype)]) if more[0] else array
    shape = (length, *array.shape[1:])
    size = math.prod(shape) * array.dtype.itemsize
    # NumPy aligns to 16 bytes only, so the start is chosen inside a slightly larger block
    memory = np.empty(size + ALIGNED, np.uint8)
    start = -memory.ctypes.data % ALIGNED
    copy = memory[start : start + size].view(array.dtype).reshape(shape)
    copy[: len(array)], copy[len(array) :] = array, 0
    return jax.device_put(copy)


def draw_order(key: Key, examples: Examples) -> Array:
    """Draw a random order [M] of the rows, the padding last.

    It depends on the key and the number of examples alone, not on how far they are padded: each row draws a number,
    and the rows are sorted by it.
    """
    size = len(examples.x)
    # padding draws the largest number; an example that draws it too stands before it, for the sort is stable
    last = jnp.asarray(jnp.iinfo(jnp.uint32).max, jnp.uint32)
    drawn = jnp.where(
        jnp.arange(size, dtype=jnp.int32) < examples.rows, jax.random.bits(key, (size,), jnp.uint32), last
    )
    return stable_argsort(drawn)


def stable_argsort(numbers: Array) -> Array:
    """Return the positions [M] (int32) of 32-bit unsigned numbers [M] in ascending order, equal ones as they stand.

    XLA sorts plain numbers two to three times faster than numbers that carry a position along. So each pass packs as
    many bits of a number as fit beside its position, from the lowest bits to the highest (a radix sort of few digits).
    """
    size = len(numbers)
    position = jnp.arange(size, dtype=jnp.uint32)
    width = max(1, (size - 1).bit_length())  # bits of a position
    digit, order = 32 - width, position
    for low in range(0, 32, digit):
        digits = (numbers[order] >> low) & jnp.uint32(2**digit - 1)
        order = order[jnp.sort(digits << width | position) & jnp.uint32(2**width - 1)]
    return order.astype(jnp.int32)


def take(examples: Examples, order: Array | None, start: Array | int, size: int) -> Batch:
    """Take the batch of ``size`` rows that begins at position ``start`` of the order."""
    if order is not None:
        index = jax.lax.dynamic_slice(order, (start,), (size,))
        rows = lambda array: array.at[index].get(mode="promise_in_bounds")
    else:
        rows = lambda array: jax.lax.dynamic_slice_in_dim(array, start, size)
    return jax.tree.map(rows, Batch(*examples[:3]))
