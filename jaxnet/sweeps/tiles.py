"""The compiled population: lanes, tiles of a fixed number of lanes, and all tiles of a device.

A lane is one member, trained by the very ``one_epoch`` of ``fit``. A tile is ``vmap`` over T lanes that share a seed
and a fold, hence their batch orders, so a batch is gathered once and the first layer is one wide product. A device
works through its tiles one after the other, as many as it is told. No number crosses from lane to lane and T never
changes, so a member has the same bits whatever stands beside it.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxnet.training import stopping
from jaxnet.training.batches import Examples, draw_order
from jaxnet.training.loop import Data, Program, State, assemble, history_names, one_epoch
from jaxnet.types import Array, Batch, Pytree


class Lane(NamedTuple):
    """What a member carries from epoch to epoch."""

    params: Pytree
    optimizer: Pytree
    status: Any  # int32: RUNNING, CONVERGED or DIVERGED
    ended: Any  # int32: the epoch, from 1, in which it converged or diverged; 0 while it runs
    best: Any = None  # what a stopping rule watches


class Tile(NamedTuple):
    """What one tile is given; with a leading axis, the tiles of a device or of all."""

    numbers: list[Any]  # leaves [T], in the order of ``partition``
    lanes: Lane  # leaves [T, ...]
    key: Any  # the data of the key of the tile's seed
    orders: Any  # [epochs, M]
    fold: Any = None  # int32
    most: Any = None  # int32 [T], how many epochs each lane may take; None where all take as many


class FoldRows(NamedTuple):
    """Which rows each of F folds trains on and holds out, padded to M and V rows of weight 0."""

    train: Array  # [F, M]
    train_weight: Array | None  # [F, M]; None where the objective takes no weights
    rows: Array  # [F], how many of M are examples
    held_out: Array  # [F, V]
    held_out_weight: Array | None  # [F, V]


class Shared(NamedTuple):
    """What all tiles look at."""

    train: Examples
    validation: Batch | None
    folds: FoldRows | None


def run_tiles(
    program: Program, shared: Shared, tiles: Tile, *, counts: Array, first: Array, epochs: Array, block: int
) -> tuple[Lane, Array]:
    """Train the first ``counts[0]`` of the tiles of this device from epoch ``first`` for ``epochs`` epochs.

    Returns their lanes and their history [tiles, T, block, names]; both stay as they were for the other tiles.
    """
    names = history_names(program.metrics, _validated(shared))
    lanes_of = tiles.lanes.status.shape
    history = jnp.full((*lanes_of, block, len(names)), jnp.nan, jax.tree.leaves(tiles.lanes.params)[0].dtype)

    def one(i: Array, carry: tuple[Lane, Array]) -> tuple[Lane, Array]:
        lanes, history = carry
        tile = jax.tree.map(lambda leaf: leaf[i], tiles)
        data = tile_data(shared, tile)
        done, values = run_tile(program, tile, data, first=first, epochs=epochs, block=block)
        return jax.tree.map(lambda all, one: all.at[i].set(one), lanes, done), history.at[i].set(values)

    return jax.lax.fori_loop(0, counts[0], one, (tiles.lanes, history))


def run_tile(
    program: Program, tile: Tile, data: Data, *, first: Array, epochs: Array, block: int
) -> tuple[Lane, Array]:
    """Train T lanes in lock step for ``epochs`` epochs, or until all have ended; return them and their history
    [T, block, names], NaN where a lane does not run."""
    names = history_names(program.metrics, data.validation is not None)
    key = jax.random.wrap_key_data(tile.key)
    history = jnp.full(
        (len(tile.lanes.status), block, len(names)), jnp.nan, jax.tree.leaves(tile.lanes.params)[0].dtype
    )

    def any_goes_on(carry: tuple[Array, Lane, Array]) -> Array:
        i, lanes, _ = carry
        return (i < epochs) & jnp.any(go_on(lanes, tile.most, first + i))

    def epoch(carry: tuple[Array, Lane, Array]) -> tuple[Array, Lane, Array]:
        i, lanes, history = carry
        one = lambda numbers, lane, runs: lane_epoch(
            program, numbers, lane, runs=runs, data=data, key=key, epoch=(first + i, i)
        )
        lanes, values = jax.vmap(one)(tile.numbers, lanes, go_on(lanes, tile.most, first + i))
        recorded = jnp.stack([values[name].astype(history.dtype) for name in names], -1)
        return i + 1, lanes, history.at[:, i].set(recorded)

    return jax.lax.while_loop(any_goes_on, epoch, (jnp.zeros((), jnp.int32), tile.lanes, history))[1:]


def go_on(lanes: Lane, most: Array | None, done: Array | int) -> Array:
    """Say which lanes [T] train on after ``done`` epochs."""
    running = lanes.status == stopping.RUNNING
    return running if most is None else running & (done < most)


def lane_epoch(
    program: Program, numbers: list[Any], lane: Lane, *, runs: Array, data: Data, key: Array, epoch: tuple[Array, Array]
) -> tuple[Lane, dict[str, Array]]:
    """Train one member for one epoch; one that does not run stays as it is."""
    number, done = epoch
    state = State(lane.params, lane.optimizer, number, lane.best, lane.status)
    after, values = one_epoch(assemble(program, numbers), state, data, key=key, done=done)
    ended = jnp.where(after.status == stopping.RUNNING, 0, number + 1).astype(jnp.int32)
    trained = Lane(after.params, after.optimizer, after.status, ended, after.best)
    keep = lambda new, old: jnp.where(runs, new, old)
    return jax.tree.map(keep, trained, lane), {name: keep(value, jnp.nan) for name, value in values.items()}


def tile_data(shared: Shared, tile: Tile) -> Data:
    """Return the examples of the tile's fold, or all of them, in the tile's orders."""
    if shared.folds is None:
        return Data(shared.train, shared.validation, tile.orders)
    rows = jax.tree.map(lambda leaf: leaf[tile.fold], shared.folds)
    at = lambda index, weight: Batch(shared.train.x[index], shared.train.y[index], weight)
    train = Examples(*at(rows.train, rows.train_weight), rows=rows.rows)
    return Data(train, at(rows.held_out, rows.held_out_weight), tile.orders)


def _validated(shared: Shared) -> bool:
    return shared.validation is not None or shared.folds is not None


def draw_orders(key: Array, rows: Array, first: Array, epochs: Array, *, size: int, block: int) -> Array:
    """Draw the orders of some epochs, exactly as ``fit`` with this key would; [block, M], zeros beyond them."""
    examples = Examples(jnp.zeros((size,), jnp.int32), jnp.zeros(()), None, rows)

    def one(i: Array, orders: Array) -> Array:
        order_key, _ = jax.random.split(jax.random.fold_in(jax.random.wrap_key_data(key), first + i))
        return orders.at[i].set(draw_order(order_key, examples))

    return jax.lax.fori_loop(0, epochs, one, jnp.zeros((block, size), jnp.int32))
