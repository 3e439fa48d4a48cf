"""Rows that are held out and stay on disk: their logits are computed some rows at a time, and all else of these.

What is looked at of such rows are their logits and targets, so a loss and metrics by name are those of all rows at once
to rounding, a ranking such as the area under a curve too; whatever wants X itself needs it in memory.
"""

from typing import Any

import jax
import jax.numpy as jnp

from jaxnet import checks
from jaxnet.data import StoredArray, blocks
from jaxnet.losses import Objective
from jaxnet.training.streamed import RowSource, Streamed, in_memory, together
from jaxnet.types import Array, Batch, Pytree

_MOST_ROWS = 4096  # that are looked at at once: of wide rows fewer


def told_by_logits(f: Any, metrics: tuple[Any, ...]) -> bool:
    """Whether the logits of rows say all that is wanted of them."""
    return isinstance(f, Objective) and not any(map(callable, metrics))


def check_left_on_disk(f: Any, metrics: tuple[Any, ...], argument: str) -> None:
    """Refuse, by raising ValueError, rows that are held out and stay on disk where more than their logits is wanted."""
    expected = "a jn.objective and metrics by name for rows on disk (np.asarray(X) holds them in memory)"
    checks.require(told_by_logits(f, metrics), argument, expected, checks.Words("functions of X of one's own"))


def held_out(f: Any, batch: Batch, metrics: tuple[Any, ...]) -> Batch:
    """Return rows that are held out as a program takes them: those on disk stay there where their logits say all."""
    if not isinstance(batch.x, StoredArray):
        return batch
    if not told_by_logits(f, metrics):
        return Batch(*in_memory(tuple(batch)))
    return standing_for(together([RowSource(batch, len(batch.x))], stacked=False))


def standing_for(rows: Streamed) -> Batch:
    """Return what stands for x, y and weight of rows on disk."""
    stands: Any = rows, None, None
    return Batch(*stands)


def logits_of(f: Any, params: Pytree, rows: Streamed) -> tuple[Array, Array, Array | None]:
    """Return the logits [V, K] of V rows on disk, their targets [V] or [V, K], and their weights [V] or None."""
    row = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(rows.of_rows(1)))
    count = min(_MOST_ROWS, next(iter(blocks(len(rows), row))).stop)

    def block(start: Array) -> tuple[Array, Array, Array | None]:
        index = start + jnp.arange(count, dtype=jnp.int32)
        batch = rows.batch(index, index + count)
        return f.logits(params, batch.x), batch.y, batch.weight

    found = jax.lax.map(block, jnp.arange(0, len(rows), count, dtype=jnp.int32))
    # what lies behind the last row counts for nothing: it is cut off
    cut = lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[: len(rows)]
    logits, y, weight = jax.tree.map(cut, found)
    return logits, y, weight
