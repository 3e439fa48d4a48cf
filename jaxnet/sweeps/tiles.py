"""The compiled population: lanes, tiles of a fixed number of lanes, and all tiles of a device.

A lane is one member, trained by the very ``one_epoch`` of ``fit``. A tile is ``vmap`` over T lanes that share a seed
and a fold, hence their batch orders, so a batch is gathered once and the first layer is one wide product. A device
works through its tiles one after the other, as many as it is told. No number crosses from lane to lane and T never
changes, so a member has the same bits whatever stands beside it.
"""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.training import stopping
from jaxnet.training.batches import Examples
from jaxnet.training.flat import Flat, Layout, flatten, unflatten
from jaxnet.training.held_out_rows import standing_for
from jaxnet.training.loop import Data, Program, State, assemble, history_names, one_epoch
from jaxnet.training.streamed import Streamed
from jaxnet.types import Array, Batch, Pytree


class Lane(NamedTuple):
    """What a member carries from epoch to epoch."""

    params: Pytree
    optimizer: Pytree
    status: Any  # int32: RUNNING, CONVERGED or DIVERGED
    ended: Any  # int32: the epoch, from 1, in which it converged or diverged; 0 while it runs
    best: Any = None  # what a stopping rule watches


class StateHolder(Protocol):
    """Who has the states of members, by their slots."""

    @property
    def layout(self) -> Layout:
        """Where the leaves of one state lie when it is flat."""

    def read(self, slots: np.ndarray) -> Lane:
        """Return the states of some members, NumPy leaves with the axes of ``slots`` in front."""

    def write(self, slots: np.ndarray, lanes: Lane) -> None:
        """Hold the states of some members, leaves [n, ...]."""


class Tile(NamedTuple):
    """What one tile is given; with a leading axis, the tiles of a device or of all."""

    numbers: list[Any]  # leaves [T], in the order of ``partition``
    lanes: Any  # a ``Lane`` of leaves [T, ...], or flat: [T, W] a dtype
    key: Any  # the data of the key of the tile's seed
    orders: Any  # [epochs, M]
    fold: Any = None  # int32
    most: Any = None  # int32 [T], how many epochs each lane may take; None where all take as many
    weights: Any = None  # ``LaneWeights`` of leaves [T, ...]; None where all lanes weigh the rows alike


class LaneWeights(NamedTuple):
    """How much a lane weighs each row that it trains on, [M], and that it is validated on, [V], and the targets that it
    trains on, [M] or [M, K] (None: as all do)."""

    train: Any
    held_out: Any = None
    targets: Any = None

    def within(self, data: Data) -> Data:
        """Return the data with these weights in place."""
        held = data.validation
        if held is not None and self.held_out is not None:
            held = held._replace(weight=self.held_out)
        own = {"weight": self.train, "y": self.targets}
        train = data.train._replace(**{name: value for name, value in own.items() if value is not None})
        return data._replace(train=train, validation=held)


class RowsOfLanes(Protocol):
    """Who knows what members make of their rows, by their slots."""

    def of(self, slots: np.ndarray) -> LaneWeights:
        """Return the weights and targets of some members, leaves with the axes of ``slots`` in front."""


class FoldRows(NamedTuple):
    """Which rows each of F folds trains on and holds out, padded to M and V rows of weight 0."""

    train: Any  # [F, M]; or ``Streamed`` of F sources, which have the weights, too
    train_weight: Array | None  # [F, M]; None where the objective takes no weights
    rows: Array  # [F], how many of M are examples
    held_out: Any  # [F, V]; or ``Streamed``
    held_out_weight: Array | None  # [F, V]

    @property
    def size(self) -> int:
        """M, the rows of a fold with their padding."""
        return len(self.train) if isinstance(self.train, Streamed) else int(self.train.shape[1])


class Shared(NamedTuple):
    """What all tiles look at."""

    train: Examples
    validation: Batch | None
    folds: FoldRows | None


