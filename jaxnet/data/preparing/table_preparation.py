"""``Preparation``: from a table to what a network takes, and back; fitted once, the same for every later table."""

import dataclasses
import html
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.cells import date_style, number_style
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import fail
from jaxnet.data.preparing.cell_reading import Levels
from jaxnet.data.preparing.column_codes import CategoryCode, Code
from jaxnet.data.preparing.feature_taming import Taming
from jaxnet.data.preparing.prepared_column import PreparedColumn
from jaxnet.data.preparing.records import from_record, to_record
from jaxnet.data.preparing.target_codes import ClassTarget, NumberTarget
from jaxnet.data.raw_tables import RawTable
from jaxnet.data.table_sources import read_table


class BadRow(NamedTuple):
    """A row that cannot be prepared: its number in the table, from 0, its line in the file, the column, the reason."""

    row: int
    line: int | None
    column: str
    reason: str


@dataclasses.dataclass(frozen=True, eq=False)
class Preparation:
    """What is done to the columns of a table, fitted on training rows by ``prepare``.

    Attributes:
        columns: a ``PreparedColumn`` for each column of the table, in its order.
        codes: how each input is coded, by name.
        target_code: how the target is coded, or None.
        notes: what was decided about the whole table, in sentences.
        rows: the number of training rows.
        taming: what is done to all features at last, or None.
        positional: whether it was fitted to an array, whose columns have no names: then the rows of an array are rows
            of the table, for a ``jn.Model`` too.

    ``prep(table)`` is (X, y): X float32 [N, D]; y int64 labels [N] of classes, or scaled float32 numbers [N], or None
    where the table has no target. ``str(prep)`` has a line for each column.
    """

    columns: tuple[PreparedColumn, ...]
    codes: dict[str, Code]
    target_code: ClassTarget | NumberTarget | None
    notes: tuple[str, ...]
    rows: int
    taming: Taming | None = None
    positional: bool = False

    def __call__(self, table: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return (X, y) of a table, or of what ``read_table`` reads.

        Raises DataError, with its line and column, for a cell that cannot be prepared, a column that is not there, and
        a target that is missing in some rows but not in all.
        """
        table = self.read(table)
        return self.features(table), self.targets(table)

    def read(self, source: Any, **options: Any) -> RawTable:
        """Read a table that has the columns of the training table, as ``read_table`` does with ``options``; they tell
        its header and its delimiter, also where a few rows would not."""
        return read_table(source, **{"columns": tuple(self.codes), **options})

    @property
    def target(self) -> str | None:
        """The name of the target's column, or None."""
        return next((column.name for column in self.columns if column.role == "target"), None)

    @property
    def task(self) -> str | None:
        """What the target asks for: "classification", "regression", or None without a target."""
        if self.target_code is None:
            return None
        return "classification" if isinstance(self.target_code, ClassTarget) else "regression"

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The labels of the classes, as text, in the order of the network's outputs; None in a regression."""
        return self.target_code.classes if isinstance(self.target_code, ClassTarget) else None

    @property
    def output(self) -> str:
        """The output of a network that fits: "softmax" for classes, "identity" for numbers."""
        return "softmax" if self.classes else "identity"

    @property
    def outputs(self) -> int:
        """The number of outputs K of a network that fits: one for each class, else 1."""
        return len(self.classes) if self.classes else 1

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the D features."""
        return tuple(name for column in self.columns if column.role == "input" for name in column.features)

    @property
    def inputs(self) -> int:
        """The number of features D."""
        return len(self.feature_names)

    def dataset(self, table: Any) -> Dataset:
        """Return the rows of a table that have a target as a ``Dataset`` for ``fit`` and ``plan``: features, targets,
        and the names of both. Raises as a call does; ValueError where no row has a target."""
        table = self.read(table)
        rows = self.rows_with_target(table)
        checks.require(len(rows) > 0, "table", f"rows with a target {self.target!r}", table)
        X, y = self(table.take(rows))
        return Dataset(X, np.asarray(y), inputs=self.feature_names, classes=self.classes or (), source=table.source)

    def features(self, table: Any) -> np.ndarray:
        """Return X, float32 [N, D], whatever the target of the table is; raises as a call does."""
        table = self.read(table)
        X, bad = self._encoded(table)
        if bad:
            first = min(bad)
            more = f" (and {len(bad) - 1} more such rows)" if len(bad) > 1 else ""
            fail(table.place(first.row, first.column), f"column {first.column!r}: {first.reason}{more}")
        return X

    def targets(self, table: Any) -> np.ndarray | None:
        """Return y [N], or None where the table has no column of the target, or only missing ones in it.

        Raises DataError for a label that is no class, for what is no number, and where some targets are missing.
        """
        table = self.read(table)
        name = self.target
        if self.target_code is None or name not in table.names:
            return None
        found = self.target_code.encode(table.column(name))
        if found.missing.all():
            return None
        gaps = np.flatnonzero(found.missing)
        if len(gaps):
            have = "row has" if len(gaps) == 1 else "rows have"
            way = "take the others, table.take(prep.rows_with_target(table))"
            words = f"{len(gaps)} {have} no target {name!r}: {way}"
            fail(table.place(int(gaps[0]), name), words)
        for row, words in found.faults.items():
            fail(table.place(row, name), f"column {name!r}: {words}")
        return found.values

    def rows_with_target(self, table: Any) -> np.ndarray:
        """Return the indices of the rows whose target is not missing; none where the table has no target."""
        table = self.read(table)
        name = self.target
        if self.target_code is None or name not in table.names:
            return np.zeros(0, np.int64)
        return np.flatnonzero(~self.target_code.encode(table.column(name)).missing)

    def bad_rows(self, table: Any) -> list[BadRow]:
        """Return the rows whose features cannot be prepared, each with its first fault, in their order."""
        return sorted(self._encoded(self.read(table))[1])

    def labels(self, predictions: Any) -> np.ndarray:
        """Return what the table says for predictions [N] or [N, K]: labels [N], or numbers [N] in its units.

        Scores [N, K] of classes stand for the class with the largest. Raises ValueError for another shape, and for a
        preparation without a target.
        """
        code = self.target_code
        if code is None:
            checks.refuse("predictions", "a preparation with a target to go back to", checks.Words("one without"))
        return code.decode(predictions)

    def remarks(self, table: Any) -> list[str]:
        """Say what of a table is not used, or is not as the training rows were, a sentence each; no error."""
        table = self.read(table)
        known = {column.name for column in self.columns}
        extra = [name for name in table.names if name not in known]
        said = [f"column(s) that the training table did not have, ignored: {', '.join(extra)}"] if extra else []
        for name, code in self.codes.items():
            unknown = code.encode(table.column(name)).unknown if name in table.names else 0
            if unknown:
                said.append(f"column {name!r}: {unknown} cell(s) with a category that the training rows did not have")
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as a dictionary for JSON; ``from_dict`` gives the same preparation back, to the bit."""
        return to_record(self)

    @classmethod
    def from_dict(cls, record: Any) -> "Preparation":
        """Return the preparation that a dictionary describes; ValueError for one that is damaged or of no version
        that this one reads."""
        return cls(**from_record(record))

    def __repr__(self) -> str:
        target = f", target {self.target!r} ({self.task})" if self.target else ""
        return f"<Preparation: {self.inputs} features of {len(self.codes)} columns{target}>"

    def __str__(self) -> str:
        head = [repr(self)[1:-1] + f", fitted on {self.rows} rows"]
        table = self._lines()
        widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        return "\n".join([*head, *lines, *[f"note: {note}" for note in self.notes]])

    def _repr_html_(self) -> str:
        rows = [f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in self._lines()[1:]]
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in self._lines()[0])
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f"<p>{html.escape(repr(self)[1:-1])}, fitted on {self.rows} rows</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table><ul>{notes}</ul>"
        )

    def _lines(self) -> list[tuple[str, ...]]:
        names = {"ignore": "left out"}
        rows = [(c.name, names.get(c.role, c.role), c.kind, c.what, c.gap, c.why) for c in self.columns]
        # a name may go over several lines
        flat = [tuple(" ".join(cell.split("\n")) for cell in row) for row in rows]
        return [("column", "role", "kind", "what is done", "missing", "why"), *flat]

    def _encoded(self, table: RawTable) -> tuple[np.ndarray, list[BadRow]]:
        blocks: list[np.ndarray] = []
        bad: dict[int, BadRow] = {}
        self._check_columns(table)
        for name, code in self.codes.items():
            encoded = code.encode(table.column(name))
            if encoded.unknown and isinstance(code, CategoryCode):
                _check_categories(table, name, code)
            blocks.append(encoded.features)
            for row, reason in encoded.faults.items():
                bad.setdefault(row, BadRow(row, _line(table, row), name, reason))
        with np.errstate(over="ignore"):
            X = np.concatenate(blocks, axis=1).astype(np.float32) if blocks else np.zeros((len(table), 0), np.float32)
        return (X if self.taming is None else self.taming(X)), list(bad.values())

    def _check_columns(self, table: RawTable) -> None:
        missing = [name for name in self.codes if name not in table.names]
        if missing:
            # the columns that are new are those that may have been renamed
            extra = [name for name in table.names if name not in {column.name for column in self.columns}]
            hint = checks.nearest(missing[0], extra) or checks.nearest(missing[0], table.names)
            more = f" (and {len(missing) - 1} more: {', '.join(missing[1:])})" if len(missing) > 1 else ""
            got = f"got {', '.join(table.names)}{hint}"
            fail(table.source, f"no column {missing[0]!r}{more}, which the preparation needs: {got}")
        # the target may stand in the array or not
        names = [c.name for c in self.columns if c.role != "target" or c.name in table.names]
        if self.positional and table.source == "array" and len(table.names) != len(names):
            fail(table.source, f"expected {len(names)} columns, as at the fit, got {len(table.names)}")


def _check_categories(table: RawTable, name: str, code: CategoryCode) -> None:
    """Refuse numbers or dates in place of categories that are neither: the column is another one."""
    levels = Levels.of(table.column(name))
    present = levels.present(frozenset(code.missing_words), table.column(name).absent)
    texts = [text for text, is_seen in zip(levels.texts, present, strict=True) if is_seen]
    for kind, style in (("numbers", number_style), ("dates", date_style)):
        if style(texts) is not None and style(code.categories[:1]) is None and not set(texts) & set(code.categories):
            row = int(np.argmax(levels.codes == levels.texts.index(texts[0])))
            listed = ", ".join(code.categories[:5])
            fail(table.place(row, name), f"column {name!r}: expected categories, {listed}, got {kind}, {texts[0]!r}")


def _line(table: RawTable, row: int) -> int | None:
    return None if table.lines is None else int(table.lines[row])
