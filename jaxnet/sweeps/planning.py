"""A plan: everything that a sweep will do, and what it will cost, counted before anything is trained.

Costs are counted, never timed: the same plan takes ten times longer on one machine than on another, and a machine has
other work to do. Members, programs to compile, bytes and floating-point operations are the plan's own.
"""

import dataclasses
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.accelerators import local_devices
from jaxnet.data import StoredArray
from jaxnet.html_blocks import html_text
from jaxnet.sweeps.compiling import short
from jaxnet.sweeps.configuration import TrainingSpec
from jaxnet.sweeps.devices import advice
from jaxnet.sweeps.engine import Tiling, epochs_a_call, resident_tiles, tile_slots
from jaxnet.sweeps.forecasts import Cost, Forecast
from jaxnet.sweeps.groups import (
    Group,
    Members,
    Task,
    drawing_seeds,
    list_groups,
    list_members,
    programs_if_padded,
    shapes_of_params,
)
from jaxnet.sweeps.optuna_study import Budget
from jaxnet.sweeps.plan_words import group_name
from jaxnet.sweeps.rungs import PBT, Bracket, Halving, Hyperband, single
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.states import KEEP
from jaxnet.training.preparation import draws
from jaxnet.training.stopping import Stop

_SHARED = "orders='shared' fills them with seeds"
_FULL = 0.6  # of the lanes with a member, below which a plan says so: fewer, and most of the work is padding
# a product of matrices is a multiplication and an addition a weight and example; backwards there are two such
# products, one for the weights and one for the inputs
_FORWARDS, _BACKWARDS = 2, 4
# of a member in a folder, beside numbers: names and digests of it, and the name and shape of each leaf of its state
_RECORD_BYTES, _LEAF_BYTES = 700, 95


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


def _unpacked(fields: dict[str, Any]) -> Plan:
    groups = list_groups(fields["spec"], fields["configurations"], fields["members"])
    return Plan(**{**fields, "groups": groups})


class MemberSize(NamedTuple):
    """What one member of a group is made of, counted."""

    weights: int  # entries of its matrices
    units: int  # columns of its matrices, whose activations are kept for every example of a batch
    state_bytes: int  # of parameters and the optimizer's state
    leaves: int  # of these
    batch: int
    steps: int  # an epoch


