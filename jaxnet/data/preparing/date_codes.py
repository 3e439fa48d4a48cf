"""How dates become features: seconds, the year, and where in the year, the week and the day they are, on circles."""

import dataclasses

import numpy as np

from jaxnet.data.cells import read_dates
from jaxnet.data.preparing.cell_reading import Cells, faults_of_missing, read_cells
from jaxnet.data.preparing.column_codes import Encoded
from jaxnet.data.raw_columns import RawColumn

_DAY = 86_400.0
# on a circle the end of December is beside the beginning of January
DATE_PARTS = ("seconds", "year", "year sine", "year cosine", "week sine", "week cosine", "day sine", "day cosine")


@dataclasses.dataclass(frozen=True)
class DateCode:
    """The parts that differ on the training rows, each (part - centre) / spread; a missing date has ``fills``."""

    style: str
    parts: tuple[str, ...]
    centres: tuple[float, ...]
    spreads: tuple[float, ...]
    fills: tuple[float, ...]
    missing_words: tuple[str, ...]
    indicator: bool
    refuse: bool

    def names(self, column: str) -> tuple[str, ...]:
        """Return "column part" for each, then one for missing ones."""
        return (*[f"{column} {part}" for part in self.parts], *[f"{column} missing"] * self.indicator)

    def encode(self, column: RawColumn) -> Encoded:
        """Return the scaled parts; what is no date, and a missing one where it is refused, is a fault."""
        seconds, missing, faults = seconds_of(column, self.style, self.missing_words)
        if self.refuse:
            faults |= faults_of_missing(missing)
        values = date_parts(np.nan_to_num(seconds))[:, [DATE_PARTS.index(part) for part in self.parts]]
        values = np.where(missing[:, None], self.fills, values)
        scaled = (values - np.array(self.centres)) / np.array(self.spreads)
        return Encoded(np.column_stack([scaled, missing]) if self.indicator else scaled, faults)


def seconds_of(column: RawColumn, style: str, missing_words: tuple[str, ...]) -> Cells:
    """Return the seconds since 1970 [N], NaN where there is no date, which are missing, and faults by row."""
    if column.values.dtype.kind == "M":
        microseconds = column.values.astype("M8[us]").astype(np.int64)
        return Cells(np.where(column.absent, np.nan, microseconds / 1e6), column.absent.copy(), {})
    return read_cells(column, missing_words, lambda texts: read_dates(texts, style), expected=f"a date ({style})")


def date_parts(seconds: np.ndarray) -> np.ndarray:
    """Return the parts [N, 8] of dates, in the order of ``DATE_PARTS``."""
    days = np.floor(seconds / _DAY)
    of_day = seconds - days * _DAY
    dates = days.astype(np.int64).astype("M8[D]")
    years = dates.astype("M8[Y]")
    first, following = (each.astype("M8[D]").astype(np.int64) for each in (years, years + 1))
    turns = (
        (days - first + of_day / _DAY) / (following - first),
        ((days + 3) % 7 + of_day / _DAY) / 7,  # 1970 began on a Thursday, the week begins on Monday
        of_day / _DAY,
    )
    circles = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
    return np.stack([seconds, years.astype(np.int64) + 1970.0, *circles], axis=1)
