"""The best of many tried is flattered by chance: train the top few with fresh seeds and read the test set once."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet.metrics import metric_bounds
from jaxnet.sweeps.history import SweepHistory, standing_epochs
from jaxnet.sweeps.parameters import Seeds
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.result.columns import Columns, parameter_columns
from jaxnet.sweeps.result.selection import tied_with_best
from jaxnet.sweeps.result.statistics import summarise
from jaxnet.sweeps.rungs import rank
from jaxnet.sweeps.space import Space
from jaxnet.training.loop import history_names
from jaxnet.training.metric_values import metric_name, metric_values
from jaxnet.training.preparation import examples_of
from jaxnet.types import Batch, Pytree


def fresh_plan(plan: Plan, history: SweepHistory, chosen: Sequence[int], seeds: int) -> Plan:
    """Return the plan of some configurations with seeds beyond those of a plan, on all of its data, never pruned.

    Where their runs were stopped, or ranked at their best, by what folds held out, there is nothing to stop them by
    now: they take the median of the epochs that were found.
    """
    first = plan.space.seeds.first + plan.space.seeds.count
    # the folds are left out: what was held out by turns while choosing is trained on now
    space = Space(**{**plan.space.parameters, "seed": Seeds(seeds, first)}, constraints=plan.space.constraints)
    task = plan.task._replace(folds=None)
    names = tuple(history_names(task.metrics, task.validation is not None))
    stop, rank, lengths = plan.spec.stop, plan.rank, None
    if stop is not None and stop.monitor not in names:
        found = standing_epochs(plan, history, plan.epochs).reshape(len(plan.configurations), -1)
        lengths = tuple(max(1, int(np.median(found[c]))) for c in chosen)
        stop, rank = None, "last"
    return plan.of_configurations(
        [plan.configurations[c] for c in chosen],
        space=space, method="list", spec=dataclasses.replace(plan.spec, rows=len(task.data.x), stop=stop), task=task,
        names=names, rank=rank, lengths=lengths,
        halving=None, asking=None, keep="all",
        metric=plan.metric if plan.metric in names else plan.metric.removeprefix("validation_"),
    )  # fmt: skip


def value_on_test(plan: Plan, member: int, params: Pytree, *, held: Batch, name: str) -> float:
    """Compute a metric of one member on data (X [N, D], y) that it never saw."""
    configuration = plan.configurations[plan.members.configuration[member]]
    f: Any = plan.spec.training(configuration).objective
    batch = examples_of(f, params, tuple(part for part in held if part is not None), "test")
    weight = {} if batch.weight is None else {"weight": batch.weight}
    if name == "loss":
        return float(f(params, batch.x, batch.y, **weight))
    metric = next(m for m in plan.task.metrics if name == metric_name(m))
    return float(metric_values(f, params, batch, {name: metric})[name])


def confirmed_columns(plan: Plan, configurations: Sequence[int], test: np.ndarray, searched: np.ndarray) -> Columns:
    """Return one row a configuration of a fresh plan, the best on the test set first.

    ``configurations`` are their numbers in the sweep that is confirmed; ``test`` [C, seeds] was read on the test set,
    ``searched`` [C] is what the search had found.
    """
    order = rank(range(len(test)), test.mean(axis=1), plan.goal)
    # these were chosen by other seeds, so each has the interval of a configuration fixed beforehand
    each = [summarise(test[i], bounds=metric_bounds(plan.metric)) for i in order]
    columns = {"configuration": np.array(configurations)[order]}
    columns |= {name: column[order] for name, column in parameter_columns(plan.configurations).items()}
    columns |= {"searched": searched[order], "n": np.full(len(order), test.shape[1])}
    columns |= {name: np.array([getattr(one, name) for one in each]) for name in each[0]._fields}
    tied = tied_with_best(test, order) or []
    return Columns(columns | {"tied": np.array([i in tied for i in order])})
