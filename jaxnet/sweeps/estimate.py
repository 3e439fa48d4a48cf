"""What a plan will cost, before anything is trained: groups, members, compiles, memory, time."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from jaxnet.sweeps.devices import advice
from jaxnet.sweeps.groups import Group
from jaxnet.sweeps.preparation import initial_params, keys_of
from jaxnet.sweeps.progress import work

if TYPE_CHECKING:
    from jaxnet.sweeps.planning import Plan

COMPILE_SECONDS = 2.0  # a program, on an idle machine
EFFICIENCY = 0.5  # of a large matrix product's rate that small networks reach


class Cost(NamedTuple):
    """What one group costs."""

    name: str
    members: int
    model_epochs: int  # members x epochs
    operations: float  # floating-point, of all its model-epochs
    memory: int  # bytes on a device that hold one tile: its states twice, its activations, the examples


def forecast(plan: "Plan") -> str:
    """Describe a plan in a few lines; the time is an estimate, the rest is counted."""
    costs = [cost(plan, group, alive) for group, alive in zip(plan.groups, _model_epochs(plan), strict=True)]
    seeds, folds = plan.space.seeds.count, plan.space.folds.count if plan.space.folds else 1
    axes = [f"{len(plan.configurations)} configurations ({plan.method})", f"{seeds} seed(s)"]
    axes += [f"{folds} folds"] if folds > 1 else []
    device = jax.local_devices()
    total = sum(each.model_epochs for each in costs)
    lines = [
        f"{' x '.join(axes)} = {len(plan.members.ids)} members in {len(costs)} group(s)",
        *(f"  {each.name}: {each.members} members, {_bytes(each.memory)} a tile" for each in costs),
        f"compiles: {len(costs)}, one a group",
        f"devices:  {len(device)} x {device[0].device_kind}, tiles of {plan.groups[0].lanes} members",
        f"work:     {total} model-epochs of at most {len(plan.members.ids) * plan.epochs}{_rungs(plan)}",
        *_trials(plan),
        f"ranked:   by {plan.metric}, {plan.goal}imum first",
        f"time:     {_seconds(costs)}",
    ]
    hint = advice()
    return "\n".join(lines + ([f"note:     {hint}"] if hint else []))


def cost(plan: "Plan", group: Group, model_epochs: int) -> Cost:
    """Count the operations and the memory of a group: 2 operations a weight forwards, 4 backwards."""
    params = jax.eval_shape(lambda: initial_params(group.networks[0], keys_of(0, 0)[0], plan.task.dtype))
    leaves = jax.tree.leaves(params)
    weights = sum(leaf.size for leaf in leaves if leaf.ndim >= 2)
    held_out = len(plan.task.validation.x) if plan.task.validation is not None else 0
    operations = weights * (6 * plan.recipe.rows + 2 * held_out)
    state = jax.eval_shape(group.training.optimizer.init, params)
    itemsize = plan.task.dtype.itemsize
    tile = 2 * group.lanes * sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves((params, state)))
    units = sum(leaf.shape[-1] for leaf in leaves if leaf.ndim >= 2)
    tile += 2 * group.lanes * units * (group.training.batch_size or plan.recipe.rows) * itemsize
    examples = sum(np.asarray(part).nbytes for part in plan.task.data if part is not None)
    kind = plan.configurations[group.configurations[0]].get("optimizer", "sgd")
    return Cost(
        f"{_name(group.networks[0])}, {kind}",
        len(group.members),
        model_epochs,
        operations * model_epochs,
        tile + examples,
    )


def _name(network: Any) -> str:
    sizes = getattr(network, "sizes", None)
    return "-".join(map(str, sizes)) if sizes else str(network)[:60]


def _model_epochs(plan: "Plan") -> Iterator[int]:
    """Count each group's model-epochs, as if pruning took from every group alike."""
    total = work(plan)
    for group in plan.groups:
        yield round(total * len(group.members) / len(plan.members.ids))


def _trials(plan: "Plan") -> list[str]:
    if plan.asking is None:
        return []
    return [f"trials:   {plan.asking.n}, asked for {plan.asking.batch} at once; the above are the first of them"]


def _rungs(plan: "Plan") -> str:
    if plan.halving is None:
        return ""
    return f", an audit of {plan.halving.audit:.0%} of the pruned not counted"


def _seconds(costs: list[Cost]) -> str:
    if jax.default_backend() != "cpu":
        return f"not estimated on {jax.default_backend()}"
    rate = EFFICIENCY * matrix_rate()
    seconds = COMPILE_SECONDS * len(costs) + sum(each.operations for each in costs) / rate
    return f"about {seconds:.3g} s, at {rate / 1e9:.3g} GFLOP/s measured just now and {COMPILE_SECONDS:g} s a compile"


def matrix_rate() -> float:
    """Measure how many floating-point operations a second a matrix product of this machine makes."""
    square = np.ones((384, 384), np.float32)
    fastest = np.inf
    for _ in range(5):
        started = time.perf_counter()
        square @ square
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * 384**3 / fastest


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
