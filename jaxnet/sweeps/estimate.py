"""What a plan will cost, before anything is trained: groups, members, lanes, compiles, memory, time.

Everything is counted but the time, which is estimated from what a step of a tile does: floating-point operations at
the rate of a matrix product, activations, parameters, and the step itself. The constants are CPU times of jaxnet's
programs on one x86 core: ten of them, from 4-2 to 784-128-10 in batches of 32 to 400, came out within a third of what
they took.
"""

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from jaxnet.sweeps.devices import advice
from jaxnet.sweeps.engine import EPOCHS, ORDER_BYTES, TILES
from jaxnet.sweeps.groups import Group
from jaxnet.sweeps.preparation import initial_params, keys_of
from jaxnet.sweeps.progress import work
from jaxnet.training.preparation import draws

if TYPE_CHECKING:
    from jaxnet.sweeps.planning import Plan

COMPILE = 2.0  # seconds a program
STEP = 8e-6  # seconds a step of a tile, whatever is in it
ACTIVATION = 0.15e-9  # seconds a unit, example and lane, forwards and backwards
PARAMETER = 0.3e-9  # seconds a parameter or number of the optimizer's state, and lane
SIZE = 64  # of the matrices whose product is timed: small enough that NumPy uses one thread
LARGER = 2.2  # how much faster a program's products are, being larger
FULL = 0.6  # of the lanes with a member, below which a plan says so


class Shape(NamedTuple):
    """What one member of a group is made of, counted."""

    weights: int
    units: int
    numbers: int  # parameters and optimizer's state
    state_bytes: int
    batch: int
    steps: int  # an epoch


class Cost(NamedTuple):
    """What one group costs."""

    name: str
    members: int
    tiles: int  # before anything is pruned
    lanes: int  # of a tile
    seconds: float  # without compiling, on all devices
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
    trials: int  # of Optuna, of which the configurations are the first; 0 with another method
    ranked: str
    memory: int  # bytes on the host: the state and the curves of all members
    seconds: float  # NaN where it is not estimated
    notes: tuple[str, ...]

    def __str__(self) -> str:
        axes = [f"{self.configurations} configurations ({self.method})", f"{self.seeds} seed(s)"]
        axes += [f"{self.folds} folds"] if self.folds > 1 else []
        largest = max(group.memory for group in self.groups)
        estimate = f"about {self.seconds:.3g} s on an idle machine, {COMPILE * len(self.groups):.3g} s of it compiling"
        lines = [
            f"{' x '.join(axes)} = {self.members} members in {len(self.groups)} group(s)",
            *(f"  {each.name}: {each.members} members in {each.tiles} tile(s) of {each.lanes}" for each in self.groups),
            f"compiles: {len(self.groups)}, one a group",
            f"devices:  {self.devices}, which train tiles of members of one seed and fold",
            f"memory:   about {_bytes(largest)} on each device, {_bytes(self.memory)} on the host",
            f"work:     {self.work} model-epochs of at most {self.most}",
            f"ranked:   {self.ranked}",
            f"time:     {estimate if math.isfinite(self.seconds) else 'not estimated for this kind of device'}",
        ]
        if self.trials:
            lines.append(f"trials:   {self.trials}; the above are the first of them")
        return "\n".join(lines + [f"note:     {note}" for note in self.notes])


def forecast(plan: "Plan") -> Forecast:
    """Count what a plan will do and estimate how long it takes."""
    devices = jax.local_devices()
    cpu = devices[0].platform == "cpu"
    rate = matrix_rate() if cpu else math.nan
    costs = tuple(cost(plan, group, rate) for group in plan.groups)
    trials = plan.asking.n if plan.asking else 0
    rounds = max(1, trials / len(plan.configurations))
    count = len(plan.members.ids)
    return Forecast(
        configurations=len(plan.configurations),
        seeds=plan.space.seeds.count,
        folds=plan.space.folds.count if plan.space.folds else 1,
        method=plan.method,
        members=count,
        groups=costs,
        devices=f"{len(devices)} x {devices[0].device_kind}",
        work=round(work(plan) * rounds),
        most=round(count * plan.epochs * rounds),
        trials=trials,
        ranked=f"by {plan.metric}, {plan.goal}imum first",
        memory=_host_memory(plan),
        seconds=COMPILE * len(costs) + rounds * sum(each.seconds for each in costs),
        notes=tuple(_notes(plan, costs)),
    )


def cost(plan: "Plan", group: Group, rate: float) -> Cost:
    """Count the tiles and the memory of a group, and estimate its time at a rate of operations a second."""
    shape, devices = shape_of(plan, group), len(jax.local_devices())
    step = step_seconds(shape, group.lanes, rate)
    held_out = 0 if plan.task.validation is None else len(plan.task.validation.x)
    forwards = 2 * shape.weights / rate + ACTIVATION * shape.units / 3
    epoch = shape.steps * step + held_out * group.lanes * forwards
    seconds = sum(math.ceil(tiles / devices) * epochs * epoch for tiles, epochs in _phases(plan, group))
    tiles = next(_phases(plan, group))[0]
    memory = device_memory(plan, group, shape, tiles)
    return Cost(_name(plan, group), len(group.members), tiles, group.lanes, seconds, memory)


