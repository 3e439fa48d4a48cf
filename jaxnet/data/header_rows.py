"""Whether the first row of a table holds the names of its columns: decided by comparing its cells with those below."""

import itertools
from collections.abc import Sequence

from jaxnet.data.cells import BOOLEANS, MISSING, boolean_pair, date_style, number_style

_COMPARED = 1_000  # rows below the first


def header_of(rows: Sequence[list[str]]) -> tuple[bool, str]:
    """Return whether the first row is a header, and the reason as the end of a sentence.

    A name is a text where all cells below are numbers or dates. A row that has such a number itself, or a text that
    comes again below, is data. Where nothing tells, a header is assumed.
    """
    first, below = [cell.strip() for cell in rows[0]], rows[1 : _COMPARED + 1]
    columns = [[cells[at].strip() for cells in below if at < len(cells)] for at in range(len(first))]
    present = [[cell for cell in column if cell.casefold() not in MISSING] for column in columns]
    kinds = [_kind(column) for column in present]
    differs = [at for at, kind in enumerate(kinds) if kind != "text" and _is_name(first[at])]
    alike = [at for at, kind in enumerate(kinds) if kind in ("number", "date") and _kind([first[at]]) == kind]
    if not below and any(_kind([cell]) in ("number", "date") for cell in first):
        return False, "it is the only row, and holds a number"
    # a header that is taken for data stands out in its column; data that are taken for a header are lost
    if len(differs) > len(alike):
        at = differs[0]
        return True, f"{first[at]!r} is no {kinds[at]}, as the cells below it are"
    if alike:
        years = _counting([first[at] for at in alike])
        if years and any(kind == "text" for kind in kinds):
            return True, f"{first[alike[0]]}, {first[alike[1]]}, ... count on from column to column"
        return False, f"its {first[alike[0]]!r} is a {kinds[alike[0]]}, as the cells below it are"
    again = [at for at, cell in enumerate(first) if cell and cell in columns[at]]
    # a cell that is none of the few values that come again and again below it is their name
    fresh = [
        at
        for at, cell in enumerate(first)
        if below and cell not in columns[at] and 2 * len(set(columns[at])) <= len(below)
    ]
    if again and len(fresh) <= len(again):
        return False, f"its {first[again[0]]!r} comes again below"
    if fresh:
        return True, f"{first[fresh[0]]!r} is none of the values that come again and again below it"
    if len(set(first)) < len(first):
        return False, "it has a text twice"
    return True, "nothing tells it from the rows below, which are all text"


def _is_name(cell: str) -> bool:
    # "yes" and "NA" are no names, but cells
    word = cell.casefold()
    return _kind([cell]) == "text" and word not in MISSING and not any(word in pair for pair in BOOLEANS)


def _kind(texts: list[str]) -> str:
    if not texts:
        return "text"
    if number_style(texts):
        return "number"
    if date_style(texts):
        return "date"
    return "boolean" if boolean_pair(texts) and len(texts) > 1 else "text"


def _counting(cells: list[str]) -> bool:
    # years as the names of columns: 1990, 1991, 1992
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit()]
    return len(numbers) == len(cells) >= 3 and all(b - a == 1 for a, b in itertools.pairwise(numbers))
