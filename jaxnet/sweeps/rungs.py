"""Which configurations go on, and until when: plain training, successive halving, Hyperband. Pure functions.

All members of a bracket are trained to a rung, ranked there, and the best share goes on to the next. Because members
move in lock step and a member's result does not depend on the others, this is exact: what is pruned and what is kept
follows from the scores alone, whatever was interrupted or extended.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.types import ArrayLike


@dataclasses.dataclass(frozen=True)
class Halving:
    """Successive halving (Jamieson and Talwalkar 2016): at each rung the best 1/eta go on.

    Attributes:
        eta: of how many configurations one goes on, and by how much longer it then trains; at least 2.
        min_epochs: the first rung; the others are min_epochs eta, min_epochs eta², ... below the plan's epochs.
        audit: the share, from 0 to 1, of the pruned that is trained to the end all the same, to see what was missed.
    """

    eta: int = 3
    min_epochs: int = 1
    audit: float = 0.05

    def __post_init__(self) -> None:
        _check(self)

    def brackets(self, n: int, epochs: int) -> list["Bracket"]:
        """Return the one bracket of n configurations that train for at most ``epochs``."""
        below = f"fewer than the plan's {epochs} epochs, else nothing is pruned"
        checks.require(self.min_epochs < epochs, "halving.min_epochs", below, self.min_epochs)
        return [bracket(range(n), self.min_epochs, self.eta, epochs)]


@dataclasses.dataclass(frozen=True)
class Hyperband:
    """Hyperband (Li et al. 2018): brackets of halving, from many configurations pruned early to few pruned never.

    With R = epochs / min_epochs and s_max = floor(log_eta R), bracket s = s_max .. 0 has
    ceil((s_max + 1) eta^s / (s + 1)) configurations, whose first rung is at R eta^-s. Where a plan has another
    number of configurations, the brackets share them in this proportion. The fields are those of ``Halving``.
    """

    eta: int = 3
    min_epochs: int = 1
    audit: float = 0.05

    def __post_init__(self) -> None:
        _check(self)

    def sizes(self, epochs: int) -> list[int]:
        """Return how many configurations each bracket has, from the one that prunes most."""
        top = self._top(epochs)
        return [math.ceil((top + 1) * self.eta**s / (s + 1)) for s in range(top, -1, -1)]

    def brackets(self, n: int, epochs: int) -> list["Bracket"]:
        """Share n configurations out among the brackets."""
        most = f"at most 1/{self.eta} of the plan's {epochs} epochs, else nothing is pruned"
        checks.require(self._top(epochs) > 0, "halving.min_epochs", most, self.min_epochs)
        sizes, top = self.sizes(epochs), self._top(epochs)
        cuts = [round(n * sum(sizes[:i]) / sum(sizes)) for i in range(len(sizes) + 1)]
        firsts = [max(1, math.ceil(epochs / self.eta**s)) for s in range(top, -1, -1)]
        parts = zip(cuts, cuts[1:], firsts, strict=False)
        return [bracket(range(low, high), first, self.eta, epochs) for low, high, first in parts if high > low]

    def _top(self, epochs: int) -> int:
        top = 0
        while self.min_epochs * self.eta ** (top + 1) <= epochs:
            top += 1
        return top


@dataclasses.dataclass(frozen=True)
class PBT:
    """Population-based training (Jaderberg et al. 2017): at rungs the worst take over from the best, and change.

    What a member then is depends on all that it may take over from: the configurations of its sweep, how many they are
    and the root. With those the same it has the same bits, whatever was interrupted; it is not a function of itself
    alone, as in other sweeps, and two members are not independent: for an interval train with several roots.

    Attributes:
        every: epochs from rung to rung; at each, but not at the end, configurations are ranked within the groups that
            share a program, by the mean over their seeds and folds.
        share: of a group, how many take over: the worst, from the best so many, and whoever diverged. They keep their
            seeds, hence orders and folds, and get parameters and the optimizer's state.
        factor: each number (Float, Int, Normal) is multiplied or divided by it, within its bounds; what is no number,
            or would need another program, is the parent's.
        resample: the probability with which a number is drawn anew from the space instead.
    """

    every: int
    share: float = 0.2
    factor: float = 1.25
    resample: float = 0.1

    def __post_init__(self) -> None:
        checks.integer("every", self.every, minimum=1)
        checks.number("share", self.share, above=0, maximum=0.5)
        checks.number("factor", self.factor, above=1)
        checks.number("resample", self.resample, minimum=0, maximum=1)

    def brackets(self, n: int, epochs: int) -> list["Bracket"]:
        """Return the one bracket of n configurations, of which all go on at every rung."""
        return [Bracket(tuple(range(n)), tuple((at, n) for at in (*range(self.every, epochs, self.every), epochs)))]


class Bracket(NamedTuple):
    """Configurations that are ranked against each other."""

    configurations: tuple[int, ...]
    rungs: tuple[tuple[int, int], ...]  # (epochs, how many go on), the last rung being the end


class Decision(NamedTuple):
    """What happened at a rung."""

    bracket: int
    epochs: int
    ranked: tuple[int, ...]  # configurations, the best first
    scores: tuple[float, ...]  # in that order
    kept: int  # how many of them went on


def bracket(configurations: Sequence[int], first: int, eta: int, epochs: int) -> Bracket:
    """Lay the rungs of a bracket: first, first eta, ..., epochs; floor(n / eta) go on, but at least one."""
    rungs, alive, at = [], len(configurations), first
    while at < epochs:
        alive = max(1, alive // eta)
        rungs.append((at, alive))
        at *= eta
    return Bracket(tuple(configurations), (*rungs, (epochs, alive)))


def single(n: int, epochs: int) -> list[Bracket]:
    """Return the bracket of a sweep that prunes nothing."""
    return [Bracket(tuple(range(n)), ((epochs, n),))]


def rank(configurations: Sequence[int], scores: ArrayLike, goal: str) -> list[int]:
    """Return positions by score, the best first; equal scores by the configuration, and NaN last."""
    signed = np.asarray(scores, np.float64) * (1 if goal == "min" else -1)
    return np.lexsort(
        (np.asarray(configurations), np.where(np.isnan(signed), np.inf, signed), np.isnan(signed))
    ).tolist()


def audited(decisions: Sequence[Decision], share: float, root: int) -> list[int]:
    """Choose, by lot, the share of the pruned that is trained to the end all the same."""
    chosen: list[int] = []
    for decision in decisions:
        pruned = sorted(decision.ranked[decision.kept :])
        count = math.ceil(share * len(pruned))
        draw = np.random.default_rng([root, decision.bracket, decision.epochs])
        chosen += draw.choice(pruned, count, replace=False).tolist() if count else []
    return sorted(chosen)


def _check(search: Halving | Hyperband) -> None:
    checks.integer("eta", search.eta, minimum=2)
    checks.integer("min_epochs", search.min_epochs, minimum=1)
    checks.number("audit", search.audit, minimum=0, maximum=1)
