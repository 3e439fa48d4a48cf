"""What programs hold, frames, columns by name, rows and arrays, becomes a ``RawTable``, each column of its own type."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.errors import fail
from jaxnet.data.raw_tables import RawColumn, RawTable


def columns_to_table(source: Any, index: Any = None, decimal: str | None = None, *, name: str = "") -> RawTable:
    """Return columns, rows, a frame or an array as a ``RawTable``; ``index`` names a column to leave out.

    Raises DataError for columns of different lengths, none at all, two of one name, or of things that are no cells;
    TypeError for what is no table.
    """
    columns, name = _named_columns(source, name)
    names = [str(each) for each in columns]
    checks.require(len(names) > 0, "source", "a table with at least one column", source)
    twice = [each for at, each in enumerate(names) if each in names[:at]]
    if twice:
        fail(name, f"a second column called {twice[0]!r}")
    found = [_typed(values, f"{name}, column {each!r}") for each, values in zip(names, columns.values(), strict=True)]
    lengths = {len(column.values) for column in found}
    if len(lengths) > 1:
        fail(name, f"expected columns of one length, got {' and '.join(map(str, sorted(lengths)))} values")
    if lengths == {0}:
        fail(name, "holds no rows of data")
    table = RawTable(
        tuple(names), tuple(found), name, places=tuple(range(1, len(names) + 1)),
        positions=np.arange(lengths.pop()), decimal=decimal,
    )  # fmt: skip
    return table.without(index) if isinstance(index, str) else table


def _named_columns(source: Any, name: str) -> tuple[Mapping[Any, Any], str]:
    if isinstance(source, Mapping):
        return source, name or "table"
    lazy = hasattr(type(source), "collect")
    checks.require(
        not lazy, "source", "a frame in memory, so collect() it", checks.Words(type(source).__name__), TypeError
    )
    labels = (
        getattr(source, "column_names", None) if hasattr(source, "column_names") else getattr(source, "columns", None)
    )
    if labels is not None and hasattr(source, "__getitem__"):
        listed = [str(each) for each in labels]
        if len(set(listed)) < len(listed):
            fail(name or "data frame", f"a second column called {next(e for e in listed if listed.count(e) > 1)!r}")
        return {each: source[each] for each in labels}, name or "data frame"
    if isinstance(source, Sequence) and source and all(isinstance(row, Mapping) for row in source):
        keys = list(dict.fromkeys(key for row in source for key in row))
        return {key: np.array([row.get(key) for row in source], object) for key in keys}, name or "rows"
    if isinstance(source, np.ndarray) and source.dtype.names:
        return {each: source[each] for each in source.dtype.names}, name or "array"
    if isinstance(source, np.ndarray) and source.ndim == 2:
        return {f"column_{at + 1}": source[:, at] for at in range(source.shape[1])}, name or "array"
    words = "a file, a data frame, {name: values}, a list of such rows, or an array [N, D]"
    return checks.refuse("source", words, source, TypeError)


def _typed(values: Any, where: str) -> RawColumn:
    category = str(getattr(values, "dtype", "")).lower().startswith(("category", "categorical", "enum"))
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.ndim != 1:
        fail(where, f"expected a column of values, got {checks.describe(array)}")
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.dtype.kind in "iub":
        return RawColumn(array, np.zeros(len(array), bool), category)
    if array.dtype.kind == "f":
        return RawColumn(array.astype(np.float64), np.isnan(array), category)
    if array.dtype.kind == "M":
        return RawColumn(array.astype("M8[us]"), np.isnat(array), category)
    if array.dtype.kind not in "OT":
        fail(where, f"expected numbers, texts or dates, got {array.dtype}")
    return _from_objects(array.astype(object), where, category)


def _from_objects(array: np.ndarray, where: str, category: bool) -> RawColumn:
    """Give Python objects the type that they all have; a mixture becomes text, for nothing is forced to a number."""
    absent = np.array([_is_absent(value) for value in array], bool)
    present = array[~absent]
    kinds = {type(value) for value in present}
    filled = lambda empty: np.where(absent, empty, array)
    if kinds and all(issubclass(kind, bool | np.bool_) for kind in kinds):
        return RawColumn(filled(False).astype(bool), absent, category)
    if kinds and all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
        whole = all(issubclass(kind, int | np.integer) for kind in kinds)
        try:
            return RawColumn(filled(0).astype(np.int64 if whole else np.float64), absent, category)
        except OverflowError:
            return RawColumn(np.array([str(value) for value in filled("")], object), absent, category)
    if kinds and all(hasattr(kind, "isoformat") and hasattr(kind, "year") for kind in kinds):
        # a time zone is taken to UTC, which NumPy would do with a warning
        naive = [np.datetime64("NaT") if gone else _in_utc(value) for value, gone in zip(array, absent, strict=True)]
        return RawColumn(np.array(naive, "M8[us]"), absent, category)
    odd = next((value for value in present if not isinstance(value, str | int | float | np.generic)), None)
    odd = None if odd is None or hasattr(odd, "isoformat") or type(odd).__name__ == "Decimal" else odd
    if odd is not None:
        fail(where, f"expected numbers, texts or dates, got {checks.describe(odd)}")
    return RawColumn(
        np.array(["" if gone else str(v) for v, gone in zip(array, absent, strict=True)], object), absent, category
    )


def _in_utc(value: Any) -> Any:
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(value.isoformat())


def _is_absent(value: Any) -> bool:
    # None, NaN and pandas' NA, which is neither true nor false, and not equal to itself
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(value != value)
