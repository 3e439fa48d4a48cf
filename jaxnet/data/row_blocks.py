"""All rows of an array gone through some at a time, and what is found so: the means and deviations of its columns.

NumPy adds rows one after the other, so that what is added up in blocks has the bits of what is added up at once, and
rows on disk are standardised as those in memory are.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

BLOCK_BYTES = 2**22  # that are looked at at once


def blocks(rows: int, row_bytes: int) -> Iterable[slice]:
    """Cut ``rows`` rows into slices of about ``BLOCK_BYTES``."""
    count = max(1, BLOCK_BYTES // max(1, row_bytes))
    return [slice(start, min(start + count, rows)) for start in range(0, rows, count)]


class Standard(NamedTuple):
    """What standardises rows: ``mean`` and ``deviation`` of every input, 1 where it is constant, both float64."""

    mean: np.ndarray
    deviation: np.ndarray

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return (rows - mean) / deviation of rows [n, ...]: float32 of float32, float64 of anything else."""
        shape = rows.shape[1:]
        found: np.ndarray = (rows - self.mean.reshape(shape)) / self.deviation.reshape(shape)
        return found.astype(standard_dtype(rows.dtype), copy=False)


def standard_dtype(dtype: np.dtype) -> np.dtype:
    """Return the dtype that standardised rows of another have."""
    return np.dtype(np.float32 if dtype == np.float32 else np.float64)


def standard_of(x: Any) -> Standard:
    """Return mean and deviation of every input of x [N, ...], an array or one on disk, in two passes over it; computed
    in float64."""
    total, squares = np.zeros((2, *x.shape[1:]))
    ends = x[:1], x[:1]
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused where rows are looked at
        for rows in _read(x):
            total = _added(total, rows)
            ends = _beyond(np.min, ends[0], rows), _beyond(np.max, ends[1], rows)
        mean = total / len(x)
        for rows in _read(x):
            squares = _added(squares, (rows - mean) ** 2)
    # not deviation == 0, which the rounding of the mean can hide
    return Standard(mean, np.where(ends[0][0] == ends[1][0], 1.0, np.sqrt(squares / len(x))))


def _added(total: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Add rows to a total; it stands before them, where adding all rows at once would have it by then."""
    added: np.ndarray = np.add.reduce(np.concatenate([total[None], rows.astype(np.float64)]), axis=0)
    return added


def _beyond(which: Callable[..., np.ndarray], end: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return which(np.concatenate([end, which(rows, axis=0, keepdims=True)]), axis=0, keepdims=True)


def _read(x: Any) -> Iterator[np.ndarray]:
    numbers = int(np.prod(x.shape[1:], dtype=np.int64))
    return (x[rows] for rows in blocks(len(x), 8 * numbers))  # 8: in float64
