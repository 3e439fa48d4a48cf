"""``sweep``: train a plan, rung by rung, and hand back a ``Result``."""

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.storage import hold
from jaxnet.storage.interruption import Watch
from jaxnet.sweeps.asking import Study
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.executors import ALONE, Crew, join
from jaxnet.sweeps.ledger import Ledger, carried, columns, empty, scores
from jaxnet.sweeps.planning import Plan, extended
from jaxnet.sweeps.preparation import prepare_group
from jaxnet.sweeps.progress import Progress
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.rungs import Decision, audited, rank
from jaxnet.sweeps.sampling import distinct
from jaxnet.sweeps.space import identity
from jaxnet.sweeps.store import Store, manifest
from jaxnet.training.run import next_chunk

SECONDS = 0.5  # that a call of the compiled program should take
SAVE_SECONDS = 5.0  # after which members are saved on their way to a rung


class Trainer:
    """Trains members of a plan up to an epoch, one group after the other; keeps one engine, of the last group.

    ``done(members, reached)`` is called after each call of the compiled program, with the members that it trained and
    whether they have reached their epoch; and with those that other processes trained.
    """

    def __init__(
        self, plan: Plan, ledger: Ledger, done: Callable[[np.ndarray, bool], None], crew: Crew = ALONE
    ) -> None:
        self._plan, self._ledger, self._done, self._crew = plan, ledger, done, crew
        self._engine: tuple[int, Engine] | None = None
        self._chunks: dict[int, int] = {}  # group -> epochs of its next call

    def advance(self, members: np.ndarray, target: int) -> None:
        """Train these members until each has ``target`` epochs or has diverged."""
        for index, group in enumerate(self._plan.groups):
            mine = np.isin(group.members, members)
            epochs = self._ledger.epochs[group.members]
            behind = mine & (epochs < target) & (self._ledger.diverged[group.members] == 0)
            for first in np.unique(epochs[behind]):
                self._advance_group(index, np.flatnonzero(behind & (epochs == first)), int(first), target)

    def _advance_group(self, index: int, slots: np.ndarray, first: int, target: int) -> None:
        engine = self._engine_of(index)
        shares = self._crew.shares(engine, slots)
        for seats in engine.batches(shares[self._crew.rank]):
            at = first
            while at < target:
                count = min(self._chunks.get(index, 1), target - at, engine.block)
                started = time.perf_counter()
                trained, history = engine.train(seats, at, count)
                self._chunks[index] = next_chunk(
                    count, time.perf_counter() - started, wanted=SECONDS, limit=engine.block
                )
                self._record(index, trained, history, at)
                at += count
                self._done(self._plan.groups[index].members[trained], at == target)
        self._exchange(index, shares)

    def _exchange(self, index: int, shares: list[np.ndarray]) -> None:
        """Learn what the other processes trained."""
        theirs = [self._plan.groups[index].members[share] for share in shares]
        self._crew.exchange(jax.tree.leaves(self._ledger.lanes[index]), shares)
        self._crew.exchange(columns(self._ledger), theirs)
        for process, members in enumerate(theirs):
            if process != self._crew.rank and len(members):
                self._done(members, True)

    def _record(self, index: int, slots: np.ndarray, history: np.ndarray, first: int) -> None:
        members, lanes = self._plan.groups[index].members[slots], self._ledger.lanes[index]
        for position, name in enumerate(self._plan.names):
            self._ledger.curves[name][members, first : first + history.shape[1]] = history[:, :, position]
        ended = np.asarray(lanes.ended)[slots]
        self._ledger.diverged[members] = ended
        self._ledger.epochs[members] = np.where(ended > 0, ended, first + history.shape[1])

    def _engine_of(self, index: int) -> Engine:
        if self._engine is None or self._engine[0] != index:
            self._engine = None  # free the last group's data first
            group = self._plan.groups[index]
            prepared = prepare_group(group, self._plan.members, self._plan.task)
            engine = Engine(
                group, self._plan.members, prepared=prepared, lanes=self._ledger.lanes[index], root=self._plan.task.root
            )
            self._engine = (index, engine)
        return self._engine[1]


