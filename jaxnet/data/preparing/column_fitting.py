"""A code is fitted to the training rows of a column: categories, centre, spread, what a missing cell becomes."""

from typing import NamedTuple

import numpy as np

from jaxnet.data.cells import NumberStyle
from jaxnet.data.errors import fail
from jaxnet.data.preparing.cell_reading import Levels
from jaxnet.data.preparing.column_codes import BooleanCode, CategoryCode, Code, HashCode, NumberCode, numbers_of
from jaxnet.data.preparing.column_kinds import Judged, MissingWords
from jaxnet.data.preparing.date_codes import DATE_PARTS, DateCode, date_parts, seconds_of
from jaxnet.data.raw_tables import RawTable

MISSING_POLICIES = ("mean", "median", "category", "refuse")
SCALES = ("standard", "robust", "none")
MANY = ("hash", "refuse")


class FitOptions(NamedTuple):
    """What ``prepare`` was told about the columns."""

    words: MissingWords
    scale: str
    many: str
    rare: int | None
    most_categories: int
    policy: str = "mean"


class Fitted(NamedTuple):
    """A code, what it does, in words, and which training cells were missing [N]."""

    code: Code
    what: str
    missing: np.ndarray


def fit_code(table: RawTable, name: str, judged: Judged, options: FitOptions) -> Fitted:
    """Fit the code of an input to the rows of a table; DataError, with its place, for a cell that it cannot read."""
    options = options._replace(words=options.words.beside(table.column(name).texts[0]))
    fit = {"number": _number, "boolean": _boolean, "date": _date}.get(judged.kind, _category)
    return fit(table, name, judged, options)


def location(values: np.ndarray, scale: str) -> tuple[float, float]:
    """Return the centre and the spread of numbers [N]: mean and deviation, median and quartiles, or 0 and 1."""
    if scale == "none" or not len(values):
        return 0.0, 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        centre, spread = float(np.mean(values)), float(np.std(values))
        if scale == "robust":
            low, middle, high = (float(each) for each in np.quantile(values, (0.25, 0.5, 0.75)))
            # half of a column may be one number, which has no quartiles to speak of
            centre, spread = middle, (high - low) or spread
    # not spread == 0, which the rounding of the mean can hide
    constant = len(values) and values.min() == values.max()
    return centre, 1.0 if constant or not spread > 0 else spread


def check_faults(table: RawTable, name: str, faults: dict[int, str]) -> None:
    """Raise DataError for the first fault of a column, with its place, and say how many more there are."""
    if faults:
        row = min(faults)
        more = f" (and {len(faults) - 1} more such cells)" if len(faults) > 1 else ""
        fail(table.place(row, name), f"column {name!r}: {faults[row]}{more}")


def _number(table: RawTable, name: str, judged: Judged, options: FitOptions) -> Fitted:
    style = judged.style if isinstance(judged.style, NumberStyle) else NumberStyle()
    words = tuple(sorted(options.words.among_numbers))
    values, missing, faults = numbers_of(table.column(name), style, words)
    check_faults(table, name, faults)
    present = values[~missing]
    centre, spread = location(present, options.scale)
    if not np.isfinite([centre, spread]).all():
        fail(table.source, f"column {name!r}: its numbers are too large to compute a mean of")
    fill = _fill(present, options.policy, centre)
    indicator = options.policy == "category" or bool(missing.any() and options.policy != "refuse")
    code = NumberCode(style, words, fill, centre, spread, indicator)
    what = {"standard": "standardised", "robust": "scaled by median and quartiles", "none": "as it is"}[options.scale]
    what += f", missing ones are {code.fill:.4g}" if missing.any() and code.fill is not None else ""
    return _checked(table, name, Fitted(code, what + ", with an indicator" * indicator, missing))


