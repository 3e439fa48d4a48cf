"""Members and groups: who is trained, and who is trained by the same compiled program.

A member is a configuration with a seed and a fold. Members whose trainings differ only in numbers (learning rate,
momentum, penalty, dropout, ...) have equal skeletons and form a group, which is one program.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.storage import digest
from jaxnet.sweeps.parameters import Configuration
from jaxnet.sweeps.recipe import Recipe, Training
from jaxnet.sweeps.space import Space, identity
from jaxnet.training.hyperparameters import partition

# T on CPUs by the units of the widest layer: with fewer lanes fewer are left empty, and from these widths on a member
# costs at most a twentieth more than in a tile of 8
LANES = ((128, 2), (48, 4), (0, 8))
ID_DIGITS = 16  # of a member's digest: 64 bits, so that among a million members two are alike in 1 of 37 million sweeps
ACCELERATED = 64  # T elsewhere: a guess, not measured


class Members(NamedTuple):
    """All members, in the order of configurations, seeds and folds; a member is its position, 0 to P - 1."""

    configuration: np.ndarray  # [P], into the list of configurations
    seed: np.ndarray  # [P]
    fold: np.ndarray  # [P]; -1 without folds
    ids: tuple[str, ...]  # [P], a digest of configuration, seed and fold: the same in every sweep


class Group(NamedTuple):
    """Configurations that one program trains."""

    training: Training  # of the first one, which stands for all but their numbers
    skeletons: tuple  # of objective, optimizer and (no) stopping rule
    configurations: np.ndarray  # [C]
    networks: tuple  # [C]
    numbers: list[list[np.ndarray]]  # leaves [C], in the order of ``partition``
    members: np.ndarray  # [P] of this group
    lanes: int  # T


def list_members(space: Space, recipe: Recipe, configurations: Sequence[Configuration]) -> Members:
    """Cross configurations with seeds and folds; what functions of one's own make of one is a part of its identity."""
    seeds = range(space.seeds.first, space.seeds.first + space.seeds.count)
    folds = range(space.folds.count) if space.folds else [-1]
    crossed = [(c, s, f) for c in range(len(configurations)) for s in seeds for f in folds]
    names = [identity(configuration) + recipe.own(configuration) for configuration in configurations]
    ids = tuple(digest(f"{names[c]} seed {s} fold {f} of {len(folds)}")[:ID_DIGITS] for c, s, f in crossed)
    configuration, seed, fold = np.array(crossed, np.int64).T
    return Members(configuration, seed, fold, ids)


def list_groups(recipe: Recipe, configurations: Sequence[Configuration], members: Members) -> list[Group]:
    """Build the training of every configuration and group those that differ only in numbers."""
    found: dict[Any, list[tuple[int, Training, list]]] = {}
    for index, configuration in enumerate(configurations):
        training = recipe.training(configuration)
        skeletons, numbers = zip(*map(partition, (training.objective, training.optimizer, None)), strict=True)
        # whether it draws is not in the skeleton, for a dropout of 0 is a number like any other
        key = (skeletons, training.batch_size, getattr(training.objective, "random", None))
        found.setdefault(key, []).append((index, training, list(numbers)))
    return [_group(key[0], entries, members) for key, entries in found.items()]


def _group(skeletons: tuple, entries: list[tuple[int, Training, list]], members: Members) -> Group:
    indices, trainings, numbers = zip(*entries, strict=True)
    columns = [[np.array(column) for column in zip(*part, strict=True)] for part in zip(*numbers, strict=True)]
    mine = np.flatnonzero(np.isin(members.configuration, indices))
    networks = tuple(training.network for training in trainings)
    lanes = lanes_of(networks[0], jax.default_backend())
    return Group(trainings[0], skeletons, np.array(indices), networks, columns, mine, lanes)


def lanes_of(network: Any, platform: str) -> int:
    """Return T, the lanes of a tile: a matter of network and platform alone, for it is part of a member's bits."""
    if platform != "cpu":
        return ACCELERATED
    leaves = jax.tree.leaves(jax.eval_shape(network.init, jax.random.key(0)))
    widest = max((leaf.shape[-1] for leaf in leaves if leaf.ndim), default=0)
    return next(lanes for units, lanes in LANES if widest >= units)
