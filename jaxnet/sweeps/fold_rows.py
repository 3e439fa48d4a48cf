"""The rows of folds as a program is given them: of one shape, the smaller folds padded by rows of weight 0."""

from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.data import StoredArray
from jaxnet.sweeps.folds import FoldPart
from jaxnet.sweeps.tiles import FoldRows
from jaxnet.training.batches import on_device
from jaxnet.training.metric_values import names_argument
from jaxnet.training.streamed import RowSource, Streamed, together
from jaxnet.types import Batch


def fold_weights(f: Any, metrics: tuple[Any, ...], folds: tuple[FoldPart, ...], batch: Batch) -> np.ndarray | None:
    """Return the weights [N] of the rows of folds, ones where none were given; None for a training without any.

    Folds of unequal size are padded by rows of weight 0, so whatever takes no weights needs folds of equal size:
    raises ValueError, naming it, for others.
    """
    takes = lambda each: not callable(each) or names_argument(each, "weight")
    unweighted = [each for each in (f, *metrics) if not takes(each)]
    sizes = sorted({len(fold.held) for fold in folds})
    equal = len(sizes) == 1 and len({len(fold.train) for fold in folds}) == 1
    if unweighted:
        names = ", ".join(getattr(each, "__name__", type(each).__name__) for each in unweighted)
        expected = f"folds of equal size for what takes no weight= ({names})"
        checks.require(equal, "fold", expected, checks.Words(f"folds of {sizes} examples"))
    if batch.weight is not None:  # the objective takes them, or they were refused; metrics are given them by name
        return np.asarray(batch.weight)
    return None if unweighted else np.ones(len(batch.x), batch.x.dtype)


def fold_rows_on_disk(folds: tuple[FoldPart, ...], batch: Batch, size: int) -> FoldRows:
    """Let the rows of each fold, ``size`` to train on, be read from disk, with their weights; padding has weight 0."""

    def sources(rows: list[np.ndarray], size: int) -> Streamed:
        return together([RowSource(taken_rows(batch, each), size) for each in rows])

    train, held = [fold.train for fold in folds], [fold.held for fold in folds]
    count = on_device([len(rows) for rows in train], np.int32)
    return FoldRows(sources(train, size), None, count, sources(held, max(map(len, held))), None)


def taken_rows(batch: Batch, rows: np.ndarray) -> Batch:
    """Return some rows of examples, by their indices; those on disk stay there."""
    take: Any = lambda part: part.take(rows) if isinstance(part, StoredArray) else part[rows]
    taken: Any = [None if part is None else take(part) for part in batch]
    return Batch(*taken)


def fold_rows(folds: tuple[FoldPart, ...], weight: np.ndarray | None, size: int) -> FoldRows:
    """List the rows of each fold, ``size`` to train on, padded by rows of weight 0."""

    def padded(rows: list[np.ndarray], size: int) -> tuple[jax.Array, jax.Array | None]:
        index = np.zeros((len(rows), size), np.int32)
        weights = np.zeros((len(rows), size), None if weight is None else weight.dtype)
        for fold, each in enumerate(rows):
            index[fold, : len(each)] = each
            weights[fold, : len(each)] = 1 if weight is None else weight[each]
        return on_device(index, np.int32), None if weight is None else on_device(weights, weights.dtype)

    train, train_weight = padded([fold.train for fold in folds], size)
    held_out, held_out_weight = padded([fold.held for fold in folds], max(len(fold.held) for fold in folds))
    rows = on_device([len(fold.train) for fold in folds], np.int32)
    return FoldRows(train, train_weight, rows, held_out, held_out_weight)
