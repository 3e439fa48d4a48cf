"""CSV, strictly: a number is what everyone reads as that number, and a fault is an error with file, line and column.

Most readers turn what they cannot read into NaN, or skip it. Here a bad cell, a row of another length, an unclosed
quote, a header that is none, or another encoding than UTF-8 ends the reading.
"""

import codecs
import csv
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.contents import existing, read_all
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import Place, fail
from jaxnet.data.tables import Column, Table, Target, dataset_of, target_columns

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")  # what fits int64
ABSENT = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"}
MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
COLUMNS = 100_000


class Row(NamedTuple):
    """The cells of a record and the line, from 1, on which it begins."""

    line: int
    cells: list[str]


def read_csv(
    path: str | os.PathLike,
    *,
    target: Target = None,
    delimiter: str = ",",
    header: bool = True,
    missing: str = "refuse",
) -> Dataset:
    """Read a CSV file (UTF-8, gzipped or not) as a ``Dataset``.

    Args:
        path: the file.
        target: name or position of the target's column, or several for targets [N, K]; by default the last one.
        delimiter: one character between cells.
        header: whether the first row holds names; without one the columns are called x1, x2, ...
        missing: what becomes of a row with an empty cell (or NA, NaN, null, ?): "refuse" the file, or "drop" the row.

    Inputs are float64. A target of whole numbers becomes int64 labels, one of text labels of ``classes`` in
    alphabetical order. Raises DataError, with file, line and column, for anything that is not such a table; OSError
    where the file cannot be read.
    """
    path = existing(path)
    checks.require(isinstance(delimiter, str) and len(delimiter) == 1, "delimiter", "one character", delimiter)
    rows = _rows(path, _text(path), delimiter)
    if not rows:
        fail(path, "the file is empty")
    names = _names(path, rows[0]) if header else tuple(f"x{i + 1}" for i in range(len(rows[0].cells)))
    _check_width(path, names, rows[0], delimiter)
    body = rows[1:] if header else rows
    for row in body:
        _check_length(path, row, names)
    place = lambda row, column: Place(str(path), body[row].line, column + 1)
    cells = list(zip(*(row.cells for row in body), strict=True)) or [()] * len(names)
    table = Table(names, [], place, str(path))
    labels = target_columns(names, target)
    parsed = [_column(table, at, column, text=at in labels) for at, column in enumerate(cells)]
    return dataset_of(table._replace(columns=parsed), target, missing)


def _text(path: Path) -> str:
    content = read_all(path)
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            fail(path, f"expected UTF-8, got {encoding}: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        words = f"expected UTF-8, got the byte {content[error.start]:02x}: save it as UTF-8"
        fail(_line_of(path, content, error.start), words, error)
    if "\0" in text:
        fail(_line_of(path, content, content.index(b"\0")), "expected text, got a NUL character")
    return text


def _line_of(path: Path, content: bytes, at: int) -> Place:
    return Place(str(path), len(re.split(b"\r\n|\r|\n", content[:at])))


def _rows(path: Path, text: str, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            rows.append(Row(line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        fail(Place(str(path), line), f"not a row of CSV ({error})", error)
    while rows and not rows[-1].cells:  # empty lines at the end
        rows.pop()
    return rows


def _names(path: Path, row: Row) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in row.cells)
    if names and all(NUMBER.fullmatch(name) for name in names):
        fail(Place(str(path), row.line), "expected names of columns, got numbers: give header=False")
    for at, name in enumerate(names):
        place = Place(str(path), row.line, at + 1)
        if not name:
            fail(place, "expected the name of a column, got an empty cell")
        if name in names[:at]:
            fail(place, f"a second column called {name!r}")
    return names


def _check_width(path: Path, names: tuple[str, ...], row: Row, delimiter: str) -> None:
    if len(names) > COLUMNS:
        fail(Place(str(path), row.line), f"expected at most {COLUMNS} columns, got {len(names)}")
    if len(names) < 2:
        other = [mark for mark in ",;\t|" if mark != delimiter and mark in "".join(row.cells)]
        hint = f": give delimiter={other[0]!r}?" if other else ""
        fail(Place(str(path), row.line), f"expected inputs and a target, got {len(names)} column{hint}")


def _check_length(path: Path, row: Row, names: tuple[str, ...]) -> None:
    got = len(row.cells)
    if got != len(names):
        place = Place(str(path), row.line, min(got, len(names)) + 1)
        fail(place, f"expected {len(names)} cells, got {got}" if got else "expected a row, got an empty line")


def _column(table: Table, at: int, cells: Sequence[str], *, text: bool) -> Column:
    """Parse a column of numbers or, where ``text`` is allowed and comes first, of text; never of both."""
    cells = [cell.strip(" \t") for cell in cells]
    missing = np.array([cell in ABSENT for cell in cells], bool)
    present = [(row, cell) for row, cell in enumerate(cells) if not missing[row]]
    if not present:
        return Column(np.full(len(cells), np.nan), missing)
    numeric = not text or NUMBER.fullmatch(present[0][1]) is not None
    for row, cell in present:
        if (NUMBER.fullmatch(cell) is not None) is not numeric:
            kind = "a number" if numeric else "text, like the rows before,"
            fail(table.place(row, at), f"expected {kind} in column {table.names[at]!r}, got {checks.describe(cell)}")
    if not numeric:
        return Column(np.array(cells, object), missing)
    whole = all(INTEGER.fullmatch(cell) for _, cell in present)
    values = [0 if absent else int(cell) if whole else float(cell) for cell, absent in zip(cells, missing, strict=True)]
    return Column(np.array(values, np.int64 if whole else np.float64), missing)