def sweep(
    plan: Plan, *, out: str | os.PathLike | None = None, executor: str = "local", progress: bool = False
) -> Result:
    """Train all members of a plan.

    Args:
        plan: what ``jn.plan`` returned.
        out: a folder that keeps every member. The same call goes on where an earlier one ended, however it ended, and
            its tables have the same bytes as those of a run that nothing interrupted; a plan with further members
            extends it. One process at a time holds the folder.
        executor: "local": all devices of this process. "distributed": all processes that have called
            ``jax.distributed.initialize`` and make this same call; each trains a share on its own devices and gets
            the whole result, and the first one keeps the folder. JAX ends all of them where one dies; the same call
            of all of them goes on.
        progress: show a progress bar; nothing is shown unless standard error is a terminal.

    Returns a ``Result``. A member that diverges is a result: it stays at its last finite state and ranks last.

    Raises ValueError, with the differences, for the folder of another sweep; ``CheckpointError`` for a damaged one;
    ``Locked`` where another process holds it; RuntimeError where another process of a distributed sweep has such a
    trouble; ``Interrupted``, a KeyboardInterrupt, after SIGINT, SIGTERM or SIGHUP, when all that was done is saved.
    """
    checks.require(isinstance(plan, Plan), "plan", "what jn.plan returns", plan, TypeError)
    crew = join(executor)
    if crew.size > 1:
        crew.same(json.dumps([manifest(plan), plan.members.ids]), "plan")

    def train(plan: Plan, ledger: Ledger) -> bool:
        with Progress(plan, ledger, shown=progress and crew.rank == 0) as bar:
            if out is not None and crew.rank == 0:
                _search_saving(plan, ledger, out, bar=bar, crew=crew)
                return True
            if out is not None:
                crew.agree()
                _give(crew, ledger)
            search(plan, ledger, Trainer(plan, ledger, lambda members, reached: bar.show(), crew))
        return True

    return run_plan(plan, train, functools.partial(sweep, executor=executor))


def run_plan(plan: Plan, train: Callable[[Plan, Ledger], bool], again: Callable[..., Result] = sweep) -> Result:
    """Train a plan, in the rounds that it has: one, or as many as Optuna is asked; until ``train`` says False."""
    if plan.asking is None:
        ledger = empty(plan)
        train(plan, ledger)
        return Result(plan, ledger, again)
    study = Study(plan.space, goal=plan.goal, root=plan.task.root, budget=plan.asking)
    plan = extended(plan, distinct(study.ask()))
    ledger = empty(plan)
    while train(plan, ledger):
        names = map(identity, plan.configurations)
        study.tell(dict(zip(names, scores(plan, ledger, plan.epochs).tolist(), strict=True)))
        if study.finished:
            break
        more = extended(plan, distinct([*plan.configurations, *study.ask()]))
        plan, ledger = more, carried(plan, ledger, more)
    return Result(plan, ledger, again)


def _search_saving(plan: Plan, ledger: Ledger, out: str | os.PathLike, *, bar: Progress, crew: Crew) -> None:
    with contextlib.ExitStack() as stack:
        try:
            watch = stack.enter_context(Watch())
            store = stack.enter_context(contextlib.closing(Store(stack.enter_context(hold(out)), plan)))
            store.restore(ledger)
        except BaseException as error:
            crew.agree(str(error) or type(error).__name__)
            raise
        crew.agree()
        _give(crew, ledger)
        saver = Saver(store, ledger)

        def done(members: np.ndarray, reached: bool) -> None:
            saver.done(members, now=reached or watch.caught is not None)
            watch.check()
            bar.show()

        search(plan, ledger, Trainer(plan, ledger, done, crew))


def _give(crew: Crew, ledger: Ledger) -> None:
    """Let every process have what the first one found in its folder."""
    crew.give(columns(ledger))
    for lanes in ledger.lanes:
        crew.give(jax.tree.leaves(lanes))


class Saver:
    """Saves members when they have reached their epoch, and on the way there every few seconds."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store, self._ledger, self._last = store, ledger, time.monotonic()

    def done(self, members: np.ndarray, *, now: bool) -> None:
        """Take note of trained members."""
        if now or time.monotonic() - self._last > SAVE_SECONDS:
            self._store.save(self._ledger, members)
            self._last = time.monotonic()


def search(plan: Plan, ledger: Ledger, trainer: Any) -> None:
    """Train to every rung in turn, rank there, and go on with the best; then train the audited to the end."""
    alive = [list(bracket.configurations) for bracket in plan.brackets]
    for epochs in sorted({epochs for bracket in plan.brackets for epochs, _ in bracket.rungs}):
        here = [b for b, bracket in enumerate(plan.brackets) if epochs in dict(bracket.rungs)]
        trainer.advance(plan.members_of([c for b in here for c in alive[b]]), epochs)
        for b in here:
            decision = decide(plan, ledger, b, alive=alive[b], epochs=epochs)
            ledger.decisions.append(decision)
            alive[b] = sorted(decision.ranked[: decision.kept])
    if plan.halving:
        ledger.audited.extend(audited(ledger.decisions, plan.halving.audit, plan.task.root))
        trainer.advance(plan.members_of(ledger.audited), plan.epochs)


def decide(plan: Plan, ledger: Ledger, bracket: int, *, alive: Sequence[int], epochs: int) -> Decision:
    """Rank the configurations of a bracket that are still in it."""
    values = scores(plan, ledger, epochs)[list(alive)]
    order = rank(alive, values, plan.goal)
    ranked = tuple(alive[i] for i in order)
    return Decision(bracket, epochs, ranked, tuple(values[order].tolist()), dict(plan.brackets[bracket].rungs)[epochs])
