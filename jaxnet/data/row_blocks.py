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
    """Return mean and deviation of every input of x [N, ...], an array or one on disk; computed in float64."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused where rows are looked at
        mean = _total(x, lambda rows: rows) / len(x)
        variance = _total(x, lambda rows: (rows - mean) ** 2) / len(x)
    lowest, highest = (_extreme(x, of) for of in (np.minimum, np.maximum))
    # not deviation == 0, which the rounding of the mean can hide
    return Standard(mean, np.where(lowest == highest, 1.0, np.sqrt(variance)))


def _total(x: Any, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    total = np.zeros(x.shape[1:])
    for rows in _read(x):
        # the total stands before the rows, where adding all of them at once would have it by then
        total = np.add.reduce(np.concatenate([total[None], of(rows.astype(np.float64))]), axis=0)
    return total


def _extreme(x: Any, of: np.ufunc) -> np.ndarray:
    found = None
    for rows in _read(x):
        extreme = of.reduce(rows, axis=0)
        found = extreme if found is None else of(found, extreme)
    return np.asarray(found)


def _read(x: Any) -> Iterator[np.ndarray]:
    numbers = int(np.prod(x.shape[1:], dtype=np.int64))
    return (x[rows] for rows in blocks(len(x), 8 * numbers))  # 8: in float64
