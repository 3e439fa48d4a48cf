"""How an exported NumPy file prepares a row of a table: this source is copied into it, beside that of what it uses.

A code is what ``Preparation.as_dict`` says of a column. What a cell means is the same as in the preparation itself,
which works on whole columns; here one row after the other is looked at, and the first cell that is wrong is named.
"""

import datetime
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet.data.cells import BOOLEANS, NumberStyle, read_dates, read_numbers
from jaxnet.data.preparing.date_codes import DATE_PARTS, date_parts


def prepared_rows(codes: Mapping[str, Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Return the features [N, D], float32, of rows {column: value}; None and NaN are missing values.

    Raises ValueError, naming the column, for one that is not there and for a cell that cannot be prepared.
    """
    features = []
    for row in rows:
        if missing := [name for name in codes if name not in row]:
            raise ValueError(f"no column {missing[0]!r} in the row, which has {', '.join(map(str, row))}")
        cells = [cell_features(codes[name], row[name], name) for name in codes]
        features.append([value for cell in cells for value in cell])
    return np.array(features, np.float64).astype(np.float32).reshape(len(features), -1)


def cell_features(code: Mapping[str, Any], value: Any, name: str) -> list[float]:
    """Return the features of one cell; raises ValueError, naming the column, for one that cannot be prepared."""
    text = cell_text(value)
    missing = value is None or value != value or is_missing(text, code)
    refuses = code["refuse"] if "refuse" in code else code["fill"] is None
    if missing and refuses:
        raise ValueError(f"column {name!r}: a missing value")
    if code["type"] in ("number", "boolean", "date"):
        numbers = typed_features(code, None if missing else value, text, name)
        return [*numbers, float(missing)] if code["indicator"] else numbers
    if code["type"] == "hash":
        places, width = zlib.crc32(text.encode()) % code["buckets"], code["buckets"]
    else:
        known, width = list(code["categories"]), len(code["categories"]) + code["rare"]
        places = known.index(text) if text in known else len(known) if code["rare"] else -1
    place = (width if code["missing"] else -1) if missing else places
    return [float(at == place) for at in range(width + code["missing"])]


def typed_features(code: Mapping[str, Any], value: Any, text: str, name: str) -> list[float]:
    """Return the features of a number, a boolean or a date, whose value is None where it is missing.

    Raises ValueError for text that does not read as what the column holds.
    """
    if code["type"] == "boolean":
        read = {word: float(at) for pair in BOOLEANS for at, word in enumerate(pair)}.get(text.casefold())
        if value is not None and read is None:
            raise ValueError(f"column {name!r}: expected yes or no, got {text!r}")
        return [float(code["fill"] or 0.0) if value is None else float(read or 0.0)]
    if code["type"] == "number":
        number = (code["centre"] if code["fill"] is None else code["fill"]) if value is None else None
        number = cell_number(code, value, text) if number is None else number
        scaled = (number - code["centre"]) / code["spread"]
        if not abs(scaled) <= np.finfo(np.float32).max:
            raise ValueError(f"column {name!r}: expected a number, got {text!r}")
        return [scaled]
    if value is None:
        parts = np.array(code["fills"])
    else:
        is_date = hasattr(value, "isoformat") or isinstance(value, np.datetime64)
        seconds = cell_seconds(value) if is_date else read_dates([text], code["style"])[0][0]
        if not np.isfinite(seconds):
            raise ValueError(f"column {name!r}: expected a date ({code['style']}), got {text!r}")
        parts = date_parts(np.array([seconds]))[0, [DATE_PARTS.index(part) for part in code["parts"]]]
    return ((parts - np.array(code["centres"])) / np.array(code["spreads"])).tolist()


def cell_number(code: Mapping[str, Any], value: Any, text: str) -> float:
    """Return the number of a cell; NaN where it is none."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_):
        return float(value)
    return float(read_numbers([text], NumberStyle(**code["style"]))[0][0])


def cell_seconds(value: Any) -> float:
    """Return the seconds since 1970, UTC, of a date of Python or NumPy."""
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return float(np.datetime64(value, "us").astype(np.int64)) / 1e6


def cell_text(value: Any) -> str:
    """Return a cell as a text without spaces around it; a whole number is written without a point."""
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    return "" if value is None else str(value).strip()


def is_missing(text: str, code: Mapping[str, Any]) -> bool:
    """Whether a text is one of the words that stand for a missing value in this column."""
    if text == "-" and "+" in code.get("categories", ()):
        return False
    numbers = [float(word) for word in code["missing_words"] if word.lstrip("-").replace(".", "", 1).isdigit()]
    if code["type"] == "number" and numbers and text:
        # -999 and -999.0 are one number
        number = read_numbers([text], NumberStyle(**code["style"]))[0][0]
        return text.casefold() in code["missing_words"] or bool(number in numbers)
    return text.casefold() in code["missing_words"]