def shape_of(plan: "Plan", group: Group) -> Shape:
    """Count weights, units and numbers of a member of a group."""
    params = jax.eval_shape(lambda: initial_params(group.networks[0], keys_of(0, 0)[0], plan.task.dtype))
    matrices = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim >= 2]
    state = jax.tree.leaves((params, jax.eval_shape(group.training.optimizer.init, params)))
    batch = group.training.batch_size or plan.recipe.rows
    return Shape(
        weights=sum(leaf.size for leaf in matrices),
        units=sum(leaf.shape[-1] for leaf in matrices),
        numbers=sum(leaf.size for leaf in state),
        state_bytes=sum(leaf.size * leaf.dtype.itemsize for leaf in state),
        batch=batch,
        steps=-(-plan.recipe.rows // batch),
    )


def step_seconds(shape: Shape, lanes: int, rate: float) -> float:
    """Estimate one step of a tile: 2 operations a weight and example forwards, 4 backwards."""
    each = 6 * shape.weights * shape.batch / rate + ACTIVATION * shape.units * shape.batch
    return STEP + lanes * (each + PARAMETER * shape.numbers)


def _phases(plan: "Plan", group: Group) -> Iterator[tuple[int, int]]:
    """Yield how many tiles of a group train for how many epochs, as if pruning took from every group alike."""
    folds, seeds = plan.space.folds.count if plan.space.folds else 1, plan.space.seeds.count
    drawn = (group.training.batch_size or plan.recipe.rows) < plan.recipe.rows or draws(group.training.objective)
    together = 1 if drawn else seeds  # seeds that share a tile
    for bracket in plan.brackets:
        mine = int(np.isin(group.configurations, bracket.configurations).sum())
        alive, at = len(bracket.configurations), 0
        for epochs, kept in bracket.rungs:
            inside = math.ceil(mine * alive / len(bracket.configurations))
            if inside:
                yield folds * (seeds // together) * -(-inside * together // group.lanes), epochs - at
            alive, at = kept, epochs


def device_memory(plan: "Plan", group: Group, shape: Shape, tiles: int) -> int:
    """Count the bytes on a device: the examples, in order and not; the states and histories before and after, and the
    orders, of all tiles that are there; and the activations of the one that trains."""
    devices, itemsize = len(jax.local_devices()), plan.task.dtype.itemsize
    resident = min(TILES, -(-tiles // devices))
    orders = 4 * shape.steps * shape.batch if shape.steps > 1 else 0
    block = max(1, min(EPOCHS, ORDER_BYTES // (orders * resident * devices))) if orders else EPOCHS
    kept = group.lanes * 2 * (shape.state_bytes + block * len(plan.names) * itemsize) + orders * block
    passing = group.lanes * 2 * shape.units * shape.batch * itemsize
    batches = (plan.task.data, plan.task.validation or ())
    examples = sum(np.asarray(part).nbytes for batch in batches for part in batch if part is not None)
    return (2 if orders else 1) * examples + resident * kept + passing


def _host_memory(plan: "Plan") -> int:
    curves = len(plan.members.ids) * plan.epochs * len(plan.names) * plan.task.dtype.itemsize
    return curves + sum(len(group.members) * shape_of(plan, group).state_bytes for group in plan.groups)


def _notes(plan: "Plan", costs: tuple[Cost, ...]) -> Iterator[str]:
    """Say where the machine is not used well: lanes without a member, cores without a device."""
    lanes = sum(each.lanes * each.tiles for each in costs)
    members = sum(each.members for each in costs)
    if members < FULL * lanes:
        yield (
            f"{members} of {lanes} lanes have a member: a tile holds one seed and fold of one group, so few "
            "configurations a group fill tiles badly, and more of them cost little"
        )
    own = plan.recipe.network or plan.recipe.objective
    if own and 1 < len(plan.configurations) == len(costs):
        yield (
            "each configuration is a program of its own: let network= and objective= return what compares equal where "
            "only numbers differ, such as frozen dataclasses and jn.objective"
        )
    hint = advice()
    if hint:
        yield hint


def _name(plan: "Plan", group: Group) -> str:
    """Name what the members of a group have in common."""
    network = group.networks[0]
    sizes = getattr(network, "sizes", None)
    hidden = str(getattr(network, "activation", "")) if sizes and len(sizes) > 2 else ""
    kind = plan.configurations[group.configurations[0]].get("optimizer", "sgd")
    batches = f"batches of {group.training.batch_size}" if group.training.batch_size else "full batches"
    parts = ("-".join(map(str, sizes)) if sizes else _said(network), hidden, kind, batches)
    return ", ".join(part for part in parts if part)


def _said(network: Any) -> str:
    words = str(network)
    return type(network).__name__ if " object at 0x" in words else words[:60]


def matrix_rate() -> float:
    """Measure how many floating-point operations a second a matrix product makes on one core.

    The fastest of many, for other processes leave some of them alone.
    """
    square = np.ones((SIZE, SIZE), np.float32)
    fastest = math.inf
    for _ in range(500):
        started = time.perf_counter()
        square @ square
        fastest = min(fastest, time.perf_counter() - started)
    return LARGER * 2 * SIZE**3 / fastest


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
