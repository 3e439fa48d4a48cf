"""Which axis of the data counts the examples: the first where rows are examples, the last where columns are."""

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxnet.gradients.point import float64, split_arrays
from jaxnet.gradients.truth.evaluation import Evaluated

_UNCHANGED = 1e-9  # relative: f sums the examples in another order when they are permuted


def example_axis(data: tuple[Any, ...], f: Callable[..., Any] | None = None) -> int | None:
    """Find the axis that the first array of the data shares with others: 0 for rows, -1 for columns, None for none.

    Class weights or a rate beside X and y need not share it. Where both axes would do, as for square arrays,
    ``f(*data)`` decides: it stays the same when examples are permuted. And an f that takes no further example has no
    axis of examples: they are in its parameters.
    """
    arrays = [leaf for leaf in data if isinstance(leaf, np.ndarray) and leaf.ndim]
    if not arrays or not isinstance(data[0], np.ndarray) or not data[0].ndim:
        return None
    sharing = {axis: sum(_has(a, axis, arrays[0].shape[axis]) for a in arrays) for axis in (0, -1)}
    best = max(sharing.values())
    shared = [axis for axis in (0, -1) if sharing[axis] == best]
    if best < min(2, len(arrays)):
        return None
    if len(shared) == 2 and any(a.ndim > 1 for a in arrays) and f is not None:
        shared = [axis for axis in shared if any_order(f, data, axis)] or shared
    return shared[0] if f is None or _takes_more(f, data, shared[0]) else None


def example_count(data: tuple[Any, ...], axis: int | None) -> int | None:
    """Count the examples, given their axis."""
    return None if axis is None else int(data[0].shape[axis])


def examples_at(data: tuple[Any, ...], axis: int, chosen: Any) -> tuple[Any, ...]:
    """Take some examples, in the order of the indices ``chosen``; what has no axis of examples stays as it is."""
    count = example_count(data, axis)
    return tuple(np.take(part, chosen, axis) if _has(part, axis, count) else part for part in data)


def _has(part: Any, axis: int, count: int | None) -> bool:
    return isinstance(part, np.ndarray) and part.ndim > 0 and part.shape[axis] == count


def _takes_more(f: Callable[..., Any], data: tuple[Any, ...], axis: int) -> bool:
    """Whether f can be computed when its first example is there twice."""
    more = examples_at(data, axis, np.append(np.arange(data[0].shape[axis]), 0))
    taken = split_arrays(more)
    with contextlib.suppress(Exception), float64():  # traced, where that is possible, f costs nothing
        jax.eval_shape(lambda arrays: f(*taken.joined(arrays)), taken.arrays)
        return True
    with contextlib.suppress(Exception), float64():
        f(*more)
        return True
    return False


def any_order(f: Callable[..., Any], data: tuple[Any, ...], axis: int) -> bool:
    """Whether ``f(*data)`` stays the same when examples are permuted, as it does not where they are a sequence."""
    rolled = examples_at(data, axis, np.roll(np.arange(data[0].shape[axis]), 1))
    try:
        before, after = _values(f, data, rolled)
    except Exception:  # data that f refuses in another order is not permuted
        return False
    return abs(after - before) <= _UNCHANGED * abs(before)


def _values(f: Callable[..., Any], *batches: tuple[Any, ...]) -> list[float]:
    """f of batches of one shape: traced, where that is possible, for each operation is compiled by itself otherwise."""
    taken = [split_arrays(batch) for batch in batches]
    traced = Evaluated(lambda arrays: f(*taken[0].joined(arrays)))
    with contextlib.suppress(Exception):
        return [float(traced(each.arrays)) for each in taken]
    with float64():
        return [float(f(*batch)) for batch in batches]
