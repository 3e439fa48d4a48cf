"""What programs hold, frames, columns by name, rows and arrays, becomes a ``RawTable``, each column of its own type."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.errors import fail
from jaxnet.data.raw_columns import typed_column
from jaxnet.data.raw_tables import RawTable


def columns_to_table(source: Any, index: Any = None, decimal: str | None = None, *, name: str = "") -> RawTable:
    """Return columns, rows, a frame or an array as a ``RawTable``; ``index`` names a column to leave out.

    Raises DataError for columns of different lengths, none at all, two of one name, or of things that are no cells;
    TypeError for what is no table.
    """
    columns, name = _named_columns(source, name)
    names = [str(each) for each in columns]
    checks.require(len(names) > 0, "source", "a table with at least one column", source)
    twice = [each for each, count in Counter(names).items() if count > 1]
    if twice:
        fail(name, f"a second column called {twice[0]!r}")
    found = [
        typed_column(values, f"{name}, column {each!r}") for each, values in zip(names, columns.values(), strict=True)
    ]
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
