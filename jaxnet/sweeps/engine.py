"""The engine of one group: its compiled program on all devices, fed with as many tiles as they hold.

Members are held by the host; a call gathers some tiles of them, trains them for some epochs on all devices, and puts
them back. How many tiles and epochs a call takes is a matter of memory and of time, never of the result.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxnet.sweeps.devices import memory_limit
from jaxnet.sweeps.groups import Group, Members, Prepared, keys_of
from jaxnet.sweeps.tiles import Lane, Shared, Tile, draw_orders, run_tiles
from jaxnet.training.loop import Program

AXIS = "tiles"
TILES = 8  # resident on a device, where memory allows
_CALL_EPOCHS = 256  # that a call may take at most: its history is held for all of them
_ORDER_BYTES = 2**23  # of orders that a call is given: beyond that copying them would show beside training


class Tiling(NamedTuple):
    """Who sits where: ``slots`` [tiles, T] into the members of a group, ``real`` [tiles] lanes that are not padding."""

    slots: np.ndarray
    real: np.ndarray


def tile_slots(seeds: np.ndarray, folds: np.ndarray, slots: np.ndarray, lanes: int) -> Tiling:
    """Fill tiles with members of one seed and fold, and the rest of a tile by repeating its last member."""
    rows, real = [], []
    for fold, seed in sorted({(int(folds[slot]), int(seeds[slot])) for slot in slots}):
        mine = slots[(folds[slots] == fold) & (seeds[slots] == seed)]
        for start in range(0, len(mine), lanes):
            part = mine[start : start + lanes]
            rows.append(np.concatenate([part, np.repeat(part[-1:], lanes - len(part))]))
            real.append(len(part))
    return Tiling(np.array(rows), np.array(real))


def epochs_a_call(rows: int, tiles: int) -> int:
    """Return how many epochs one call may take: as many as their orders leave room for, of ``rows`` examples for each
    of the ``tiles`` on all devices; 0 rows where nothing is shuffled."""
    return max(1, min(_CALL_EPOCHS, _ORDER_BYTES // (4 * rows * tiles))) if rows else _CALL_EPOCHS  # 4: of an int32


class Engine:
    """Trains tiles of one group; compiles once, and again only when the memory is exhausted."""

    def __init__(self, group: Group, members: Members, *, prepared: Prepared, lanes: Lane, root: int) -> None:
        self._prepared, self._root = prepared, root
        self._seeds, self._folds = members.seed[group.members], members.fold[group.members]
        self.lanes = lanes
        self._mesh = Mesh(np.array(jax.local_devices()), (AXIS,))
        self._tiled = NamedSharding(self._mesh, PartitionSpec(AXIS))
        self._shared = jax.device_put(prepared.shared, NamedSharding(self._mesh, PartitionSpec()))
        self._rows = (
            len(prepared.shared.train.x) if prepared.shared.folds is None else prepared.shared.folds.train.shape[1]
        )
        # where nothing is drawn a seed shows in the first parameters only, and seeds may share a tile
        self._apart = self._seeds * (prepared.program.shuffled or prepared.program.random)
        tiling = tile_slots(self._apart, self._folds, np.arange(len(group.members)), group.lanes)
        self._resident = min(TILES, -(-len(tiling.real) // self._mesh.size))
        self._width = group.lanes
        ordered = self._rows if prepared.program.shuffled else 0
        self.block = epochs_a_call(ordered, self._resident * self._mesh.size)
        self._compiled: Any = None

    def batches(self, slots: np.ndarray) -> Iterator[Tiling]:
        """Cut members into as many tiles as the devices hold at once."""
        tiling = tile_slots(self._apart, self._folds, slots, self._width)
        while len(tiling.real):
            count = self._resident * self._mesh.size  # less after the memory was exhausted
            yield Tiling(tiling.slots[:count], tiling.real[:count])
            tiling = Tiling(tiling.slots[count:], tiling.real[count:])

    def train(self, tiling: Tiling, first: int, epochs: int) -> tuple[np.ndarray, np.ndarray]:
        """Train the members of these tiles in place; return their slots [n] and history [n, epochs, names].

        ``tiling`` come from ``batches``; ``epochs`` is at most ``block``.
        """
        if self._compiled is None:
            self._compile()
        if len(tiling.real) > self._resident * self._mesh.size:
            return self._in_parts(tiling, first, epochs)
        try:
            lanes, history, places = self._call(tiling, first, epochs)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) or self._resident == 1:
                raise
            self._resident, self._compiled = self._resident // 2, None
            return self.train(tiling, first, epochs)
        taken = np.arange(self._width) < np.expand_dims(tiling.real, 1)
        slots = tiling.slots[taken]
        for kept, trained in zip(jax.tree.leaves(self.lanes), jax.tree.leaves(lanes), strict=True):
            kept[slots] = np.asarray(trained)[places][taken]
        return slots, np.asarray(history)[places][taken][:, :epochs]

    def _in_parts(self, tiling: Tiling, first: int, epochs: int) -> tuple[np.ndarray, np.ndarray]:
        count = self._resident * self._mesh.size
        starts = range(0, len(tiling.real), count)
        parts = [Tiling(tiling.slots[start : start + count], tiling.real[start : start + count]) for start in starts]
        slots, histories = zip(*(self.train(part, first, epochs) for part in parts), strict=True)
        return np.concatenate(slots), np.concatenate(histories)

    def _call(self, tiling: Tiling, first: int, epochs: int) -> tuple[Lane, jax.Array, np.ndarray]:
        bounds = jnp.asarray(first, jnp.int32), jnp.asarray(epochs, jnp.int32)
        tiles, counts, places = self._load(tiling, bounds)
        lanes, history = jax.block_until_ready(self._compiled(self._shared, tiles, counts, bounds))
        return lanes, history, places

    def _load(self, tiling: Tiling, bounds: tuple[jax.Array, jax.Array]) -> tuple[Tile, jax.Array, np.ndarray]:
        """Gather tiles onto the devices, evenly; say how many each has and at which position each tile is."""
        devices, count = self._mesh.size, len(tiling.real)
        counts = np.array([count // devices + (device < count % devices) for device in range(devices)], np.int32)
        places = np.concatenate([device * self._resident + np.arange(n) for device, n in enumerate(counts)])
        slots = np.repeat(tiling.slots[:1], devices * self._resident, axis=0)
        slots[places] = tiling.slots
        gather = lambda leaf: leaf[slots]
        leaders = slots[:, 0]
        folds = np.maximum(self._folds[leaders], 0).astype(np.int32)
        keys = np.stack([self._key(int(seed)) for seed in self._seeds[leaders]])
        numbers = jax.tree.map(gather, self._prepared.numbers)
        host = (Tile(numbers, jax.tree.map(gather, self.lanes), keys, self._orders(leaders, bounds), folds), counts)
        tiles, counts = jax.device_put(host, self._tiled)
        return tiles, counts, places

    def _orders(self, leaders: np.ndarray, bounds: tuple[jax.Array, jax.Array]) -> np.ndarray | None:
        """Draw the orders of the coming epochs once for each seed and fold, however many tiles share them."""
        if not self._prepared.program.shuffled:
            return None
        pairs = [(int(self._seeds[slot]), max(int(self._folds[slot]), 0)) for slot in leaders]
        drawn = {}
        for seed, fold in set(pairs):
            rows = jnp.asarray(self._prepared.rows[fold], jnp.int32)
            orders = _draw(self._key(seed), rows, *bounds, size=self._rows, block=self.block)
            drawn[seed, fold] = np.asarray(orders)
        return np.stack([drawn[pair] for pair in pairs])

    def _key(self, seed: int) -> np.ndarray:
        return _run_key(self._root, seed)

    def _compile(self) -> None:
        """Compile for as many resident tiles as the memory holds, by the program's own account of its memory."""
        while True:
            tiling = Tiling(np.zeros((1, self._width), np.int64), np.ones(1, np.int64))
            bound = jnp.zeros((), jnp.int32)
            tiles, counts, _ = self._load(tiling, (bound, bound))
            arguments = (self._shared, tiles, counts, (bound, bound))
            leaves, structure = jax.tree.flatten(jax.tree.map(_shape, arguments))
            self._compiled = _compiled(
                self._prepared.program, self._mesh, block=self.block, structure=structure, leaves=tuple(leaves)
            )
            if self._resident == 1 or memory_of(self._compiled) <= 0.8 * memory_limit():
                return
            self._resident //= 2


