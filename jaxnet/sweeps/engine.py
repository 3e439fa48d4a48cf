"""The engine of one group: its compiled program on all devices, fed with as many tiles as they hold.

``train`` puts the states of some members on the devices, where they stay while it takes the same members further, call
by call; ``fetch`` brings them back. How many tiles and epochs a call takes is a matter of memory and of time, never of
the result.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxnet.accelerators import local_devices, platform, products_precision
from jaxnet.compilation_cache import saying_compiles
from jaxnet.identity import KeptPrograms
from jaxnet.sweeps.compiling import compile_lowered
from jaxnet.sweeps.devices import memory_limit
from jaxnet.sweeps.groups import Group, Members, Prepared, keys_of
from jaxnet.sweeps.orders import draw_orders
from jaxnet.sweeps.tiles import Shared, StateHolder, Tile, run_tiles
from jaxnet.training.batches import on_device
from jaxnet.training.flat import Flat, Layout, flatten, unflatten
from jaxnet.training.loop import Program, program_key, program_key_now

AXIS = "tiles"
# resident on a device: so many that calls of a few short epochs are long beside what a call costs, ...
_TILES = 8
_TILE_BYTES = 2**26  # ... and not more than fit into this, before and after a call
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


def lanes_with_members(tiling: Tiling) -> np.ndarray:
    """Say which lanes [tiles, T] are no padding."""
    return np.arange(tiling.slots.shape[1]) < np.expand_dims(tiling.real, 1)


def resident_tiles(tile_bytes: int) -> int:
    """Return how many tiles, whose states take so many bytes, stay on a device at a time.

    It is a matter of the network alone, never of how many members there are, for it is a shape: populations of 8 or
    of 800 share a program.
    """
    if platform() != "cpu":  # one wide tile fills an accelerator
        return 1
    return max(1, min(_TILES, _TILE_BYTES // tile_bytes))


class Loaded(NamedTuple):
    """What stands on the devices: whose states, and what else their tiles are given in every call."""

    tiling: Tiling
    places: np.ndarray  # [tiles], where each stands among all resident ones
    flat: Flat  # [resident, T, W] a dtype
    numbers: list[Any]  # leaves [resident, T]
    keys: jax.Array
    folds: jax.Array
    counts: jax.Array  # [devices], the tiles of each
    most: jax.Array | None  # [resident, T], the epochs of each lane; None where all have as many
    weights: Any  # leaves [resident, T, M], of rows; None where all lanes weigh them alike


class TileResults(NamedTuple):
    """What a call tells of its members: who they are, what was recorded, and who has ended."""

    slots: np.ndarray  # [n]
    curves: np.ndarray  # [n, epochs, names]
    ended: np.ndarray  # [n], the epoch, from 1, in which each ended; 0 while it runs
    status: np.ndarray  # [n], RUNNING, CONVERGED or DIVERGED


class Engine:
    """Trains tiles of one group; compiles once, and again only when the memory is exhausted.

    ``states`` has those of all members that it is asked to train; those of the members that were trained last are as
    old as the last ``fetch``. ``most`` [P] are the epochs that each may take, None where all may take as many.
    """

    def __init__(
        self,
        group: Group,
        members: Members,
        *,
        prepared: Prepared,
        states: StateHolder,
        root: int,
        most: np.ndarray | None = None,
    ) -> None:
        self._prepared, self._root, self._most = prepared, root, most
        self._seeds, self._folds = prepared.seeds, members.fold[group.members]
        self.states = states
        self._layout = states.layout
        self._mesh = Mesh(np.array(local_devices()), (AXIS,))
        self._tiled = NamedSharding(self._mesh, PartitionSpec(AXIS))
        self._shared = jax.device_put(prepared.shared, NamedSharding(self._mesh, PartitionSpec()))
        folds = prepared.shared.folds
        self._rows = len(prepared.shared.train.x) if folds is None else folds.train.shape[1]
        # where nothing is drawn a seed shows in the first parameters only, and seeds may share a tile
        self._apart = self._seeds * (prepared.program.shuffled or prepared.program.random)
        self._width, self._hurried = group.lanes, group.hurried
        self._resident = resident_tiles(self._width * self._layout.bytes)
        ordered = self._rows if prepared.program.shuffled else 0
        self.block = epochs_a_call(ordered, self._resident * self._mesh.size)
        self._compiled: Any = None
        self._loaded: Loaded | None = None
        self._ahead = False  # whether the devices are ahead of ``lanes``
        self._drawn: tuple[Any, Any] = None, None  # seeds, folds and epochs, and their orders

    def batches(self, slots: np.ndarray) -> Iterator[Tiling]:
        """Cut members into as many tiles as the devices hold at once."""
        tiling = tile_slots(self._apart, self._folds, slots, self._width)
        while len(tiling.real):
            count = self._resident * self._mesh.size  # less after the memory was exhausted
            yield Tiling(tiling.slots[:count], tiling.real[:count])
            tiling = Tiling(tiling.slots[count:], tiling.real[count:])

    def train(self, tiling: Tiling, first: int, epochs: int) -> TileResults:
        """Train the members of these tiles, which come from ``batches``, for ``epochs``, at most ``block``.

        Their states stay on the devices until they are fetched, or until other members are trained.
        """
        if self._compiled is None:
            self._compile(int(tiling.slots[0, 0]))
        if len(tiling.real) > self._resident * self._mesh.size:
            return self._in_parts(tiling, first, epochs)
        if self._loaded is None or self._loaded.tiling is not tiling:
            self.fetch()
            self._loaded = self._load(tiling)
        try:
            flat, *told = self._call(self._loaded, first, epochs)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) or self._resident == 1:
                raise
            self.fetch()  # nothing is donated to a call, so what stood there before it still does
            self._resident, self._compiled, self._loaded = self._resident // 2, None, None
            return self.train(tiling, first, epochs)
        self._loaded, self._ahead = self._loaded._replace(flat=flat), True
        taken, places = lanes_with_members(tiling), self._loaded.places
        at = lambda leaf: np.asarray(leaf)[places][taken]
        history, ended, status = map(at, told)
        return TileResults(tiling.slots[taken], history[:, :epochs], ended, status)

    def take(self, states: StateHolder) -> None:
        """Go on with other states, and forget those on the devices."""
        if states is not self.states:
            self.states, self._loaded, self._ahead = states, None, False

    def fetch(self) -> None:
        """Bring the states of the members that were trained last back into ``lanes``."""
        if self._loaded is None or not self._ahead:
            return
        tiling, places = self._loaded.tiling, self._loaded.places
        taken = lanes_with_members(tiling)
        trained = unflatten(self._layout, tuple(np.asarray(part)[places][taken] for part in self._loaded.flat))
        self.states.write(tiling.slots[taken], trained)
        self._ahead = False

    def _in_parts(self, tiling: Tiling, first: int, epochs: int) -> TileResults:
        count = self._resident * self._mesh.size
        starts = range(0, len(tiling.real), count)
        parts = [Tiling(tiling.slots[start : start + count], tiling.real[start : start + count]) for start in starts]
        found = [self.train(part, first, epochs) for part in parts]
        return TileResults(*map(np.concatenate, zip(*found, strict=True)))

    def _call(self, loaded: Loaded, first: int, epochs: int) -> tuple[Any, ...]:
        return jax.block_until_ready(self._compiled(*self._arguments(loaded, first, epochs)))

    def _arguments(self, loaded: Loaded, first: int, epochs: int) -> tuple:
        bounds = on_device(first, np.int32), on_device(epochs, np.int32)
        orders = self._orders(loaded, range(first, first + epochs))
        tiles = Tile(loaded.numbers, loaded.flat, loaded.keys, orders, loaded.folds, *loaded[-2:])
        return self._shared, tiles, loaded.counts, bounds

    def _load(self, tiling: Tiling) -> Loaded:
        """Put tiles onto the devices, evenly; room that they leave is filled with the first, which nobody trains."""
        devices, count = self._mesh.size, len(tiling.real)
        counts = np.array([count // devices + (device < count % devices) for device in range(devices)], np.int32)
        places = np.concatenate([device * self._resident + np.arange(n) for device, n in enumerate(counts)])
        slots = np.repeat(tiling.slots[:1], devices * self._resident, axis=0)
        slots[places] = tiling.slots
        gather = lambda leaf: leaf[slots]
        flat = flatten(self._layout, self.states.read(slots))
        leaders = slots[:, 0]
        keys = np.stack([_run_key(self._root, int(seed)) for seed in self._seeds[leaders]])
        folds = np.maximum(self._folds[leaders], 0).astype(np.int32)
        numbers = jax.tree.map(gather, self._prepared.numbers)
        self._ahead = False
        most = None if self._most is None else gather(self._most)
        weights = None if self._prepared.weights is None else self._prepared.weights.of(slots)
        put = jax.device_put((flat, numbers, keys, folds, counts, most, weights), self._tiled)
        return Loaded(tiling, places, *put)

    def _orders(self, loaded: Loaded, epochs: range) -> jax.Array | None:
        """Draw the orders of these epochs once for each seed and fold, whoever shares them."""
        if not self._prepared.program.shuffled:
            return None
        leaders = np.repeat(loaded.tiling.slots[:1, 0], len(loaded.keys))
        leaders[loaded.places] = loaded.tiling.slots[:, 0]
        pairs = [(int(self._seeds[slot]), max(int(self._folds[slot]), 0)) for slot in leaders]
        # other members of the same seeds take the same orders: drawn and sent once, they are most of a short call
        if self._drawn[0] != (pairs, epochs):
            orders = np.zeros((len(pairs), self.block, self._rows), np.int32)
            for seed, fold in set(pairs) if epochs else ():
                rows, key = int(self._prepared.rows[fold]), keys_of(self._root, seed)[1]
                drawn = draw_orders(key, rows, epochs, size=self._rows)
                orders[[pair == (seed, fold) for pair in pairs], : len(epochs)] = drawn
            self._drawn = (pairs, epochs), jax.device_put(orders, self._tiled)
        return self._drawn[1]

    def _compile(self, example: int) -> None:
        """Compile, by the shapes of one member, for as many resident tiles as the memory holds by the program's own
        account of its memory."""
        while True:
            loaded = self._load(Tiling(np.full((1, self._width), example), np.ones(1, np.int64)))
            leaves, structure = jax.tree.flatten(jax.tree.map(_shape, self._arguments(loaded, 0, 0)))
            self._compiled = _compiled(
                products_precision(),
                self._prepared.program,
                self._layout,
                self._mesh,
                hurried=self._hurried,
                block=self.block,
                structure=structure,
                leaves=tuple(leaves),
            )
            if self._resident == 1 or memory_of(self._compiled) <= 0.8 * memory_limit():
                return
            self._resident //= 2


def _shape(leaf: jax.Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding if leaf.committed else None)


_programs: KeptPrograms[Any] = KeptPrograms(512)


def _compiled(precision: str, program: Program, layout: Layout, mesh: Mesh, **how: Any) -> Any:
    """Compile the program of a group for arguments of these shapes; groups and sweeps that share it compile once."""
    of = precision, layout, mesh, *how.values()

    def make() -> Any:
        made = _compile(precision, program, layout, mesh, **how)
        _programs.also((program_key_now(program), *of), made)
        return made

    return _programs.get((program_key(program), *of), make)


def _compile(
    precision: str,
    program: Program,
    layout: Layout,
    mesh: Mesh,
    *,
    hurried: bool,
    block: int,
    structure: Any,
    leaves: tuple[Any, ...],
) -> Any:
    each, everywhere = PartitionSpec(AXIS), PartitionSpec()

    def run(shared: Shared, tiles: Tile, counts: jax.Array, bounds: tuple[jax.Array, jax.Array]) -> tuple:
        first, epochs = bounds
        flat, history = run_tiles(
            program, layout, shared, tiles, counts=counts, first=first, epochs=epochs, block=block
        )
        lanes = unflatten(layout, flat)
        return flat, history, lanes.ended, lanes.status

    mapped = jax.shard_map(
        run,
        mesh=mesh,
        in_specs=(everywhere, each, each, everywhere),
        out_specs=each,
        check_vma=False,  # the loop's carry starts alike on all devices and ends different
    )
    with jax.default_matmul_precision(precision), saying_compiles():
        return compile_lowered(jax.jit(mapped).lower(*jax.tree.unflatten(structure, leaves)), hurried)


def memory_of(compiled: Any) -> int:
    """Return the bytes that a compiled program needs on one device: arguments, results and temporaries."""
    analysis = compiled.memory_analysis()
    if analysis is None:
        return 0
    return analysis.argument_size_in_bytes + analysis.output_size_in_bytes + analysis.temp_size_in_bytes


@functools.lru_cache(maxsize=4096)
def _run_key(root: int, seed: int) -> np.ndarray:
    return np.asarray(jax.random.key_data(keys_of(root, seed)[1]))
