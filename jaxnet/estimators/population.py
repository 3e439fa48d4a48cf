"""Many descents as one population: a client of the sweeps' engine, to which it brings what scikit-learn draws.

Descents that share a program and examples are a group of the engine; those of them that look at the examples in the
same orders share tiles. Threads train shares of groups side by side, on one device: estimators do not say before JAX
starts that each core is to be one.
"""

import functools
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks, compilation_cache
from jaxnet.accelerators import local_devices
from jaxnet.estimators.descent_plan import Descent, DescentChunk, ProgramInputs, inputs_of
from jaxnet.estimators.drawing import Shuffles, StreamDraws
from jaxnet.estimators.network_estimator import precision
from jaxnet.estimators.rules import int32
from jaxnet.network import MLP
from jaxnet.storage import digest
from jaxnet.sweeps.compiling import short
from jaxnet.sweeps.devices import cores
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.groups import lanes_of
from jaxnet.sweeps.prepared_groups import Prepared
from jaxnet.sweeps.program_calls import Pace
from jaxnet.sweeps.states import HandedStates
from jaxnet.sweeps.tiles import Lane, LaneWeights, Shared, go_on
from jaxnet.sweeps.tilings import tile_slots
from jaxnet.training import stopping
from jaxnet.training.batches import pad, pad_full_batch
from jaxnet.training.loop import Data, State, history_names

_PASSES = 6  # operations a weight and example, forwards and backwards
_BLOCK = 32  # epochs after which lanes move together
_ALONE = 1.2  # times what a lane of a full tile costs, a member costs alone
_HASTE = 10  # times as long as it trains, a population compiles that does so in a hurry: programs are used again


class Member(NamedTuple):
    """A descent of a population, the examples in NumPy, how many epochs it may take, and how much each row, [N] and
    [V], weighs for it, where that is not what the examples say."""

    descent: Descent
    data: Data
    epochs: int
    weights: LaneWeights | None = None


class ProgramGroup(NamedTuple):
    """Members that share a program and examples: who they are, and what the engine needs of them, by their slots."""

    numbers: list[int]
    rates: list[float]
    streams: list[tuple[Shuffles | None, int]]  # orders, and the seed of dropout
    prepared: Prepared
    states: HandedStates

    def shares(self, count: int) -> list[np.ndarray]:
        """Deal the tiles of the members out evenly, to so many threads at most; return their slots."""
        slots = np.arange(len(self.numbers))
        tiling = tile_slots(self.prepared.seeds, self.prepared.folds, slots, self.prepared.lanes)
        return [share for share in tiling.shares(count) if len(share)]


class Workers(NamedTuple):
    """Who trains: the threads, their device, where ended members go (number, last chunk), and whether to give up."""

    threads: ThreadPoolExecutor
    device: jax.Device
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


