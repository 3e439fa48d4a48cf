"""Rows of weight 0 that bring data to one of few sizes, so that data sets of nearly the same size share a program."""

from typing import Any

import numpy as np

from jaxnet.types import Batch

SMALLEST = 32  # rows; fewer take no less time


def padded_size(rows: int) -> int:
    """Round a number of rows up to one of 8 sizes an octave, 32 at least."""
    rows = max(rows, SMALLEST)
    grain = max(1, 2 ** (rows.bit_length() - 4))
    return -(-rows // grain) * grain


def lengthen(array: Any, size: int) -> Any:
    """Append rows of zeros until there are ``size``."""
    padding = np.zeros((size - len(array), *array.shape[1:]), array.dtype)
    return np.concatenate([array, padding]) if len(padding) else array


def whole(value: int) -> Any:
    """Return a whole number as a compiled program keeps it."""
    return np.asarray(value, np.int32)


def pad(batch: Batch) -> Batch:
    """Bring a batch to its padded size; the rows that are added weigh nothing."""
    size = padded_size(len(batch.x))
    return Batch(*(lengthen(array, size) for array in batch))
