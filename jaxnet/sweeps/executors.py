"""Executors: who trains tiles. ``submit(tiles) -> lanes, curves`` is all that one needs to have.

``Local`` trains in this process. An executor of one's own hands ``tiles.train`` to wherever it may run: tiles are
pickled by cloudpickle, need no memory of earlier ones, and give the same bits everywhere and every time.
"""

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.compiling import Compiling, side_by_side
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.prepared_groups import prepare_group
from jaxnet.sweeps.program_calls import Pace, ProgramCall
from jaxnet.sweeps.states import HandedStates
from jaxnet.sweeps.tiles import Lane, StateHolder
from jaxnet.types import Pytree

NAMED = ("local", "distributed", "ray")
_AHEAD_BYTES = 2**26  # of data: beyond that one group after the other is prepared
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


class Local:
    """Trains in this process, on all of its devices; keeps one engine, of the group that was last."""

    workers = 1

    def __init__(self) -> None:
        self._engine: tuple[Any, int, Engine] | None = None
        self._paces: dict[int, Pace] = {}  # of each group
        self._pool: ThreadPoolExecutor | None = None
        self._begun: tuple[Any, dict[int, Compiling]] = None, {}  # the members of a plan; its groups' programs

    def __enter__(self) -> "Local":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, plan: Plan, upcoming: Sequence[tuple[int, StateHolder, int]]) -> None:
        """Let the programs of groups that are trained next compile in threads, while others train: index, states and a
        slot of each; as many as there are cores. Nothing where there is one, or where the data are large, for they are
        on the devices as often as there are groups."""
        cores = side_by_side()
        parts = (*plan.task.data, *(plan.task.validation or ()))
        if cores == 1 or sum(getattr(part, "nbytes", 0) for part in parts) > _AHEAD_BYTES:
            return
        if self._begun[0] is not plan.members:  # which stay while a plan's numbers change
            self._begun = plan.members, {}
        for index, states, slot in upcoming[: cores + 1]:
            if index not in self._begun[1]:
                self._pool = self._pool or ThreadPoolExecutor(cores, "jaxnet-compiles")
                with contextlib.suppress(Exception):  # what is wrong with it is said when its turn comes
                    self._begun[1][index] = self._made(plan, index, states).begin(slot, self._pool)

    def submit(self, tiles: TileTask) -> tuple[Lane, np.ndarray]:
        """Train tiles; return their states and what was recorded of them."""
        handed = HandedStates(tiles.slots, tiles.lanes)
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
        """Train members of a group from the first to the second of two epochs, as ``Engine.calls`` says."""
        engine = self.engine(plan, index, states)
        pace = self._paces.setdefault(index, Pace(1, _CALL_SECONDS))
        yield from engine.calls(slots, bounds, pace, wanted=wanted)

    def engine(self, plan: Plan, index: int, states: StateHolder) -> Engine:
        """Return the engine of a group of a plan."""
        kept = self._engine
        if kept is None or kept[0]() is not plan or kept[1] != index:
            self._engine = None  # free the last group's data first
            engine = self._made(plan, index, states)
            if kept is not None and kept[0]() is not plan:
                self._paces.clear()
            # not the plan itself: it must be free to go, and what is kept here by its name with it
            self._engine = weakref.ref(plan), index, engine
            return engine
        kept[2].take(states)
        return kept[2]

    def _made(self, plan: Plan, index: int, states: StateHolder) -> Engine:
        group, members, task = plan.groups[index], plan.members, plan.task
        most = plan.most[group.members] if plan.lengths_differ else None
        begun = self._begun[1].get(index) if self._begun[0] is members else None
        return Engine(prepare_group(group, members, task)._replace(most=most), states, begun=begun)


_one_at_a_time = threading.RLock()
_here: weakref.WeakKeyDictionary[Plan, Local] = weakref.WeakKeyDictionary()


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
