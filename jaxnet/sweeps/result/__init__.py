"""``Result``: what came out of a sweep, as tables, curves and parameters; ``Confirmation``: what its best are worth.

Everything that is computed of a result is a function of its plan and its history, in the files beside this one; the
two classes here are what a user holds.
"""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.html_blocks import html_table, html_text
from jaxnet.models import Model
from jaxnet.sweeps.history import SweepHistory, fronts_of, levels, objective_means, ranking, state_of, values_at
from jaxnet.sweeps.optuna_study import completed_study
from jaxnet.sweeps.plan_data import arrays_like, table_examples
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.result.columns import (
    Columns,
    curve_columns,
    framed,
    last_columns,
    lineage_columns,
    member_columns,
    parameter_columns,
    rung_columns,
    write_columns,
)
from jaxnet.sweeps.result.confirmation import confirmed_columns, fresh_plan, value_on_test
from jaxnet.sweeps.result.importance import importances_of
from jaxnet.sweeps.result.member_run import member_run
from jaxnet.sweeps.result.statistics import expected_best_of
from jaxnet.sweeps.result.summaries import Audit, cautions, halving_audit, overview, sklearn_results, summary_columns
from jaxnet.sweeps.result.unpadded import unpadded
from jaxnet.training import Run
from jaxnet.types import Pytree

