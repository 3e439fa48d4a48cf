"""Fits of models to halves of tables, each kept in a file as soon as it is made, in several processes at once."""

import collections
import functools
import json
import logging
import multiprocessing
import os
import time
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from real_tables.listed import TABLES, Rows, read
from real_tables.rivals import BAGGED, LEFT_OUT, RIVALS, Model

REPEATS, HALVES = 5, 2


class Fit(NamedTuple):
    """One model, fitted to one half of a table and tried on the other."""

    table: str
    model: str
    repeat: int
    half: int


class Result(NamedTuple):
    """What a fit came to; its error is a share."""

    fit: Fit
    error: float
    seconds: float


def halves(rows: Rows, repeat: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Deal rows into halves, each class evenly; return (rows to fit, rows to predict), both ways round."""
    deal = StratifiedKFold if rows.classes else KFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a class has one row
        return list(deal(HALVES, shuffle=True, random_state=repeat).split(rows.x, rows.y))


def error(rows: Rows, at: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of wrong classes, or the root mean squared error by the deviation of the table's target."""
    if rows.classes:
        return float(np.mean(np.asarray(predicted) != rows.y[at]))
    return float(np.sqrt(np.mean(np.square(predicted - rows.y[at]))) / rows.y.std())


def fitted(fit: Fit, rows: Rows, model: Model) -> Result:
    """Fit and predict, in one thread."""
    train, test = halves(rows, fit.repeat)[fit.half]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 200 epochs were not enough; deprecations inside of pytabkit
        began = time.perf_counter()
        estimator = model(rows.classes, fit.repeat).fit(rows.x.iloc[train], rows.y[train])
        seconds = time.perf_counter() - began
        return Result(fit, error(rows, test, estimator.predict(rows.x.iloc[test])), seconds)


def fits(names: Iterable[str], models: Mapping[str, Model], repeats: int = REPEATS) -> list[Fit]:
    """Return what is to be fitted; bags and what is left out only on the first halves."""
    several = lambda model: 1 if model in BAGGED or model in LEFT_OUT else repeats
    return [
        Fit(name, model, repeat, half)
        for name in names
        for model in models
        for repeat in range(several(model))
        for half in range(HALVES)
    ]


def kept(path: Path) -> dict[Fit, Result]:
    """Return the results in a file; a last line that was cut short does not count."""
    if not path.exists():
        return {}
    lines = path.read_text().split("\n")[:-1]
    return {(fit := Fit(*row["fit"])): Result(fit, row["error"], row["seconds"]) for row in map(json.loads, lines)}


def keep(path: Path, result: Result) -> None:
    """Add a result to the file in one write, which several processes may do at once."""
    line = json.dumps({"fit": result.fit, "error": result.error, "seconds": round(result.seconds, 3)}) + "\n"
    with path.open("ab", buffering=0) as file:
        file.write(line.encode())


_read = functools.cache(lambda name: read(next(table for table in TABLES if table.name == name)))


def work(several: list[Fit], path: Path, until: float) -> None:
    """Fit one model to one table several times and keep each result, until a point in time."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for fit in several:
        if time.time() < until:
            keep(path, fitted(fit, _read(fit.table), (RIVALS | BAGGED | LEFT_OUT)[fit.model]))


def run(asked: list[Fit], path: Path, processes: int, until: float = np.inf) -> None:
    """Fit what is not in the file yet. One process has all fits of a model to a table, which compile once."""
    missing = [fit for fit in asked if fit not in kept(path)]
    together = collections.defaultdict(list)
    for fit in missing:
        together[fit.table, fit.model].append(fit)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = "1"  # of processes that start anew, before anything there makes threads
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(work, each, path, until) for each in together.values()]:
            done.result()
