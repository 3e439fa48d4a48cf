"""Members and groups: who is trained, who is trained by the same compiled program, and what that program is given.

A member is a configuration with a seed and a fold. Members whose trainings differ only in numbers (learning rate,
momentum, penalty, dropout, ...) have equal skeletons and form a group, which is one program.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.accelerators import platform
from jaxnet.network import MLP
from jaxnet.network.padded_mlp import padded
from jaxnet.network.threefry import fold_in, split, typed_key, words_of_seed
from jaxnet.storage import digest
from jaxnet.sweeps.configuration import Training, TrainingSpec
from jaxnet.sweeps.folds import FoldPart
from jaxnet.sweeps.grouping import group_alike
from jaxnet.sweeps.parameters import Configuration
from jaxnet.sweeps.space import Space, configuration_text
from jaxnet.sweeps.tiles import Lane
from jaxnet.sweeps.varied_rows import RowValues
from jaxnet.training.optimizer_state import first_state
from jaxnet.training.stopping import RUNNING, first_best
from jaxnet.types import Batch, Key, Pytree

# T on CPUs by the units of the widest layer: with fewer lanes fewer are left empty, and from these widths on a member
# costs at most a twentieth more than in a tile of 8
LANES = ((128, 2), (48, 4), (0, 8))
# On accelerators a step costs some 30 launches however many lanes it has, so a tile is as wide as the population, until
# a layer has so many activations (lanes x units x batch) or the tile so many parameters, 256 MiB in float32: on an H100
# 16,384 members of 20-32-32-2 take 7.0 us a model-epoch in tiles of 1,024 lanes, 6.6 in tiles of 4,096, 6.4 in one
_ACTIVATIONS = 2**26
_FEWEST_LANES = 8
# of a member's digest: 64 bits, so that among a million members two are alike in 1 of 37 million sweeps
_ID_DIGITS = 16


class Task(NamedTuple):
    """What every group of a plan has in common."""

    data: Batch
    validation: Batch | None
    folds: tuple[FoldPart, ...] | None  # the rows that each fold trains on and holds out
    metrics: tuple[Any, ...]
    root: int
    dtype: Any
    shared_orders: bool = False  # whether all seeds draw the orders and dropout of seed 0


class Members(NamedTuple):
    """All members, in the order of configurations, seeds and folds; a member is its position, 0 to P - 1."""

    configuration: np.ndarray  # [P], into the list of configurations
    seed: np.ndarray  # [P]
    fold: np.ndarray  # [P]; -1 without folds
    ids: tuple[str, ...]  # [P], a digest of configuration, seed and fold: the same in every sweep


class Group(NamedTuple):
    """Configurations that one program trains."""

    training: Training  # of the first one, which stands for all but their numbers
    skeletons: tuple[Any, ...]  # of objective, optimizer and stopping rule, or None
    configurations: np.ndarray  # [C]
    networks: tuple[Any, ...]  # [C], as they are trained
    optimizers: tuple[Any, ...]  # [C] where they are a user's, whose states may hold their numbers; else none
    numbers: list[list[np.ndarray]]  # leaves [C], in the order of ``partition``
    members: np.ndarray  # [P] of this group
    lanes: int  # T
    hurried: bool = False  # whether the program is compiled in a hurry
    varied: Sequence[RowValues] | None = None  # [C], what each makes of the training rows; None where that is nothing


def list_members(space: Space, spec: TrainingSpec, configurations: Sequence[Configuration]) -> Members:
    """Cross configurations with seeds and folds; what functions of one's own make of one is a part of its identity."""
    seeds = range(space.seeds.first, space.seeds.first + space.seeds.count)
    folds = range(space.folds.parts) if space.folds else [-1]
    crossed = [(c, s, f) for c in range(len(configurations)) for s in seeds for f in folds]
    names = [configuration_text(configuration) + spec.own(configuration) for configuration in configurations]
    ids = tuple(digest(f"{names[c]} seed {s} fold {f} of {len(folds)}")[:_ID_DIGITS] for c, s, f in crossed)
    configuration, seed, fold = np.array(crossed, np.int64).T
    return Members(configuration, seed, fold, ids)


def list_groups(spec: TrainingSpec, configurations: Sequence[Configuration], members: Members) -> list[Group]:
    """Build the training of every configuration and group those that differ only in numbers.

    Raises ValueError or TypeError, naming the parameter, for a configuration that makes no training.
    """
    groups = []
    for alike in group_alike(spec, configurations):
        training, indices = alike.training, alike.configurations
        mine = np.flatnonzero(np.isin(members.configuration, indices))
        networks = tuple(each.network for each in alike.trainings)
        optimizers = tuple(each.optimizer for each in alike.trainings) if spec.optimizer else ()
        lanes = spec.lanes or lanes_of(networks[0], batch=training.batch_size or spec.rows, together=spec.together)
        varied = [spec.varied.of(configurations[index]) for index in indices] if spec.varied else None
        of = indices, networks, optimizers, alike.numbers, mine, lanes, spec.hurry, varied
        groups.append(Group(training, alike.skeletons, *of))
    return groups


