"""What a column is, judged by its values on the training rows, and the reason in words.

The name of a column counts only beside its values. What is nearly a column of numbers or dates is refused with the
place of the first cell that is none: as a category it would be of no use, as a number it would lose that cell.
"""

import re
from typing import NamedTuple

import numpy as np

from jaxnet.data.cells import (
    MISSING,
    MISSING_AMONG_NUMBERS,
    NumberStyle,
    boolean_pair,
    date_style,
    number_style,
    read_dates,
    read_numbers,
)
from jaxnet.data.cells.date_texts import DATE_STYLES
from jaxnet.data.errors import fail
from jaxnet.data.preparing.cell_reading import Levels
from jaxnet.data.raw_tables import RawTable

COLUMN_KINDS = ("number", "category", "boolean", "date", "constant", "identifier", "text")
NO_VALUES = "nothing but missing values"
_FEW = 20  # distinct values that may be categories whatever they are made of
_NEARLY = 0.9  # of the rows
_CODE = re.compile(r"[0-9]+[A-Za-z]{1,2}|[A-Za-z]{1,2}[0-9]+")
_PROSE = 4  # words a cell on average
_NAMED_ID = re.compile(r"(?i:(?:^|[ _.-])(?:id|uuid|guid|idx|index|identifier))$|[a-z](?:Id|ID)$")


class MissingWords(NamedTuple):
    """Which words stand for a missing value: in any column, and between numbers, dates or booleans."""

    anywhere: frozenset[str]
    among_numbers: frozenset[str]

    @classmethod
    def of(cls, missing: frozenset[str] = frozenset(), present: frozenset[str] = frozenset()) -> "MissingWords":
        """Return the usual words with some more and without some, in small letters."""
        return cls((MISSING | missing) - present, (MISSING | MISSING_AMONG_NUMBERS | missing) - present)

    def beside(self, texts: list[str]) -> "MissingWords":
        """Return those of a column of such texts: "-" is a value where "+" is one, too."""
        return MissingWords(*(words - {"-"} for words in self)) if "+" in texts else self


class Judged(NamedTuple):
    """The kind of a column, why, and how its cells are written, where it is one of numbers or dates."""

    kind: str
    why: str
    style: NumberStyle | str | None = None


def infer_kind(table: RawTable, name: str, words: MissingWords, decimal: str | None = None) -> Judged:
    """Return the kind of a column; ``decimal`` is the mark that the other columns of the table have.

    Raises DataError, with its place, for a cell that is the exception in a column of numbers or dates.
    """
    column = table.column(name)
    levels = Levels.of(column)
    words = words.beside(levels.texts)
    seen = levels.present(words.anywhere, column.absent)
    texts = [text for text, is_seen in zip(levels.texts, seen, strict=True) if is_seen]
    rows = int(levels.counts[seen].sum())
    if not texts:
        return Judged("constant", NO_VALUES)
    if len(texts) == 1:
        if rows == len(table):
            return Judged("constant", f"{texts[0]!r} in every row")
        return Judged("category", f"{texts[0]!r} or missing")
    if column.category:
        return Judged("category", "the frame says so")
    if column.values.dtype.kind == "M":
        return Judged("date", "the frame says so")
    among = levels.present(words.among_numbers, column.absent)
    strict = [text for text, is_seen in zip(levels.texts, among, strict=True) if is_seen]
    if pair := boolean_pair(strict):
        # a count may be no more than 0 or 1 in these rows, and more in others
        numbers = NumberStyle() if pair == ("0", "1") else None
        return Judged("boolean", f"{pair[1]} or {pair[0]} in every row that is not missing", numbers)
    if column.is_text and len(strict) > 2 and date_style(strict) == "digits":
        return Judged("date", "dates of eight digits, year first", "digits")
    if (style := number_style(strict, table.decimal or decimal) if column.is_text else NumberStyle()) is not None:
        if column.values.dtype.kind == "b":
            return Judged("boolean", "the frame says so")
        return _numeric(table, name, levels.codes, (strict, style))
    if (written := date_style(strict)) is not None:
        return Judged("date", _date_reason(strict, written), written)
    _refuse_an_exception(table, name, levels, among)
    _refuse_a_date_that_is_none(table, name, levels, among)
    return _textual(texts, rows, levels.counts[seen])


