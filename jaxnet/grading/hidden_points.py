"""Other points at which a gradient has to be right: parameters moved, zeros too, and batches of other sizes."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from jaxnet.gradients import Checker
from jaxnet.gradients.example_axis import example_axis, example_count, examples_at
from jaxnet.gradients.point import Point

_MOVE = 0.3  # of the spread of a parameter: far enough to leave every coincidence, near enough to stay in f's domain
_MOVE_ZEROS = 0.1  # what is all zero, as biases are at the start, hides what is multiplied by it
_TRIES = 4  # points tried for each one wanted; f may refuse some, as batch norm refuses one example


def hidden_points(checker: Checker, count: int, seed: int) -> list[Checker]:
    """Draw up to ``count`` points at which f has a finite value and gradient; fewer where f refuses others."""
    found: list[Checker] = []
    candidates = _candidates(checker.point, example_axis(checker.point[1:]), np.random.default_rng(seed))
    for _ in range(_TRIES * count):
        if len(found) < count:
            try:
                found.append(checker.at(*next(candidates)))
            except Exception:  # f is the teacher's, and may refuse a batch or a parameter by any error
                continue
    return found


def _candidates(point: Point, axis: int | None, random: np.random.Generator) -> Iterator[Point]:
    """Moved parameters with the data as it is, with about half of it, and with more, in another order, in turn."""
    params, *data = point
    count = example_count(tuple(data), axis)
    while True:
        for size in _sizes(count):
            chosen = None if count is None else random.permutation(np.resize(random.permutation(count), size))
            batch = data if chosen is None or axis is None else examples_at(tuple(data), axis, chosen)
            yield (jax.tree.map(lambda leaf: _moved(leaf, random), params), *batch)


def _sizes(count: int | None) -> list[int]:
    # a size that is no multiple of the given one, so that a number learnt by heart stands for nothing else
    return [0] if count is None else [count, max(1, (count + 1) // 2), count + count // 3 + 1]


def _moved(leaf: Any, random: np.random.Generator) -> np.ndarray:
    array = np.asarray(leaf)
    spread = float(array.std()) or float(np.abs(array).max(initial=0.0))
    return array + (_MOVE * spread or _MOVE_ZEROS) * random.normal(size=array.shape)
