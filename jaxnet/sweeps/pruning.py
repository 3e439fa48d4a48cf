"""Pruners of Optuna's in a sweep: at rungs they are told what the trials of a round have come to, and say which end.

What a pruner knows are the trials of its study, which is asked and told in the same order every time, so its decisions
follow from the curves, as those of halving do, and an interrupted sweep comes to them again.
"""

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from jaxnet import checks
from jaxnet.sweeps.optuna_package import import_optuna
from jaxnet.sweeps.rungs import Bracket, Decision

_RUNGS = 10  # of a run, where nothing is said
_PLAIN = (bool, int, float, str, type(None))


@dataclasses.dataclass(frozen=True)
class Pruner:
    """A pruner of Optuna's, for ``plan(method="optuna", pruner=)``.

    Attributes:
        pruner: an ``optuna.pruners.BasePruner``, or the name of one, such as "MedianPruner", for a file.
        every: epochs from rung to rung, at each of which the trials of a round report their score (the mean over seeds
            and folds; the step is the epoch) and those end that the pruner says so of; by default a tenth of the
            plan's.
        options: what a pruner by name is made with, such as {"n_startup_trials": 3}.

    Raises ValueError or TypeError for what is no pruner, ImportError without Optuna.
    """

    pruner: Any
    every: int | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        pruners = import_optuna().pruners
        if self.every is not None:
            checks.integer("pruner.every", self.every, minimum=1)
        if isinstance(self.pruner, str):
            names = [name for name in pruners.__all__ if name != "BasePruner"]
            kind = getattr(pruners, checks.choice("pruner", self.pruner, names))
            try:
                object.__setattr__(self, "pruner", kind(**self.options))
                object.__setattr__(self, "options", {})  # they are in it now
            except (TypeError, ValueError) as error:
                raise type(error)(f"pruner: expected options of {self.pruner}, got {error}") from error
        checks.require(not self.options, "pruner.options", "none beside a pruner that is made already", self.options)
        words = "a pruner of Optuna's such as optuna.pruners.MedianPruner()"
        checks.require(isinstance(self.pruner, pruners.BasePruner), "pruner", words, self.pruner, TypeError)

    def fresh(self) -> Any:
        """Return the pruner as it was given: some remember what they were told, and a study begins without it."""
        return copy.deepcopy(self.pruner)

    def rung_epochs(self, epochs: int) -> int:
        """Return the epochs from rung to rung; raises ValueError where a run of so many has none."""
        every = max(1, epochs // _RUNGS) if self.every is None else self.every
        fewer = f"fewer than the plan's {epochs} epochs, else nothing is pruned"
        checks.require(every < epochs, "pruner.every", fewer, every)
        return every

    def brackets(self, n: int, epochs: int, first: int = 0) -> list[Bracket]:
        """Return the bracket of a round of n configurations, from the first; who goes on is said at its rungs."""
        every = self.rung_epochs(epochs)
        rungs = tuple((at, n) for at in (*range(every, epochs, every), epochs))
        return [Bracket(tuple(range(first, first + n)), rungs)] if n else []

    def __str__(self) -> str:
        return described(self.pruner)


def described(pruner: Any) -> str:
    """Say what a pruner is by its class and what it was made with, also of pruners within."""
    given = []
    for name, value in sorted(vars(pruner).items()):
        plain = isinstance(value, _PLAIN)
        inner = hasattr(value, "prune")
        given += [f"{name.lstrip('_')}={described(value) if inner else repr(value)}"] if plain or inner else []
    return f"{type(pruner).__qualname__}({', '.join(given)})"


def without(decision: Decision, ended: set[int]) -> Decision:
    """Return a decision of which some configurations end: first those that go on, by score, then the others, by score.

    ``ended`` are their numbers.
    """
    of = dict(zip(decision.ranked, decision.scores, strict=True))
    ranked = [c for c in decision.ranked if c not in ended] + [c for c in decision.ranked if c in ended]
    scores = tuple(of[c] for c in ranked)
    return decision._replace(ranked=tuple(ranked), scores=scores, kept=len(ranked) - len(ended))
