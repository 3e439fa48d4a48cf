"""Several objectives at once: which configurations no other one beats in all of them. NumPy only."""

from collections.abc import Sequence

import numpy as np

from jaxnet.types import ArrayLike


def fronts(values: ArrayLike, goals: Sequence[str]) -> np.ndarray:
    """Return the front [C] of each row of values [C, M], from 1: the Pareto front, of which none is beaten.

    One beats another that is nowhere better and somewhere worse. The second front is what none beats once the first is
    left out, and so on (non-dominated sorting, Deb et al. 2002). ``goals`` [M] are "min" or "max"; a row with NaN has
    no front, 0.
    """
    signed = np.asarray(values, np.float64) * [1 if goal == "min" else -1 for goal in goals]
    found = np.zeros(len(signed), np.int64)
    left, front = np.flatnonzero(~np.isnan(signed).any(axis=1)), 0
    while len(left):
        front += 1
        beaten = np.array([_beaten(signed[at], signed[left]) for at in left])
        found[left[~beaten]] = front
        left = left[beaten]
    return found


def _beaten(row: np.ndarray, others: np.ndarray) -> bool:
    row = np.expand_dims(row, 0)
    return bool(((others <= row).all(axis=1) & (others < row).any(axis=1)).any())
