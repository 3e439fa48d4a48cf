"""Processes that want one folder at one moment, and scripts that are asked to end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from jaxnet.storage import CheckpointError, Locked, hold, manifest_of, read_generation
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, also_in_new_processes

_RACERS = 8
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def races(budget: Budget) -> Iterator[str]:
    """Let eight processes begin at one moment: one wins, the others are told; when it is killed, the folder is free."""
    for _ in range(budget.pick(3, 20)):
        folder = budget.fresh() / "run"
        said, winner = _race(folder)
        free = winner is not None and winner[1] == -signal.SIGKILL
        try:
            with hold(folder):
                pass
        except Locked:
            free = False
        right = said == sorted([b"told"] * (_RACERS - 1) + [b"won"])
        yield SILENT if said.count(b"won") > 1 else SURVIVED if right and free else LOST


def _race(folder: Path) -> tuple[list[bytes], tuple[int, int] | None]:
    """Race once; return what the racers said, and the winner's process and how it was ended."""
    start, answer = os.pipe(), os.pipe()
    racers = []
    for _ in range(_RACERS):
        child = os.fork()
        if not child:
            os.close(start[1])
            os.read(start[0], 1)  # all of them wait here, and the end of the pipe wakes them together
            _enter(folder, answer[1])
            os._exit(0)
        racers.append(child)
    os.close(start[0])
    os.close(start[1])
    os.close(answer[1])
    said = b""
    while said.count(b"\n") < _RACERS and (more := os.read(answer[0], 4096)):
        said += more
    os.close(answer[0])
    words = [line.split() for line in said.splitlines()]
    for _, number in [each for each in words if each[0] == b"won"]:
        os.kill(int(number), signal.SIGKILL)
    ends = {child: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in racers}
    winner = next(((int(number), ends[int(number)]) for word, number in words if word == b"won"), None)
    return sorted(word for word, _ in words), winner


def _enter(folder: Path, answers: int) -> None:
    try:
        with hold(folder):
            os.write(answers, f"won {os.getpid()}\n".encode())
            time.sleep(60)  # until it is killed
    except Locked:
        os.write(answers, f"told {os.getpid()}\n".encode())
    except BaseException:
        os.write(answers, f"failed {os.getpid()}\n".encode())


def no_lock() -> Any:
    """Break: nobody locks."""
    return mock.patch("jaxnet.storage.folder._lock", return_value=None)


_SCRIPT = """
import sys
from scripts.fault_trials import rows, trained
rows.break_as_asked()
trained.EPOCHS = trained.PATIENCE = 10**7
trained.fit(sys.argv[1], sys.argv[2])
"""


def signals(budget: Budget) -> Iterator[str]:
    """Ask scripts to end, once or twice: the status says by what, without a traceback, and the file is whole."""
    asked = [(number, twice) for number in _SIGNALS for twice in (False, True)]
    asked = asked * 7 if budget.long else [asked[0], asked[2], asked[4], asked[3]]
    for at in range(0, len(asked), 2):  # two at a time
        scripts = []
        for _ in asked[at : at + 2]:
            folder = budget.fresh() / "run"
            command = [sys.executable, "-c", _SCRIPT, str(folder), budget.cache]
            scripts.append((folder, subprocess.Popen(command, stderr=subprocess.PIPE, text=True)))
        try:
            for (number, twice), (folder, script) in zip(asked[at : at + 2], scripts, strict=True):
                yield _asked(script, folder, number, twice=twice, after=budget.random.random() * 1.5)
        finally:
            for _, script in scripts:
                script.kill()  # one that did not end, as where the shell had it ignore SIGINT, outlives nothing


def _asked(script: Any, folder: Path, number: int, *, twice: bool, after: float) -> str:
    while not (folder / "lock").exists() and script.poll() is None:
        time.sleep(0.01)
    time.sleep(after)  # compiling, stepping, saving
    script.send_signal(number)
    if twice:
        time.sleep(after / 30)
        script.send_signal(number)
    said = script.communicate(timeout=100)[1]
    # a second one may come when all is saved and the handlers are gone: the system ends it, which a shell calls 128 + n
    ended = (128 + number, -number) if twice else (128 + number,)
    right = script.returncode in ended and "Traceback" not in said
    try:
        whole = read_generation(folder / "run.safetensors", manifest_of)["epochs"] > 0
    except CheckpointError:
        whole = twice and not (folder / "run.safetensors").exists()  # it was ended before anything was saved
    if not (right and whole):
        print(f"lost: {number}, twice {twice}, after {after:.2f} s: {script.returncode} {said}", file=sys.stderr)
    return SURVIVED if right and whole else LOST


@contextlib.contextmanager
def without_a_status() -> Iterator[None]:
    """Break: a script that a signal ends shows a traceback."""
    with mock.patch("jaxnet.storage.interruption.end_scripts_with_a_status", return_value=None):
        yield


ROWS = [
    Row(
        "races", "of eight processes that begin in one folder at one moment exactly one trains, and when it is "
        "killed the folder is free", races, no_lock,
    ),
    Row(
        "signals", "SIGINT, SIGTERM and SIGHUP save, and end a script with 130, 143 and 129 and no traceback; a "
        "second one ends it at once, and what was saved is whole", signals,
        lambda: also_in_new_processes("racing", "without_a_status"),
    ),
]  # fmt: skip
