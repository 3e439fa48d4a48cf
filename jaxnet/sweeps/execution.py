"""``sweep``: train a plan, rung by rung, and hand back a ``Result``."""

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from jaxnet import checks, compilation_cache
from jaxnet.storage import hold
from jaxnet.storage.interruption import Watch
from jaxnet.sweeps.devices import advice
from jaxnet.sweeps.executors import Local, check_executor
from jaxnet.sweeps.history import (
    SweepHistory,
    carried_history,
    empty_history,
    member_arrays,
    objective_means,
    scores,
    so_far,
)
from jaxnet.sweeps.optuna_study import Study
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.population_training import begun, evolve
from jaxnet.sweeps.processes import ALONE, Processes, join
from jaxnet.sweeps.pruning import without
from jaxnet.sweeps.ray_executor import RayExecutor
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.rungs import Decision, audited, rank
from jaxnet.sweeps.sampling import distinct
from jaxnet.sweeps.space import configuration_text
from jaxnet.sweeps.store import Store, sweep_manifest
from jaxnet.sweeps.trainer import Trainer
from jaxnet.training.forked_processes import refuse_in_forks
from jaxnet.training.progress import progress_bar

Prune = Callable[[Decision], Decision]  # lets some of those that it ranks end
TrainRound = Callable[[Plan, SweepHistory, Prune | None], bool]  # whether all of it was trained
_SAVE_SECONDS = 5.0  # after which members are saved on their way to a rung: what a kill may cost


def sweep(
    plan: Plan, *, out: str | os.PathLike[str] | None = None, executor: Any = "local", progress: bool = False
) -> Result:
    """Train all members of a plan.

    Args:
        plan: what ``jn.plan`` returned.
        out: a folder that keeps every member. The same call goes on where an earlier one ended, however it ended, and
            its tables have the same bytes as those of a run that nothing interrupted. A plan with further members, more
            epochs, another metric that was recorded, or a space that has some of its members goes on in it, too, and
            the result says what is new. One process at a time holds the folder. At the end ``jn.load(out)`` is the best
            member.
        executor: "local": all devices of this process. "distributed": all processes that have called
            ``jax.distributed.initialize`` and make this same call; each trains a share on its own devices and gets
            the whole result, and the first one keeps the folder. JAX ends all of them where one dies; the same call
            of all of them goes on. "ray": the hosts, or the GPUs, of the Ray cluster that this process is connected to,
            or finds; which may come and go. Or an object with ``submit(tiles)``, an ``Executor``.
        progress: show a progress bar; in a terminal or a notebook; elsewhere nothing is shown.

    Returns a ``Result``. A member that diverges is a result: it stays at its last finite state and ranks last.

    Raises ValueError, with the differences, for the folder of another sweep; ``CheckpointError`` for a damaged one;
    ``Locked`` where another process holds it; RuntimeError where another process of a distributed sweep has such a
    trouble; ``Interrupted``, a KeyboardInterrupt, after SIGINT, SIGTERM or SIGHUP, when all that was done is saved.
    """
    refuse_in_forks()
    compilation_cache.enable()
    checks.require(isinstance(plan, Plan), "plan", "what jn.plan returns", plan, TypeError)
    processes = join() if check_executor(executor) == "distributed" else ALONE
    if processes.size > 1:
        alone = plan.evolution is None
        checks.require(alone, "executor", "'local' or 'ray' with method='pbt', which copies states", executor)
        rows = [each.digest for group in plan.groups for each in group.varied or ()]
        processes.same(json.dumps([sweep_manifest(plan), plan.members.ids, rows]), "plan")

    def train(plan: Plan, history: SweepHistory, prune: Prune | None) -> bool:
        with SweepBar(plan, history, shown=progress and processes.rank == 0) as bar:
            if out is not None and processes.rank == 0:
                _train_saving(plan, history, out, bar=bar, processes=processes, executor=hands, prune=prune)
                return True
            if out is not None:  # the first process has the folder: hear whether it could be opened, and what is in it
                processes.agree()
                _give(processes, history)
            shown = lambda members, fetched: bar.show()
            options = {"executor": hands, "collecting": out is not None}
            train_by_rungs(plan, history, Trainer(plan, history, shown, processes, **options), prune)
        return True

    with _hands(executor) as hands:
        result = run_plan(plan, train, functools.partial(sweep, executor=executor))
    if out is not None and processes.rank == 0:
        # networks of one's own have no file, and of a sweep that diverged there is no best
        with contextlib.suppress(ValueError, TypeError):
            result.best_model().save(out)
    return result


@contextlib.contextmanager
def _hands(executor: Any) -> Iterator[Any]:
    """Yield whoever trains tiles; what a name stands for lives as long as the sweep."""
    if executor == "ray":
        with RayExecutor() as hands:
            yield hands
    elif isinstance(executor, str):
        with Local() as hands:
            yield hands
    else:
        yield executor


def run_plan(plan: Plan, train: TrainRound, again: Callable[..., Result] = sweep) -> Result:
    """Train a plan, in the rounds that it has: one, or as many as Optuna is asked; until ``train`` says False."""
    if plan.asking is None:
        history = empty_history(plan)
        train(plan, history, None)
        now = plan.with_numbers(history.lineage[-1].configurations) if history.lineage else plan
        return Result(now, history, again)
    # the study is asked anew from the beginning, also where a folder knows the answers: it is seeded and is told
    # them in the same order, so it asks the same
    study = Study(plan.space, goals=[goal for _, goal in plan.objectives], root=plan.task.root, budget=plan.asking)
    plan = plan.of_round(distinct(study.ask()), before=None)
    history = empty_history(plan)
    while train(plan, history, functools.partial(pruned, plan, study) if study.prunes else None):
        names = map(configuration_text, plan.configurations)
        study.tell(dict(zip(names, objective_means(plan, history).tolist(), strict=True)))
        if study.finished:
            break
        more = plan.of_round(distinct([*plan.configurations, *study.ask()]), before=plan)
        plan, history = more, carried_history(plan, history, more)
    return Result(plan, history, again)


