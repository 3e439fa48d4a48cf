"""What a plan will cost, counted before anything is trained, and the few lines in which that is printed.

Costs are counted, never timed: the same plan takes ten times longer on one machine than on another, and a machine has
other work to do. Members, programs to compile, bytes and floating-point operations are the plan's own.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np

from jaxnet.accelerators import local_devices
from jaxnet.data import StoredArray
from jaxnet.sweeps.compiling import short
from jaxnet.sweeps.devices import advice
from jaxnet.sweeps.engine import epochs_a_call, resident_tiles
from jaxnet.sweeps.groups import Group, programs_if_padded, shapes_of_params
from jaxnet.sweeps.plan_words import group_name, with_prefix
from jaxnet.sweeps.planned import Planned
from jaxnet.sweeps.prepared_groups import drawing_seeds
from jaxnet.sweeps.tilings import Tiling, tile_slots
from jaxnet.training.preparation import draws

_SHARED = "orders='shared' fills them with seeds"
_FULL = 0.6  # of the lanes with a member, below which a plan says so: fewer, and most of the work is padding
# a product of matrices is a multiplication and an addition a weight and example; backwards there are two such
# products, one for the weights and one for the inputs
_FORWARDS, _BACKWARDS = 2, 4
# of a member in a folder, beside numbers: names and digests of it, and the name and shape of each leaf of its state
_RECORD_BYTES, _LEAF_BYTES = 700, 95
_KEPT = {"all": "the states of all members", "best": "the states of the best configuration", "scores": "scores alone"}


class Cost(NamedTuple):
    """What one group costs."""

    name: str
    members: int
    tiles: int  # before anything is pruned
    lanes: int  # of a tile
    operations: float  # in floating point, where pruning takes from every group alike
    memory: int  # bytes on each device: examples, and as many tiles as stay on it at a time


class Forecast(NamedTuple):
    """What a plan will cost; printed in a few lines."""

    configurations: int
    seeds: int
    folds: int
    method: str
    members: int
    groups: tuple[Cost, ...]
    devices: str
    work: int  # model-epochs, where pruning takes from every group alike and nothing is audited
    most: int  # model-epochs, where nothing is pruned
    operations: float  # in floating point, of this work
    trials: int  # of Optuna, of which the configurations are the first; 0 with another method
    ranked: str
    memory: int  # bytes in each process: the curves of all members, and the states of those that it holds
    disk: int  # bytes of a folder
    notes: tuple[str, ...]
    keep: str = "all"
    pruner: str = ""  # who ends trials early, and when
    compiling: str = ""  # how, where that is not for speed

    def __str__(self) -> str:
        axes = [f"{self.configurations} configurations ({self.method})", f"{self.seeds} seed(s)"]
        axes += [f"{self.folds} folds"] if self.folds > 1 else []
        later = "; shapes that later trials bring compile, too" if self.trials > self.configurations else ""
        on_device, on_host = max(group.memory for group in self.groups), self.memory
        lines = [
            f"{' x '.join(axes)} = {self.members} members in {len(self.groups)} group(s)",
            *(f"  {each.name}: {each.members} members in {each.tiles} tile(s) of {each.lanes}" for each in self.groups),
            f"compiles: {len(self.groups)}, one a group{self.compiling}{later}",
            f"devices:  {self.devices}, which train tiles of members of one seed and fold",
            f"memory:   about {with_prefix(on_device)}B on each device, {with_prefix(on_host)}B in each process",
            f"kept:     {_KEPT[self.keep]}, about {with_prefix(self.disk)}B in a folder",
            f"work:     {self.work} model-epochs of at most {self.most}, about {with_prefix(self.operations)}FLOP",
            f"ranked:   {self.ranked}",
        ]
        if self.trials:
            lines.append(f"trials:   {self.trials}; the above are the first of them{self.pruner}")
        return "\n".join(lines + [f"note:     {note}" for note in self.notes])


class MemberSize(NamedTuple):
    """What one member of a group is made of, counted."""

    weights: int  # entries of its matrices
    units: int  # columns of its matrices, whose activations are kept for every example of a batch
    state_bytes: int  # of parameters and the optimizer's state
    leaves: int  # of these
    batch: int
    steps: int  # an epoch


def forecast(plan: Planned) -> Forecast:
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
        pruner=_pruner_words(plan),
        compiling=", in a hurry" if plan.spec.hurry else "",
        keep=plan.keep,
    )


def _ranked_by(plan: Planned) -> str:
    if plan.best_by is not None:
        watched = "" if plan.best_by.monitor == plan.metric else f" of {plan.best_by.monitor}"
        return f", each member at its best epoch{watched}"
    return "" if plan.spec.stop is None else ", each member at its last epoch"


def _pruner_words(plan: Planned) -> str:
    if plan.asking is None or plan.asking.pruner is None:
        return ""
    pruner = plan.asking.pruner
    return f"; {type(pruner.pruner).__name__} is asked every {pruner.rung_epochs(plan.epochs)} epoch(s)"


def tiling_of(plan: Planned, group: Group, slots: np.ndarray) -> Tiling:
    """Return the tiles of some members of a group."""
    # as in the engine: where nothing is drawn, members of several seeds share a tile
    apart = (group.training.batch_size or plan.spec.rows) < plan.spec.rows or draws(group.training.objective)
    seeds = drawing_seeds(plan.task, plan.members.seed[group.members]) * apart
    return tile_slots(seeds, plan.members.fold[group.members], slots, group.lanes)


def cost_of_group(plan: Planned, group: Group) -> Cost:
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


def member_size(plan: Planned, group: Group) -> MemberSize:
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


def _notes(plan: Planned, costs: tuple[Cost, ...]) -> Iterator[str]:
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
