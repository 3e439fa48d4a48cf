"""A text becomes a ``RawTable``: which rows count, which of them names the columns, and which column only counts rows.

Every decision is kept as a sentence, and an option overrides it. A row of another width is refused, never padded.
"""

import csv
import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.cells import number_style, shown
from jaxnet.data.delimiters import find_delimiter, split_rows_of_text
from jaxnet.data.errors import Place, fail
from jaxnet.data.header_rows import header_of
from jaxnet.data.raw_columns import RawColumn
from jaxnet.data.raw_tables import RawTable

_NUMBERED = re.compile(r"column_[1-9][0-9]*")
_NAMES = {"\t": "a tab", " ": "spaces", ";": "';'", "|": "'|'", ",": "','"}


@dataclasses.dataclass(frozen=True)
class TextOptions:
    """What a user may say about a text table; None leaves it to ``parse_table``."""

    delimiter: str | None = None
    decimal: str | None = None
    header: bool | None = None
    index: str | int | bool | None = None
    comment: str | None = "#"
    columns: tuple[str, ...] = ()


class _Row(NamedTuple):
    line: int
    cells: list[str]


def parse_table(text: str, source: str, options: TextOptions, decisions: Sequence[str] = ()) -> RawTable:
    """Return the table that a text holds; DataError, with its line, for what is none."""
    said = list(decisions)
    text, skipped = _beginning(text, options, said)
    delimiter = options.delimiter or find_delimiter(text, options.columns)
    if options.delimiter is None and delimiter != ",":
        said.append(f"cells are separated by {_NAMES[delimiter]}; delimiter= overrides this")
    rows = _rows(text, source, delimiter, skipped)
    rows = _without_comments(_without_blanks(rows, said), options.comment, said)
    if not rows:
        fail(source, "holds no rows of data")
    rows, named = _names(_without_titles(rows, options, said), source, options, said)
    names, body = rows[0].cells, rows[1:]
    if not body:
        fail(source, "holds a header and no rows of data")
    body = _of_width(body, len(names), source, said)
    columns = list(zip(*(row.cells for row in body), strict=True))
    kept = [at for at, name in enumerate(names) if name or any(cell.strip() for cell in columns[at])]
    if len(kept) < len(names):
        said.append(f"{len(names) - len(kept)} column(s) without name and contents, after a trailing mark, left out")
    table = RawTable(
        _distinct([names[at] or f"column_{at + 1}" for at in kept], said),
        tuple(RawColumn(np.array(columns[at], object), np.zeros(len(body), bool)) for at in kept),
        source,
        lines=np.array([row.line for row in body]),
        places=tuple(at + 1 for at in kept),
        positions=np.arange(len(body)),
        decimal=options.decimal,
        delimiter=delimiter,
    )
    unnamed = bool(named and kept and kept[0] == 0 and not names[0])
    table = _without_index(table, options.index, unnamed, said)
    return dataclasses.replace(table, decisions=tuple(said))


def _beginning(text: str, options: TextOptions, said: list[str]) -> tuple[str, int]:
    """Skip Excel's line ``sep=;`` and comments before the table; return the rest, and how many lines were skipped."""
    count = comments = 0
    while text:
        line, _, rest = text.partition("\n")
        is_comment = bool(options.comment) and line.startswith(options.comment or "") and not _names_a_column(line)
        if not is_comment and not (count == 0 and line.lower().startswith("sep=")):
            break
        text, count, comments = rest, count + 1, comments + is_comment
    if comments:
        said.append(f"{comments} comment line(s) at the beginning left out")
    return text, count


def _names_a_column(line: str) -> bool:
    # some tables call their first column "#"
    return line[:1] == "#" and line[1:2] in (",", ";", "\t", "|")


def _rows(text: str, source: str, delimiter: str, skipped: int) -> list[_Row]:
    line, rows = skipped, []
    try:
        for at, cells in split_rows_of_text(text, delimiter):
            line = at + skipped
            rows.append(_Row(line, cells))
    except csv.Error as error:
        fail(Place(source, rows[-1].line + 1 if rows else line + 1), f"not a row of CSV ({error})", error)
    return rows


def _without_blanks(rows: list[_Row], said: list[str]) -> list[_Row]:
    """Leave out blank lines, and rows of empty cells before and after the table; inside it they are rows with nothing
    known, whose places must not be lost."""
    full = [at for at, row in enumerate(rows) if any(cell.strip() for cell in row.cells)]
    if not full:
        return []
    inside = rows[full[0] : full[-1] + 1]
    kept = [row for row in inside if len(row.cells) > 1 or any(cell.strip() for cell in row.cells)]
    # blank lines at the end are nothing to speak of
    empty = sum(len(row.cells) > 1 for row in rows[full[-1] + 1 :])
    if empty:
        said.append(f"{empty} row(s) of empty cells at the end left out")
    if len(kept) < len(inside) or full[0]:
        said.append(f"{len(inside) - len(kept) + full[0]} blank line(s) left out")
    return kept


def _without_comments(rows: list[_Row], comment: str | None, said: list[str]) -> list[_Row]:
    if not comment or not rows:
        return rows
    begins = [row.cells[0].lstrip().startswith(comment) for row in rows]
    width = Counter(len(row.cells) for row in rows).most_common(1)[0][0]
    # "#1" or "#ff0000" may as well be a cell: whoever comments does so in a few lines, seldom as wide as the table
    comments = [begin and len(row.cells) != width for begin, row in zip(begins, rows, strict=True)]
    if any(comments):
        said.append(f"{sum(comments)} comment line(s) inside the table left out")
    return [row for row, is_comment in zip(rows, comments, strict=True) if not is_comment]


