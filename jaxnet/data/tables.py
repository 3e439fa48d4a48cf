"""A table becomes a ``Dataset``: named columns of numbers or text, one or more of which are the target.

Every reader of tables (CSV, Parquet, data frames) brings its file into this form and knows where each cell stands.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import Place, fail

_MISSING = ("refuse", "drop")
_EXACT = 2.0**53  # from here on float64 does not hold every whole number
TargetColumns = str | int | Sequence[str | int] | None


class Column(NamedTuple):
    """The N values of one column: numbers, or text (dtype object), and which of them are missing."""

    values: np.ndarray
    missing: np.ndarray

    @property
    def is_text(self) -> bool:
        """Whether the column holds text."""
        return self.values.dtype.kind == "O"


class Table(NamedTuple):
    """Columns of one length, their names, and where the cell of a row and a column (from 0) stands."""

    names: tuple[str, ...]
    columns: list[Column]
    place: Callable[[int, int], Place]
    source: str


def dataset_of(table: Table, target: TargetColumns, missing: str) -> Dataset:
    """Return a table as a ``Dataset``: ``x`` [N, D] and ``y`` [N], or [N, K] for K > 1 target columns.

    Text in the target column becomes classes in alphabetical order.

    Raises DataError for text among the inputs, a missing value (unless ``missing`` is "drop", which leaves its row
    out), infinity, and a table without rows or inputs; ValueError for a target that is not there.
    """
    checks.choice("missing", missing, _MISSING)
    targets = target_columns(table.names, target)
    inputs = [at for at in range(len(table.names)) if at not in targets]
    if not inputs:
        fail(
            table.source, f"expected at least one input beside the target, got the columns {checks.listed(table.names)}"
        )
    kept = _kept(table, missing)
    left_out = f", {int((~kept).sum())} of {len(kept)} rows left out for a missing value" if not kept.all() else ""
    source = table.source + left_out
    x = np.stack([_numbers(table, at)[kept] for at in inputs], axis=1)
    names = tuple(table.names[at] for at in inputs)
    if len(targets) == 1 and table.columns[targets[0]].is_text:
        text = table.columns[targets[0]].values[kept].astype(str)
        classes, labels = np.unique(text, return_inverse=True)
        y, names_of_classes = labels.astype(np.int64), tuple(str(each) for each in classes)
        return Dataset(x, y, inputs=names, classes=names_of_classes, source=source)
    columns = []
    for at in targets:
        # targets that were given as whole numbers are labels, and exact: never by way of float64
        whole = table.columns[at].values.dtype.kind in "iub"
        columns.append((_whole_numbers(table, at) if whole else _numbers(table, at))[kept])
    y = columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
    return Dataset(x, y, inputs=names, source=source)


def target_columns(names: tuple[str, ...], target: TargetColumns) -> list[int]:
    """Return the positions of the target's columns, the last one by default; ValueError for one that is not there."""
    wanted = [len(names) - 1] if target is None else target
    wanted = [wanted] if isinstance(wanted, str | int) else list(wanted)
    checks.require(wanted, "target", "a column or some", target)
    at = []
    for each in wanted:
        if isinstance(each, str):
            at.append(names.index(checks.choice("target", each, names)))
        else:
            # -1 is the last column, as everywhere in Python
            at.append(checks.integer("target", each, minimum=-len(names), maximum=len(names) - 1) % len(names))
    checks.require(len(set(at)) == len(at), "target", "different columns", target)
    return at


def _kept(table: Table, missing: str) -> np.ndarray:
    absent = np.stack([column.missing for column in table.columns], axis=1)
    if not len(absent):
        fail(table.source, "holds no rows of data")
    if absent.any() and missing == "refuse":
        row, column = (int(i) for i in np.argwhere(absent)[0])
        more = f"; {int(absent.sum())} are missing in all" if absent.sum() > 1 else ""
        words = f"a missing value in column {table.names[column]!r}{more}: fill them in, or give missing='drop'"
        fail(table.place(row, column), words)
    kept = np.asarray(~absent.any(axis=1))
    if not kept.any():
        fail(table.source, "has a missing value in every row")
    return kept


def _whole_numbers(table: Table, at: int) -> np.ndarray:
    column = table.columns[at]
    large = (column.values > np.iinfo(np.int64).max) & ~column.missing
    if column.values.dtype.kind == "u" and large.any():
        fail(table.place(int(np.argmax(large)), at), f"expected a label below 2**63 in column {table.names[at]!r}")
    return column.values.astype(np.int64)


def _numbers(table: Table, at: int) -> np.ndarray:
    column = table.columns[at]
    if column.is_text:
        first = int(np.argmin(column.missing))
        word = checks.describe(column.values[first])
        fail(table.place(first, at), f"expected a number in column {table.names[at]!r}, got {word}")
    values = column.values.astype(np.float64)
    if column.values.dtype.kind in "iu":
        # beyond 2**53 neighbours become one number; compared as Python's integers, for NumPy would convert again
        large = np.flatnonzero((np.abs(values) >= _EXACT) & ~column.missing)
        lost = [int(row) for row in large if int(column.values[row]) != int(values[row])]
        if lost:
            words = f"{column.values[lost[0]]} in column {table.names[at]!r} is a whole number that float64 cannot hold"
            fail(table.place(lost[0], at), f"{words}: is it the name of a row? Leave the column out")
    # also a number such as 1e999, which float64 cannot hold
    infinite = np.isinf(values) & ~column.missing
    if infinite.any():
        words = f"expected a finite number in column {table.names[at]!r}, got one too large or infinite"
        fail(table.place(int(np.argmax(infinite)), at), words)
    return values
