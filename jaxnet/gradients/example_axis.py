"""Which axis of the data counts the examples: the first where rows are examples, the last where columns are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxnet.gradients.point import float64

_UNCHANGED = 1e-9  # relative: f sums the examples in another order when they are permuted


def example_axis(data: tuple[Any, ...], f: Callable[..., Any] | None = None) -> int | None:
    """Find the axis that all arrays of the data share: 0 for rows, -1 for columns, None when there is none.

    Where both would do, as for square arrays, ``f(*data)`` decides: it stays the same when examples are permuted.
    """
    arrays = [leaf for leaf in data if isinstance(leaf, np.ndarray)]
    if not arrays or len(arrays) < len(data) or not all(a.ndim for a in arrays):
        return None
    shared = [axis for axis in (0, -1) if len({a.shape[axis] for a in arrays}) == 1]
    if len(shared) == 2 and any(a.ndim > 1 for a in arrays) and f is not None:
        invariant = [axis for axis in shared if _stays(f, data, axis)]
        shared = invariant or shared
    return shared[0] if shared else None


def example_count(data: tuple[Any, ...], axis: int | None) -> int | None:
    """Count the examples, given their axis."""
    return None if axis is None else int(data[0].shape[axis])


def examples_at(data: tuple[Any, ...], axis: int, chosen: Any) -> tuple[Any, ...]:
    """Take some examples of every array, in the order of the indices ``chosen``."""
    return tuple(np.take(part, chosen, axis) for part in data)


def _stays(f: Callable[..., Any], data: tuple[Any, ...], axis: int) -> bool:
    count = data[0].shape[axis]
    try:
        with float64():
            before, after = float(f(*data)), float(f(*examples_at(data, axis, np.roll(np.arange(count), 1))))
    except Exception:  # data that f refuses in another order is not permuted
        return False
    return abs(after - before) <= _UNCHANGED * abs(before)