def _without_titles(rows: list[_Row], options: TextOptions, said: list[str]) -> list[_Row]:
    """Leave out lines above the table that have one cell where it has three or more: a title, a source, a date."""
    width = Counter(len(row.cells) for row in rows).most_common(1)[0][0]
    # a number alone in its row is data
    alone = lambda row: (
        bool(row.cells[0].strip())
        and not any(cell.strip() for cell in row.cells[1:])
        and number_style([row.cells[0].strip()]) is None
    )
    titles = 0
    blank = lambda row: not any(cell.strip() for cell in row.cells)
    while width > 2 and options.header is None and len(rows) > titles + 2:
        if not alone(rows[titles]) and not (titles and blank(rows[titles])):
            break
        titles += 1
    if titles:
        first = rows[0].cells[0].strip()
        said.append(f"{titles} line(s) above the table, such as {shown(first)}, left out; header=True overrides this")
    return rows[titles:]


def _names(rows: list[_Row], source: str, options: TextOptions, said: list[str]) -> tuple[list[_Row], bool]:
    """Put a row of names before the data: the one that is there, or one of empty names."""
    width = Counter(len(row.cells) for row in rows[1:] or rows).most_common(1)[0][0]
    first = rows[0]
    if options.header is None and _counts_rows(first.cells, len(rows) - 1, width):
        said.append(f"the first line holds the number of rows, {first.cells[0]}, and of inputs, and no names: left out")
        return [_Row(first.line, [""] * width), *rows[1:]], False
    header, why = _is_header(rows, options)
    if not header:
        if options.header is None:
            said.append(f"no header, for the first row is data: {why}; header=True overrides this")
        return [_Row(first.line, [""] * width), *rows], False
    if options.header is None and why.startswith("nothing"):
        said.append(f"the first row was taken for the header, though {why}; header=False overrides this")
    cells = _unquoted([cell.strip().removeprefix("\ufeff") for cell in first.cells])
    if len(cells) == width - 1 and any(row.cells[-1].strip() for row in rows[1:] if len(row.cells) == width):
        # R writes no name above the names of rows
        cells = ["", *cells]
        said.append("the header is one cell narrower than the rows: the first column has no name")
    return [_Row(first.line, cells), *rows[1:]], True


def _is_header(rows: list[_Row], options: TextOptions) -> tuple[bool, str]:
    """Return whether the first row names the columns, and why, where it was decided by its cells."""
    if options.header is not None:
        return options.header, ""
    if options.columns:
        cells = _unquoted([cell.strip().removeprefix("\ufeff") for cell in rows[0].cells])
        if len(set(cells).intersection(options.columns)) > len(options.columns) / 2:
            return True, ""
        if all(_NUMBERED.fullmatch(name) for name in options.columns):
            return False, "the columns of the training table had no names either"
    return header_of([row.cells for row in rows])


def _unquoted(cells: list[str]) -> list[str]:
    """Take single quotes off, where all names stand in them: CSV knows double ones only."""
    quoted = [len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells if cell]
    return [cell[1:-1] for cell in cells] if quoted and all(quoted) else cells


def _counts_rows(cells: list[str], count: int, width: int) -> bool:
    # scikit-learn's own files begin so
    numbers = [int(cell) for cell in cells[:2] if cell.isascii() and cell.isdigit()]
    return len(numbers) == 2 and numbers[0] == count and numbers[1] in (width - 1, width)


def _of_width(body: list[_Row], width: int, source: str, said: list[str]) -> list[_Row]:
    """Take away the empty cells beyond the header's width; refuse rows that have less, or more, than that."""
    trimmed, common = 0, Counter(len(row.cells) for row in body).most_common(1)[0][0]
    if common > width and all(
        any(cell.strip() for cell in row.cells[width:]) for row in body if len(row.cells) == common
    ):
        fail(
            source,
            f"the header has {width} cells and the rows below it have {common}: names are missing, or it is a title",
        )
    for at, row in enumerate(body):
        if len(row.cells) > width and not any(cell.strip() for cell in row.cells[width:]):
            body[at], trimmed = _Row(row.line, row.cells[:width]), trimmed + 1
        elif len(row.cells) != width:
            place = Place(source, row.line, min(len(row.cells), width) + 1)
            fail(place, f"expected {width} cells, got {len(row.cells)}")
    if trimmed:
        said.append(f"empty cells at the end of {trimmed} rows, beyond the header, left out")
    return body


def _distinct(names: list[str], said: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        fresh, count = name, 2
        while fresh in found:
            fresh, count = f"{name}_{count}", count + 1
        if fresh != name:
            said.append(f"a second column called {name!r} is called {fresh!r}")
        found.append(fresh)
    return tuple(found)


def _without_index(table: RawTable, index: str | int | bool | None, unnamed: bool, said: list[str]) -> RawTable:
    """Leave out the column that names the rows: the one asked for, or a first one without name and two rows alike."""
    if index is False or (index is None and (not unnamed or len(table.names) < 2)):
        return table
    if index is None or index is True:
        texts, codes = table.columns[0].texts
        if index is None and len(texts) < len(codes):
            return table
        words = "names the rows" if index else "has no name and another value in every row: an index"
        said.append(f"the first column {words}, left out; index=False keeps it")
        return table.without(table.names[0])
    if isinstance(index, str):
        return table.without(checks.choice("index", index, table.names))
    return table.without(table.names[checks.integer("index", index, maximum=len(table.names) - 1)])
