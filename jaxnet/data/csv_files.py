"""CSV, strictly: a number is what everyone reads as that number, and a fault is an error with file, line and column.

Most readers turn what they cannot read into NaN, or skip it. Here a bad cell, a row of another length, an unclosed
quote, a header that is none, or another encoding than UTF-8 ends the reading.
"""

import codecs
import csv
import io
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import Place, fail
from jaxnet.data.file_bytes import existing, read_all, refuse_what_is_no_text
from jaxnet.data.tables import Column, Table, TargetColumns, dataset_of, target_columns

# no more than everyone reads alike: Python's float also takes 1_000, inf and digits of other scripts
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")  # what fits int64
_LONG = re.compile(r"[+-]?[0-9]{19,}")
_ABSENT = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"}
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_MOST_COLUMNS = 100_000  # a file without line ends is one row of them


class _Record(NamedTuple):
    """The cells of a row and the line, from 1, on which it begins."""

    line: int
    cells: list[str]


def read_csv(
    path: str | os.PathLike,
    *,
    target: TargetColumns = None,
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

    Inputs are float64 [N, D]. A target of whole numbers becomes int64 labels [N], one of text labels of ``classes`` in
    alphabetical order. Raises DataError, with file, line and column, for anything that is not such a table; ValueError
    for a target that is not there and for other bad arguments; OSError where the file cannot be read.
    """
    path = existing(path)
    checks.require(isinstance(delimiter, str) and len(delimiter) == 1, "delimiter", "one character", delimiter)
    records = _records(path, _decoded(path), delimiter)
    if not records:
        fail(path, "the file is empty")
    names = _names(path, records[0], header, delimiter)
    body = records[1:] if header else records
    for line, cells in body:
        if len(cells) != len(names):
            # where the first cell is missing, or the first too many stands
            place = Place(str(path), line, min(len(cells), len(names)) + 1)
            words = f"expected {len(names)} cells, got {len(cells)}" if cells else "expected a row, got an empty line"
            fail(place, words)
    columns: list[Sequence[str]] = list(zip(*(record.cells for record in body), strict=True)) or [()] * len(names)
    if header and body and all(_as_below(name, cells) for name, cells in zip(names, columns, strict=True)):
        fail(Place(str(path), records[0].line), "expected names of columns, got a row like those below: header=False")
    # a table without columns first, for it says where a cell stands while they are parsed
    table = Table(names, [], lambda row, column: Place(str(path), body[row].line, column + 1), str(path))
    labels = target_columns(names, target)
    parsed = [_parsed(table, at, cells, text=at in labels) for at, cells in enumerate(columns)]
    for at in labels if missing == "drop" else ():
        _warn_of_words(path, names[at], columns[at], parsed[at])
    return dataset_of(table._replace(columns=parsed), target, missing)


def _warn_of_words(path: Path, name: str, cells: Sequence[str], column: Column) -> None:
    """Say that a word in a target of text is taken for a missing value: it may be the name of a class."""
    words = sorted({cell.strip(" \t") for cell in cells} & _ABSENT - {"", "?"}) if column.is_text else []
    if words:
        count = int(column.missing.sum())
        said = f"{path}: {count} rows whose {name!r} is {' or '.join(map(repr, words))} are left out as missing"
        warnings.warn(f"{said}; where that is the name of a class, give it another", UserWarning, stacklevel=3)


def _as_below(name: str, cells: Sequence[str]) -> bool:
    """Whether a name might as well be a cell of its column: a number, or a text that stands there, too."""
    return _NUMBER.fullmatch(name) is not None or name in {cell.strip() for cell in cells}


def _decoded(path: Path) -> str:
    content = read_all(path)
    refuse_what_is_no_text(path, content)
    place = lambda at: Place(str(path), len(re.split(b"\r\n|\r|\n", content[:at])))
    # UTF-16 is told by its mark, before its every second byte becomes a fault that says nothing
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            fail(path, f"expected UTF-8, got {encoding}: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        words = f"expected UTF-8, got the byte {content[error.start]:02x}: save it as UTF-8"
        fail(place(error.start), words, error)
    if "\0" in text:
        fail(place(content.index(b"\0")), "expected text, got a NUL character")
    return text


def _records(path: Path, text: str, delimiter: str) -> list[_Record]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records, line = [], 1
    try:
        for cells in reader:
            records.append(_Record(line, cells))
            # the reader counts lines, not rows: a quoted cell may go over several
            line = reader.line_num + 1
    except csv.Error as error:
        fail(Place(str(path), line), f"not a row of CSV ({error})", error)
    while records and not records[-1].cells:  # empty lines at the end
        records.pop()
    return records


def _names(path: Path, first: _Record, header: bool, delimiter: str) -> tuple[str, ...]:
    line, cells = first
    names = tuple(cell.strip() for cell in cells) if header else tuple(f"x{i + 1}" for i in range(len(cells)))
    if len(names) > _MOST_COLUMNS:
        fail(Place(str(path), line), f"expected at most {_MOST_COLUMNS} columns, got {len(names)}")
    if header and names and all(_NUMBER.fullmatch(name) for name in names):
        fail(Place(str(path), line), "expected names of columns, got numbers: give header=False")
    met = set[str]()
    for at, name in enumerate(names if header else ()):
        place = Place(str(path), line, at + 1)
        if not name:
            fail(place, "expected the name of a column, got an empty cell")
        if name in met:
            fail(place, f"a second column called {name!r}")
        met.add(name)
    if len(names) < 2:
        # one column is nearly always a file with another delimiter
        other = [mark for mark in ",;\t|" if mark != delimiter and mark in "".join(cells)]
        hint = f": give delimiter={other[0]!r}?" if other else ""
        fail(Place(str(path), line), f"expected inputs and a target, got {len(names)} column{hint}")
    return names


def _parsed(table: Table, at: int, cells: Sequence[str], *, text: bool) -> Column:
    """Parse a column of numbers or, where ``text`` is allowed and comes first, of text; never of both."""
    cells = [cell.strip(" \t") for cell in cells]
    missing = np.array([cell in _ABSENT for cell in cells], bool)
    present = [(row, cell) for row, cell in enumerate(cells) if not missing[row]]
    if not present:
        return Column(np.full(len(cells), np.nan), missing)
    # the first cell decides, and every other must follow it: a mixture is a fault in the file
    numeric = not text or _NUMBER.fullmatch(present[0][1]) is not None
    for row, cell in present:
        if (_NUMBER.fullmatch(cell) is not None) is not numeric:
            kind = "a number" if numeric else "text, like the rows before,"
            fail(table.place(row, at), f"expected {kind} in column {table.names[at]!r}, got {checks.describe(cell)}")
    if not numeric:
        return Column(np.array(cells, object), missing)
    _refuse_what_merges(table, at, present)
    whole = all(_INTEGER.fullmatch(cell) for _, cell in present)
    values = [0 if absent else int(cell) if whole else float(cell) for cell, absent in zip(cells, missing, strict=True)]
    return Column(np.array(values, np.int64 if whole else np.float64), missing)


def _refuse_what_merges(table: Table, at: int, present: list[tuple[int, str]]) -> None:
    """Refuse different whole numbers, too long for int64, that float64 would make one."""
    met: dict[float, int] = {}
    for row, cell in present:
        if _LONG.fullmatch(cell) and met.setdefault(float(cell), int(cell)) != int(cell):
            words = f"{cell} and {met[float(cell)]} in column {table.names[at]!r} would be one number in float64"
            fail(table.place(row, at), f"{words}: are they names of rows? Leave the column out")
