"""``Trainer``: takes members of a plan up to an epoch, by whoever trains tiles, and keeps the record of it."""

import collections
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from jaxnet.sweeps.engine import resident_tiles
from jaxnet.sweeps.executors import Local, TileTask, check_answer
from jaxnet.sweeps.forecasts import tiling_of
from jaxnet.sweeps.history import SweepHistory, behind, forget, gone, member_arrays, scores, state_bytes
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.population_training import take_over
from jaxnet.sweeps.processes import ALONE, Pair, Processes
from jaxnet.sweeps.program_calls import ProgramCall, TileResults
from jaxnet.sweeps.rungs import rank
from jaxnet.sweeps.states import HELD_BYTES, States
from jaxnet.sweeps.tiles import Lane, StateHolder
from jaxnet.training.flat import flatten
from jaxnet.training.run import next_chunk
from jaxnet.training.stopping import CONVERGED, DIVERGED

_PIECE_SECONDS = 20.0  # that tiles elsewhere train before they come back: what the death of a worker costs
_FIRST_PIECE = 16  # epochs, before it is known how long one takes
_LOOK_SECONDS = 0.01
_EXCHANGED_BYTES = 2**26  # of states that a process sends at a time
_NONE = np.zeros(0, np.int64)


class Trainer:
    """Trains members of a plan up to an epoch, one group after the other.

    ``done(members, fetched)`` is called after each call of the compiled program, with the members that it trained and
    whether the history has their states, which otherwise stay on the devices; and with those that others trained.
    States are fetched when their epoch is reached, and before that whenever ``wanted()`` says so. With ``collecting``
    the first of several processes is given all states, for its folder.
    """

    def __init__(
        self,
        plan: Plan,
        history: SweepHistory,
        done: Callable[[np.ndarray, bool], None],
        processes: Processes = ALONE,
        *,
        executor: Any = None,
        wanted: Callable[[], bool] = lambda: False,
        collecting: bool = False,
    ) -> None:
        self._plan, self._history, self._done, self._processes = plan, history, done, processes
        self._wanted, self._collecting = wanted, collecting
        self._executor = Local() if executor is None else executor
        self._pieces: dict[int, int] = {}  # group -> epochs that its tiles train elsewhere before they come back
        # the process that has the state of each member of a group; the first one has those of the folder
        self._owners = [np.zeros(states.count, np.int64) for states in history.states]

    @property
    def _workers(self) -> int:
        """How many tasks the executor takes at a time now; some come and go."""
        return max(1, getattr(self._executor, "workers", 1))

    def advance(self, members: np.ndarray, target: int) -> None:
        """Train these members until each has ``target`` epochs or has diverged."""
        waiting = self._waiting(members, target)
        upcoming = [(index, self._history.states[index], int(slots[0])) for index, slots in waiting.items()]
        for at, (index, slots) in enumerate(waiting.items()):
            self._begin(upcoming[at:])
            mine = self._plan.groups[index].members[slots]
            epochs = self._history.epochs[mine]
            # members of a tile are at the same epoch; after an interruption they stand at several
            for first in np.unique(epochs):
                some = epochs == first
                last = min(target, int(self._plan.most[mine[some]].max()))
                for block in self._blocks(index, slots[some]):
                    self._advance_group(index, block, int(first), last)
                    if self._plan.keep == "best":
                        self._leave_the_best()

    def _waiting(self, members: np.ndarray, target: int) -> dict[int, np.ndarray]:
        """Return the slots of the members that are still to be trained to an epoch, of each group that has some."""
        chosen = np.zeros(len(self._plan.members.ids), bool)
        chosen[members] = True
        waiting = {}
        for index, group in enumerate(self._plan.groups):
            slots = np.flatnonzero(chosen[group.members])
            self._begin_again(index, slots, target)
            slots = slots[behind(self._plan, self._history, target, group.members[slots])]
            if len(slots):
                waiting[index] = slots
        return waiting

    def _begin(self, upcoming: Sequence[tuple[int, StateHolder, int]]) -> None:
        """Let the groups that are trained after the first of these compile meanwhile."""
        # of several processes some may have no share of a group
        if len(upcoming) > 1 and isinstance(self._executor, Local) and self._processes.size == 1:
            self._executor.begin(self._plan, upcoming)

    def forget(self, members: np.ndarray) -> None:
        """Be told that some members go no further, so that their states may be let go."""
        if self._plan.keep != "all" and len(members):
            forget(self._plan, self._history, members)
            self._done(members, True)

    def take_over(self, plan: Plan, pairs: Sequence[tuple[int, int]], generation: int) -> None:
        """Go on with another plan's numbers after configurations took over from others, all in one commit."""
        take_over(plan, self._history, pairs, generation)
        self._done(np.arange(len(plan.members.ids)), True)
        self.go_on_with(plan)

    def go_on_with(self, plan: Plan) -> None:
        """Go on with the numbers of another plan, of the same members and programs."""
        self._plan = plan

    def share(self) -> None:
        """Let every process have the states that were kept, where they are few; else each has those it trained, and
        the first one those of the folder."""
        if self._processes.size == 1:
            return
        few, rank = state_bytes(self._history) <= HELD_BYTES, self._processes.rank
        for index, states in enumerate(self._history.states):
            slots = np.flatnonzero(~states.gone(np.arange(states.count)))
            if few:
                self._send(index, slots, dict.fromkeys(range(self._processes.size), slots))
            elif rank or not self._collecting:  # else it would hand out their first states for those they came to
                states.forget(slots[self._owners[index][slots] != rank])

    def _begin_again(self, index: int, slots: np.ndarray, target: int) -> None:
        """Members whose states were let go, and are wanted now, start from the beginning: to the same bits."""
        members, states = self._plan.groups[index].members, self._history.states[index]
        wanted = behind(self._plan, self._history, target, members[slots]) | (self._plan.keep == "all")
        lost = slots[states.gone(slots) & wanted]
        states.begin_again(lost)
        for array in member_arrays(self._history):
            array[members[lost]] = np.nan if array.dtype.kind == "f" else 0

    def _blocks(self, index: int, slots: np.ndarray) -> list[np.ndarray]:
        """Cut members so that all seeds and folds of a configuration are trained before others begin, where only the
        best of them are kept."""
        if self._plan.keep != "best":
            return [slots]
        group = self._plan.groups[index]
        devices = self._workers * jax.local_device_count() * self._processes.size
        count = group.lanes * self._resident(index) * devices
        order = np.unique(self._plan.members.configuration[group.members[slots]], return_inverse=True)[1] // count
        return [slots[order == each] for each in range(order.max() + 1)]

    def _resident(self, index: int) -> int:
        return resident_tiles(self._plan.groups[index].lanes * self._history.states[index].layout.bytes)

    def _advance_group(self, index: int, slots: np.ndarray, first: int, target: int) -> None:
        if not isinstance(self._executor, Local):
            self._advance_elsewhere(index, slots, first, target)
            return
        members, states = self._plan.groups[index].members, self._history.states[index]
        shares = [slots]
        if self._processes.size > 1:
            shares = tiling_of(self._plan, self._plan.groups[index], slots).shares(self._processes.size)
            moving = {to: share[self._owners[index][share] != to] for to, share in enumerate(shares)}
            self._send(index, slots if first else slots[:0], moving)
        mine = shares[self._processes.rank]
        for call in self._executor.calls(self._plan, index, mine, (first, target), states=states, wanted=self._wanted):
            self._record(index, call)
            self._tell(members[call.told.slots], call.fetched)
        if self._processes.size > 1:
            self._learn(index, shares)

    def _learn(self, index: int, shares: list[np.ndarray]) -> None:
        """Learn what the other processes trained: the curves everywhere, the states where a folder keeps them."""
        members = self._plan.groups[index].members
        theirs = [members[share] for share in shares]
        self._processes.exchange(member_arrays(self._history), theirs)
        for process, share in enumerate(shares):
            self._owners[index][share] = process
        slots, states = np.concatenate(shares), self._history.states[index]
        if self._plan.keep == "scores":
            forget(self._plan, self._history, self._ended(members[slots]))
        count = max(1, HELD_BYTES // states.layout.bytes)  # saved before more come: the first holds no more of them
        for some in (slots[at : at + count] for at in range(0, len(slots), count)):
            if self._collecting:
                kept = some[~states.gone(some)]
                self._send(index, kept, {0: kept})
            self._done(members[some[self._owners[index][some] != self._processes.rank]], self._collecting)

    def _send(self, index: int, slots: np.ndarray, to: dict[int, np.ndarray]) -> None:
        """Let processes have the states of members that others have; ``to`` says who wants which of ``slots``. In each
        round every process sends to one other, and what nobody wants stays where it is."""
        rounds: dict[int, dict[Pair, np.ndarray]] = {}
        for process, wished in to.items():
            wanted = wished[np.isin(wished, slots)]
            owners = self._owners[index][wanted]
            for owner in set(owners.tolist()) - {process}:
                step = (process - owner) % self._processes.size
                rounds.setdefault(step, {})[owner, process] = wanted[owners == owner]
        for step in sorted(rounds):
            self._hand(self._history.states[index], rounds[step])

    def _hand(self, states: States, wanted: dict[Pair, np.ndarray]) -> None:
        """Send states from one process of each pair to the other, some at a time."""
        count = max(1, _EXCHANGED_BYTES // states.layout.bytes)
        while wanted:
            some = {pair: slots[:count] for pair, slots in wanted.items()}
            mine = next((slots for (owner, _), slots in some.items() if owner == self._processes.rank), _NONE)
            flat = [np.asarray(part) for part in flatten(states.layout, states.read(mine))]
            told = self._processes.hand(flat, {pair: len(slots) for pair, slots in some.items()})
            for (_, process), slots in some.items():
                if told is not None and process == self._processes.rank:
                    states.write(slots, states.unflatten(told))
            wanted = {pair: slots[count:] for pair, slots in wanted.items() if len(slots) > count}

    def _advance_elsewhere(self, index: int, slots: np.ndarray, first: int, target: int) -> None:
        """Hand tiles to an executor, some more than it trains at a time, and take them back as they are done."""
        members, states = self._plan.groups[index].members, self._history.states[index]
        tiling = tiling_of(self._plan, self._plan.groups[index], slots)
        whole = [row[:real] for row, real in zip(*tiling, strict=True)]
        most = self._resident(index) * max(1, getattr(self._executor, "devices", 1))
        each = max(1, min(most, math.ceil(len(whole) / (2 * self._workers))))
        waiting = collections.deque((np.concatenate(whole[at : at + each]), first) for at in range(0, len(whole), each))
        running: list[tuple[TileTask, Any, float]] = []
        while waiting or running:
            while waiting and len(running) < 2 * self._workers:
                some, at = waiting.popleft()
                to = min(at + self._pieces.get(index, _FIRST_PIECE), target)
                tiles = TileTask(self._plan, index, some, states.read(some), at, to)
                running.append((tiles, self._executor.submit(tiles), time.perf_counter()))
            tiles, answer, begun = running.pop(self._finished(running))
            lanes, curves = check_answer(tiles, answer.result() if hasattr(answer, "result") else answer)
            count, seconds = tiles.target - tiles.first, time.perf_counter() - begun
            self._pieces[index] = next_chunk(count, seconds, wanted=_PIECE_SECONDS, limit=target)
            states.write(tiles.slots, lanes)
            self._record(index, ProgramCall(_results(tiles.slots, lanes, curves), tiles.first, count, True))
            trained = members[tiles.slots]
            self._tell(trained, True)
            left = tiles.slots[behind(self._plan, self._history, target, trained)]
            if len(left):
                waiting.append((left, tiles.target))

    def _finished(self, running: list[tuple[TileTask, Any, float]]) -> int:
        """Wait for some answer; say which."""
        while True:
            for at, (_, answer, _) in enumerate(running):
                if not hasattr(answer, "done") or answer.done():
                    return at
            if self._wanted():  # of a signal, which is not to wait for tiles
                self._done(np.zeros(0, np.int64), True)
            time.sleep(_LOOK_SECONDS)

    def _record(self, index: int, call: ProgramCall) -> None:
        """Write down what a call tells."""
        trained, history = self._plan.groups[index].members[call.told.slots], self._history
        at = call.first + call.epochs
        for position, name in enumerate(self._plan.names):
            history.curves[name][trained, call.first : at] = call.told.curves[:, :, position]
        ended, status = call.told.ended, call.told.status
        history.diverged[trained] = np.where(status == DIVERGED, ended, 0)
        history.stopped[trained] = np.where(status == CONVERGED, ended, 0)
        history.epochs[trained] = np.where(ended > 0, ended, np.minimum(at, self._plan.most[trained]))

    def _tell(self, trained: np.ndarray, fetched: bool) -> None:
        if fetched and self._plan.keep == "scores":  # before they are saved
            forget(self._plan, self._history, self._ended(trained))
        if fetched and self._plan.keep == "best" and self._processes.size == 1:  # so that each is written once
            others = self._behind_the_best()
            forget(self._plan, self._history, others)
            trained = np.union1d(trained, others)
        self._done(trained, fetched)

    def _ended(self, members: np.ndarray) -> np.ndarray:
        return members[~behind(self._plan, self._history, self._plan.epochs, members)]

    def _leave_the_best(self) -> None:
        self.forget(self._behind_the_best())

    def _behind_the_best(self) -> np.ndarray:
        """Return the members, whose states are there, of all but the best of the configurations that have come to their
        end."""
        behind_it = behind(self._plan, self._history, self._plan.epochs)
        whole = np.flatnonzero(~behind_it.reshape(len(self._plan.configurations), -1).any(axis=1))
        values = scores(self._plan, self._history, self._plan.epochs)[whole]
        others = whole[rank(whole.tolist(), values, self._plan.goal)[1:]]
        members = self._plan.members_of(others.tolist())
        return members[~gone(self._plan, self._history, members)]


def _results(slots: np.ndarray, lanes: Lane, curves: np.ndarray) -> TileResults:
    return TileResults(slots, curves, np.asarray(lanes.ended), np.asarray(lanes.status))
