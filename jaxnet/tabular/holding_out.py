"""Which rows train, which choose, and which only judge."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxnet.data import DataError, Preparation, RawTable, prepare
from jaxnet.data.table_splits import dealt_rows, refitted, without_group

_FEWEST_ROWS = 10  # with a target; fewer leave no rows to judge by
_TRAIN, _VALIDATION = 0.64, 0.16  # of all rows; a fifth judges, a fifth of the others chooses


class Held(NamedTuple):
    """Indices of the rows of a table: those that train, those that choose epoch and settings, those that judge."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def hold_out(
    table: RawTable, target: str | int, options: Mapping[str, Any], *, seed: int = 0, group: str | None = None,
    time: str | None = None,
) -> tuple[Preparation, Held]:  # fmt: skip
    """Deal the rows of a table that have a target out, each class evenly, or by group or time, as ``split_table`` does.

    A class of a few rows comes among those that train first, for a network cannot learn what it never saw. ``options``
    are those of ``prepare``. Returns the preparation that the training rows fit, and the rows. Raises DataError for
    fewer than ``_FEWEST_ROWS`` rows, ValueError where a part would be empty.
    """
    options = without_group(table, group, options)
    whole = prepare(table, target, **options)
    rows = len(whole.rows_with_target(table))
    if rows < _FEWEST_ROWS:
        words = f"{rows} row{'s' * (rows != 1)} with a target, of which none can be held out to judge by"
        raise DataError(f"{table.source}: expected at least {_FEWEST_ROWS}, got {words}")
    kinds = options.get("kinds")
    parts = dealt_rows(table, whole, _TRAIN, _VALIDATION, group=group, time=time, seed=seed, kinds=kinds)
    held = Held(*parts)
    return refitted(table, whole, held.train, options, group=group), held
