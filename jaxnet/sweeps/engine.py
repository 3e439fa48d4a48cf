"""The engine of one group: its compiled program on its devices, fed with as many tiles as they hold.

``train`` puts the states of some members on the devices, where they stay while it takes the same members further, call
by call; ``fetch`` brings them back. ``calls`` does both for any members, and lets those that go on move together when
others have ended. How many tiles and epochs a call takes is a matter of memory and of time, never of the result.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxnet.accelerators import local_devices, platform, products_precision
from jaxnet.identity import KeptPrograms
from jaxnet.sweeps.compiling import Compiling, memory_of, shape_in_place
from jaxnet.sweeps.devices import memory_limit
from jaxnet.sweeps.prepared_groups import Prepared
from jaxnet.sweeps.program_calls import Pace, ProgramCall, TileResults
from jaxnet.sweeps.tiles import Shared, StateHolder, Tile, go_on, run_tiles
from jaxnet.sweeps.tilings import Tiling, tile_slots
from jaxnet.training.batches import on_device
from jaxnet.training.flat import Flat, Layout, flatten, unflatten
from jaxnet.training.loop import Program, program_key, program_key_now

AXIS = "tiles"
# resident on a device: so many that calls of a few short epochs are long beside what a call costs, ...
_TILES = 8
_TILE_BYTES = 2**26  # ... and not more than fit into this, before and after a call
CALL_EPOCHS = 256  # that a call may take at most: its history is held for all of them
_ORDER_BYTES = 2**23  # of orders that a call is given: beyond that copying them would show beside training


def epochs_a_call(rows: int, tiles: int, most: int = CALL_EPOCHS) -> int:
    """Return how many epochs one call may take, at most ``most``: as many as their orders leave room for, of ``rows``
    examples for each of the ``tiles`` on all devices; 0 rows where nothing is shuffled."""
    return max(1, min(most, _ORDER_BYTES // (4 * rows * tiles))) if rows else most  # 4: of an int32


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


class Engine:
    """Trains tiles of one group; compiles once, and again only when the memory is exhausted.

    ``states`` has those of all members that it is asked to train; those of the members that were trained last are as
    old as the last ``fetch``. A call takes at most ``most_epochs``. ``devices`` are by default all of this process.
    ``begun`` is what ``begin`` of an engine of the same group has returned.
    """

    def __init__(
        self,
        prepared: Prepared,
        states: StateHolder,
        *,
        devices: Sequence[jax.Device] | None = None,
        most_epochs: int = CALL_EPOCHS,
        begun: Compiling | None = None,
    ) -> None:
        self._prepared, self.states, self._layout = prepared, states, states.layout
        self._seeds, self._folds = prepared.seeds, np.maximum(prepared.folds, 0)
        self._mesh = Mesh(np.array(devices or local_devices()), (AXIS,))
        self._tiled = NamedSharding(self._mesh, PartitionSpec(AXIS))
        self._shared = jax.device_put(prepared.shared, NamedSharding(self._mesh, PartitionSpec()))
        folds = prepared.shared.folds
        self._rows = len(prepared.shared.train.x) if folds is None else folds.size
        self._resident = resident_tiles(prepared.lanes * self._layout.bytes)
        ordered = self._rows if prepared.draws.ordered else 0
        self.block = epochs_a_call(ordered, self._resident * self._mesh.size, most_epochs)
        self._compiled: Any = None
        self._begun = begun
        self._loaded: Loaded | None = None
        self._ahead = False  # whether the devices are ahead of ``lanes``
        self._drawn: tuple[Any, Any] = None, None  # seeds, folds and epochs, and their orders

    def batches(self, slots: np.ndarray) -> Iterator[Tiling]:
        """Cut members into as many tiles as the devices hold at once."""
        tiling = self.tiling(slots)
        while len(tiling.real):
            count = self._resident * self._mesh.size  # less after the memory was exhausted
            yield tiling.part(slice(count))
            tiling = tiling.part(slice(count, None))

    def tiling(self, slots: np.ndarray) -> Tiling:
        """Seat members in tiles."""
        # where nothing is drawn a seed shows in the first parameters only, and seeds may share a tile
        drawn = self._prepared.draws.ordered or self._prepared.program.random
        return tile_slots(self._seeds * drawn, self._folds, slots, self._prepared.lanes)

    def calls(
        self, slots: np.ndarray, bounds: tuple[int, int], pace: Pace, *, wanted: Callable[[], bool] = lambda: False
    ) -> Iterator[ProgramCall]:
        """Train members from the first to the second of two epochs, or until they have ended, call by call.

        Their states stay on the devices until the last call, until ``wanted()`` says that they are, or until those
        that go on fill fewer tiles, into which they move.
        """
        for seated in self.batches(slots):
            tiling, (at, target) = seated, bounds
            while at < target and len(tiling.real):
                count = min(pace.epochs, target - at, self.block)
                started = time.perf_counter()
                told = self.train(tiling, at, count)
                pace.took(time.perf_counter() - started, count, self.block)
                at += count
                most = None if self._prepared.most is None else self._prepared.most[told.slots]
                smaller = self.tiling(told.slots[np.asarray(go_on(told.status, most, at))])
                moves = len(smaller.real) < len(tiling.real)
                fetched = at == target or moves or wanted()
                if fetched:
                    self.fetch()
                yield ProgramCall(told, at - count, count, fetched)
                tiling = smaller if moves else tiling

    def begin(self, example: int, pool: Pool) -> Compiling:
        """Let the program be compiled in a thread, by the shapes of one member, for an engine that trains later."""
        return self._compiling(example, pool)

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
        taken, places = tiling.seated, self._loaded.places
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
        taken = tiling.seated
        trained = unflatten(self._layout, tuple(np.asarray(part)[places][taken] for part in self._loaded.flat))
        self.states.write(tiling.slots[taken], trained)
        self._ahead = False

    def _in_parts(self, tiling: Tiling, first: int, epochs: int) -> TileResults:
        count = self._resident * self._mesh.size
        parts = [tiling.part(slice(start, start + count)) for start in range(0, len(tiling.real), count)]
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
        keys = np.stack([self._prepared.draws.key(int(seed)) for seed in self._seeds[leaders]])
        folds = self._folds[leaders].astype(np.int32)
        numbers = jax.tree.map(gather, self._prepared.numbers)
        self._ahead = False
        most = None if self._prepared.most is None else gather(self._prepared.most)
        weights = None if self._prepared.weights is None else self._prepared.weights.of(slots)
        put = jax.device_put((flat, numbers, keys, folds, counts, most, weights), self._tiled)
        return Loaded(tiling, places, *put)

    def _orders(self, loaded: Loaded, epochs: range) -> jax.Array | None:
        """Draw the orders of these epochs once for each seed and fold, whoever shares them."""
        draws = self._prepared.draws
        if not draws.ordered:
            return None
        leaders = np.repeat(loaded.tiling.slots[:1, 0], len(loaded.keys))
        leaders[loaded.places] = loaded.tiling.slots[:, 0]
        pairs = [(int(self._seeds[slot]), int(self._folds[slot])) for slot in leaders]
        # other members of the same seeds take the same orders: drawn and sent once, they are most of a short call
        if self._drawn[0] != (pairs, epochs):
            orders = np.zeros((len(pairs), self.block, self._rows), np.int32)
            for seed, fold in set(pairs) if epochs else ():
                drawn = draws.orders(seed, int(self._prepared.rows[fold]), epochs, size=self._rows)
                orders[[pair == (seed, fold) for pair in pairs], : len(epochs)] = drawn
            self._drawn = (pairs, epochs), jax.device_put(orders, self._tiled)
        return self._drawn[1]

    def _compile(self, example: int) -> None:
        """Compile, by the shapes of one member, for as many resident tiles as the memory holds by the program's own
        account of its memory."""
        while True:
            begun, self._begun = self._begun, None  # once: with fewer tiles it is another program
            self._compiled = (begun or self._compiling(example)).result()
            if self._resident == 1 or memory_of(self._compiled) <= 0.8 * memory_limit():
                return
            self._resident //= 2

    def _compiling(self, example: int, pool: Pool | None = None) -> Compiling:
        loaded = self._load(Tiling(np.full((1, self._prepared.lanes), example), np.ones(1, np.int64)))
        leaves, structure = jax.tree.flatten(jax.tree.map(shape_in_place, self._arguments(loaded, 0, 0)))
        how = {"hurried": self._prepared.hurried, "block": self.block, "structure": structure, "leaves": tuple(leaves)}
        return _compiled(products_precision(), self._prepared.program, self._layout, self._mesh, pool=pool, **how)


_programs: KeptPrograms[Compiling] = KeptPrograms(512)


def _compiled(
    precision: str, program: Program, layout: Layout, mesh: Mesh, *, pool: Pool | None, **how: Any
) -> Compiling:
    """Compile the program of a group for arguments of these shapes; groups and sweeps that share it compile once."""
    of = precision, layout, mesh, *how.values()

    def make() -> Compiling:
        made = _compile(precision, program, layout, mesh, pool=pool, **how)
        _programs.also((program_key_now(program), *of), made)
        return made

    return _programs.get((program_key(program), *of), make)


def _compile(
    precision: str,
    program: Program,
    layout: Layout,
    mesh: Mesh,
    *,
    pool: Pool | None,
    hurried: bool,
    block: int,
    structure: Any,
    leaves: tuple[Any, ...],
) -> Compiling:
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
    with jax.default_matmul_precision(precision):
        lowered = jax.jit(mapped).lower(*jax.tree.unflatten(structure, leaves))
    return Compiling(lowered, hurried, pool)