def _numeric(table: RawTable, name: str, codes: np.ndarray, read: tuple[list[str], NumberStyle]) -> Judged:
    texts, style = read
    column = table.column(name)
    numbers, _ = read_numbers(texts, style) if column.is_text else (np.unique(column.values[~column.absent]), None)
    if len(np.unique(numbers)) == 1:
        return Judged("constant", f"{numbers[0]:g} in every row that is not missing", style)
    written = f", {style}" if str(style) else ""
    whole = bool(np.all(numbers == np.round(numbers)))
    every = len(numbers) == len(table) and len(np.unique(numbers)) == len(numbers)
    if every and whole and column.values.dtype.kind != "f" and not style.before and not style.after:
        of_rows = numbers[codes] if column.is_text else column.values
        if _counts(of_rows, table.positions):
            return Judged("identifier", f"whole numbers that count the rows, from {numbers.min():g} on", style)
        if _NAMED_ID.search(name):
            return Judged("identifier", "another whole number in every row, and called an id", style)
    return Judged("number", f"{'whole numbers' if whole else 'numbers'}, {len(numbers)} different ones{written}", style)


def _counts(numbers: np.ndarray, positions: np.ndarray) -> bool:
    """Whether these are 0, 1, ... or 1, 2, ... in the order of the source; in a long table, in any order."""
    first = (numbers - positions)[0]
    if first in (0, 1) and np.all(numbers - positions == first):
        return len(numbers) > 2
    return len(numbers) > _FEW and numbers.min() >= 0 and numbers.max() <= positions.max() + 1


def _date_reason(texts: list[str], style: str) -> str:
    other = {"month first": "day first", "day first": "month first"}.get(style)
    if other and not read_dates(texts, other)[1].any():
        return f"dates, {style} or {other}: no cell tells, {style} assumed"
    return f"dates, {style}" if style != "time of day" else "times of day"


def _refuse_an_exception(table: RawTable, name: str, levels: Levels, among: np.ndarray) -> None:
    at = np.flatnonzero(among)
    sample = [levels.texts[each] for each in at[: 5 * _FEW]]
    numbers = np.array([number_style([text]) is not None or _is_a_code(text) for text in sample], bool)
    # a sample first, for most columns that come here are nothing like it
    if len(at) <= _FEW or numbers.mean() < _NEARLY / 2:
        return
    numbers = np.array([number_style([levels.texts[each]]) is not None for each in at], bool)
    rows = levels.counts[at]
    # leading zeros and long codes are an exception that makes the whole column text, and no fault
    odd_ones = [levels.texts[each] for each in at[~numbers]]
    # so do several such as 207a and 207b
    if any(map(_is_a_code, odd_ones)) or (len(odd_ones) > 1 and all(map(_CODE.fullmatch, odd_ones))):
        return
    if numbers.sum() > _FEW and rows[numbers].sum() >= _NEARLY * rows.sum():
        odd = levels.texts[at[~numbers][0]] if not numbers.all() else levels.texts[at[0]]
        row = int(np.argmax(levels.codes == levels.texts.index(odd)))
        ways = f"missing_words=[{odd!r}], kinds={{{name!r}: 'category'}} or drop=[{name!r}]"
        count = int(rows[~numbers].sum())
        words = "has another style of numbers" if numbers.all() else f"is one of {count} cells that are none"
        fail(table.place(row, name), f"{odd!r} {words} in column {name!r} of numbers: mend it, or give {ways}")


def _refuse_a_date_that_is_none(table: RawTable, name: str, levels: Levels, among: np.ndarray) -> None:
    at = np.flatnonzero(among)
    sample, rows = [levels.texts[each] for each in at[: 5 * _FEW]], levels.counts[at]
    if len(at) <= _FEW:
        return
    for style in DATE_STYLES:
        if read_dates(sample, style)[1].mean() > 1 - _NEARLY / 2:
            continue
        bad = read_dates([levels.texts[each] for each in at], style)[1]
        if bad.any() and rows[~bad].sum() >= _NEARLY * rows.sum():
            odd = levels.texts[at[bad][0]]
            row = int(np.argmax(levels.codes == levels.texts.index(odd)))
            ways = f"missing_words=[{odd!r}] or drop=[{name!r}]"
            count = f"is one of {int(rows[bad].sum())} cells that are none in column {name!r} of dates ({style})"
            fail(table.place(row, name), f"{odd!r} {count}: mend it, or give {ways}")


def _is_a_code(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _textual(texts: list[str], rows: int, counts: np.ndarray) -> Judged:
    if len(texts) == rows:
        return Judged("identifier", "another text in every row")
    prose = np.mean([text.count(" ") + 1 for text in texts[: 50 * _FEW]]) >= _PROSE
    if len(texts) > max(_FEW, rows / 2) or (prose and len(texts) > rows / 10 and len(texts) > _FEW):
        words = "free text" if prose else "too few that come twice"
        return Judged("text", f"{len(texts)} different texts in {rows} rows, {words}")
    return Judged("category", f"{len(texts)} different texts in {rows} rows")