def _boolean(table: RawTable, name: str, judged: Judged, options: FitOptions) -> Fitted:
    words = tuple(sorted(options.words.among_numbers))
    levels = Levels.of(table.column(name))
    missing = ~levels.present(frozenset(words), table.column(name).absent)[levels.codes]
    encoded = BooleanCode(words, 0.0, False).encode(table.column(name))
    check_faults(table, name, encoded.faults)
    present = encoded.features[~missing, 0]
    fill = _fill(present, options.policy, 0.0)
    indicator = options.policy == "category" or bool(missing.any() and options.policy != "refuse")
    what = "0 or 1" + (f", missing ones are {fill:.4g}" if missing.any() and fill is not None else "")
    code = BooleanCode(words, fill, indicator, numbers=judged.style is not None)
    return _checked(table, name, Fitted(code, what + ", with an indicator" * indicator, missing))


def _date(table: RawTable, name: str, judged: Judged, options: FitOptions) -> Fitted:
    style = judged.style if isinstance(judged.style, str) else "year first"
    words = tuple(sorted(options.words.among_numbers))
    seconds, missing, faults = seconds_of(table.column(name), style, words)
    check_faults(table, name, faults)
    parts = date_parts(seconds[~missing])
    # times of day have no date that could be anywhere in a year
    possible = (0, 6, 7) if style == "time of day" else range(len(DATE_PARTS))
    varies = [at for at in possible if np.ptp(parts[:, at]) > 0] or [0]  # one day in two spellings
    # a circle is already between -1 and 1
    places = [location(parts[:, at], options.scale if at < 2 else "none") for at in varies]
    indicator = options.policy == "category" or bool(missing.any() and options.policy != "refuse")
    code = DateCode(
        style,
        tuple(DATE_PARTS[at] for at in varies),
        tuple(centre for centre, _ in places),
        tuple(spread for _, spread in places),
        tuple(_fill(parts[:, at], "median" if options.policy == "median" else "mean", 0.0) or 0.0 for at in varies),
        words,
        indicator,
        options.policy == "refuse",
    )
    what = f"{', '.join(code.parts)}" + ", with an indicator" * indicator
    if options.policy == "refuse":
        check_faults(table, name, dict.fromkeys(np.flatnonzero(missing).tolist(), "a missing value"))
    return Fitted(code, what, missing)


def _category(table: RawTable, name: str, judged: Judged, options: FitOptions) -> Fitted:
    words = tuple(sorted(options.words.anywhere))
    column = table.column(name)
    levels = Levels.of(column)
    present = levels.present(frozenset(words), column.absent)
    missing = ~present[levels.codes]
    at = np.flatnonzero(present)
    rows = int(levels.counts[at].sum())
    # a category in so few rows teaches nothing: 1 % of them, but no less than 2 and no more than 10
    least = options.rare if options.rare is not None else min(10, max(2, rows // 100))
    often = [each for each in at if levels.counts[each] >= least]
    kept, pooled = (often, len(at) - len(often)) if often else (list(at), 0)
    has_missing, refuse = bool(missing.any()) and options.policy != "refuse", options.policy == "refuse"
    if len(kept) <= options.most_categories:
        code: Code = CategoryCode(_ordered([levels.texts[e] for e in kept]), pooled > 0, has_missing, words, refuse)
        what = f"one feature for each of {len(kept)} categories"
        what += f", {pooled} in fewer than {least} rows pooled" if pooled else ""
    else:
        if options.many == "refuse":
            most = f"expected at most {options.most_categories} categories in column {name!r}"
            fail(table.source, f"{most}, got {len(kept)}: give many='hash', most_categories= or drop=[{name!r}]")
        code = HashCode(min(64, options.most_categories), has_missing, words, refuse)
        what = f"{len(at)} categories hashed into {code.buckets} features"
    return _checked(table, name, Fitted(code, what + ", one for missing" * has_missing, missing))


def _fill(present: np.ndarray, policy: str, otherwise: float) -> float | None:
    if policy == "refuse":
        return None
    return {"mean": float(np.mean(present)), "median": float(np.median(present)), "category": otherwise}[policy]


def _checked(table: RawTable, name: str, fitted: Fitted) -> Fitted:
    check_faults(table, name, fitted.code.encode(table.column(name)).faults)
    return fitted


def _ordered(texts: list[str]) -> tuple[str, ...]:
    return tuple(sorted(texts))
