"""A group made ready to train: its program, its data on the devices, and the first state of each member."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.network import MLP
from jaxnet.sweeps.groups import Group, Members
from jaxnet.sweeps.tiles import FoldRows, Lane, Shared
from jaxnet.training.batches import Examples
from jaxnet.training.loop import Program
from jaxnet.training.preparation import (
    check_metrics,
    check_scalar,
    cut,
    draws,
    examples_of,
    first_state,
    names_argument,
)
from jaxnet.training.stopping import RUNNING
from jaxnet.types import Batch, Key, Pytree


class Prepared(NamedTuple):
    """What the engine needs of a group."""

    program: Program
    shared: Shared
    rows: np.ndarray  # examples a fold trains on, [F], or [1] without folds
    numbers: list[list[np.ndarray]]  # leaves [P] in the dtype of the parameters


def keys_of(root: int, seed: int) -> tuple[Key, Key]:
    """Return the key that initialises the networks of a seed and the key of their runs."""
    init_key, run_key = jax.random.split(jax.random.fold_in(jax.random.key(root), seed))
    return init_key, run_key


class Task(NamedTuple):
    """What every group of a plan has in common."""

    data: Batch
    validation: Batch | None
    folds: np.ndarray | None  # [N], the fold that holds an example out
    metrics: tuple
    root: int
    dtype: Any


def check_groups(groups: Sequence[Group], task: Task) -> None:
    """Refuse, before anything is compiled, data that an objective cannot take; groups of one loss take the same."""
    kinds: dict[Any, tuple] = {}
    for group in groups:
        f, network = group.training.objective, group.networks[0]
        kinds.setdefault((getattr(f, "loss", f), getattr(network, "output", None)), (f, network))
    for f, network in kinds.values():
        params = jax.eval_shape(functools.partial(initial_params, network, dtype=task.dtype), keys_of(task.root, 0)[0])
        batch, _, _ = _checked(f, params, task)
        check_scalar(f, params, batch, draws(f))


def prepare_group(group: Group, members: Members, task: Task) -> Prepared:
    """Check a group's data against its objective, cut it into batches, and lay out the numbers of its members."""
    f = group.training.objective
    params = initial_params(group.networks[0], keys_of(task.root, 0)[0], task.dtype)
    batch, held_out, metrics = _checked(f, params, task)
    longest = len(batch.x) if task.folds is None else int(np.max(len(batch.x) - np.bincount(task.folds)))
    part = jax.tree.map(lambda leaf: leaf[:longest], batch)
    size, examples, tail = cut(f, part, group.training.batch_size, metrics)
    check_scalar(f, params, jax.tree.map(lambda leaf: leaf[:size], part), draws(f))
    a, b, c = group.skeletons
    program = Program(a, b, c, metrics, size, tail, size < longest, draws(f))
    numbers = _numbers(group, members, params)
    if task.folds is None:
        return Prepared(program, Shared(examples, held_out, None), np.array([longest]), numbers)
    unweighted = [each for each in (f, *metrics) if callable(each) and not names_argument(each, "weight")]
    given = jnp.ones(len(batch.x), batch.x.dtype) if batch.weight is None else batch.weight
    rows = _fold_rows(task.folds, None if unweighted else np.asarray(given), len(examples.x))
    shared = Shared(Examples(batch.x, batch.y, None, jnp.asarray(longest, jnp.int32)), None, rows)
    return Prepared(program, shared, np.asarray(rows.rows), numbers)


def _checked(f: Any, params: Pytree, task: Task) -> tuple[Batch, Batch | None, tuple]:
    batch = examples_of(f, params, _given(task.data), "data")
    held_out = None if task.validation is None else examples_of(f, params, _given(task.validation), "validation")
    return batch, held_out, check_metrics(task.metrics, f)


def first_lanes(group: Group, members: Members, task: Task) -> Lane:
    """Return the state of every member of a group before its first epoch, as NumPy arrays [P, ...].

    Members of one seed whose networks initialise alike start from the same parameters.
    """
    position = {int(configuration): i for i, configuration in enumerate(group.configurations)}
    started: dict[Any, Any] = {}
    keys = []
    for member in group.members:
        network = undropped(group.networks[position[int(members.configuration[member])]])
        seed = int(members.seed[member])
        keys.append((network, seed))
        if keys[-1] not in started:
            params = initial_params(network, keys_of(task.root, seed)[0], task.dtype)
            state = first_state(group.training.optimizer, params, None, None)
            started[keys[-1]] = jax.tree.map(np.asarray, (state.params, state.optimizer))
    params, optimizer = jax.tree.map(lambda *leaves: np.stack(leaves), *(started[key] for key in keys))
    none = np.zeros(len(keys), np.int32)
    return Lane(params, optimizer, none + RUNNING, none)


def initial_params(network: Any, key: Key, dtype: Any) -> Pytree:
    """Draw the parameters of a network; a network of one's own decides on their dtype itself."""
    if isinstance(network, MLP):
        return _initial(undropped(network), key, dtype)
    return network.init(key)


@functools.partial(jax.jit, static_argnums=(0, 2))
def _initial(network: MLP, key: Key, dtype: Any) -> Pytree:
    return network.init(key, dtype)


def undropped(network: Any) -> Any:
    """Return the network without dropout, which has no part in how it is initialised."""
    return dataclasses.replace(network, dropout=0.0) if isinstance(network, MLP) else network


def _given(batch: Batch) -> tuple:
    return tuple(part for part in batch if part is not None)


def _numbers(group: Group, members: Members, params: Pytree) -> list[list[np.ndarray]]:
    """Lay the numbers of the configurations out by member, in the dtype of the parameters."""
    dtype = checks.parameters("params", params)
    at = np.searchsorted(group.configurations, members.configuration[group.members])
    return [[column[at].astype(dtype) for column in part] for part in group.numbers]


def _fold_rows(folds: np.ndarray, weight: np.ndarray | None, size: int) -> FoldRows:
    """List the rows of each fold; without weights no row can count for nothing, so there may be no padding."""
    parts = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(folds.max() + 1)]
    sizes = sorted({len(held_out) for _, held_out in parts})
    if weight is None:
        expected = "folds of equal size, for the objective or a metric takes no weight="
        checks.require(len(sizes) == 1, "fold", expected, checks.Words(f"folds of {sizes} examples"))
    train, train_weight = _pad_rows([part[0] for part in parts], weight, size)
    held_out, held_out_weight = _pad_rows([part[1] for part in parts], weight, sizes[-1])
    rows = jnp.array([len(part[0]) for part in parts], jnp.int32)
    return FoldRows(train, train_weight, rows, held_out, held_out_weight)


def _pad_rows(rows: list[np.ndarray], weight: np.ndarray | None, size: int) -> tuple[jax.Array, jax.Array | None]:
    index = np.zeros((len(rows), size), np.int32)
    weights = np.zeros((len(rows), size), None if weight is None else weight.dtype)
    for fold, each in enumerate(rows):
        index[fold, : len(each)] = each
        weights[fold, : len(each)] = 1 if weight is None else weight[each]
    return jnp.asarray(index), None if weight is None else jnp.asarray(weights)
