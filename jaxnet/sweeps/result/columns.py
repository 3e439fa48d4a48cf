"""The tables of a result: columns by name, a pandas frame where pandas is installed, CSV and Parquet files."""

import csv
import importlib
import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.cells import quoted_formula
from jaxnet.storage import write_atomically
from jaxnet.sweeps.history import SweepHistory, standing_epochs
from jaxnet.sweeps.parameters import Configuration, in_words
from jaxnet.sweeps.planning import Plan
from jaxnet.user_paths import file_path


class Columns(dict[str, np.ndarray]):
    """Columns of equal length by name; prints as a table, without the columns that are NaN in every row."""

    def __str__(self) -> str:
        def cell(value: Any) -> str:
            return f"{value:.6g}" if isinstance(value, float | np.floating) else "" if value is None else str(value)

        told = self.told()
        rows = [list(told), *([cell(value) for value in row] for row in zip(*told.values(), strict=True))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)

    def told(self) -> "Columns":
        """Return the columns that say something, such as no interval where one seed has none; the only one always."""
        empty = lambda column: all(isinstance(v, float | np.floating) and np.isnan(v) for v in column)
        return Columns({name: column for name, column in self.items() if len(self) == 1 or not empty(column)})


def framed(table: Columns) -> Any:
    """Return a pandas frame where pandas is installed, else the table itself."""
    try:
        import pandas
    except ImportError:
        return table
    return pandas.DataFrame(dict(table))


def parameter_columns(configurations: Sequence[Configuration]) -> dict[str, np.ndarray]:
    """Return one column [C] a parameter; numbers as they are, with NaN where a configuration lacks it, else objects."""
    columns = {}
    for name in dict.fromkeys(name for configuration in configurations for name in configuration):
        values = [configuration.get(name) for configuration in configurations]
        there = [value for value in values if value is not None]
        if there and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
            columns[name] = np.array([np.nan if value is None else value for value in values])
        else:
            columns[name] = np.empty(len(values), object)
            columns[name][:] = [in_words(value) for value in values]
    return columns


def member_columns(plan: Plan, history: SweepHistory) -> Columns:
    """Return one row a member: parameters, seed, fold, epochs, divergence, id, and the last value of each name."""
    members = plan.members
    columns = {"member": np.arange(len(members.ids)), "configuration": members.configuration}
    columns |= {name: each[members.configuration] for name, each in parameter_columns(plan.configurations).items()}
    columns |= {"seed": members.seed} | ({} if plan.space.folds is None else {"fold": members.fold})
    columns |= {"epochs": history.epochs, "diverged": history.diverged, "id": np.array(members.ids)}
    last = last_columns(plan, history)
    columns |= {"best_epoch": last + 1} if plan.best_by is not None else {}
    return Columns(columns | {name: curve[np.arange(len(last)), last] for name, curve in history.curves.items()})


def last_columns(plan: Plan, history: SweepHistory) -> np.ndarray:
    """Return the column [P] of the curves that a member's parameters are of: of its last epoch, or of its best."""
    reached = np.maximum(history.epochs, 1)  # of a member that has not begun: the first, which is NaN
    return np.maximum(standing_epochs(plan, history, reached), 1) - 1


def curve_columns(history: SweepHistory) -> Columns:
    """Return one row a member and epoch that was trained."""
    longest = max(curve.shape[1] for curve in history.curves.values())
    members, epochs = np.nonzero(np.arange(longest) < np.expand_dims(history.epochs, 1))
    columns = {"member": members, "epoch": epochs + 1}
    return Columns(columns | {name: curve[members, epochs] for name, curve in history.curves.items()})


def rung_columns(history: SweepHistory) -> Columns:
    """Return one row a configuration and rung: bracket, epochs, rank from 1, score, and whether it went on."""
    rows = [
        (decision.bracket, decision.epochs, configuration, place + 1, decision.scores[place], place < decision.kept)
        for decision in history.decisions
        for place, configuration in enumerate(decision.ranked)
    ]
    names = ("bracket", "epochs", "configuration", "rank", "score", "kept")
    return Columns({name: np.array([row[i] for row in rows]) for i, name in enumerate(names)})


def to_csv(table: Columns) -> str:
    """Return the table as CSV, numbers with all their digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([_csv_cell(value) for value in row])
    return text.getvalue()


def lineage_columns(history: SweepHistory) -> Columns:
    """Return one row a rung and configuration of population-based training: the rung's epochs, parent, parameters."""
    rows = [(at, c, parent) for at, parents, _ in history.lineage for c, parent in enumerate(parents)]
    names = ("epochs", "configuration", "parent")
    columns = {name: np.array([row[i] for row in rows], np.int64) for i, name in enumerate(names)}
    return Columns(columns | parameter_columns([each for one in history.lineage for each in one.configurations]))


def write_columns(table: Columns, path: str | os.PathLike[str]) -> None:
    """Write a table to a file ending in .csv or .parquet, atomically.

    Raises ValueError for another ending, ImportError where Parquet needs pyarrow (the extra 'parquet').
    """
    suffix = checks.choice("path", file_path("path", path).suffix, (".csv", ".parquet"))
    write_atomically(path, to_csv(table).encode() if suffix == ".csv" else _to_parquet(table))


def _csv_cell(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value  # whose repr is np.float64(0.1)
    if value is None:
        return ""
    if isinstance(value, str):
        return quoted_formula(value)
    return repr(value) if isinstance(value, float) else str(value)


def _to_parquet(table: Columns) -> bytes:
    try:
        arrow, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    except ImportError as error:
        raise ImportError("a .parquet file needs pyarrow, which the extra 'parquet' installs; or take .csv") from error
    sink = io.BytesIO()
    own = lambda value: value.item() if isinstance(value, np.generic) else value  # columns of objects hold both
    parquet.write_table(arrow.table({name: [own(value) for value in column] for name, column in table.items()}), sink)
    return sink.getvalue()
