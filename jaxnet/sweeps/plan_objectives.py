"""By what the members of a plan are judged: its arguments ``metrics``, ``metric``, ``goal``, ``rank`` and ``stop``."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxnet import checks
from jaxnet.data import StoredArray
from jaxnet.metrics import EXAMPLE_TOP_K, METRICS, is_metric, metric_goal
from jaxnet.training.loop import history_names
from jaxnet.training.metric_values import check_metrics, metric_name
from jaxnet.training.preparation import check_stop
from jaxnet.training.stopping import Stop
from jaxnet.types import Batch

_NEVER = 2**31 - 1  # epochs of patience, the same however long runs are, so that a folder can go on with longer ones


class Judging(NamedTuple):
    """By what members are judged."""

    metrics: tuple[Any, ...]
    names: tuple[str, ...]  # of the history
    by: list[tuple[str, str]]  # name and goal of each objective
    rank: str  # which epoch of a member stands for it: its "last" or its "best", ...
    stop: Stop | None  # ... by which rule


def judge(
    metrics: Sequence[Any], metric: Any, goal: Any, *, of: tuple[Batch, Any], standing: tuple[str | None, Stop | None]
) -> Judging:
    """Check by what members are judged; ``of`` are the examples, and those that are held out, or None, ``standing`` are
    rank= and stop=. Raises ValueError or TypeError, naming the argument."""
    checked, names, by = _check_objectives(metrics, metric, goal, of=of)
    never = Stop(by[0][0], _NEVER, goal=by[0][1], restore_best=True)
    return Judging(checked, names, by, *_check_stopping(*standing, names, never))


def _check_objectives(
    metrics: Sequence[Any], metric: Any, goal: Any, *, of: tuple[Batch, Any]
) -> tuple[tuple[Any, ...], tuple[str, ...], list[tuple[str, str]]]:
    """Return the metrics, the names of the history, and name and goal of each objective; ``of`` are the
    examples, and those that are held out, or None."""
    several = isinstance(metric, list | tuple)
    names = list(metric) if several else [metric]
    whole = not several or (names and all(isinstance(n, str) for n in names) and len(set(names)) == len(names))
    checks.require(whole, "metric", "a name, or a list of different names", metric)
    goals = list(goal) if several and isinstance(goal, list | tuple) else [goal] * len(names)
    checks.require(len(goals) == len(names), "goal", f"one a metric, {len(names)}", goal)
    by = []
    for name, each in zip(names, goals, strict=True):
        metrics, recorded, ranked, found = _check_ranking(metrics, name, each, of=of)
        by.append((ranked, found))
    return tuple(metrics), recorded, by


def _check_ranking(
    metrics: Sequence[Any], metric: str | None, goal: str | None, *, of: tuple[Batch, Any]
) -> tuple[tuple[Any, ...], tuple[str, ...], str, str]:
    """Return the metrics, the names of the history, the name to rank by, whose metric is added where missing, and the
    goal."""
    metrics, validated, stored = check_metrics(metrics), bool(of[1]), isinstance(of[0].x, StoredArray)
    ranked = ("validation_loss" if validated else "loss") if metric is None else metric
    plain = ranked.removeprefix("validation_") if isinstance(ranked, str) else ranked
    named = [ranked if stored else plain] if is_metric(plain) and ranked not in map(metric_name, metrics) else []
    known = history_names(tuple(dict.fromkeys([*metrics, *METRICS, *named, EXAMPLE_TOP_K])), validated=True)
    held_out = checks.choice("metric", ranked, known).startswith("validation_")
    checks.require(validated or not held_out, "metric", "validation= or fold=jn.Folds(k) for it", ranked)
    metrics = (*metrics, *(name for name in named if name not in metrics))
    goal = metric_goal(ranked) if goal is None else checks.choice("goal", goal, ("min", "max"))
    return metrics, tuple(history_names(metrics, validated)), ranked, goal


def _check_stopping(rank: str | None, stop: Stop | None, names: Sequence[str], never: Stop) -> tuple[str, Stop | None]:
    """Return which epoch of a member is ranked, and the rule that ends its run and keeps its best epoch where that is.

    Without a rule it is the one that ``never`` ends a run and watches what is ranked.
    """
    stop = check_stop(stop, list(names))
    if rank is None:
        rank = "best" if stop is not None and stop.restore_best else "last"
    best = checks.choice("rank", rank, ("best", "last")) == "best"
    if stop is None and best:
        return rank, never
    return rank, None if stop is None else dataclasses.replace(stop, restore_best=best)