_BEST_SHOWN = 5  # configurations in a notebook


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a sweep found. Members [P] and configurations [C] are numbered as in ``table()``.

    ``print`` it for the best and what to beware of; ``jaxnet.figures.sweep_report.write_report(result, path)`` writes
    all of it, with figures, to one HTML file.
    """

    plan: Plan
    history: SweepHistory
    train: Callable[..., "Result"] = dataclasses.field(repr=False)  # trains another plan, to confirm

    def __str__(self) -> str:
        return overview(self.plan, self.history)

    def _repr_html_(self) -> str:
        rows = summary_columns(self.plan, self.history).told()
        best = [list(column)[:_BEST_SHOWN] for column in rows.values()]
        cells = [
            [f"{cell:.5g}" if isinstance(cell, float) else cell for cell in row] for row in zip(*best, strict=True)
        ]
        return html_text(self) + html_table(cells, tuple(rows))

    def table(self) -> Any:
        """Return one row a member: parameters, seed, fold, epochs, the epoch of divergence (0 for none), and the
        last value of each name of the history; a pandas frame where pandas is installed, else ``Columns``."""
        return framed(self.columns())

    def columns(self) -> Columns:
        """Return ``table()`` as NumPy columns [P]."""
        return member_columns(self.plan, self.history)

    def curves(self, name: str) -> np.ndarray:
        """Return the history of a name, [P, epochs]; NaN after a member was pruned or diverged.

        Raises ValueError for a name that the sweep did not record.
        """
        return self.history.curves[checks.choice("name", name, self.history.curves)]

    def values(self) -> np.ndarray:
        """Return the metric [C, seeds x folds] at the epoch where each configuration was ranked last; NaN where a
        member diverged."""
        return values_at(self.plan, self.history, self.levels())

    def levels(self) -> np.ndarray:
        """Return the epoch [C] at which each configuration was ranked last: the end, unless it was pruned."""
        return levels(self.plan, self.history)

    def ranking(self) -> list[int]:
        """Return all configurations, the best first: those trained longest by their score, then the pruned, then
        those with a member that diverged."""
        return ranking(self.plan, self.history)

    def best(self, k: int = 1) -> Any:
        """Return the k best configurations as a table: parameters, epochs and mean of the metric."""
        first = self.ranking()[: checks.integer("k", k, minimum=1)]
        columns = {"configuration": np.array(first)}
        columns |= {name: values[first] for name, values in self.parameters().items()}
        means = objective_means(self.plan, self.history)[first]
        columns |= {"epochs": self.levels()[first]}
        columns |= {name: column for (name, _), column in zip(self.plan.objectives, means.T, strict=True)}
        return framed(Columns(columns))

    def front(self) -> list[int]:
        """Return the configurations of the Pareto front, which no other beats in all objectives; of one objective the
        best."""
        front = fronts_of(self.plan, self.history)
        return [c for c in self.ranking() if front[c] == 1]

    def parameters(self) -> dict[str, np.ndarray]:
        """Return one column [C] a parameter."""
        return parameter_columns(self.plan.configurations)

    def params(self, member: int) -> Pytree:
        """Return the parameters of a member at its last epoch (the last finite ones where it diverged), or at its best
        where members are ranked by that.

        Raises ValueError or TypeError for what is no member, and where the plan did not keep its parameters.
        """
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        lane = state_of(self.plan, self.history, member)
        best = self.plan.best_by is not None and lane.best.epoch > 0
        return unpadded(self.plan, member, jax.tree.map(jnp.asarray, lane.best.params if best else lane.params))

    def network(self, member: int) -> Any:
        """Return the network of a member; raises ValueError or TypeError for what is no member."""
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        configuration = int(self.plan.members.configuration[member])
        return self.plan.spec.training(self.plan.configurations[configuration]).network

    def run(self, member: int) -> Run:
        """Return a member as the ``Run`` that ``jn.fit`` would have returned for it; with ``objective(member)`` it is
        what ``jn.diagnose`` takes, and with the rows that the member was trained on, where there are folds.

        Raises ValueError or TypeError for what is no member.
        """
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        return member_run(self.plan, self.history, member)

    def objective(self, member: int) -> Any:
        """Return what a member lowered; raises ValueError or TypeError for what is no member."""
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        configuration = int(self.plan.members.configuration[member])
        return self.plan.spec.training(self.plan.configurations[configuration]).objective

    def model(self, member: int) -> Model:
        """Return a member as a model that predicts and can be saved; its scores are the values of its history at the
        epoch that its parameters are of.

        Raises ValueError or TypeError for what is no member, and for a network that is no ``jn.MLP``.
        """
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        last = int(last_columns(self.plan, self.history)[member])
        curves = {name: float(curve[member, last]) for name, curve in self.history.curves.items()}
        scores = {name: value for name, value in curves.items() if np.isfinite(value)}
        return Model(self.network(member), self.params(member), self.plan.spec.preparation, scores=scores)

    def best_model(self, *, ensemble: bool = False) -> Model:
        """Return the best member of the best configuration as a model; with ``ensemble``, the mean of all its members,
        seeds and folds.

        Raises ValueError where they diverged.
        """
        best = self.ranking()[0]
        members, values = self.plan.members_of([best]), self.values()[best]
        sound = np.flatnonzero(np.isfinite(values))
        checks.require(len(sound) > 0, "best_model", "a member that did not diverge", checks.Words("none"))
        if not ensemble:
            first = np.argmin if self.plan.goal == "min" else np.argmax
            return self.model(int(members[sound[first(values[sound])]]))
        mean = {self.plan.metric: float(values[sound].mean())}
        each = [self.params(int(members[at])) for at in sound]
        return Model(self.network(int(members[0])), each, self.plan.spec.preparation, scores=mean)

    def summary(self) -> Any:
        """Return one row a configuration, the best first: parameters, seeds x folds, mean, standard deviation and
        95 % interval of the metric, share diverged, and whether it is tied with the best.

        The interval of the best, the first row, allows for its having been chosen; those of the others are for
        configurations that were fixed beforehand. Tied: a comparison of all with all cannot tell it from the best.
        """
        return framed(summary_columns(self.plan, self.history))

    def warnings(self) -> list[str]:
        """Say what to beware of: a best value at a bound of the space, one seed only, diverged members."""
        return cautions(self.plan, self.history)

    def audit(self) -> Audit | None:
        """Say what halving missed, from the share of the pruned that was trained to the end; None without halving."""
        return halving_audit(self.plan, self.history)

    def expected_best(self, estimator: str = "unbiased") -> np.ndarray:
        """Return the expected best score of k = 1..C configurations tried, [C]: what the search was worth.

        ``estimator`` is "unbiased" or "plug-in". Raises ValueError where configurations were pruned or are not
        finished, for their scores are not those of finished runs.
        """
        short = checks.Words(f"{int(np.sum(self.levels() < self.plan.epochs))} that did not come to their end")
        whole = bool((self.levels() == self.plan.epochs).all())
        checks.require(whole, "expected_best", "a finished sweep without pruning", short)
        return expected_best_of(self.values().mean(axis=1), self.plan.goal, estimator)

    def confirm(
        self, *, top: int = 5, seeds: int = 20, test: Any, out: str | os.PathLike[str] | None = None
    ) -> "Confirmation":
        """Train the ``top`` best configurations again, each with ``seeds`` seeds that the sweep did not use.

        Runs are as long as the sweep's, on all of its training data (its folds included); then, and only then, the
        ``test`` data (X [N, D], y) is read, by the metric that the sweep ranked by. ``out`` is a folder that keeps the
        fresh sweep. Raises ValueError or TypeError for bad input, and what ``sweep`` raises.
        """
        alone = self.plan.evolution is None
        words = "another method than 'pbt', whose members change their numbers: train with another root"
        checks.require(alone, "confirm", words, checks.Words("pbt"))
        chosen = self.ranking()[: checks.integer("top", top, minimum=1)]
        again = fresh_plan(self.plan, self.history, chosen, checks.integer("seeds", seeds, minimum=1))
        held = arrays_like(self.plan.task.data, table_examples(self.plan.spec.preparation, test), "test")
        fresh = self.train(again, out=out)
        name = self.plan.metric.removeprefix("validation_")
        members = range(len(again.members.ids))
        values = np.array([value_on_test(again, m, fresh.params(m), held=held, name=name) for m in members])
        values = np.where(fresh.history.diverged > 0, np.nan, values).reshape(len(chosen), -1)
        searched = self.values().mean(axis=1)[chosen]
        return Confirmation(fresh, tuple(chosen), f"test_{name}", values, searched)

    def to_optuna(self) -> Any:
        """Return a study of Optuna with the configurations as trials, for its dashboard and its plots.

        One that was trained to the end is complete, with the mean over seeds and folds after each epoch as its
        intermediate values; one that was pruned or that diverged says so by its state. Raises ImportError without
        Optuna.
        """
        plan, configurations = self.plan, self.plan.configurations
        curves = self.curves(plan.metric).reshape(len(configurations), -1, plan.epochs).mean(axis=1)
        means = objective_means(plan, self.history)
        return completed_study(
            plan.space,
            [goal for _, goal in plan.objectives],
            configurations=configurations,
            values=means,
            levels=self.levels(),
            curves=curves,
        )

    def importances(self) -> dict[str, float]:
        """Return the share of the variance of the score that each parameter explains, the largest first: functional
        ANOVA by Optuna, of the configurations that were trained to the end; nothing where these are too few.

        Raises ImportError without Optuna or scikit-learn.
        """
        return importances_of(self.to_optuna())

    @property
    def cv_results_(self) -> dict[str, Any]:
        """The scores as scikit-learn's searches give theirs: greater is better, one split a seed and fold."""
        return sklearn_results(self.plan, self.history)

    def curve_table(self) -> Columns:
        """Return the curves as one row a member and epoch that was trained."""
        return curve_columns(self.history)

    def rung_table(self) -> Columns:
        """Return one row a configuration and rung: bracket, epochs, rank from 1, score, and whether it went on."""
        return rung_columns(self.history)

    def lineage(self) -> Columns:
        """Return, of population-based training, one row a rung and configuration: the epochs of the rung (0 for the
        beginning), the parent whose network it went on with, itself or another, and with which parameters."""
        return lineage_columns(self.history)

    def export(self, folder: str | os.PathLike[str], kind: str = "csv") -> list[Path]:
        """Write members, curves and rungs as files of a kind, "csv" or "parquet"; return their paths.

        Raises ValueError for another kind, ImportError where Parquet needs pyarrow.
        """
        checks.choice("kind", kind, ("csv", "parquet"))
        tables = {"members": self.columns(), "curves": self.curve_table(), "rungs": self.rung_table()}
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = [Path(folder) / f"{name}.{kind}" for name in tables]
        for path, table in zip(paths, tables.values(), strict=True):
            write_columns(table, path)
        return paths


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

    result: Result
    configurations: tuple[int, ...]
    metric: str
    test: np.ndarray
    searched: np.ndarray

    def __str__(self) -> str:
        return f"{self.metric}, fresh seeds (95 % intervals, for nothing was chosen by these)\n{self.table()}"

    def table(self) -> Any:
        """Return one row a configuration, the best on the test set first: mean, deviation, 95 % interval, tied."""
        return framed(confirmed_columns(self.result.plan, self.configurations, self.test, self.searched))
