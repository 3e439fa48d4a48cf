"""Kills: of a run and of a sweep at moments of their progress, and of racers for one folder."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child, killed


def _goes_on(work: Callable[..., str], budget: Budget, deaths: list[tuple[str, int, float]]) -> Iterator[str]:
    """Kill, perhaps once more while it recovers, then let it end: the same bits as undisturbed, or it was lost."""
    cache = str(budget.fresh())
    status, expected = in_child(work, None, cache)
    assert status == 0, expected
    for moment, number, delay in deaths:
        folder = budget.fresh()
        if moment == "recovering":
            in_child(work, str(folder), cache, ("saving", 3, 0.0))
        status, answer = in_child(work, str(folder), cache, (moment, number, delay))
        if not killed(status) and status != 0:  # 0: it had ended before that moment
            print(f"lost: {moment} {number} {delay}: {answer}", file=sys.stderr)
            yield LOST
            continue
        status, found = in_child(work, str(folder), cache)
        if status != 0 or not trained.tidy(folder):
            print(f"lost: {moment} {number} {delay}: {found}", file=sys.stderr)
            yield LOST
        else:
            yield SURVIVED if found == expected else SILENT


def kills_of_fit(budget: Budget) -> Iterator[str]:
    """Kill at each kind of moment, spread over its occurrences."""
    each = budget.pick(2, 40)
    occurrences = {"compiling": 1, "stepping": 6, "saving": 14, "renaming": 13, "recovering": 20}
    deaths = []
    for moment, most in occurrences.items():
        for i in range(each):
            delay = (
                budget.random.choice((0.0, -1.0, 0.002, 0.02)) if moment != "compiling" else budget.random.random() / 2
            )
            deaths.append((moment, 1 + i * most // each, delay))
    yield from _goes_on(trained.fit, budget, deaths)


def kills_of_sweep(budget: Budget) -> Iterator[str]:
    """Kill between and inside the calls of the engine and the transactions of the database."""
    each = budget.pick(2, 50)
    deaths = [
        (moment, 1 + i * 8 // each, budget.random.choice((0.0, -1.0, 0.005)))
        for moment in ("sweep stepping", "sweep saving")
        for i in range(each)
    ]
    yield from _goes_on(trained.sweep, budget, deaths)


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


def restored_without_states() -> Any:
    """Break: members are taken as trained whose states were not put back."""
    from jaxnet.sweeps.store import Store

    real = Store._restore_one

    def restore(store: Any, history: Any, member: int, about: Any, record: bytes) -> bool:
        lanes = [[leaf.copy() for leaf in lane.params[0].values()] for lane in history.lanes]
        found = real(store, history, member, about, record)
        for lane, before in zip(history.lanes, lanes, strict=True):
            for leaf, old in zip(lane.params[0].values(), before, strict=True):
                leaf[...] = old
        return found

    return mock.patch.object(Store, "_restore_one", restore)


RACER = """
import sys, time
from jaxnet.storage import Locked, hold
{broken}
while time.time() < float(sys.argv[2]): pass
try:
    with hold(sys.argv[1]):
        print("won", flush=True)
        time.sleep(4)  # a racer that came late finds it held all the same
except Locked:
    print("told", flush=True)
"""
_BROKEN = "import jaxnet.storage.folder as folder; folder._lock = lambda *_: None"
_broken = False


def races(budget: Budget) -> Iterator[str]:
    """Let eight processes begin at one moment: one wins, the others are told."""
    for _ in range(budget.pick(1, 20)):
        folder, start = budget.fresh() / "run", str(time.time() + 8)
        program = RACER.format(broken=_BROKEN if _broken else "")
        racers = [
            subprocess.Popen([sys.executable, "-c", program, folder, start], stdout=subprocess.PIPE, text=True)
            for _ in range(budget.pick(4, 8))
        ]
        said = sorted(racer.communicate()[0].strip() for racer in racers)
        yield SURVIVED if said == ["told"] * (len(racers) - 1) + ["won"] else SILENT


@contextlib.contextmanager
def no_lock() -> Iterator[None]:
    """Break: nobody locks."""
    global _broken
    _broken = True
    try:
        yield
    finally:
        _broken = False


SCRIPT = """
import sys
from scripts.fault_trials import trained
from jaxnet.training import run
{broken}
trained.EPOCHS = 10**7
print("ready", flush=True)
trained.fit(sys.argv[1], sys.argv[2])
"""


def signals(budget: Budget) -> Iterator[str]:
    """Ask a script to end, at some moment: its status says by what, it says one line, and the run goes on."""
    cache = str(budget.fresh())
    for i in range(budget.pick(3, 20)):
        number, folder = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[i % 3], budget.fresh()
        broken = (
            "import sys, jaxnet.storage.interruption as i; i.end_scripts_with_a_status = lambda: None"
            if _broken
            else ""
        )
        command = [sys.executable, "-c", SCRIPT.format(broken=broken), str(folder), cache]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as script:
            assert script.stdout is not None
            script.stdout.readline()
            while not (folder / "lock").exists():
                time.sleep(0.01)
            time.sleep(budget.random.random() * 0.8)  # its patience ends the run after twice that
            script.send_signal(number)
            said = script.communicate(timeout=100)[1].strip().splitlines()
        right = script.returncode == 128 + number and len([line for line in said if "Traceback" in line]) == 0
        saved = (folder / "run.safetensors").exists()
        yield SURVIVED if right and saved else LOST


ROWS = [
    Row(
        "kill a fit", "killed while compiling, stepping, saving, renaming or recovering, the same call ends with the bits "  # noqa: E501
        "of a run that nothing disturbed", kills_of_fit, written_in_place,
    ),
    Row(
        "kill a sweep", "killed inside a step or a transaction, the same call ends with the same curves and states",
        kills_of_sweep, restored_without_states,
    ),
    Row("races", "of processes that begin in one folder at one moment exactly one trains", races, no_lock),
    Row("signals", "SIGINT, SIGTERM and SIGHUP save, and end a script with 130, 143 and 129", signals, no_lock),
]  # fmt: skip
