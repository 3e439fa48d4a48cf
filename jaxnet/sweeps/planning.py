"""A plan: everything that a sweep will do, settled before anything is trained."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet.html_blocks import html_text
from jaxnet.sweeps.forecasts import forecast
from jaxnet.sweeps.groups import list_groups, list_members
from jaxnet.sweeps.planned import Planned
from jaxnet.sweeps.rungs import single


@dataclasses.dataclass(frozen=True, eq=False)
class Plan(Planned):
    """What ``sweep`` will train; ``print`` it to see groups, members, compiles, memory and work.

    Its fields are those of ``Planned``.
    """

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