def forecast(plan: Plan) -> Forecast:
    """Count what a plan will do."""
    devices = local_devices()
    costs = tuple(cost_of_group(plan, group) for group in plan.groups)
    trials = plan.asking.n if plan.asking else 0
    rounds = max(1, trials / len(plan.configurations))  # Optuna's later configurations are like its first
    count = len(plan.members.ids)
    curves = count * plan.epochs * len(plan.names) * plan.task.dtype.itemsize
    sizes = [(len(group.members), member_size(plan, group)) for group in plan.groups]
    states = sum(members * size.state_bytes for members, size in sizes)
    named = sum(members * (size.leaves + 2) * _LEAF_BYTES for members, size in sizes)
    share = {"all": 1.0, "best": 1 / len(plan.configurations), "scores": 0.0}[plan.keep]
    # what is let go is held, and written, until it has ended; where the best is kept, with all seeds of its rivals
    rivals = len(devices) * (count // len(plan.configurations) if plan.keep == "best" else 1)
    passing = rivals * max(
        group.lanes * resident_tiles(group.lanes * size.state_bytes) * size.state_bytes
        for group, (_, size) in zip(plan.groups, sizes, strict=True)
    )
    held = min(states, int(share * states) + passing)
    written = held if plan.keep == "best" else share * states
    return Forecast(
        configurations=len(plan.configurations),
        seeds=plan.space.seeds.count,
        folds=plan.space.folds.parts if plan.space.folds else 1,
        method=plan.method,
        members=count,
        groups=costs,
        devices=f"{len(devices)} x {devices[0].device_kind}",
        work=round(plan.model_epochs() * rounds),
        most=round(count * plan.epochs * rounds),
        operations=rounds * sum(each.operations for each in costs),
        trials=trials,
        ranked=" and ".join(f"by {name}, {goal}imum first" for name, goal in plan.objectives) + _ranked_by(plan),
        memory=curves + held + len(plan.configurations) * plan.spec.row_bytes,
        disk=count * _RECORD_BYTES + curves + int(written * (1 + named / states)),
        notes=tuple(_notes(plan, costs)),
        compiling=", in a hurry" if plan.spec.hurry else "",
        keep=plan.keep,
    )


def _ranked_by(plan: Plan) -> str:
    if plan.best_by is not None:
        watched = "" if plan.best_by.monitor == plan.metric else f" of {plan.best_by.monitor}"
        return f", each member at its best epoch{watched}"
    return "" if plan.spec.stop is None else ", each member at its last epoch"


def tiling_of(plan: Plan, group: Group, slots: np.ndarray) -> Tiling:
    """Return the tiles of some members of a group."""
    # as in the engine: where nothing is drawn, members of several seeds share a tile
    apart = (group.training.batch_size or plan.spec.rows) < plan.spec.rows or draws(group.training.objective)
    seeds = drawing_seeds(plan.task, plan.members.seed[group.members]) * apart
    return tile_slots(seeds, plan.members.fold[group.members], slots, group.lanes)


def cost_of_group(plan: Plan, group: Group) -> Cost:
    """Count the tiles of a group, its floating-point operations, and what it needs of each device's memory."""
    size, devices, task = member_size(plan, group), len(local_devices()), plan.task
    tiles = len(tiling_of(plan, group, np.arange(len(group.members))).real)
    held_out = 0 if task.validation is None else len(task.validation.x)
    epoch = size.weights * ((_FORWARDS + _BACKWARDS) * plan.spec.rows + _FORWARDS * held_out)
    share = len(group.members) / len(plan.members.ids)

    # the examples, in order and not; the states and recorded values before and after, and the orders, of all tiles
    # that are there; and the activations, forwards and backwards, of the one tile that trains
    itemsize, resident = task.dtype.itemsize, resident_tiles(group.lanes * size.state_bytes)
    rows = size.steps * size.batch if size.steps > 1 else 0  # a full batch has no order
    block = epochs_a_call(rows, resident * devices)
    each = 2 * (size.state_bytes + block * len(plan.names) * itemsize) + plan.spec.row_bytes
    kept = group.lanes * each + 4 * rows * block
    passing = group.lanes * 2 * size.units * size.batch * itemsize
    parts = (*task.data, *(task.validation or ()))
    examples = sum(np.asarray(part).nbytes for part in parts if not isinstance(part, StoredArray | None))
    memory = (2 if rows else 1) * examples + resident * kept + passing
    operations = float(epoch * share * plan.model_epochs())
    return Cost(
        group_name(group, plan.spec, plan.configurations), len(group.members), tiles, group.lanes, operations, memory
    )


def member_size(plan: Plan, group: Group) -> MemberSize:
    """Count what a member of a group is made of, without making one."""
    params = shapes_of_params(group.networks[0], plan.task.dtype)
    matrices = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim >= 2]
    stop = group.training.stop
    best = params if stop is not None and stop.restore_best else None
    state = jax.tree.leaves((params, jax.eval_shape(group.training.optimizer.init, params), best))
    batch = group.training.batch_size or plan.spec.rows
    return MemberSize(
        weights=sum(leaf.size for leaf in matrices),
        units=sum(leaf.shape[-1] for leaf in matrices),
        state_bytes=sum(leaf.size * leaf.dtype.itemsize for leaf in state),
        leaves=len(state),
        batch=batch,
        steps=math.ceil(plan.spec.rows / batch),
    )


def _notes(plan: Plan, costs: tuple[Cost, ...]) -> Iterator[str]:
    """Say what was decided of a table, and where the machine is not used well: lanes without a member, cores without a
    device."""
    if plan.spec.preparation is not None:
        yield from (repr(plan.spec.preparation)[1:-1], *plan.spec.preparation.notes)
    lanes = sum(each.lanes * each.tiles for each in costs)
    members = sum(each.members for each in costs)
    if members < _FULL * lanes:
        yield (
            f"{members} of {lanes} lanes have a member: a tile holds one seed and fold of one group, so few "
            "configurations a group fill tiles badly, and more of them cost little"
            + ("" if plan.task.shared_orders or plan.space.seeds.count == 1 else f"; {_SHARED}")
        )
    programs = len(costs) if plan.spec.pad else programs_if_padded(plan.groups)
    if 2 * programs <= len(costs):
        yield (
            f"a program a shape: pad=True pads the networks and compiles {programs} of {len(costs)}, which pays where "
            "compiling costs more than training"
        )
    if not plan.spec.hurry and len(costs) > 1 and short(sum(each.operations for each in costs), programs):
        yield "compiling costs more than training: hurry=True takes 0.6 of what that costs, with other last bits"
    if plan.spec.own_functions and 1 < len(plan.configurations) == len(costs):
        yield (
            "each configuration is a program of its own: numbers are traced in frozen dataclasses, closures, "
            "functools.partial and pytrees, but not where Python looks at them (if, int(...), sizes), nor in objects "
            "of other classes"
        )
    hint = advice()
    if hint:
        yield hint