def train_population(
    parts: Iterable[Sequence[Member]], threads: int, expected: int = 1
) -> Iterator[tuple[int, DescentChunk]]:
    """Train every member as ``run_descent`` would without a lowered rate; yield its number and how it ended.

    Members are numbered through all parts, of which ``expected`` will come, much like the first. A part begins to train
    while the next is prepared, and members of different parts share no tile. Raises whatever a thread has raised.
    """
    compilation_cache.enable()
    with ThreadPoolExecutor(threads) as pool:
        workers, count = Workers(pool, local_devices()[0], SimpleQueue(), threading.Event()), 0
        hurried: bool | None = None  # as the first part says, so that all of them share programs
        try:
            for members in parts:
                groups = groups_of(members, count)
                # as few shares as keep all threads busy: only within a share do those that go on move together
                shares = -(-threads // (len(groups) * expected)) if groups else 0
                hurried = _hurried(groups, expected) if hurried is None else hurried
                for group in groups:
                    hasty = group._replace(prepared=group.prepared._replace(hurried=hurried))
                    for slots in hasty.shares(shares):
                        pool.submit(_run_share, hasty, slots, workers)
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
    found: dict[Hashable, list[tuple[int, Member, ProgramInputs]]] = {}
    for number, member in enumerate(members, first):
        descent, data = member.descent, member.data
        with precision(data.train.x.dtype):
            start = inputs_of(descent, len(data.train.x))
        arrays = tuple(digested(ById(leaf)) for leaf in jax.tree.leaves(data))
        alike = (start.program, arrays, descent.orders is None, member.weights is None)
        found.setdefault(alike, []).append((number, member, start))
    return [_group(*map(list, zip(*each, strict=True))) for each in found.values()]


class ById:
    """An array that is the same as another only if it is the very same object, so that it is digested once."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __hash__(self) -> int:
        return id(self.of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.of is other.of


def _group(numbers: list[int], members: list[Member], starts: list[ProgramInputs]) -> ProgramGroup:
    """Lay out what the engine needs, in NumPy but for the examples."""
    descents = [member.descent for member in members]
    train, validation, _ = members[0].data
    rows, size, dtype = len(train.x), descents[0].batch_size, train.x.dtype
    with precision(dtype):
        train = pad_full_batch(train) if size >= rows else pad(train, size)
        shared = jax.device_put(Shared(train, validation and pad_full_batch(validation), None), local_devices()[0])
    # what looks at the examples in the same orders, and drops the same units, can be lanes of one tile
    streams: dict[Hashable, tuple[Shuffles | None, int]] = {}
    drawn = [(descent.orders.identity() if descent.orders else None, descent.seed) for descent in descents]
    for each, descent in zip(drawn, descents, strict=True):
        streams.setdefault(each, (descent.orders, descent.seed))
    places = {each: place for place, each in enumerate(streams)}
    seeds, drawn_from = np.array([places[each] for each in drawn]), list(streams.values())
    lanes = _lanes(descents[0].objective.network, np.bincount(seeds), min(size, rows))
    # numbers get the dtype of the weights, for a strong one would change it
    number = lambda *values: np.asarray(values, dtype if isinstance(values[0], float) else np.int32)
    prepared = Prepared(
        starts[0].program,
        shared,
        np.array([rows]),
        jax.tree.map(number, *(start.numbers for start in starts)),
        seeds,
        np.zeros_like(seeds),
        StreamDraws(drawn_from),
        lanes,
        weights=_padded_weights(members, len(train.x)),
        most=np.array([member.epochs for member in members], np.int32),
    )
    rates = [descent.rate for descent in descents]
    return ProgramGroup(numbers, rates, drawn_from, prepared, _first_states(starts))


def _lanes(network: MLP, together: np.ndarray, batch: int) -> int:
    """Return the lanes of a tile where so many members a stream look at the same orders.

    A tile that is not full trains copies, so members of many streams, such as seeds, are trained alone.
    """
    lanes = lanes_of(network, batch=batch, together=int(together.max()))
    tiled = -(-together // lanes) * lanes
    return lanes if tiled.sum() <= _ALONE * together.sum() else 1


def _hurried(groups: Sequence[ProgramGroup], parts: int) -> bool:
    """Whether compiling takes much longer than training so many parts like this one."""
    operations = 0.0
    for group in groups:
        params = jax.tree.leaves(group.states.lanes.params)
        weights = sum(leaf.size for leaf in params) // len(group.numbers)
        most: Any = group.prepared.most
        operations += _PASSES * weights * len(group.prepared.shared.train.x) * most.sum()
    return short(_HASTE * parts * operations, len(groups))


def _first_states(starts: list[ProgramInputs]) -> HandedStates:
    state: State = jax.tree.map(lambda *leaves: np.stack(leaves), *(start.state for start in starts))
    lanes = Lane(state.params, state.optimizer, state.status, np.zeros_like(state.status), state.best)
    return HandedStates(np.arange(len(starts)), lanes)


class StackedWeights:
    """The members' own weights of rows by their slots, out of leaves [P, ...]."""

    def __init__(self, stacked: LaneWeights) -> None:
        self._stacked = stacked

    def of(self, slots: np.ndarray) -> LaneWeights:
        """Return those of some members, with the axes of ``slots`` in front."""
        found: LaneWeights = jax.tree.map(lambda leaf: leaf[slots], self._stacked)
        return found


def _padded_weights(members: list[Member], rows: int) -> StackedWeights | None:
    """Stack the members' own weights of rows, [P, M] and [P, V], padded as the examples are; None where they have
    none."""
    own = [member.weights for member in members]
    if own[0] is None:
        return None
    dtype = members[0].data.train.x.dtype
    train = np.stack([each.train for each in own if each is not None]).astype(dtype)
    train = np.pad(train, ((0, 0), (0, rows - train.shape[1])))
    if own[0].held_out is None:
        return StackedWeights(LaneWeights(train))
    held = np.stack([each.held_out for each in own if each is not None]).astype(dtype)
    return StackedWeights(LaneWeights(train, pad_full_batch(held.T).T))


def _run_share(group: ProgramGroup, slots: np.ndarray, workers: Workers) -> None:
    """Train some members of a group, and hand over each when it has ended, or what went wrong."""
    try:
        with precision(group.prepared.shared.train.x.dtype):
            for result in _ended_members(group, slots, workers):
                workers.ended.put(result)
    except BaseException as error:
        workers.ended.put(error)


def _ended_members(group: ProgramGroup, slots: np.ndarray, workers: Workers) -> Iterator[tuple[int, DescentChunk]]:
    if workers.stopped.is_set():
        return
    most: Any = group.prepared.most
    # a thread goes its own way through the orders
    prepared = group.prepared._replace(draws=StreamDraws(group.streams))
    engine = Engine(prepared, group.states, devices=[workers.device], most_epochs=_BLOCK)
    curves: dict[int, list[np.ndarray]] = {slot: [] for slot in slots.tolist()}
    for call in engine.calls(slots, (0, int(most[slots].max())), Pace(_BLOCK)):
        told = call.told
        for slot, curve in zip(told.slots.tolist(), told.curves, strict=True):
            curves[slot].append(curve)
        if call.fetched:
            ended = ~go_on(told.status, most[told.slots], call.first + call.epochs)
            for slot in told.slots[ended].tolist():
                yield group.numbers[slot], _last_chunk(group, slot, np.concatenate(curves.pop(slot)))
        if workers.stopped.is_set():
            return


def _last_chunk(group: ProgramGroup, slot: int, curve: np.ndarray) -> DescentChunk:
    """Return what a member has come to; ``curve`` [epochs, names] has all that it ran, and more."""
    lane, program = group.states.read(np.asarray(slot)), group.prepared.program
    most: Any = group.prepared.most
    epochs = int(lane.ended) or int(most[slot])
    state = State(lane.params, lane.optimizer, int32(epochs), lane.best, lane.status)
    names = history_names(program.metrics, group.prepared.shared.validation is not None)
    waited = int(lane.status) == stopping.CONVERGED
    history = dict(zip(names, curve[:epochs].T, strict=True))
    return DescentChunk(state, history, group.rates[slot], waited, ended=waited, last=True)


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
