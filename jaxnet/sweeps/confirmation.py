"""The best of many tried is flattered by chance: train the top few with fresh seeds and read the test set once."""

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.metrics import METRICS
from jaxnet.sweeps.groups import list_groups, list_members
from jaxnet.sweeps.parameters import Seeds
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.recipe import arrays_like
from jaxnet.sweeps.rungs import rank, single
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.statistics import summarise, tied_with_best
from jaxnet.sweeps.tables import Table, framed, parameter_columns
from jaxnet.training.loop import history_names
from jaxnet.training.preparation import examples_of
from jaxnet.types import Batch

if TYPE_CHECKING:
    from jaxnet.sweeps.result import Result


@dataclasses.dataclass(frozen=True, eq=False)
class Confirmation:
    """What the best configurations of a sweep are worth.

    Attributes:
        result: the sweep of the fresh seeds.
        configurations: their numbers in the sweep that is confirmed.
        metric: what was read on the test set, with the prefix "test_".
        test: its values [top, seeds], NaN where a member diverged.
        searched: the mean that the search had found for each [top], on what it ranked by.
    """

    result: "Result"
    configurations: tuple[int, ...]
    metric: str
    test: np.ndarray
    searched: np.ndarray

    def table(self) -> Any:
        """Return one row a configuration, the best on the test set first: mean, deviation, 95 % interval, tied."""
        goal = self.result.plan.goal
        order = rank(range(len(self.test)), self.test.mean(axis=1), goal)
        each = [summarise(self.test[i]) for i in order]
        columns = {"configuration": np.array(self.configurations)[order]}
        columns |= {n: column[order] for n, column in parameter_columns(self.result.plan.configurations).items()}
        columns |= {"searched": self.searched[order], "n": np.full(len(order), self.test.shape[1])}
        columns |= {name: np.array([getattr(one, name) for one in each]) for name in each[0]._fields}
        tied = tied_with_best(self.test, order) or []
        return framed(Table(columns | {"tied": np.array([i in tied for i in order])}))

    def __str__(self) -> str:
        return f"{self.metric}, fresh seeds\n{self.table()}"


def confirm(result: "Result", *, top: int, seeds: int, test: Any, out: str | os.PathLike | None = None) -> Confirmation:
    """Train the ``top`` configurations of a sweep again, each with ``seeds`` seeds that the sweep did not use.

    Runs are as long as the sweep's, on all of its training data (its folds included); then, and only then, the test
    data (X, y) is read, by the metric that the sweep ranked by. Returns a ``Confirmation``.
    """
    plan = result.plan
    chosen = result.ranking()[: checks.integer("top", top, minimum=1)]
    again = fresh_plan(plan, chosen, checks.integer("seeds", seeds, minimum=1))
    held = arrays_like(plan.task.data, test, "test")
    fresh = result.train(again, out=out)
    name = plan.metric.removeprefix("validation_")
    values = np.array([_read(fresh, member, held, name) for member in range(len(again.members.ids))])
    values = np.where(fresh.ledger.diverged > 0, np.nan, values).reshape(len(chosen), -1)
    searched = result.values().mean(axis=1)[chosen]
    return Confirmation(fresh, tuple(chosen), f"test_{name}", values, searched)


def fresh_plan(plan: Plan, chosen: list[int], seeds: int) -> Plan:
    """Return the plan of some configurations with seeds beyond those of a plan, on all of its data, never pruned."""
    first = plan.space.seeds.first + plan.space.seeds.count
    space = Space(**{**plan.space.parameters, "seed": Seeds(seeds, first)}, constraints=plan.space.constraints)
    configurations = [plan.configurations[c] for c in chosen]
    recipe = dataclasses.replace(plan.recipe, rows=len(plan.task.data.x))
    members = list_members(space, recipe, configurations)
    groups = list_groups(recipe, configurations, members)
    task = plan.task._replace(folds=None)
    names = tuple(history_names(task.metrics, task.validation is not None))
    return dataclasses.replace(
        plan,
        space=space, method="list", configurations=configurations, members=members, groups=groups, recipe=recipe,
        brackets=single(len(chosen), plan.epochs), task=task, names=names, halving=None, asking=None,
        metric=plan.metric if plan.metric in names else plan.metric.removeprefix("validation_"),
    )  # fmt: skip


def _read(result: "Result", member: int, held: Batch, name: str) -> float:
    """Compute a metric of one member on data that it never saw."""
    params = result.params(member)
    configuration = result.plan.configurations[result.plan.members.configuration[member]]
    f: Any = result.plan.recipe.training(configuration).objective
    batch = examples_of(f, params, tuple(part for part in held if part is not None), "test")
    if name == "loss":
        extra = {} if batch.weight is None else {"weight": batch.weight}
        return float(f(params, batch.x, batch.y, **extra))
    metric = next(m for m in result.plan.task.metrics if name in (m, getattr(m, "__name__", None)))
    if callable(metric):
        return float(metric(params, batch.x, batch.y))
    logits: Any = f.logits(params, batch.x)
    return float(METRICS[metric](logits, batch.y, batch.weight))
