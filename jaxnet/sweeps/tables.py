"""Tables as columns: NumPy arrays by name, a pandas frame where pandas is installed, CSV and Parquet files."""

import csv
import importlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.storage import write_atomically
from jaxnet.sweeps.parameters import Configuration, in_words


class Table(dict[str, np.ndarray]):
    """Columns of equal length by name; prints as a table."""

    def __str__(self) -> str:
        rows = [list(self), *([_cell(value) for value in row] for row in zip(*self.values(), strict=True))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def framed(table: Table) -> Any:
    """Return a pandas frame where pandas is installed, else the table itself."""
    try:
        import pandas
    except ImportError:
        return table
    return pandas.DataFrame(dict(table))


def parameter_columns(configurations: Sequence[Configuration]) -> dict[str, np.ndarray]:
    """Return one column a parameter; numbers as they are, with NaN where a configuration lacks it, else objects."""
    names = dict.fromkeys(name for configuration in configurations for name in configuration)
    return {name: _column([configuration.get(name) for configuration in configurations]) for name in names}


def _column(values: list) -> np.ndarray:
    numbers = [value for value in values if value is not None]
    if numbers and all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
        return np.array([np.nan if value is None else value for value in values])
    column = np.empty(len(values), object)
    column[:] = [in_words(value) for value in values]
    return column


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def to_csv(table: Table) -> str:
    """Return the table as CSV, numbers with all their digits; a cell that a spreadsheet would run is quoted with '."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([_exact(value) for value in row])
    return text.getvalue()


def _exact(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return ""
    text = repr(value) if isinstance(value, float) else str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in "=+-@\t\r" and text else text


def write(table: Table, path: str | os.PathLike) -> None:
    """Write a table to a file ending in .csv or .parquet, atomically; Parquet needs pyarrow (the extra 'parquet')."""
    suffix = checks.choice("path", Path(path).suffix, (".csv", ".parquet"))
    write_atomically(path, to_csv(table).encode() if suffix == ".csv" else _to_parquet(table))


def _to_parquet(table: Table) -> bytes:
    try:
        arrow, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    except ImportError as error:
        raise ImportError("a .parquet file needs pyarrow, which the extra 'parquet' installs; or take .csv") from error
    sink = io.BytesIO()
    columns = {name: [_text(value) for value in column] for name, column in table.items()}
    parquet.write_table(arrow.table(columns), sink)
    return sink.getvalue()


def _text(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
