"""How the cells of a column become features: numbers, booleans, categories, and categories of many values.

A code is a frozen description, fitted elsewhere, that a dictionary can hold. Its ``encode`` never raises for a cell
and never returns NaN: what it cannot read is a fault of that row. An exported NumPy file has this source in it, too.
"""

import dataclasses
import zlib
from typing import NamedTuple, Protocol

import numpy as np

from jaxnet.data.cells import BOOLEANS, NumberStyle, read_numbers
from jaxnet.data.preparing.cell_reading import Cells, Levels, faults_of_missing, read_cells
from jaxnet.data.raw_columns import RawColumn

_TRUE = {true: 1.0 for _, true in BOOLEANS} | {false: 0.0 for false, _ in BOOLEANS}


class Encoded(NamedTuple):
    """The features [N, F] of a column, and the rows that it cannot be read in, each with the reason."""

    features: np.ndarray
    faults: dict[int, str]
    unknown: int = 0


class Code(Protocol):
    """What every code of a column can do."""

    def names(self, column: str) -> tuple[str, ...]:
        """Return the names of the F features."""
        ...

    def encode(self, column: RawColumn) -> Encoded:
        """Return the features [N, F] of a column."""
        ...


@dataclasses.dataclass(frozen=True)
class NumberCode:
    """(number - centre) / spread; a missing one counts as ``fill``, and a second feature says that it is missing."""

    style: NumberStyle
    missing_words: tuple[str, ...]
    fill: float | None
    centre: float
    spread: float
    indicator: bool

    def names(self, column: str) -> tuple[str, ...]:
        """Return the column's own name, and one more for the indicator."""
        return (column, f"{column} missing") if self.indicator else (column,)

    def encode(self, column: RawColumn) -> Encoded:
        """Return the scaled numbers; no number, one too large, and a missing one where it is refused, are faults."""
        values, missing, faults = numbers_of(column, self.style, self.missing_words)
        if self.fill is None:
            faults |= faults_of_missing(missing)
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (
                np.where(missing, self.centre if self.fill is None else self.fill, values) - self.centre
            ) / self.spread
        # what float32 cannot hold would become infinite later, without a word
        large = np.abs(scaled) > np.finfo(np.float32).max
        faults |= dict.fromkeys(
            np.flatnonzero(large & ~np.isnan(scaled)).tolist(), "a number too large to compute with"
        )
        parts = [scaled, missing] if self.indicator else [scaled]
        return Encoded(np.stack(parts, axis=1).astype(np.float64), faults)


@dataclasses.dataclass(frozen=True)
class BooleanCode:
    """1 for yes and 0 for no; a missing one counts as ``fill``, and a second feature says that it is missing.

    Where the fitted rows had 0 and 1 (``numbers``), other rows may have more, for it may be a count: any number is
    itself.
    """

    missing_words: tuple[str, ...]
    fill: float | None
    indicator: bool
    numbers: bool = False

    def names(self, column: str) -> tuple[str, ...]:
        """Return the column's own name, and one more for the indicator."""
        return (column, f"{column} missing") if self.indicator else (column,)

    def encode(self, column: RawColumn) -> Encoded:
        """Return 0 and 1, and other numbers where they may be; any other word is a fault."""
        read_as, expected = (_yes_or_number, "0, 1 or another number") if self.numbers else (_yes, "yes or no")
        read, missing, faults = read_cells(column, self.missing_words, read_as, expected=expected)
        if self.fill is None:
            faults |= faults_of_missing(missing)
        values = np.where(missing, self.fill or 0.0, read)
        parts = [values, missing] if self.indicator else [values]
        return Encoded(np.stack(parts, axis=1).astype(np.float64), faults)


