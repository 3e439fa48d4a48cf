"""``Result``: what came out of a sweep, as tables, curves and parameters."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.answers import Audit, audit, cv_results, describe, summary, warnings
from jaxnet.sweeps.asking import to_study
from jaxnet.sweeps.confirmation import Confirmation, confirm
from jaxnet.sweeps.ledger import Ledger, levels, values_at
from jaxnet.sweeps.planning import Plan, place_of
from jaxnet.sweeps.rungs import rank
from jaxnet.sweeps.statistics import expected_best
from jaxnet.sweeps.tables import Table, framed, parameter_columns, write
from jaxnet.types import Pytree


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a sweep found. Members and configurations are numbered as in ``table()``.

    ``print`` it for the best and what to beware of; ``jaxnet.figures.sweep_report.write_report(result, path)`` writes
    all of it, with figures, to one HTML file.
    """

    plan: Plan
    ledger: Ledger
    train: Callable[..., "Result"] = dataclasses.field(repr=False)  # trains another plan, to confirm

    def table(self) -> Any:
        """Return one row a member: parameters, seed, fold, epochs, the epoch of divergence (0 for none), and the
        last value of each name of the history; a pandas frame where pandas is installed, else a ``Table``."""
        return framed(self.columns())

    def columns(self) -> Table:
        """Return ``table()`` as NumPy columns."""
        members, ledger = self.plan.members, self.ledger
        columns = {"member": np.arange(len(members.ids)), "configuration": members.configuration}
        columns |= {name: values[members.configuration] for name, values in self.parameters().items()}
        columns |= {"seed": members.seed} | ({} if self.plan.space.folds is None else {"fold": members.fold})
        columns |= {"epochs": ledger.epochs, "diverged": ledger.diverged, "id": np.array(members.ids)}
        last = np.maximum(ledger.epochs - 1, 0)
        return Table(columns | {name: curve[np.arange(len(last)), last] for name, curve in ledger.curves.items()})

    def curves(self, name: str) -> np.ndarray:
        """Return the history of a name, [P, epochs]; NaN after a member was pruned or diverged."""
        return self.ledger.curves[checks.choice("name", name, self.ledger.curves)]

    def values(self) -> np.ndarray:
        """Return the metric [C, seeds x folds] at the epoch where each configuration was ranked last; NaN where a
        member diverged."""
        return values_at(self.plan, self.ledger, self.levels())

    def levels(self) -> np.ndarray:
        """Return the epoch [C] at which each configuration was ranked last: the end, unless it was pruned."""
        return levels(self.plan, self.ledger)

    def ranking(self) -> list[int]:
        """Return all configurations, the best first: those trained longest by their score, then the pruned, then
        those with a member that diverged."""
        order = rank(range(len(self.plan.configurations)), self.values().mean(axis=1), self.plan.goal)
        longest = -np.where(np.isnan(self.values().mean(axis=1)), 0, self.levels())
        return sorted(order, key=lambda configuration: longest[configuration])

    def best(self, k: int = 1) -> Any:
        """Return the k best configurations as a table: parameters, epochs and mean of the metric."""
        first = self.ranking()[: checks.integer("k", k, minimum=1)]
        columns = {"configuration": np.array(first)}
        columns |= {name: values[first] for name, values in self.parameters().items()}
        return framed(Table(columns | {"epochs": self.levels()[first], self.plan.metric: self.values().mean(1)[first]}))

    def summary(self) -> Any:
        """Return one row a configuration, the best first: parameters, seeds x folds, mean, standard deviation and
        95 % interval of the metric, share diverged, and whether it is tied with the best."""
        return framed(summary(self))

    def warnings(self) -> list[str]:
        """Say what to beware of: a best value at a bound of the space, one seed only, diverged members."""
        return warnings(self)

    def audit(self) -> Audit | None:
        """Say what halving missed, from the share of the pruned that was trained to the end; None without halving."""
        return audit(self)

    def expected_best(self, estimator: str = "unbiased") -> np.ndarray:
        """Return the expected best score of k = 1..C configurations tried, [C]: what the search was worth.

        ``estimator`` is "unbiased" or "plug-in". Raises ValueError where configurations were pruned or are not
        finished, for their scores are not those of finished runs.
        """
        short = checks.Words(f"{int(np.sum(self.levels() < self.plan.epochs))} that did not come to their end")
        whole = bool((self.levels() == self.plan.epochs).all())
        checks.require(whole, "expected_best", "a finished sweep without pruning", short)
        return expected_best(self.values().mean(axis=1), self.plan.goal, estimator)

    def confirm(
        self, *, top: int = 5, seeds: int = 20, test: Any, out: str | os.PathLike | None = None
    ) -> Confirmation:
        """Train the best configurations again with fresh seeds and read the test set once; see ``confirm``."""
        return confirm(self, top=top, seeds=seeds, test=test, out=out)

    def to_optuna(self) -> Any:
        """Return a study of Optuna with the configurations as trials, for its dashboard and its plots."""
        return to_study(self)

    @property
    def cv_results_(self) -> dict[str, Any]:
        """The scores as scikit-learn's searches give theirs: greater is better, one split a seed and fold."""
        return cv_results(self)

    def __str__(self) -> str:
        return describe(self)

    def params(self, member: int) -> Pytree:
        """Return the parameters of a member at its last epoch (the last finite ones where it diverged)."""
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        group, slot = place_of(self.plan, member)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf[slot]), self.ledger.lanes[group].params)

    def network(self, member: int) -> Any:
        """Return the network of a member."""
        member = checks.integer("member", member, maximum=len(self.plan.members.ids) - 1)
        configuration = int(self.plan.members.configuration[member])
        return self.plan.recipe.training(self.plan.configurations[configuration]).network

    def curve_table(self) -> Table:
        """Return the curves as one row a member and epoch that was trained."""
        members, epochs = np.nonzero(np.arange(self.plan.epochs) < np.expand_dims(self.ledger.epochs, 1))
        columns = {"member": members, "epoch": epochs + 1}
        return Table(columns | {name: curve[members, epochs] for name, curve in self.ledger.curves.items()})

    def rung_table(self) -> Table:
        """Return one row a configuration and rung: bracket, epochs, rank from 1, score, and whether it went on."""
        rows = [
            (decision.bracket, decision.epochs, configuration, place + 1, decision.scores[place], place < decision.kept)
            for decision in self.ledger.decisions
            for place, configuration in enumerate(decision.ranked)
        ]
        names = ("bracket", "epochs", "configuration", "rank", "score", "kept")
        return Table({name: np.array([row[i] for row in rows]) for i, name in enumerate(names)})

    def export(self, folder: str | os.PathLike, kind: str = "csv") -> list[Path]:
        """Write members, curves and rungs as files of a kind, "csv" or "parquet"; return their paths."""
        checks.choice("kind", kind, ("csv", "parquet"))
        tables = {"members": self.columns(), "curves": self.curve_table(), "rungs": self.rung_table()}
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = [Path(folder) / f"{name}.{kind}" for name in tables]
        for path, table in zip(paths, tables.values(), strict=True):
            write(table, path)
        return paths

    def parameters(self) -> dict[str, np.ndarray]:
        """Return one column [C] a parameter."""
        return parameter_columns(self.plan.configurations)