def programs_if_padded(groups: Sequence[Group]) -> int:
    """Count the programs that padding would leave of these groups: as many as there are where it cannot be done."""
    found = set()
    for group in groups:
        try:
            network = padded(group.networks[0])
        except TypeError:
            return len(groups)
        found.add((network.sizes, network.activation, group.skeletons[1:], group.training.batch_size))
    return len(found)


def lanes_of(network: Any, *, batch: int, together: int) -> int:
    """Return T, the lanes of a tile, which is a part of a member's bits.

    On a CPU it is a matter of the network alone; on an accelerator also of the examples of a batch and of how many
    configurations train ``together``: the least power of two that holds them, up to what fills the device.
    """
    leaves = jax.tree.leaves(jax.eval_shape(network.init, jax.random.key(0)))
    widest = max((leaf.shape[-1] for leaf in leaves if leaf.ndim), default=1)
    if platform() == "cpu":
        return next(lanes for units, lanes in LANES if widest >= units)
    parameters = sum(leaf.size for leaf in leaves)
    room = 1 << ((_ACTIVATIONS // max(widest * batch, parameters)) | 1).bit_length() - 1
    return max(_FEWEST_LANES, min(1 << (together - 1).bit_length(), room))


def lanes_rule(spec: TrainingSpec) -> Any:
    """Say what the lanes of the tiles of a sweep follow from, as values for its manifest."""
    if spec.lanes or platform() != "cpu":
        return spec.lanes or [_ACTIVATIONS, _FEWEST_LANES, 1 << (spec.together - 1).bit_length()]
    return [LANES, 64]  # what else stood here is kept, so that folders go on


def keys_of(root: int, seed: int) -> tuple[Key, Key]:
    """Return the key that initialises the networks of a seed and the key of their runs."""
    init_key, run_key = split(fold_in(words_of_seed(root), seed))
    return typed_key(init_key), typed_key(run_key)


def first_lanes(group: Group, members: Members, task: Task, slots: np.ndarray | None = None) -> Lane:
    """Return the state of every member of a group, or of those in some slots, before its first epoch, as NumPy arrays
    [P, ...].

    Members of one seed whose networks initialise alike start from the same parameters, drawn once.
    """
    started: dict[Any, Any] = {}
    keys = []
    for member in group.members if slots is None else group.members[slots]:
        at = int(np.searchsorted(group.configurations, members.configuration[member]))
        seed = int(members.seed[member])
        network, optimizer = _undropped(group.networks[at]), group.training.optimizer
        if group.optimizers:
            optimizer = group.optimizers[at]
        keys.append((network, seed, at if group.optimizers else None))
        if keys[-1] not in started:
            params = initial_params(network, keys_of(task.root, seed)[0], task.dtype)
            best = first_best(group.training.stop, params, checks.parameters("params", params))
            state = first_state(optimizer, params, None, best)
            started[keys[-1]] = jax.tree.map(np.asarray, (state.params, state.optimizer, state.best))
    params, optimizer, best = jax.tree.map(lambda *leaves: np.stack(leaves), *(started[key] for key in keys))
    none = np.zeros(len(keys), np.int32)
    return Lane(params, optimizer, none + RUNNING, none, best)


def initial_params(network: Any, key: Key, dtype: Any) -> Pytree:
    """Draw the parameters of a network; a network of one's own decides on their dtype itself."""
    if not isinstance(network, MLP):
        return network.init(key)
    network = _undropped(network)
    return _initial(network, key, dtype) if network.init_compiles(dtype) else network.init(key, dtype)


def shapes_of_params(network: Any, dtype: Any) -> Pytree:
    """Return shapes and dtypes of the parameters of a network; nothing is drawn."""
    return jax.eval_shape(functools.partial(initial_params, network, dtype=dtype), keys_of(0, 0)[0])


@functools.partial(jax.jit, static_argnums=(0, 2))
def _initial(network: MLP, key: Key, dtype: Any) -> Pytree:
    return network.init(key, dtype)


def _undropped(network: Any) -> Any:
    """Return the network without dropout, which has no part in how it is initialised: every rate would compile."""
    return dataclasses.replace(network, dropout=0.0) if isinstance(network, MLP) else network
