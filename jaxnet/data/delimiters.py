"""What stands between the cells of a text table, decided by the rows that come out as one width."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

# a mark that every row has is the delimiter even where a comma splits the rows alike, for it may be a decimal comma
_CANDIDATES = ("\t", ";", "|", ",")
_SAMPLE = 2**16  # characters
_ALIKE = 0.9  # of the rows have to have one width
_SINGLE = re.compile(r"(?:^|[,;|\t])[ ]?'[^'\n]*'(?=[,;|\t]|$)", re.MULTILINE)
_RUNS = re.compile(r'("(?:[^"]|"")*")|[ \t]+')


def find_delimiter(text: str, columns: Sequence[str] = ()) -> str:
    """Return the delimiter of a text: one of tab, semicolon, bar and comma, or a space where these split nothing.

    A space stands for any number of them, or of tabs. Where ``columns`` are known, the mark counts that has most of
    them in the first line: one column of decimal commas is not two.
    """
    sample = text[:_SAMPLE]
    first = sample.lstrip("\ufeff\n").partition("\n")[0]
    if first.strip().strip("'\"") in columns:
        return next((mark for mark in _CANDIDATES if mark not in text), "\0")
    if known := {mark: _named(first, mark, columns) for mark in _CANDIDATES if mark in first and columns}:
        best = max(known, key=lambda mark: known[mark])
        if known[best] > max(1, len(columns) / 2):
            return best
    if len(sample) < len(text):
        # the last line may be cut anywhere
        sample = sample[: sample.rfind("\n") + 1] or sample
    best, most = "", 0.0
    for mark in _CANDIDATES:
        share, width = _alike(sample, mark)
        if width > 1 and share >= _ALIKE:
            return mark
        if width > 1 and share > most:
            best, most = mark, share
    if best:
        return best
    share, width = _alike(sample, " ")
    return " " if width > 1 and share >= _ALIKE else ","


def split_rows_of_text(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row as the line, from 1, on which it begins, and its cells.

    Raises csv.Error for an unclosed quote and for what else is no CSV.
    """
    if delimiter == " ":
        # line by line, so that none is lost; a quoted cell keeps its spaces
        text = "\n".join(_RUNS.sub(lambda found: found[1] or " ", line.strip()) for line in text.splitlines())
    # spaces after a comma come before a quote in many a file
    sample = text[:_SAMPLE]
    # some programs quote by ', a letter elsewhere: only where nothing is quoted by ", and a cell in every row is
    single = '"' not in sample and len(_SINGLE.findall(sample)) >= max(sample.count("\n"), 1)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        strict=True,
        quotechar="'" if single else '"',
        skipinitialspace=delimiter == ",",
    )
    line = 1
    for cells in reader:
        yield line, cells
        # the reader counts lines, not rows: a quoted cell may go over several
        line = reader.line_num + 1


def _named(line: str, mark: str, columns: Sequence[str]) -> int:
    return len({cell.strip().strip("'\"") for cell in line.split(mark)}.intersection(columns))


def _alike(sample: str, mark: str) -> tuple[float, int]:
    """Return which share of the rows has the commonest width, and that width, if this is the delimiter."""
    widths: Counter[int] = Counter()
    try:
        for _, cells in split_rows_of_text(sample, mark):
            if any(cell.strip() for cell in cells):
                widths[len(cells)] += 1
    except csv.Error:
        # a sample that ends inside a quoted cell; what was read before it counts
        pass
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    # a header may be one cell narrower, or be no row of the table at all
    return count / max(widths.total() - 1, 1), width
