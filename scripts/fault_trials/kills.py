"""Kills of a run and of a sweep, at moments of their progress, and once more while they recover."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from scripts.fault_trials import deaths, trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child, killed

_FIRST = {"recovering": "saving", "sweep recovering": "sweep saving"}  # how it died before it recovers


def working(work: Callable[..., str], folder: str | None, cache: str, death: Any = None) -> str:
    if death:
        deaths.die(deaths.Death(*death))
    return work(folder, cache)


def _timed(work: Callable[..., str], folder: str, cache: str, moment: str) -> tuple[str, list[float]]:
    durations = deaths.counted(moment)
    return work(folder, cache), durations


def kills(work: Callable[..., str], moment: str, budget: Budget, number: int) -> Iterator[str]:
    """Kill at moments of a kind; then the same call must find all that was saved and end with the same bits."""
    cold = moment.endswith("compiling")  # into a cache of its own, which the kill may tear
    cache = lambda: str(budget.fresh()) if cold else budget.cache
    status, answer = in_child(_timed, work, _prepared(work, moment, budget), cache(), moment)
    if status:
        raise RuntimeError(f"undisturbed it does not end: {answer}")
    expected, durations = answer
    if moment in _FIRST:  # the one that was timed had been killed before
        expected = in_child(working, work, None, budget.cache)[1]
    for death in deaths.planned(moment, durations, number):
        folder, own = _prepared(work, moment, budget), cache()
        status, answer = in_child(working, work, folder, own, death)
        if not killed(status):
            raise RuntimeError(f"{death} did not come: status {status}, {answer}")
        whole = in_child(trained.all_there, Path(folder)) == (0, True)
        status, found = in_child(working, work, folder, own)
        if status or not whole or not trained.tidy(Path(folder)):
            print(f"lost: {death}: {found if status else 'an epoch that was saved'}", file=sys.stderr)
            yield LOST
        else:
            yield SURVIVED if found == expected else SILENT


def _prepared(work: Callable[..., str], moment: str, budget: Budget) -> str:
    """Return a new folder, where one has been killed already if it is to be killed while it recovers."""
    folder = str(budget.fresh() / "run")
    if moment in _FIRST:
        status, answer = in_child(working, work, folder, budget.cache, deaths.Death(_FIRST[moment], 3, 0.0))
        if not killed(status):
            raise RuntimeError(f"could not be killed before its recovery: {answer}")
    return folder


def _row(moment: str, when: str, broken: Any, *, many: int, long_only: bool = False) -> Row:
    kind = "sweep" if moment.startswith("sweep") else "fit"
    work, claim = (trained.sweep, _SWEEP) if kind == "sweep" else (trained.fit, _BITS)
    trials = lambda budget: kills(work, moment, budget, budget.pick(1, many))
    return Row(f"kill a {kind}, {moment.split()[-1]}", f"killed {when}: {claim}", trials, broken, long_only)


@contextlib.contextmanager
def written_in_place() -> Iterator[None]:
    """Break: a file is written over itself, slowly, in place of beside and renamed."""

    def write(path: Any, content: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for at in range(0, len(content), 1024):
                file.write(content[at : at + 1024])
                file.flush()
                os.fsync(descriptor)

    with mock.patch("jaxnet.storage.generations.write_atomically", write):
        yield


@contextlib.contextmanager
def removed_first() -> Iterator[None]:
    """Break: the old file goes before the new one has its name, and no generation is kept."""

    def write(path: Any, content: bytes) -> None:
        beside = Path(f"{path}.new")
        beside.write_bytes(content)
        Path(path).unlink(missing_ok=True)
        os.replace(beside, path)

    with mock.patch("jaxnet.storage.arrays.write_generation", write):
        yield


def held_by_its_name() -> Any:
    """Break: a folder is locked by a file that is there, as many programs do, and not by the kernel."""

    def lock(descriptor: int, folder: Path) -> None:
        os.close(os.open(folder / "held", os.O_CREAT | os.O_EXCL))

    return mock.patch("jaxnet.storage.folder._lock", lock)


def optimizer_begins_anew() -> Any:
    """Break: a run goes on from its parameters, but with a new optimizer."""
    from jaxnet.training.checkpoint import Checkpoint

    real = Checkpoint._restored

    def restored(kept: Any, path: Any, plan: Any) -> Any:
        found, history = real(kept, path, plan)
        return found._replace(state=found.state._replace(optimizer=plan.state.optimizer)), history

    return mock.patch.object(Checkpoint, "_restored", restored)


def swept_too_well() -> Any:
    """Break: what is removed as the leftovers of a killed process is more than those."""

    def remove(folder: Any) -> None:
        for path in Path(folder).iterdir():
            if path.name != "lock":
                path.unlink()

    return mock.patch("jaxnet.storage.folder.remove_leftovers", remove)


def restored_without_states() -> Any:
    """Break: members are taken as trained whose states were not put back."""
    from jaxnet.sweeps.store import Store

    real = Store._restore_one

    def restore(store: Any, history: Any, member: int, about: Any, record: bytes) -> bool:
        found = real(store, history, member, about, record)
        for states in history.states:
            states.begin_again(np.arange(states.count))
        return found

    return mock.patch.object(Store, "_restore_one", restore)


def saved_later() -> Any:
    """Break: a transaction is not committed when ``save`` returns."""

    def save(database: Any, rows: Any) -> None:
        database._connection.executemany("insert or replace into members values (?, ?, ?, ?, ?, ?, ?)", rows)

    return mock.patch("jaxnet.sweeps.members_database.MembersDatabase.save", save)


_BITS = "the same call finds every epoch that was saved and ends with the bits of a run that nothing disturbed"
_SWEEP = "the same call finds every member that was saved and ends with the same curves and states"
ROWS = [  # 200 of a fit, 100 of a sweep
    _row("compiling", "at any part of compiling", held_by_its_name, many=20),
    _row("stepping", "before, in or after a step", optimizer_begins_anew, many=45),
    _row("saving", "before, in or after a sync", written_in_place, many=45),
    _row("renaming", "before, in or after a rename", removed_first, many=45),
    _row("recovering", "again, at any call of the recovery", optimizer_begins_anew, many=45),
    _row("sweep compiling", "at any part of compiling", held_by_its_name, many=20, long_only=True),
    _row("sweep stepping", "before, in or after a step", restored_without_states, many=20),
    _row("sweep saving", "before, in or after a transaction", saved_later, many=20),
    _row("sweep ranking", "while members are ranked", restored_without_states, many=20, long_only=True),
    _row("sweep recovering", "again, while members are put back", swept_too_well, many=20),
]