def pruned(plan: Plan, study: Study, decision: Decision) -> Decision:
    """Let a study say which of the configurations of a decision end."""
    names = [configuration_text(plan.configurations[c]) for c in decision.ranked]
    scores = dict(zip(names, decision.scores, strict=True))
    ended = study.prune(decision.epochs, scores, last=decision.epochs == plan.epochs)
    return without(decision, {c for c, name in zip(decision.ranked, names, strict=True) if name in ended})


def train_by_rungs(plan: Plan, history: SweepHistory, trainer: Any, prune: Prune | None = None) -> None:
    """Train to every rung in turn, rank there, and go on with the best, or with those that ``prune`` leaves; then train
    the audited to the end."""
    alive = [list(bracket.configurations) for bracket in plan.brackets]
    if plan.evolution:
        begun(plan, history)
    decided = {decision.bracket for decision in history.decisions}  # in an earlier round of Optuna's
    waiting = {b: dict(bracket.rungs) for b, bracket in enumerate(plan.brackets) if b not in decided}
    for epochs in sorted({epochs for rungs in waiting.values() for epochs in rungs}):
        # brackets that meet at an epoch are trained to it together, and so share tiles
        here = [b for b, rungs in waiting.items() if epochs in rungs]
        trainer.advance(plan.members_of([c for b in here for c in alive[b]]), epochs)
        for b in here:
            decision = decide(plan, history, b, alive=alive[b], epochs=epochs)
            decision = decision if prune is None else prune(decision)
            history.decisions.append(decision)
            alive[b] = sorted(decision.ranked[: decision.kept])
            if plan.evolution and epochs < plan.epochs:
                plan = evolve(plan, history, decision, trainer)
            ended = set(decision.ranked[decision.kept :])
            if plan.halving:
                ended -= set(audited([decision], plan.halving.audit, plan.task.root))
            trainer.forget(plan.members_of(sorted(ended)))
    if plan.halving:
        history.audited.extend(audited(history.decisions, plan.halving.audit, plan.task.root))
        trainer.advance(plan.members_of(history.audited), plan.epochs)
    trainer.share()


def decide(plan: Plan, history: SweepHistory, bracket: int, *, alive: Sequence[int], epochs: int) -> Decision:
    """Rank the configurations of a bracket that are still in it."""
    values = scores(plan, history, epochs)[list(alive)]
    order = rank(alive, values, plan.goal)
    ranked = tuple(alive[i] for i in order)
    return Decision(bracket, epochs, ranked, tuple(values[order].tolist()), dict(plan.brackets[bracket].rungs)[epochs])


def _train_saving(
    plan: Plan,
    history: SweepHistory,
    out: str | os.PathLike[str],
    *,
    bar: "SweepBar",
    processes: Processes,
    executor: Any,
    prune: Prune | None,
) -> None:
    """Train with a folder that is held open: go on from what is in it, and save what is reached."""
    with contextlib.ExitStack() as stack:
        try:
            watch = stack.enter_context(Watch())
            store = stack.enter_context(contextlib.closing(Store(stack.enter_context(hold(out)), plan)))
            store.restore(history)
            history.new.extend(line for line in store.new if line not in history.new)
        except BaseException as error:
            # the others wait for this process: without a word they would wait for ever
            processes.agree(str(error) or type(error).__name__)
            raise
        processes.agree()
        _give(processes, history)
        saved = time.monotonic()

        def wanted() -> bool:
            return watch.caught is not None or time.monotonic() - saved > _SAVE_SECONDS

        def done(members: np.ndarray, fetched: bool) -> None:
            nonlocal saved
            if fetched:
                store.save(history, members)
                saved = time.monotonic()
                watch.check()  # here only: a signal since the last look would lose what is not fetched
            bar.show()

        options = {"executor": executor, "wanted": wanted, "collecting": True}
        train_by_rungs(plan, history, Trainer(plan, history, done, processes, **options), prune)


def _give(processes: Processes, history: SweepHistory) -> None:
    """Let every process have what the first one found in its folder."""
    processes.give(member_arrays(history))
    for states in history.states:
        gone = states.gone(np.arange(states.count))
        processes.give([gone])
        states.forget(np.flatnonzero(gone))


class SweepBar:
    """One quiet bar for a whole sweep, on standard error: done, best so far, time left.

    A context in which ``show`` draws how far a history is; does nothing unless ``shown`` and in a terminal.
    """

    def __init__(self, plan: Plan, history: SweepHistory, *, shown: bool) -> None:
        self._plan, self._history = plan, history
        self._bar: Any = progress_bar("model-epochs") if shown else None

    def __enter__(self) -> "SweepBar":
        if self._bar is not None:
            self._bar.start()
            hint = advice()
            if hint is not None:
                self._bar.console.print(f"note: {hint}", highlight=False)
            self._task = self._bar.add_task("", total=self._plan.model_epochs(), text="compiling")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self) -> None:
        """Draw the bar."""
        if self._bar is not None:
            done = int(self._history.epochs.sum())
            self._bar.update(self._task, completed=done, text=so_far(self._plan, self._history))
