"""The mini-batches of an epoch: an order of the examples, cut into batches, the last of which may be short.

A compiled loop wants batches of one shape. Where the objective takes example weights, the data is padded with rows of
weight 0 that fill up the last batch, so data sets of nearly the same size share one program; where it does not, the
short batch is a shape of its own, the ``tail``.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.storage import digest
from jaxnet.training.streamed import RowSource, Streamed, together
from jaxnet.types import Array, Batch, Key, Pytree

ALIGNED = 64  # bytes: memory that begins at a multiple, XLA's CPU shares instead of copying it
FEWEST_ROWS = 32  # of a padded full batch: fewer take no less time, and all small data sets share a program


class Examples(NamedTuple):
    """Training data as a compiled run sees it: M padded rows, of which the first ``rows`` are examples."""

    x: Any  # [M, ...]; ``Streamed`` where x, y and weight stay on disk
    y: Any  # [M] or [M, K]
    weight: Array | None  # [M]; 0 in the padding
    rows: Array  # int32


def whole(batch: Batch) -> Examples:
    """Hand N examples to the device as they are: M is N."""
    x, y, weight = jax.tree.map(lambda array: _on_device(array, len(array)), batch)
    return Examples(x, y, weight, on_device(len(batch.x), np.int32))


def streamed(batch: Batch, batch_size: int, *, weighted: bool) -> Examples:
    """Return what stands for examples on disk: laid out as by ``whole``, or with ``weighted`` as by ``pad``."""
    rows = len(batch.x)
    if weighted and batch.weight is None:
        weight: Any = np.ones(rows, batch.x.dtype)
        batch = batch._replace(weight=weight)
    length = padded_size(-(-rows // batch_size)) * batch_size if weighted else rows
    return Examples(together([RowSource(batch, length)], stacked=False), None, None, on_device(rows, np.int32))


def padded_size(count: int, fewest: int = 1) -> int:
    """Round a count up to one of 8 sizes an octave, ``fewest`` at least: few sizes to compile, an eighth too many."""
    count = max(count, fewest)
    grain = 1 << max(0, count.bit_length() - 4)
    return -(-count // grain) * grain


def pad(batch: Batch | Examples, batch_size: int) -> Examples:
    """Pad N examples to whole batches of B = ``batch_size``, and these on to one of 8 numbers an octave, with rows of
    zeros that weigh nothing: M is that number times B. Without weights the examples weigh 1."""
    rows = len(batch.x)
    padded = padded_size(-(-rows // batch_size)) * batch_size
    weight = np.ones(rows, batch.x.dtype) if batch.weight is None else batch.weight
    x, y, weight = (_on_device(array, padded) for array in (batch.x, batch.y, weight))
    return Examples(x, y, weight, on_device(rows, np.int32))


def pad_full_batch(batch: Pytree) -> Any:
    """Pad the NumPy arrays [N, ...] of what one step looks at together to [M, ...], M one of 8 sizes an octave, with
    rows of zeros (which weigh nothing where a weight is among the arrays); arrays without axes stay.

    Nothing is put on a device, so nothing compiles for a size that was not met before.
    """
    leaves, structure = jax.tree.flatten(batch)
    rows = max(len(leaf) for leaf in leaves if leaf.ndim)
    more = padded_size(rows, FEWEST_ROWS) - rows
    if not more:
        return batch
    zeros = [np.zeros((more, *leaf.shape[1:]), leaf.dtype) for leaf in leaves]
    padded = [np.concatenate([leaf, below]) if leaf.ndim else leaf for leaf, below in zip(leaves, zeros, strict=True)]
    return jax.tree.unflatten(structure, padded)


def on_device(value: Any, dtype: Any) -> Array:
    """Hand a number, or an array of NumPy's of any shape that nobody will change, to the device in ``dtype``, where
    ``jnp.asarray`` would first compile its conversion."""
    handed: Array = jax.device_put(np.asarray(value, dtype))
    return handed


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
    return on_device(copy, copy.dtype)


class Orders:
    """Orders [N] of the examples that the caller gives, one an epoch, handed to the program in blocks of one shape.

    Each is checked when its turn comes, for an iterator need not know the end. Raises ValueError for one that is no
    permutation of 0..N-1, and where they are fewer than the epochs.
    """

    def __init__(self, orders: Iterable[Any], rows: int, padded: int) -> None:
        self._orders: Iterator[Any] = iter(orders)
        self._rows, self._padded, self._given = rows, padded, 0
        self._digests = [""]  # of the orders up to each epoch

    def skip(self, count: int) -> None:
        """Pass over the orders of epochs that an interrupted run has behind it."""
        for _ in range(count):
            self._next()

    def digest_of(self, count: int) -> str:
        """Return a digest of the first ``count`` orders, all of which were given already."""
        return self._digests[count]

    def next_block(self, count: int, block: int) -> Array:
        """Return the next ``count`` orders as [block, M] (int32), the rows beyond them unused."""
        orders = np.zeros((block, self._padded), np.int32)
        orders[:, self._rows :] = np.arange(self._rows, self._padded)
        for i in range(count):
            orders[i, : self._rows] = self._next()
        return on_device(orders, np.int32)

    def _next(self) -> np.ndarray:
        name = f"shuffle[{self._given}]"
        try:
            order = np.asarray(next(self._orders))
        except StopIteration:
            checks.refuse("shuffle", "one order an epoch", checks.Words(f"only {self._given} orders"))
        self._given += 1
        fits = order.shape == (self._rows,) and order.dtype.kind in "iu"
        fits = fits and np.array_equal(np.sort(order), np.arange(self._rows))
        checks.require(fits, name, f"a permutation of 0..{self._rows - 1}", order)
        self._digests.append(digest(self._digests[-1], order.astype(np.int32)))
        return order


def draw_order(key: Key, examples: Examples) -> Array:
    """Draw a random order [M] (int32) of the rows, the padding last.

    It depends on the key and the number of examples alone, not on how far they are padded: each row draws a number,
    and the rows are sorted by it.
    """
    size = len(examples.x)
    # padding draws the largest number; an example that draws it too stands before it, for the sort is stable
    last = jnp.asarray(np.iinfo(np.uint32).max, jnp.uint32)
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
    """Take the batch of B = ``size`` rows that begins at position ``start`` of the order [M], or of the rows as they
    stand where that is None."""
    index = None if order is None else jax.lax.dynamic_slice(order, (start,), (size,))

    if isinstance(examples.x, Streamed):
        return _take_streamed(examples.x, index, start, order=order, size=size)

    def rows(array: Array) -> Array:
        if index is None:
            return jax.lax.dynamic_slice_in_dim(array, start, size)
        # an order holds positions only, so nothing has to be clamped
        return array.at[index].get(mode="promise_in_bounds")

    x, y, weight = examples[:3]
    return Batch(rows(x), rows(y), None if weight is None else rows(weight))


def _take_streamed(rows: Streamed, index: Array | None, start: Array | int, *, order: Array | None, size: int) -> Batch:
    """Ask for the rows of a batch, and say which the next one will take; behind the last whole batch it is a guess."""
    if index is None or order is None:
        index = start + jnp.arange(size, dtype=jnp.int32)
        return rows.batch(index, index + size)
    return rows.batch(index, jax.lax.dynamic_slice(order, (start + size,), (size,)))