def _shape(leaf: jax.Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding if leaf.committed else None)


@functools.lru_cache(maxsize=512)
def _compiled(program: Program, mesh: Mesh, *, block: int, structure: Any, leaves: tuple[Any, ...]) -> Any:
    """Compile the program of a group for arguments of these shapes; groups and sweeps that share it compile once."""
    each, everywhere = PartitionSpec(AXIS), PartitionSpec()

    def run(shared: Shared, tiles: Tile, counts: jax.Array, bounds: tuple[jax.Array, jax.Array]) -> tuple:
        first, epochs = bounds
        return run_tiles(program, shared, tiles, counts=counts, first=first, epochs=epochs, block=block)

    mapped = jax.shard_map(
        run,
        mesh=mesh,
        in_specs=(everywhere, each, each, everywhere),
        out_specs=each,
        check_vma=False,  # the loop's carry starts alike on all devices and ends different
    )
    return jax.jit(mapped).lower(*jax.tree.unflatten(structure, leaves)).compile()


def memory_of(compiled: Any) -> int:
    """Return the bytes that a compiled program needs on one device: arguments, results and temporaries."""
    analysis = compiled.memory_analysis()
    if analysis is None:
        return 0
    return analysis.argument_size_in_bytes + analysis.output_size_in_bytes + analysis.temp_size_in_bytes


_draw = jax.jit(draw_orders, static_argnames=("size", "block"))


@functools.lru_cache(maxsize=4096)
def _run_key(root: int, seed: int) -> np.ndarray:
    return np.asarray(jax.random.key_data(keys_of(root, seed)[1]))
