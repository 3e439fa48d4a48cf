"""What a plan holds: everything that is settled before anything is trained, and what can be counted of it at once."""

import dataclasses
from typing import Any

from jaxnet import checks
from jaxnet.sweeps.configuration import TrainingSpec
from jaxnet.sweeps.groups import Group, Members, Task
from jaxnet.sweeps.optuna_study import Budget
from jaxnet.sweeps.rungs import PBT, Bracket, Halving, Hyperband
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.states import KEEP
from jaxnet.training.stopping import Stop


@dataclasses.dataclass(frozen=True, eq=False)
class Planned:
    """The fields of a ``Plan``, of which forecasts are made.

    Attributes:
        space, method, configurations: what varies, and what of it is tried [C].
        members: configurations x seeds x folds, P of them.
        groups: members that one compiled program trains.
        brackets: which configurations are ranked against each other, and when.
        spec, task: how a configuration becomes a training, and what all trainings look at.
        epochs: how long a run is at most.
        names: of what is recorded after each epoch.
        metric, goal: the name that configurations are ranked by, and "min" or "max".
        rank: which epoch stands for a member, in rankings and in what it hands out: its "last", or its "best" of what
            its stopping rule watches.
        keep: whose parameters are kept at the end: "all", those of the "best" configuration, or the "scores" alone.
        halving: None, ``Halving`` or ``Hyperband``.
        asking: for method="optuna", how many configurations are asked for; the plan's are the first of them.
    """

    space: Space
    method: str
    configurations: list[dict[str, Any]]
    members: Members
    groups: list[Group]
    brackets: list[Bracket]
    spec: TrainingSpec
    task: Task
    epochs: int
    names: tuple[str, ...]
    metric: str
    goal: str
    halving: Halving | Hyperband | None
    asking: Budget | None = None
    rank: str = "last"
    keep: str = "all"
    evolution: PBT | None = None  # for method="pbt"
    others: tuple[tuple[str, str], ...] = ()  # further objectives, name and goal, where there are several
    lengths: tuple[int, ...] | None = None  # epochs of each configuration [C], where it has none of its own

    def __post_init__(self) -> None:
        checks.choice("keep", self.keep, KEEP)

    @property
    def objectives(self) -> tuple[tuple[str, str], ...]:
        """What configurations are judged by, name and goal: the metric, and what others there are."""
        return ((self.metric, self.goal), *self.others)

    @property
    def best_by(self) -> Stop | None:
        """The rule that says which epoch of a member is its best, where that stands for it, or None."""
        return self.spec.stop if self.rank == "best" else None

    def model_epochs(self) -> int:
        """Count the epochs of all members, as if none diverged; those of the audit are not counted."""
        each = len(self.members.ids) // len(self.configurations)
        total = 0
        for bracket in self.brackets:
            alive, at = len(bracket.configurations), 0
            for epochs, kept in bracket.rungs:
                total, alive, at = total + alive * (epochs - at) * each, kept, epochs
        return total
