"""How a plan finds its configurations, and which of them end early: its arguments from ``method`` to ``pruner``."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxnet import checks
from jaxnet.sweeps.optuna_study import Budget, Study
from jaxnet.sweeps.parameters import Configuration
from jaxnet.sweeps.pruning import Pruner
from jaxnet.sweeps.rungs import PBT, Bracket, Halving, Hyperband, single
from jaxnet.sweeps.sampling import METHODS, completed, distinct, sample
from jaxnet.sweeps.size_limits import MOST_MEMBERS
from jaxnet.sweeps.space import Space

_ASK = 16  # trials at once


class Search(NamedTuple):
    """What ``plan`` was asked for, as it says."""

    method: str
    n: int | None
    configurations: Sequence[Configuration] | None
    halving: Any
    pbt: Any
    ask: int | None
    study: Any
    pruner: Any

    def checked(self, epochs: int, objectives: int) -> "Search":
        """Return the search, complete, for runs of so many epochs and so many objectives; raises ValueError or
        TypeError for what is wrong, and for what its method has no use for."""
        checks.choice("method", self.method, METHODS)
        kind = self.halving is None or isinstance(self.halving, Halving | Hyperband)
        checks.require(kind, "halving", "jn.Halving(...) or jn.Hyperband(...)", self.halving, TypeError)
        for name in ("halving", "pbt", "pruner"):
            alone, given = f"none with {objectives} objectives, for it ranks by one", getattr(self, name)
            checks.require(objectives == 1 or given is None, name, alone, given)
        if self.method == "optuna":
            instead = "none with method='optuna', which needs finished runs; pruner= ends the others early"
            checks.require(self.halving is None, "halving", instead, self.halving)
        else:
            for name in ("ask", "study", "pruner"):
                given = getattr(self, name)
                checks.require(given is None, name, "none without method='optuna', which alone is asked", given)
        return self._replace(pbt=self._checked_pbt(epochs), pruner=self._checked_pruner(epochs))

    def begin(self, space: Space, *, goals: Sequence[str], root: int) -> tuple[Budget | None, list[dict[str, Any]]]:
        """Return what Optuna is to be asked, or None, and the configurations to begin with: of its batches the first,
        for ``sweep`` asks for the others when these have scores."""
        if self.method != "optuna":
            how = "random" if self.method == "pbt" else self.method
            return None, sample(space, how, n=self.n, root=root, configurations=self.configurations)
        n = checks.integer("n", self.n, minimum=1, maximum=MOST_MEMBERS, note="trials")
        batch = checks.integer("ask", _ASK if self.ask is None else self.ask, minimum=1, note="trials at once")
        budget = Budget(n, batch, tuple(completed(space, self.configurations)), self.study, self.pruner)
        return budget, distinct(Study(space, goals=goals, root=root, budget=budget).ask())

    def brackets(self, count: int, epochs: int) -> list[Bracket]:
        """Return which of so many configurations are ranked against each other, and when."""
        rule = self.pbt or self.halving or self.pruner
        return rule.brackets(count, epochs) if rule else single(count, epochs)

    def _checked_pbt(self, epochs: int) -> PBT | None:
        if self.method != "pbt":
            checks.require(self.pbt is None, "pbt", "none without method='pbt'", self.pbt)
            return None
        kind = self.pbt is None or isinstance(self.pbt, PBT)
        checks.require(kind, "pbt", "jn.PBT(every=...)", self.pbt, TypeError)
        return PBT(max(1, epochs // 10)) if self.pbt is None else self.pbt

    def _checked_pruner(self, epochs: int) -> Pruner | None:
        if self.pruner is None:
            return None
        found = self.pruner if isinstance(self.pruner, Pruner) else Pruner(self.pruner)
        found.rung_epochs(epochs)
        return found
