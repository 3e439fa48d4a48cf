"""Executors: who trains tiles. ``submit(tiles) -> lanes, curves`` is all that one needs to have.

``Local`` trains in this process. An executor of one's own hands ``tiles.train`` to wherever it may run: tiles are
pickled by cloudpickle, need no memory of earlier ones, and give the same bits everywhere and every time.
"""

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.engine import Engine, TileResults
from jaxnet.sweeps.groups import prepare_group
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.tiles import Lane, StateHolder
from jaxnet.training.flat import Layout, layout_of
from jaxnet.training.run import next_chunk
from jaxnet.types import Pytree

NAMED = ("local", "distributed", "ray")
_CALL_SECONDS = 0.5  # that a call should take: long enough that gathering and returning its members costs nothing


class TileTask(NamedTuple):
    """Members of one group of a plan, in whole tiles, and how far they are to be trained."""

    plan: Plan
    group: int
    slots: np.ndarray  # [n] places in the group
    lanes: Lane  # their states, leaves [n, ...], NumPy
    first: int  # epochs that they have
    target: int  # epochs that they shall have

    def train(self) -> tuple[Lane, np.ndarray]:
        """Train them in this process, on its devices; return their states, leaves [n, ...], and what was recorded,
        [n, target - first, names], NaN after a member has ended."""
        with _one_at_a_time:
            here = _here.setdefault(self.plan, Local())
            return here.submit(self)


class Executor(Protocol):
    """Whoever trains tiles."""

    def submit(self, tiles: TileTask) -> Any:
        """Return (lanes, curves) as ``tiles.train()`` does, or an object whose ``result()`` returns them and whose
        ``done()`` says whether it would do so at once, as a ``concurrent.futures.Future``.

        An executor that trains several at a time says how many by an attribute ``workers``.
        """


class ProgramCall(NamedTuple):
    """One call of a compiled program."""

    told: TileResults
    first: int  # epochs before it
    epochs: int  # of it
    fetched: bool  # whether the states have been brought back


class Local:
    """Trains in this process, on all of its devices; keeps one engine, of the group that was last."""

    workers = 1

    def __init__(self) -> None:
        self._engine: tuple[Any, int, Engine] | None = None
        self._chunks: dict[int, int] = {}  # group -> epochs of its next call

    def submit(self, tiles: TileTask) -> tuple[Lane, np.ndarray]:
        """Train tiles; return their states and what was recorded of them."""
        handed = _Handed(tiles.slots, tiles.lanes)
        curves = np.full((len(tiles.slots), tiles.target - tiles.first, len(tiles.plan.names)), np.nan)
        curves = curves.astype(tiles.plan.task.dtype)
        bounds = tiles.first, tiles.target
        for call in self.calls(tiles.plan, tiles.group, tiles.slots, bounds, states=handed):
            at = call.first - tiles.first
            curves[handed.places(call.told.slots), at : at + call.epochs] = call.told.curves
        return handed.lanes, curves

    def calls(
        self,
        plan: Plan,
        index: int,
        slots: np.ndarray,
        bounds: tuple[int, int],
        *,
        states: StateHolder,
        wanted: Callable[[], bool] = lambda: False,
    ) -> Iterator[ProgramCall]:
        """Train members of a group from the first to the second of two epochs, call by call of the program.

        Their states stay on the devices until the last call, or until ``wanted()`` says that they are.
        """
        engine = self.engine(plan, index, states)
        for tiling in engine.batches(slots):
            at, target = bounds
            while at < target:
                count = min(self._chunks.get(index, 1), target - at, engine.block)
                started = time.perf_counter()
                told = engine.train(tiling, at, count)
                seconds = time.perf_counter() - started
                self._chunks[index] = next_chunk(count, seconds, wanted=_CALL_SECONDS, limit=engine.block)
                at += count
                fetched = at == target or wanted()
                if fetched:
                    engine.fetch()
                yield ProgramCall(told, at - count, count, fetched)

    def engine(self, plan: Plan, index: int, states: StateHolder) -> Engine:
        """Return the engine of a group of a plan."""
        kept = self._engine
        if kept is None or kept[0]() is not plan or kept[1] != index:
            self._engine = None  # free the last group's data first
            group, members, task = plan.groups[index], plan.members, plan.task
            most = plan.most[group.members] if plan.lengths_differ else None
            prepared = prepare_group(group, members, task)
            engine = Engine(group, members, prepared=prepared, states=states, root=task.root, most=most)
            if kept is not None and kept[0]() is not plan:
                self._chunks.clear()
            # not the plan itself: it must be free to go, and what is kept here by its name with it
            self._engine = weakref.ref(plan), index, engine
            return engine
        kept[2].take(states)
        return kept[2]


_one_at_a_time = threading.RLock()
_here: weakref.WeakKeyDictionary[Plan, Local] = weakref.WeakKeyDictionary()


class _Handed:
    """The states of some members, by their slots."""

    def __init__(self, slots: np.ndarray, lanes: Lane) -> None:
        self._slots, self._order = slots, np.argsort(slots)
        self.lanes = jax.tree.map(np.array, lanes)
        self.layout: Layout = layout_of(self.lanes, 1)

    def places(self, slots: np.ndarray) -> np.ndarray:
        return self._order[np.searchsorted(self._slots, slots, sorter=self._order)]

    def read(self, slots: np.ndarray) -> Lane:
        at = self.places(slots)
        return jax.tree.map(lambda leaf: leaf[at], self.lanes)

    def write(self, slots: np.ndarray, lanes: Lane) -> None:
        at = self.places(slots)
        for kept, new in zip(jax.tree.leaves(self.lanes), jax.tree.leaves(lanes), strict=True):
            kept[at] = new


def check_executor(executor: Any) -> Any:
    """Return a name or an executor; raises ValueError or TypeError, naming ``executor``."""
    if isinstance(executor, str):
        return checks.choice("executor", executor, NAMED)
    fits = callable(getattr(executor, "submit", None)) and not isinstance(executor, type)
    words = "'local', 'distributed', 'ray' or an object with submit(tiles) -> lanes, curves"
    checks.require(fits, "executor", words, executor, TypeError)
    return executor


def check_answer(tiles: TileTask, answer: Any) -> tuple[Lane, np.ndarray]:
    """Return what an executor answered, after refusing what is not what was asked for: TypeError or ValueError."""
    pair = isinstance(answer, tuple) and len(answer) == 2
    checks.require(pair, "executor.submit", "(lanes, curves), or a future of them", answer, TypeError)
    lanes, curves = answer
    shape = (len(tiles.slots), tiles.target - tiles.first, len(tiles.plan.names))
    curves = np.asarray(curves)
    checks.require(curves.shape == shape, "executor.submit", f"curves of shape {shape}", curves)
    checks.require(
        _shapes(lanes) == _shapes(tiles.lanes), "executor.submit", "lanes like those that it was given", lanes
    )
    return lanes, curves


def _shapes(lanes: Pytree) -> tuple[Any, ...]:
    leaves, structure = jax.tree.flatten(lanes)
    return structure, [(np.shape(leaf), np.asarray(leaf).dtype) for leaf in leaves]
