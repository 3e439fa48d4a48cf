"""Which rows train, which choose, and which only judge."""

from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data import split_rows

_FEWEST_ROWS = 10  # with a target; fewer leave no rows to judge by
_TRAIN, _VALIDATION = 0.64, 0.16  # of all rows; a fifth judges, a fifth of the others chooses


class Held(NamedTuple):
    """Indices of the rows of a table: those that train, those that choose epoch and settings, those that judge."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def hold_out(rows: np.ndarray, seed: int, *, labels: np.ndarray | None, group: np.ndarray | None) -> Held:
    """Deal rows [M] of a table out by lot: each class of ``labels`` [M] evenly, or each ``group`` [M] whole.

    A class of a few rows comes among those that train first, for a network cannot learn what it never saw. Raises
    ValueError for fewer than ``_FEWEST_ROWS`` rows, and where a part would be empty.
    """
    words = checks.Words(f"{len(rows)} row(s) with a target")
    checks.require(len(rows) >= _FEWEST_ROWS, "table", f"at least {_FEWEST_ROWS} rows with a target", words)
    even = labels if group is None else None
    return Held(
        *(rows[part] for part in split_rows(len(rows), _TRAIN, _VALIDATION, seed=seed, stratify=even, group=group))
    )
