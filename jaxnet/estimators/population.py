"""Many descents as one compiled population: tiles of a few lanes, each the very epoch of ``fit`` with its own numbers.

Lanes of a tile look at the same examples in the same orders, so a batch is gathered once and the first layer is one
wide product. A lane that has ended stays as it is; between blocks of epochs the lanes that still run move together,
so that no tile waits long for a single lane.
"""

import functools
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks, compilation_cache
from jaxnet.accelerators import exact_products
from jaxnet.estimators.descent_plan import Descent, DescentChunk, ProgramInputs, inputs_of, key_of, orders_of
from jaxnet.estimators.network_estimator import precision
from jaxnet.storage import digest
from jaxnet.sweeps.devices import cores
from jaxnet.sweeps.groups import lanes_of
from jaxnet.sweeps.tiles import Lane, LaneWeights, Tile, go_on, run_tile
from jaxnet.training import stopping
from jaxnet.training.batches import pad, pad_full_batch
from jaxnet.training.loop import Data, Program, State, history_names
from jaxnet.types import Array

_BLOCK = 32  # epochs after which lanes move together


class Member(NamedTuple):
    """A descent of a population, the examples in NumPy, how many epochs it may take, and how much each row, [N] and
    [V], weighs for it, where that is not what the examples say."""

    descent: Descent
    data: Data
    epochs: int
    weights: LaneWeights | None = None


class ProgramGroup(NamedTuple):
    """Members that share a program, examples and orders: their numbers, and how they start."""

    numbers: list[int]
    members: list[Member]
    starts: list[ProgramInputs]


class Workers(NamedTuple):
    """Who trains: the threads for tiles, where ended members go (number, last chunk), and whether to give up."""

    tiles: ThreadPoolExecutor
    ended: SimpleQueue[Any]
    stopped: threading.Event


def threads_of(n_jobs: int | None) -> int:
    """Return how many threads are meant: one a core that this process may use by default, and all but k - 1 of them by
    -k, as in joblib.

    Raises ValueError for 0.
    """
    checks.require(n_jobs != 0, "n_jobs", "a number of threads, -1 for all cores, or None", n_jobs)
    if n_jobs is None:
        return cores()
    return n_jobs if n_jobs > 0 else max(1, cores() + 1 + n_jobs)


def train_population(parts: Iterable[Sequence[Member]], threads: int) -> Iterator[tuple[int, DescentChunk]]:
    """Train every member as ``run_descent`` would without a lowered rate; yield its number and how it ended.

    Members are numbered through all parts. A part begins to train while the next is prepared, and members of
    different parts share no tile. Raises whatever a thread has raised.
    """
    compilation_cache.enable()
    # twice as many groups as threads for tiles: while one group regroups its lanes another keeps the cores busy
    with ThreadPoolExecutor(threads) as tiles, ThreadPoolExecutor(2 * threads) as groups:
        workers, count = Workers(tiles, SimpleQueue(), threading.Event()), 0
        try:
            for members in parts:
                for group in groups_of(members, count):
                    groups.submit(_run_group, group, workers)
                count += len(members)
            for _ in range(count):
                result = workers.ended.get()
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            workers.stopped.set()


def groups_of(members: Sequence[Member], first: int) -> list[ProgramGroup]:
    """Sort members, whose numbers begin at ``first``, into groups."""
    digested = functools.lru_cache(None)(lambda array: digest(array.of))
    groups: dict[Hashable, ProgramGroup] = {}
    for number, member in enumerate(members, first):
        descent, data = member.descent, member.data
        with precision(data.train.x.dtype):
            start = inputs_of(descent, len(data.train.x))
        # what looks at the same examples in the same orders, and drops the same units, can be lanes of one tile
        arrays = tuple(digested(ById(leaf)) for leaf in jax.tree.leaves(data))
        orders = descent.orders.identity() if descent.orders else None
        alike = (start.program, arrays, orders, descent.seed, member.weights is None)
        group = groups.setdefault(alike, ProgramGroup([], [], []))
        group.numbers.append(number)
        group.members.append(member)
        group.starts.append(start)
    return list(groups.values())


