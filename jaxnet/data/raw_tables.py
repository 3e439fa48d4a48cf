"""``RawTable``: a table as it stood in its file or frame, nothing turned into a number, and where each row stood."""

import dataclasses
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.errors import Place
from jaxnet.data.raw_columns import RawColumn

_SHOWN = 12  # columns that are named when a table is printed


@dataclasses.dataclass(frozen=True, eq=False)
class RawTable:
    """Columns of one length with their names; ``prepare`` and a ``Preparation`` take it.

    Attributes:
        names: of the columns, each another.
        columns: their cells.
        source: the name of the file, or what else the table comes from, in words.
        lines: [N] the line of the file on which each row begins, or None.
        places: the number of each column in its file, from 1.
        positions: [N] the number of each row in its source, from 0.
        decisions: what was decided while reading, a sentence each.
        decimal: the decimal mark that was asked for, or None.
        delimiter: what stood between the cells of a text, or None.
    """

    names: tuple[str, ...]
    columns: tuple[RawColumn, ...]
    source: str
    _: dataclasses.KW_ONLY
    lines: np.ndarray | None = None
    places: tuple[int, ...] = ()
    positions: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    decisions: tuple[str, ...] = ()
    decimal: str | None = None
    delimiter: str | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        more = f", ... ({len(self.names)} columns)" if len(self.names) > _SHOWN else ""
        return f"<RawTable {self.source}: {len(self)} rows of {', '.join(self.names[:_SHOWN])}{more}>"

    def __str__(self) -> str:
        return "\n".join([repr(self)[1:-1], *self.decisions])

    def column(self, name: str) -> RawColumn:
        """Return a column by its name; ValueError, with the nearest name, where there is none."""
        return self.columns[self.names.index(checks.choice("column", name, self.names))]

    def take(self, rows: Any) -> "RawTable":
        """Return the given rows, indices [M] or a mask [N], each of which still knows its line; else ValueError."""
        rows = checked_rows(rows, len(self))
        lines = None if self.lines is None else self.lines[rows]
        columns = tuple(column.take(rows) for column in self.columns)
        return dataclasses.replace(self, columns=columns, lines=lines, positions=self.positions[rows])

    def without(self, *names: str) -> "RawTable":
        """Return the table without some columns; ValueError for one that is not there."""
        gone = {checks.choice("column", name, self.names) for name in names}
        kept = [at for at, name in enumerate(self.names) if name not in gone]
        pick = lambda values: tuple(values[at] for at in kept)
        return dataclasses.replace(self, names=pick(self.names), columns=pick(self.columns), places=pick(self.places))

    def place(self, row: int, name: str | None = None) -> Place:
        """Say where a row, from 0, or its cell in a column stands: by line and column of a file, or in words."""
        if self.lines is not None:
            column = None if name is None else self.places[self.names.index(name)]
            return Place(self.source, int(self.lines[row]), column)
        words = "" if name is None else f", column {name!r}"
        return Place(f"{self.source}, row {int(self.positions[row])}{words}")


def checked_rows(rows: Any, count: int) -> np.ndarray:
    """Return indices [M] of some of ``count`` rows, given as such or as a mask; else ValueError."""
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (count,):
        return np.flatnonzero(rows)
    fits = rows.ndim == 1 and (rows.dtype.kind in "iu" or not len(rows)) and np.all((rows >= 0) & (rows < count))
    checks.require(fits, "rows", f"indices from 0 to {count - 1}, or {count} booleans", rows)
    return rows.astype(np.int64)