@dataclasses.dataclass(frozen=True)
class CategoryCode:
    """One feature a category: 1 in the row's own, 0 in the others.

    A category that is not known goes with the rare ones where some were pooled, else it has 0 in every feature; so has
    a missing one that the training rows did not have.
    """

    categories: tuple[str, ...]
    rare: bool
    missing: bool
    missing_words: tuple[str, ...]
    refuse: bool

    def names(self, column: str) -> tuple[str, ...]:
        """Return column=category for each, then for rare and missing ones."""
        names = [f"{column}={category}" for category in self.categories]
        return (*names, *[f"{column} rare"] * self.rare, *[f"{column} missing"] * self.missing)

    def encode(self, column: RawColumn) -> Encoded:
        """Return zeros and ones."""
        levels = Levels.of(column)
        present = levels.present(frozenset(self.missing_words), column.absent)
        known = {category: at for at, category in enumerate(self.categories)}
        nowhere, rare = -1, len(known) if self.rare else -1
        missing = len(known) + self.rare if self.missing else nowhere
        places = np.array(
            [known.get(text, rare) if here else missing for text, here in zip(levels.texts, present, strict=True)], int
        )
        is_unknown = np.array([text not in known for text in levels.texts], bool) & present
        faults = faults_of_missing(~present[levels.codes]) if self.refuse else {}
        width = len(known) + self.rare + self.missing
        return Encoded(_one_hot(places[levels.codes], width), faults, int(levels.counts[is_unknown].sum()))


@dataclasses.dataclass(frozen=True)
class HashCode:
    """Many categories in few features: a text has a 1 in the one that its checksum names, known or not."""

    buckets: int
    missing: bool
    missing_words: tuple[str, ...]
    refuse: bool

    def names(self, column: str) -> tuple[str, ...]:
        """Return column#0, column#1, ..., then one for missing ones."""
        return (*[f"{column}#{at}" for at in range(self.buckets)], *[f"{column} missing"] * self.missing)

    def encode(self, column: RawColumn) -> Encoded:
        """Return zeros and ones."""
        levels = Levels.of(column)
        present = levels.present(frozenset(self.missing_words), column.absent)
        missing = self.buckets if self.missing else -1
        # CRC-32 is the same on every machine and in every version, as Python's hash is not
        places = [
            zlib.crc32(text.encode()) % self.buckets if here else missing
            for text, here in zip(levels.texts, present, strict=True)
        ]
        faults = faults_of_missing(~present[levels.codes]) if self.refuse else {}
        return Encoded(_one_hot(np.array(places, int)[levels.codes], self.buckets + self.missing), faults)


def numbers_of(column: RawColumn, style: NumberStyle, missing_words: tuple[str, ...]) -> Cells:
    """Return the numbers [N] of a column, NaN where there is none, which are missing, and faults by row."""
    if column.values.dtype.kind in "iuf":
        values, missing = column.values.astype(np.float64), column.absent.copy()
        infinite = np.flatnonzero(np.isinf(values) & ~missing).tolist()
        faults = dict.fromkeys(infinite, "expected a finite number, got one that is infinite")
    else:
        # a column that is no text holds booleans or dates, of which none is a number
        read = lambda texts: read_numbers(texts, style)
        values, missing, faults = read_cells(column, missing_words, read, expected="a number", style=style)
    asked = [float(word) for word in missing_words if is_number_word(word)]
    if asked:
        # -999 and -999.0 are one number
        missing = missing | np.isin(values, asked)
    return Cells(np.where(missing, np.nan, values), missing, faults)


def is_number_word(word: str) -> bool:
    """Whether a word for a missing value is a number, such as -999."""
    return word.removeprefix("-").replace(".", "", 1).isdigit()


def _yes(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([_TRUE.get(text.casefold(), np.nan) for text in texts], float)
    return values, np.isnan(values)


def _yes_or_number(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    values, _ = _yes(texts)
    numbers, bad = read_numbers(texts, NumberStyle())
    large = np.abs(numbers) > np.finfo(np.float32).max
    return np.where(np.isnan(values), numbers, values), np.isnan(values) & (bad | large)


def _one_hot(places: np.ndarray, width: int) -> np.ndarray:
    features = np.zeros((len(places), width))
    somewhere = np.flatnonzero(places >= 0)
    features[somewhere, places[somewhere]] = 1
    return features
