"""A plan: everything that a sweep will do, settled before anything is trained."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.html_blocks import html_text
from jaxnet.sweeps.configuration import TrainingSpec
from jaxnet.sweeps.forecasts import forecast
from jaxnet.sweeps.groups import Group, Members, Task, list_groups, list_members
from jaxnet.sweeps.optuna_study import Budget
from jaxnet.sweeps.rungs import PBT, Bracket, Halving, Hyperband, single
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.states import KEEP
from jaxnet.training.stopping import Stop


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """What ``sweep`` will train; ``print`` it to see groups, members, compiles, memory and work.

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

    @functools.cached_property
    def most(self) -> np.ndarray:
        """The epochs [P] that the run of each member has at most."""
        lengths = self.lengths or [self.spec.epochs_of(configuration) for configuration in self.configurations]
        return np.array(lengths)[self.members.configuration]

    @property
    def lengths_differ(self) -> bool:
        """Whether some configuration says how long its runs are, which the program then has to be told."""
        return self.lengths is not None or any("epochs" in configuration for configuration in self.configurations)

    def with_numbers(self, configurations: list[dict[str, Any]]) -> "Plan":
        """Return the plan with other numbers for its configurations, whose members and groups stay the same."""
        groups = list_groups(self.spec, configurations, self.members)
        return dataclasses.replace(self, configurations=configurations, groups=groups)

    def __reduce__(self) -> tuple[Any, ...]:
        # what a group holds are functions within functions, which are made anew where a plan is unpacked
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return _unpacked, ({**fields, "groups": []},)

    def __str__(self) -> str:
        return str(forecast(self))

    def _repr_html_(self) -> str:
        return html_text(self)

    def members_of(self, configurations: Sequence[int]) -> np.ndarray:
        """Return the members of some configurations, in their order."""
        return np.flatnonzero(np.isin(self.members.configuration, configurations))

    def place_of(self, member: int) -> tuple[int, int]:
        """Return the group of a member and its slot there."""
        groups, slots = self.places_of(np.array([member]))
        return int(groups[0]), int(slots[0])

    def places_of(self, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the groups [n] of some members and their slots [n] there."""
        groups, slots = self._places
        return groups[members], slots[members]

    @functools.cached_property
    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        groups, slots = np.zeros((2, len(self.members.ids)), np.int64)
        for index, group in enumerate(self.groups):
            groups[group.members], slots[group.members] = index, np.arange(len(group.members))
        return groups, slots

    def model_epochs(self) -> int:
        """Count the epochs of all members, as if none diverged; those of the audit are not counted."""
        each = len(self.members.ids) // len(self.configurations)
        total = 0
        for bracket in self.brackets:
            alive, at = len(bracket.configurations), 0
            for epochs, kept in bracket.rungs:
                total, alive, at = total + alive * (epochs - at) * each, kept, epochs
        return total

    def of_configurations(self, configurations: list[dict[str, Any]], **changes: Any) -> "Plan":
        """Return a plan that trains other configurations in the same way, and prunes none of them.

        ``changes`` are further fields that differ. Configurations that keep their position keep their members' ids
        and, where there are only more of them, their numbers.
        """
        other = dataclasses.replace(
            self, configurations=configurations, brackets=single(len(configurations), self.epochs), **changes
        )
        members = list_members(other.space, other.spec, configurations)
        return dataclasses.replace(other, members=members, groups=list_groups(other.spec, configurations, members))

    def of_round(self, configurations: list[dict[str, Any]], *, before: "Plan | None") -> "Plan":
        """Return the plan of all that Optuna has asked for so far; with a pruner each round is a bracket of its own,
        beside those of the plan of the rounds ``before``."""
        plan, asking = self.of_configurations(configurations), self.asking
        if asking is None or asking.pruner is None:
            return plan
        known, earlier = (0, []) if before is None else (len(before.configurations), before.brackets)
        more = asking.pruner.brackets(len(configurations) - known, self.epochs, first=known)
        return dataclasses.replace(plan, brackets=[*earlier, *more])


def _unpacked(fields: dict[str, Any]) -> Plan:
    groups = list_groups(fields["spec"], fields["configurations"], fields["members"])
    return Plan(**{**fields, "groups": groups})