def run_tiles(
    program: Program,
    layout: Layout,
    shared: Shared,
    tiles: Tile,
    *,
    counts: Array,
    first: Array,
    epochs: Array,
    block: int,
) -> tuple[Flat, Array]:
    """Train the first ``counts[0]`` of the tiles of this device from epoch ``first`` for ``epochs`` epochs.

    Their lanes are flat, [tiles, T, W] a dtype. Returns them and their history [tiles, T, block, names]; both stay as
    they were for the other tiles.
    """
    names = history_names(program.metrics, _validated(shared))
    history = jnp.full((*tiles.lanes[0].shape[:2], block, len(names)), jnp.nan, layout.dtypes[0])

    def one(i: Array, carry: tuple[Flat, Array]) -> tuple[Flat, Array]:
        flat, history = carry
        # i is in bounds: indexing and .at would compile four kernels more to see to it
        tile = jax.tree.map(lambda leaf: jax.lax.dynamic_index_in_dim(leaf, i, keepdims=False), tiles)
        done = _run_flat(program, layout, tile, tile_data(shared, tile), first=first, epochs=epochs, block=block)
        put = lambda all, one: jax.lax.dynamic_update_index_in_dim(all, one, i, 0)
        return jax.tree.map(put, (flat, history), done)

    return jax.lax.fori_loop(0, counts[0], one, (tiles.lanes, history))


def _run_flat(
    program: Program, layout: Layout, tile: Tile, data: Data, *, first: Array, epochs: Array, block: int
) -> tuple[Flat, Array]:
    """Train T lanes, which are flat between epochs, in lock step for ``epochs`` epochs, or until all have ended; return
    them and their history [T, block, names], NaN where a lane does not run."""
    names = history_names(program.metrics, data.validation is not None)
    key = jax.random.wrap_key_data(tile.key)
    # the first dtype of a lane is that of its parameters
    history = jnp.full((len(tile.lanes[0]), block, len(names)), jnp.nan, layout.dtypes[0])

    def runs_on(i: Array, flat: Flat) -> Array:
        return go_on(unflatten(layout, flat).status, tile.most, first + i)

    def any_goes_on(carry: tuple[Array, Flat, Array]) -> Array:
        i, flat, _ = carry
        return (i < epochs) & jnp.any(runs_on(i, flat))

    def epoch(carry: tuple[Array, Flat, Array]) -> tuple[Array, Flat, Array]:
        i, flat, history = carry

        def one(numbers: list[Any], lane: Lane, weights: LaneWeights | None) -> tuple[Lane, dict[str, Array]]:
            own = data if weights is None else weights.within(data)
            return lane_epoch(program, numbers, lane, data=own, key=key, epoch=(first + i, i))

        lanes, values = jax.vmap(one)(tile.numbers, unflatten(layout, flat), tile.weights)
        # a lane that does not run was trained with the others, and stays as it was
        keep = lambda new, old: jnp.where(runs_on(i, flat)[:, None], new, old)
        recorded = keep(jnp.stack([values[name].astype(history.dtype) for name in names], -1), jnp.nan)
        flat = jax.tree.map(keep, flatten(layout, lanes), flat)
        return i + 1, flat, jax.lax.dynamic_update_index_in_dim(history, recorded, i, 1)

    return jax.lax.while_loop(any_goes_on, epoch, (jnp.zeros((), jnp.int32), tile.lanes, history))[1:]


def go_on(status: Any, most: Any, done: Array | int) -> Any:
    """Say which lanes [T], of this status, train on after ``done`` epochs; ``most`` [T] is None where all may."""
    running = status == stopping.RUNNING
    return running if most is None else running & (done < most)


def lane_epoch(
    program: Program, numbers: list[Any], lane: Lane, *, data: Data, key: Array, epoch: tuple[Array, Array]
) -> tuple[Lane, dict[str, Array]]:
    """Train one member for one epoch; ``epoch`` is its number, from 0, and its position in the given orders."""
    number, done = epoch
    state = State(lane.params, lane.optimizer, number, lane.best, lane.status)
    after, values = one_epoch(assemble(program, numbers), state, data, key=key, done=done)
    ended = jnp.where(after.status == stopping.RUNNING, 0, number + 1).astype(jnp.int32)
    return Lane(after.params, after.optimizer, after.status, ended, after.best), values


def tile_data(shared: Shared, tile: Tile) -> Data:
    """Return the examples of the tile's fold, or all of them, in the tile's orders."""
    if shared.folds is None:
        return Data(shared.train, shared.validation, tile.orders)
    rows = jax.tree.map(lambda leaf: leaf[tile.fold], shared.folds)
    if isinstance(rows.train, Streamed):
        return Data(Examples(rows.train, None, None, rows.rows), standing_for(rows.held_out), tile.orders)
    at = lambda index, weight: Batch(shared.train.x[index], shared.train.y[index], weight)
    train = Examples(*at(rows.train, rows.train_weight), rows=rows.rows)
    return Data(train, at(rows.held_out, rows.held_out_weight), tile.orders)


def _validated(shared: Shared) -> bool:
    return shared.validation is not None or shared.folds is not None