class ById:
    """An array that is the same as another only if it is the very same object, so that it is digested once."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __hash__(self) -> int:
        return id(self.of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.of is other.of


def _run_group(group: ProgramGroup, workers: Workers) -> None:
    """Train a group, its tiles side by side, and hand over each member as it ends, or what went wrong."""
    try:
        for result in _ended_members(group, workers):
            workers.ended.put(result)
    except BaseException as error:
        workers.ended.put(error)


def _ended_members(group: ProgramGroup, workers: Workers) -> Iterator[tuple[int, DescentChunk]]:
    (descent, (train, validation, _), *_), program = group.members[0], group.starts[0].program
    histories: list[list[dict[str, np.ndarray]]] = [[] for _ in group.members]
    rows = len(train.x)
    with precision(train.x.dtype):
        train = pad_full_batch(train) if descent.batch_size >= rows else pad(train, descent.batch_size)
        data = jax.device_put(Data(train, validation and pad_full_batch(validation), None))
        lanes = _side_by_side(group)._replace(weights=_padded_weights(group, len(train.x)))
    orders = orders_of(descent, rows, padded=len(train.x))
    running, done = np.arange(len(group.members)), 0
    batch, together = min(descent.batch_size, rows), len(group.members)
    # a lone member, such as one of several seeds, whose orders are its own, would else train a tile of copies of itself
    size = 1 if together == 1 else lanes_of(descent.objective.network, batch=batch, together=together)
    while len(running) and not workers.stopped.is_set():
        block = data if orders is None else data._replace(orders=orders.next_block(_BLOCK, _BLOCK))
        parts = [running[start : start + size] for start in range(0, len(running), size)]
        slots = [np.pad(mine, (0, size - len(mine)), mode="edge") for mine in parts]  # the last fills up its tile
        train_slots = functools.partial(_train_tile, program, lanes, data=block, done=done)
        for mine, values_of in zip(parts, workers.tiles.map(train_slots, slots), strict=True):
            for lane, values in zip(mine, values_of, strict=False):
                histories[lane].append(values)
        done += _BLOCK
        goes_on = np.asarray(go_on(lanes.lanes, lanes.most, done))[running]
        for lane in running[~goes_on]:
            yield group.numbers[lane], _last_chunk(lanes, lane, histories[lane], descent.rate)
        running = running[goes_on]


def _side_by_side(group: ProgramGroup) -> Tile:
    """Stack members, in NumPy; numbers get the dtype of the weights, for a strong one would change it."""
    dtype, starts = group.members[0].data.train.x.dtype, group.starts
    number = lambda *values: np.asarray(values, dtype if isinstance(values[0], float) else np.int32)
    numbers = jax.tree.map(number, *(start.numbers for start in starts))
    state: State = jax.tree.map(lambda *leaves: np.stack(leaves), *(start.state for start in starts))
    lanes = Lane(state.params, state.optimizer, state.status, np.zeros_like(state.status), state.best)
    most = np.array([member.epochs for member in group.members], np.int32)
    key = np.asarray(jax.random.key_data(key_of(group.members[0].descent.seed)))
    return Tile(numbers, lanes, key, None, most=most)


def _padded_weights(group: ProgramGroup, rows: int) -> LaneWeights | None:
    """Stack the members' own weights of rows, [T, M] and [T, V], padded as the examples are; None where they have
    none."""
    own = [member.weights for member in group.members]
    if own[0] is None:
        return None
    dtype = group.members[0].data.train.x.dtype
    train = np.stack([each.train for each in own if each is not None]).astype(dtype)
    train = np.pad(train, ((0, 0), (0, rows - train.shape[1])))
    if own[0].held_out is None:
        return LaneWeights(train)
    held = np.stack([each.held_out for each in own if each is not None]).astype(dtype)
    return LaneWeights(train, pad_full_batch(held.T).T)


def _train_tile(
    program: Program, all: Tile, slots: np.ndarray, *, data: Data, done: int
) -> list[dict[str, np.ndarray]]:
    """Train the lanes in the slots of a tile in place for a block of epochs; return the history of each."""
    in_slots = lambda part: jax.tree.map(lambda leaf: leaf[slots], part)
    lanes = in_slots(all.lanes)
    tile = Tile(in_slots(all.numbers), lanes, all.key, None, most=all.most[slots], weights=in_slots(all.weights))
    arguments = tile, data, np.asarray(done, np.int32)
    with precision(data.train.x.dtype):
        lanes, history = jax.device_get(_compiled(program, arguments)(*arguments))
    for kept, trained in zip(jax.tree.leaves(all.lanes), jax.tree.leaves(lanes), strict=True):
        kept[slots] = trained
    names = history_names(program.metrics, data.validation is not None)
    ran = _epochs_of(all)[slots] - done
    return [dict(zip(names, history[i, : ran[i]].T, strict=True)) for i in range(len(slots))]


def _epochs_of(all: Tile) -> np.ndarray:
    """Return after how many epochs lanes stop, or may have to."""
    return np.where(all.lanes.ended > 0, all.lanes.ended, all.most)


def _compiled(program: Program, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), arguments)
    leaves, structure = jax.tree.flatten(shapes)
    with _COMPILING:  # or every thread would compile the same program
        return _compile(program, structure, tuple(leaves))


_COMPILING = threading.Lock()


@functools.lru_cache(maxsize=64)
def _compile(program: Program, structure: Any, leaves: tuple[jax.ShapeDtypeStruct, ...]) -> Callable[..., Any]:
    def run_block(tile: Tile, data: Data, first: Array) -> tuple[Lane, Array]:
        return run_tile(program, tile, data, first=first, epochs=jnp.asarray(_BLOCK, jnp.int32), block=_BLOCK)

    with exact_products(), compilation_cache.saying_compiles():
        return jax.jit(run_block).lower(*jax.tree.unflatten(structure, leaves)).compile()


def _last_chunk(all: Tile, number: int, history: list[dict[str, np.ndarray]], rate: float) -> DescentChunk:
    lane = jax.tree.map(lambda leaf: np.array(leaf[number]), all.lanes)
    state = State(lane.params, lane.optimizer, _epochs_of(all)[number], lane.best, lane.status)
    joined = {name: np.concatenate([part[name] for part in history]) for name in history[0]}
    waited = int(lane.status) == stopping.CONVERGED
    return DescentChunk(state, joined, rate, waited, ended=waited, last=True)


def casting(dtype: str | None) -> Callable[[Data], Data]:
    """Return what brings examples to another dtype, an array that they share once; None leaves them as they are."""
    if dtype is None:
        return lambda data: data
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def cast(leaf: np.ndarray) -> np.ndarray:
        if leaf.dtype.kind != "f":  # how many rows there are
            return leaf
        if id(leaf) not in known:
            known[id(leaf)] = leaf, np.asarray(leaf, dtype)  # keeps the leaf alive, so its id is not used again
        return known[id(leaf)][1]

    return lambda data: jax.tree.map(cast, data)
