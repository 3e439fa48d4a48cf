"""Texts that are dates, times of day or both: as seconds since 1970 (UTC), or since midnight where there is no date.

Months have English names or numbers. Whether 3/4/2020 is in March or in April is decided by the other cells of its
column; where none of them tells, the month comes first, and the style says that this was assumed.
"""

import datetime
import re
from collections.abc import Sequence

import numpy as np

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = "|".join(_MONTHS)
_SECONDS = r"(?P<S>\d{2}(?:[.,]\d+)?)"
_HALF = r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_TIME = rf"(?P<H>\d{{1,2}}):(?P<M>\d{{2}})(?::{_SECONDS})?{_HALF}"
# behind a date, points do for colons, as Oracle has them
_TIME_THERE = rf"(?P<H>\d{{1,2}})(?P<colon>[:.])(?P<M>\d{{2}})(?:(?P=colon){_SECONDS})?{_HALF}"
_ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}))?"
_TAIL = rf"(?:(?:T|\s+|,\s*|:){_TIME_THERE}(?: (?:Uhr|h))?{_ZONE})?"
_MONTH = rf"(?P<name>{_NAMES})[a-z]*\.?"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_SHORT_YEAR = r"(?P<y>\d{4}|\d{2})"
_PATTERNS = {
    "year first": rf"(?P<y>\d{{4}})(?P<mark>[-/.])(?P<m>\d{{1,2}})(?:(?P=mark)(?P<d>\d{{1,2}}))?{_TAIL}",
    "month first": rf"(?P<m>\d{{1,2}})(?P<mark>[-/.])(?P<d>\d{{1,2}})(?P=mark){_SHORT_YEAR}{_TAIL}",
    "day first": rf"(?P<d>\d{{1,2}})(?P<mark>[-/.])(?P<m>\d{{1,2}})(?P=mark){_SHORT_YEAR}{_TAIL}",
    "day and month's name": rf"{_DAY}[-/. ]+(?:of )?{_MONTH}[-/, ]+{_SHORT_YEAR}{_TAIL}",
    "month's name first": rf"{_MONTH}[- ]+(?:{_DAY}(?:,?\s+|-))?(?P<y>\d{{4}}){_TAIL}",
    "year last": rf"{_MONTH} +(?P<d>\d{{1,2}}) +{_TIME}{_ZONE} +(?P<y>\d{{4}})",  # as C writes it
    "month and year": r"(?P<m>\d{1,2})[-/](?P<y>\d{4})",
    "month's name and year": rf"{_MONTH}(?:[-/]| ')(?P<y>\d{{2}})",
    "year and quarter": r"(?P<y>\d{4})[-/ ]?Q(?P<q>[1-4])",
    "quarter and year": r"Q(?P<q>[1-4])[-/ ]?(?P<y>\d{4})",
    "year and week": r"(?P<y>\d{4})-?W(?P<w>\d{2})(?:-?(?P<wd>[1-7]))?",
    "Chinese": r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日",
    "time of day": _TIME,
    # eight digits that are days of two centuries, all of them, and perhaps six of the time
    "digits": rf"(?P<y>1[89]\d\d|20\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:T?(?P<H>\d\d)(?P<M>\d\d){_SECONDS}{_ZONE})?",
}
# weekdays say nothing that the date does not: "Mon, 3 Feb 2020", "Wed May 21 00:00:00 2019" is not read
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
DATE_STYLES = tuple(_PATTERNS)
# what NumPy reads itself, many times faster
_ISO = re.compile(r"(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d)?(?:\n|\Z))+", re.ASCII)
_COMPILED = {style: re.compile(pattern, re.IGNORECASE) for style, pattern in _PATTERNS.items()}


def date_style(texts: Sequence[str]) -> str | None:
    """Return the style in which all texts are dates or times of day, one of ``DATE_STYLES``, or None.

    >>> date_style(["3/4/2020", "25/4/2020"])
    'day first'
    """
    # the first text rules out nearly every style, at the price of one match
    for style in DATE_STYLES if texts else ():
        if _COMPILED[style].fullmatch(_WEEKDAY.sub("", texts[0], 1)) and not read_dates(texts, style)[1].any():
            return style
    return None


def read_dates(texts: Sequence[str], style: str) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds [L], float64, and which texts [L] are no date of this style, such as the 30th of February."""
    if style == "year first" and _ISO.fullmatch("\n".join(texts)):
        try:
            return np.array(texts, "M8[s]").astype(np.int64).astype(np.float64), np.zeros(len(texts), bool)
        except ValueError:
            pass  # some day is not in the calendar: which one is found below
    match = _COMPILED[style].fullmatch
    parts = [_parts(match(_WEEKDAY.sub("", text, 1) if text[:1].isalpha() else text)) for text in texts]
    y, m, d, seconds = np.array(parts, np.float64).reshape(-1, 4).T
    bad = ~((m >= 1) & (m <= 12) & (d >= 1) & (seconds >= -86_400) & (seconds < 2 * 86_400))
    year, month, day = (np.where(bad, one, each).astype(np.int64) for one, each in ((1970, y), (1, m), (1, d)))
    months = (year - 1970).astype("M8[Y]").astype("M8[M]") + (month - 1)
    days = months.astype("M8[D]") + (day - 1)
    bad |= days.astype("M8[M]") != months
    return np.where(bad, np.nan, days.astype(np.int64) * 86_400.0 + seconds), bad


def _parts(found: re.Match[str] | None) -> tuple[float, float, float, float]:
    """Return year, month, day and the seconds since midnight, UTC; month 0 for what is none."""
    if found is None:
        return 0, 0, 0, 0
    part = found.groupdict()
    year = int(part.get("y") or 1970)
    if week := part.get("w"):
        return _monday(year, int(week), int(part["wd"] or 1))
    if quarter := part.get("q"):
        return year, 3 * int(quarter) - 2, 1, 0
    if len(part.get("y") or "1970") == 2:
        year += 1900 if year >= 69 else 2000  # as POSIX has it
    month = _MONTHS.index(part["name"].lower()) + 1 if part.get("name") else int(part.get("m") or 1)
    return year, month, int(part.get("d") or 1), _seconds(part)


def _monday(year: int, week: int, weekday: int) -> tuple[float, float, float, float]:
    try:
        day = datetime.date.fromisocalendar(year, week, weekday)
    except ValueError:  # most years have no week 53
        return 0, 0, 0, 0
    return day.year, day.month, day.day, 0


def _seconds(part: dict[str, str | None]) -> float:
    if part.get("H") is None:
        return 0.0
    hour, minute, second = int(part["H"] or 0), int(part["M"] or 0), float((part.get("S") or "0").replace(",", "."))
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            return np.inf
        hour = hour % 12 + 12 * half.lower().startswith("p")
    # 24:00 is the end of a day; a 60th second is inserted now and then
    if hour > 24 or minute > 59 or second >= 61 or (hour == 24 and minute + second > 0):
        return np.inf
    return hour * 3600.0 + minute * 60 + second - _offset(part.get("zone"))


def _offset(zone: str | None) -> float:
    if not zone or zone[0] not in "+-":
        return 0.0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600.0 + int(digits[2:]) * 60)
