"""Data frames of pandas, Polars and others, and Parquet files, without depending on any of them.

A frame is whatever has ``columns`` and gives a column by name that has ``to_numpy()``.
"""

import importlib
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.batch_iterators import Batches
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import Place, fail
from jaxnet.data.file_bytes import existing
from jaxnet.data.tables import Column, Table, TargetColumns, dataset_of

_ROWS_AT_ONCE = 2**16
_INSTALL = "Parquet files are read by pyarrow, which is not installed: pip install 'jaxnet[parquet]'"


def from_frame(frame: Any, *, target: TargetColumns = None, missing: str = "refuse") -> Dataset:
    """Return a data frame as a ``Dataset``; ``target`` and ``missing`` as in ``read_csv``; shapes, too.

    Raises TypeError for what is not a frame; DataError, with row (from 0) and column, for missing values, text or
    dates among the inputs, and infinity.
    """
    got = checks.Words(type(frame).__name__)
    # a lazy frame is asked for nothing, for any answer would compute it
    checks.require(not hasattr(type(frame), "collect"), "frame", "a frame in memory, so collect() it", got, TypeError)
    fits = hasattr(frame, "columns") and hasattr(frame, "__getitem__")
    checks.require(fits, "frame", "a data frame, such as pandas' or Polars'", got, TypeError)
    return _dataset(frame, list(frame.columns), target=target, missing=missing, source="data frame")


def read_parquet(
    path: str | os.PathLike, *, target: TargetColumns = None, missing: str = "refuse", stored: bool = False
) -> Any:
    """Read a Parquet file as a ``Dataset``; ``target`` and ``missing`` as in ``read_csv``.

    With ``stored`` some rows are in memory at a time, and are written to a temporary file: (X, y), each a
    ``StoredArray``. Targets are numbers then, for the classes of a text are known when all rows are.

    Raises ImportError without pyarrow; DataError for a damaged file and what ``from_frame`` refuses; OSError where
    the file cannot be read.
    """
    path = existing(path)
    try:
        arrow, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    try:
        # ParquetFile, for read_table would take the names of folders above the file for columns
        file = parquet.ParquetFile(path)
        if stored:
            parts = (arrow.Table.from_batches([each]) for each in file.iter_batches(_ROWS_AT_ONCE))
            return Batches(_examples(parts, target=target, missing=missing, source=str(path))).written(str(path))
        table = file.read()
    except (arrow.ArrowException, OSError) as error:
        fail(path, f"a damaged Parquet file ({str(error).splitlines()[0]})", error)
    return _dataset(table, table.column_names, target=target, missing=missing, source=str(path))


def _examples(parts: Iterator[Any], *, source: str, **options: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for part in parts:
        data = _dataset(part, part.column_names, source=source, **options)
        if data.classes:
            fail(source, "has targets of text: with stored=True they are numbers, so number its classes first")
        yield data.x, data.y


def _dataset(frame: Any, columns: list[Any], *, target: TargetColumns, missing: str, source: str) -> Dataset:
    names = tuple(str(name) for name in columns)
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        fail(source, f"a second column called {repeated[0]!r}")
    if not names:
        fail(source, "holds no columns")
    place = lambda row, column: Place(f"{source}, row {row}, column {names[column]!r}")
    table = Table(names, [], place, source)
    found = [_column(table, at, np.asarray(frame[name].to_numpy())) for at, name in enumerate(columns)]
    return dataset_of(table._replace(columns=found), target, missing)


def _column(table: Table, at: int, values: np.ndarray) -> Column:
    if values.dtype.kind in "iub":
        return Column(values, np.zeros(len(values), bool))
    if values.dtype.kind == "f":
        return Column(values, np.isnan(values))
    if values.dtype.kind not in "OUT":
        fail(table.place(0, at), f"expected numbers or text, got {values.dtype}")
    # Python objects are looked at one by one: text, numbers and what stands for a missing value, but never a mixture
    missing = np.array([_absent(value) for value in values], bool)
    present = values[~missing]
    if all(isinstance(value, str) for value in present) and len(present):
        return Column(np.where(missing, "", values).astype(object), missing)
    for row in np.flatnonzero(~missing):
        if not isinstance(values[row], bool | int | float | np.number | np.bool_):
            kind = "numbers or text" if not isinstance(values[row], str) else "numbers alone or text alone"
            fail(table.place(int(row), at), f"expected {kind}, got {checks.describe(values[row])}")
    # an integer column with a gap comes as floats or objects; only objects still know that they were whole
    whole = len(present) > 0 and all(isinstance(value, bool | int | np.integer) for value in present)
    filled = np.array([0 if absent else value for value, absent in zip(values, missing, strict=True)])
    return Column(filled.astype(np.int64 if whole else np.float64), missing)


def _absent(value: Any) -> bool:
    # None, NaN and pandas' NA, which is neither true nor false, and not equal to itself
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )
