"""The distinct texts of a column, which of them stand for a missing value, and what the others are read as."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np

from jaxnet.data.cells import shown
from jaxnet.data.raw_columns import RawColumn

Read = Callable[[list[str]], tuple[np.ndarray, np.ndarray]]  # texts [L] -> values [L], and which could not be read


class Levels(NamedTuple):
    """The distinct texts of a column, codes [N] of them, and how often each occurs."""

    texts: list[str]
    codes: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, column: RawColumn) -> "Levels":
        """Return those of a column."""
        texts, codes = column.texts
        return cls(texts, codes, np.bincount(codes, minlength=len(texts)))

    def present(self, missing: frozenset[str], absent: np.ndarray) -> np.ndarray:
        """Return which texts [L] are no words for a missing value, nor a cell that holds nothing."""
        longest = max(map(len, missing), default=0)
        found = [len(text) > longest or text.casefold() not in missing for text in self.texts]
        empty = np.zeros(len(self.texts), bool)
        empty[self.codes[absent]] = True
        return np.array(found, bool) & ~empty


class Cells(NamedTuple):
    """The values [N] of a column, NaN where there is none, which are missing [N], and faults by row."""

    values: np.ndarray
    missing: np.ndarray
    faults: dict[int, str]


def read_cells(
    column: RawColumn, missing_words: tuple[str, ...], read: Read, *, expected: str, style: Hashable = None
) -> Cells:
    """Read each distinct text of a column once; what was ``expected``, in which ``style``, is how it is remembered."""
    key = (expected, style, missing_words)
    if key not in column.memory:
        levels = Levels.of(column)
        present = levels.present(frozenset(missing_words), column.absent)
        at = np.flatnonzero(present)
        values = np.full(len(levels.texts), np.nan)
        values[at], bad = read([levels.texts[each] for each in at])
        wrong = {int(each): f"expected {expected}, got {shown(levels.texts[each])}" for each in at[bad]}
        cells = Cells(values[levels.codes], ~present[levels.codes], faults_of_rows(wrong, levels.codes))
        column.memory[key] = cells
    found = column.memory[key]
    return found._replace(faults=dict(found.faults))


def faults_of_rows(of_levels: dict[int, str], codes: np.ndarray) -> dict[int, str]:
    """Return the faults by row [N] of those by distinct text [L]."""
    rows = np.flatnonzero(np.isin(codes, list(of_levels))) if of_levels else ()
    return {int(row): of_levels[int(codes[row])] for row in rows}


def faults_of_missing(missing: np.ndarray) -> dict[int, str]:
    """Return a fault for each missing cell [N], for a column that refuses them."""
    return dict.fromkeys(np.flatnonzero(missing).tolist(), "a missing value")
