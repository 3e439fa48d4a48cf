"""``Result``: what came out of a sweep, as tables, curves and parameters."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.ledger import Ledger, scores
from jaxnet.sweeps.plan import Plan, place_of
from jaxnet.sweeps.rungs import rank
from jaxnet.sweeps.tables import Table, framed, parameter_columns, write
from jaxnet.types import Pytree


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """A finished sweep. Members and configurations are numbered as in ``table()``."""

    plan: Plan
    ledger: Ledger

    def table(self) -> Any:
        """Return one row a member: parameters, seed, fold, epochs, the epoch of divergence (0 for none), and the
        last value of each name of the history; a pandas frame where pandas is installed, else a ``Table``."""
        return framed(self.columns())

    def columns(self) -> Table:
        """Return ``table()`` as NumPy columns."""
        members, ledger = self.plan.members, self.ledger
        columns = {"member": np.arange(len(members.ids)), "configuration": members.configuration}
        columns |= {name: values[members.configuration] for name, values in self._parameters().items()}
        columns |= {"seed": members.seed} | ({} if self.plan.space.folds is None else {"fold": members.fold})
        columns |= {"epochs": ledger.epochs, "diverged": ledger.diverged, "id": np.array(members.ids)}
        last = np.maximum(ledger.epochs - 1, 0)
        return Table(columns | {name: curve[np.arange(len(last)), last] for name, curve in ledger.curves.items()})

    def curves(self, name: str) -> np.ndarray:
        """Return the history of a name, [P, epochs]; NaN after a member was pruned or diverged."""
        return self.ledger.curves[checks.choice("name", name, self.ledger.curves)]

    def scores(self) -> np.ndarray:
        """Return the score [C] of each configuration at the end; NaN for one that was pruned or that diverged."""
        return scores(self.plan, self.ledger, self.plan.epochs)

    def ranking(self) -> list[int]:
        """Return all configurations, the best first; NaN last."""
        return rank(range(len(self.plan.configurations)), self.scores(), self.plan.goal)

    def best(self, k: int = 1) -> Any:
        """Return the k best configurations as a table: parameters and score."""
        first = self.ranking()[: checks.integer("k", k, minimum=1)]
        columns = {"configuration": np.array(first)}
        columns |= {name: values[first] for name, values in self._parameters().items()}
        return framed(Table(columns | {self.plan.metric: self.scores()[first]}))

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
        return Table(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))

    def export(self, folder: str | os.PathLike, kind: str = "csv") -> list[Path]:
        """Write members, curves and rungs as files of a kind, "csv" or "parquet"; return their paths."""
        checks.choice("kind", kind, ("csv", "parquet"))
        tables = {"members": self.columns(), "curves": self.curve_table(), "rungs": self.rung_table()}
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = [Path(folder) / f"{name}.{kind}" for name in tables]
        for path, table in zip(paths, tables.values(), strict=True):
            write(table, path)
        return paths

    def _parameters(self) -> dict[str, np.ndarray]:
        return parameter_columns(self.plan.configurations)
