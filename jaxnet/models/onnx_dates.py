"""The parts of a date as nodes of an ONNX graph: the calendar in whole numbers, for ONNX has none.

Days since 1970 become years by counting them from the first of March of the year 0, so that a leap day ends a year; all
numbers are whole doubles, of which a floor is exact. (The algorithm is Hinnant's, chrono-compatible low-level date
algorithms, 2013.)
"""

import math
from typing import Any

import numpy as np

from jaxnet.data.preparing.date_codes import DateCode
from jaxnet.models.onnx_graph import Graph

_DAY, _BEFORE_1970, _ERA = 86_400.0, 719_468.0, 146_097.0  # days from 0000-03-01 to 1970, and of 400 years


def date_features(g: Graph, name: str, code: DateCode) -> list[str]:
    """Add the features of a date, the input ``name`` [N, 1] of seconds since 1970, NaN where it is missing; return the
    names of their results, float32 [N, 1] each."""
    missing = g.add("IsNaN", name)
    parts = _Parts(g, g.add("Where", missing, np.float64(0), name))
    found = []
    for part, centre, spread, fill in zip(code.parts, code.centres, code.spreads, code.fills, strict=True):
        value = parts.named(part)
        if code.refuse:  # NaN goes through
            value = g.add("Where", missing, np.float64(math.nan), value)
        else:
            value = g.add("Where", missing, np.float64(fill), value)
        scaled = g.add("Div", g.add("Sub", value, np.float64(centre)), np.float64(spread))
        found.append(g.add("Cast", scaled, to=g.onnx.TensorProto.FLOAT))
    return [*found, g.add("Cast", missing, to=g.onnx.TensorProto.FLOAT)] if code.indicator else found


class _Parts:
    """The parts of dates, each added when it is asked for; ``seconds`` is the name of a result."""

    def __init__(self, g: Graph, seconds: str) -> None:
        self.g, self.seconds = g, seconds
        self.days = self._floor(seconds, _DAY)
        self.of_day = self._divided(self._rest(seconds, self.days, _DAY), _DAY)
        self.year = self._year()

    def named(self, part: str) -> str:
        """Return the name of a part, one of ``DATE_PARTS``."""
        if part in ("seconds", "year"):
            return self.seconds if part == "seconds" else self.year
        turn, wave = part.split()
        angle = self.g.add("Mul", getattr(self, f"_of_{turn}")(), np.float64(2 * math.pi))
        return self.g.add("Sin" if wave == "sine" else "Cos", angle)

    def _of_day(self) -> str:
        return self.of_day

    def _of_week(self) -> str:
        # 1970 began on a Thursday, the week begins on Monday
        since = self._plus(self.days, 3)
        of_week = self._rest(since, self._floor(since, 7), 7)
        return self._divided(self.g.add("Add", of_week, self.of_day), 7)

    def _of_year(self) -> str:
        first, following = self._new_year(self._plus(self.year, -1)), self._new_year(self.year)
        gone = self.g.add("Add", self.g.add("Sub", self.days, first), self.of_day)
        return self.g.add("Div", gone, self.g.add("Sub", following, first))

    def _year(self) -> str:
        g = self.g
        since = self._plus(self.days, _BEFORE_1970)
        era = self._floor(since, _ERA)
        day = self._rest(since, era, _ERA)
        leap = [self._floor(day, length) for length in (1_460, 36_524, 146_096)]  # 4, 100 and 400 years, a day less
        plain = g.add("Sub", g.add("Add", g.add("Sub", day, leap[0]), leap[1]), leap[2])
        of_era = self._floor(plain, 365)
        month = self._floor(self._plus(g.add("Mul", self._rest_of_year(day, of_era), np.float64(5)), 2), 153)
        # the year changes ten months after the first of March
        late = g.add("Cast", g.add("Greater", month, np.float64(9.5)), to=g.onnx.TensorProto.DOUBLE)
        return g.add("Add", g.add("Add", g.add("Mul", era, np.float64(400)), of_era), late)

    def _rest_of_year(self, day: str, of_era: str) -> str:
        return self.g.add("Sub", day, self._days_of_years(of_era))

    def _days_of_years(self, years: str) -> str:
        g = self.g
        plain = g.add("Add", g.add("Mul", years, np.float64(365)), self._floor(years, 4))
        return g.add("Sub", plain, self._floor(years, 100))

    def _new_year(self, march: str) -> str:
        """Return the day on which the year after that of ``march`` begins, 306 days after the first of March."""
        g = self.g
        era = self._floor(march, 400)
        day = self._plus(self._days_of_years(self._rest(march, era, 400)), 306 - _BEFORE_1970)
        return g.add("Add", g.add("Mul", era, np.float64(_ERA)), day)

    def _floor(self, value: str, by: float) -> str:
        return self.g.add("Floor", self._divided(value, by))

    def _divided(self, value: str, by: float) -> str:
        return self.g.add("Div", value, np.float64(by))

    def _rest(self, value: str, times: str, by: float) -> str:
        return self.g.add("Sub", value, self.g.add("Mul", times, np.float64(by)))

    def _plus(self, value: str, more: float) -> Any:
        return self.g.add("Add", value, np.float64(more))
