"""How the errors of models on several tables are compared: shifted geometric means, and the interval of their ratio."""

import collections
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from real_tables.fits import Fit, Result

SHIFT = 0.01  # of errors, as in the paper


class Judged(NamedTuple):
    """The mean error and the median seconds of every model on a table; ``first`` are the errors on the first halves."""

    name: str
    classes: bool
    errors: dict[str, float]
    first: dict[str, float]
    seconds: dict[str, float]


def gathered(results: Iterable[Result], asked: list[Fit], classes: Mapping[str, bool]) -> list[Judged]:
    """Return the tables with those models all of whose fits are there."""
    wanted = collections.Counter((fit.table, fit.model) for fit in asked)
    found = collections.defaultdict(list)
    for result in results:
        found[result.fit.table, result.fit.model].append(result)
    whole = {key: each for key, each in found.items() if len(each) == wanted[key]}
    tables = []
    for name in dict.fromkeys(fit.table for fit in asked):
        mine = {model: each for (table, model), each in whole.items() if table == name}
        errors = {model: float(np.mean([each.error for each in several])) for model, several in mine.items()}
        first = {
            model: float(np.mean([each.error for each in several if each.fit.repeat == 0]))
            for model, several in mine.items()
        }
        # the first fit of all compiles
        seconds = {model: float(np.median([each.seconds for each in several])) for model, several in mine.items()}
        tables.append(Judged(name, classes[name], errors, first, seconds))
    return tables


def shifted_mean(errors: Iterable[float]) -> float:
    """Return the shifted geometric mean, which a table of tiny errors does not rule alone."""
    return float(np.exp(np.mean(np.log(np.fromiter(errors, float) + SHIFT))))


def ratio(pairs: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the ratio of shifted means of (one's, another's) errors, and its 95 % interval over tables."""
    logs = np.diff(np.log(np.array(pairs)[:, ::-1] + SHIFT), axis=1)[:, 0]
    draws = np.random.default_rng(0).choice(logs, (2000, len(logs))).mean(axis=1)
    return tuple(float(np.exp(each)) for each in (logs.mean(), *np.quantile(draws, (0.025, 0.975))))
