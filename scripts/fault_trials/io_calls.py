"""Every call on files that a save, a load and a database of members make: failed, cut short, or killed in.

A library in C stands before libc's functions (``io_calls.c``), so that Python's calls are seen and SQLite's, too. An
undisturbed process counts the calls; then the 1st, the 2nd, ... is made to fail, in every way, and once more while the
same work is tried again.
"""

import contextlib
import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from jaxnet import storage
from jaxnet.storage import CheckpointError
from jaxnet.sweeps.members_database import MembersDatabase
from scripts.fault_trials import trained
from scripts.fault_trials.rows import (
    LOST,
    SILENT,
    SURVIVED,
    Budget,
    Row,
    Skipped,
    also_in_new_processes,
    in_child,
    killed,
)

OLD, NEW = {"w": np.arange(3000.0)}, {"w": np.arange(3000.0) + 1}
_COUNT, _FAIL, _SHORT, _KILL, _KILL_HALF, _KILL_AFTER = range(6)  # as in io_calls.c
_MEMBERS = ("a", "b", "c")


class _Fault(NamedTuple):
    """How a call goes wrong; ``for_good``: and all after it."""

    mode: int
    error: int = 0
    for_good: bool = False


_FAULTS = (
    *(_Fault(_FAIL, error, for_good) for error in (errno.EIO, errno.ENOSPC) for for_good in (False, True)),
    _Fault(_SHORT, errno.ENOSPC, True),
    _Fault(_SHORT, errno.EIO),
    _Fault(_KILL),
    _Fault(_KILL_HALF),
    _Fault(_KILL_AFTER),
)


class _Work(NamedTuple):
    """What is disturbed: ``begin`` makes the old state, ``go_on`` the new one, ``found`` says which it is (0 or 1)."""

    begin: Callable[[Path], Any]
    go_on: Callable[[Path], Any]
    found: Callable[[Path], int]


def _saving(arrays: Any) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        with storage.hold(folder):
            storage.save_arrays(folder / "a.safetensors", arrays)

    return save


def _loaded(folder: Path) -> int:
    path = folder / "a.safetensors"
    found = storage.read_generation(path, lambda each: storage.load_arrays(each, OLD)[0]["w"])
    return next((i for i, known in enumerate((OLD, NEW)) if np.array_equal(found, known["w"])), -1)


def _stored(epochs: int) -> Callable[[Path], None]:
    def store(folder: Path) -> None:
        with storage.hold(folder), contextlib.closing(MembersDatabase(folder / "members.sqlite")) as database:
            if database.about().get("manifest") != "{}":
                database.say({"manifest": "{}"})
            database.save([(name, "{}", 0, 0, epochs, 0, _record(name, epochs)) for name in _MEMBERS])

    return store


def _record(name: str, epochs: int) -> bytes:
    return name.encode() * 2000 + bytes([epochs])


def _members(folder: Path) -> int:
    with contextlib.closing(MembersDatabase(folder / "members.sqlite", reading=True)) as database:
        rows = {name: (epochs, record) for name, epochs, _, record in database.rows()}
    states = [{name: (epochs, _record(name, epochs)) for name in _MEMBERS} for epochs in (1, 2)]
    return states.index(rows) if rows in states else -1


_WORKS = {
    "save": _Work(_saving(OLD), _saving(NEW), _loaded),
    "load": _Work(_saving(OLD), lambda folder: _require(_loaded(folder) == 0), _loaded),
    "database": _Work(_stored(1), _stored(2), _members),
}


def _require(holds: bool) -> None:
    if not holds:
        raise AssertionError("another content")


def every_call(budget: Budget, work: str) -> Iterator[str]:
    """Let a process that has the library before libc try all faults of one kind of work."""
    library = budget.fresh() / "io_calls.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    source = Path(__file__).with_suffix(".c")
    build = [str(compiler), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    if sys.platform != "linux" or compiler is None or subprocess.run(build, capture_output=True).returncode:
        raise Skipped("no compiler for the library that stands before libc")
    program = (
        f"from scripts.fault_trials import io_calls; io_calls.serve({work!r}, {str(budget.fresh())!r}, {budget.long})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "LD_PRELOAD": str(library)}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    print(done.stderr, end="", file=sys.stderr)
    yield from json.loads(done.stdout)


def serve(name: str, place: str, long: bool) -> None:
    """Try each call with each fault and print the outcomes; the process has computed nothing and may fork."""
    from scripts.fault_trials.rows import break_as_asked

    break_as_asked()
    work, outcomes = _WORKS[name], []
    _, names = in_child(_counted, work, _begun(work, Path(place) / "counted"))
    trials = [(number, fault) for number in range(1, len(names) + 1) for fault in _FAULTS]
    for i, (number, fault) in enumerate(trials):
        if long or i % (7 if name == "database" else 2) == 0:
            outcomes.append(_tried(work, Path(place) / str(i), number, fault))
            if outcomes[-1] != SURVIVED:
                print(f"{outcomes[-1]}: {name}, call {number} ({names[number - 1]}): {fault}", file=sys.stderr)
    print(json.dumps(outcomes))


def _counted(work: _Work, folder: Path) -> list[str]:
    library = _arm(folder, 0, _Fault(_COUNT))
    work.go_on(folder)
    library.faults_names.restype = ctypes.c_char_p
    return str(library.faults_names().decode()).split()


def _arm(folder: Path, number: int, fault: _Fault) -> Any:
    library = ctypes.CDLL(None)
    library.faults_arm(str(folder).encode(), number, fault.mode, fault.error, int(fault.for_good))
    return library


def _begun(work: _Work, folder: Path) -> Path:
    work.begin(folder)
    return folder


def _tried(work: _Work, folder: Path, number: int, fault: _Fault) -> str:
    _begun(work, folder)
    for _ in range(2):  # the second time while it recovers
        status, answer = in_child(_disturbed, work, folder, number, fault)
        words = str(answer and answer.get("words"))
        told = status == 0 or killed(status) or (answer["error"] in _TOLD and str(folder) in words)
        if not told:
            print(f"an error without a path: {answer}", file=sys.stderr)
            return LOST
    try:
        found = work.found(folder)
        work.go_on(folder)
        then = work.found(folder)
    except (CheckpointError, OSError) as error:
        print(error, file=sys.stderr)
        return LOST
    clean = trained.tidy(folder) and then == work.found(_ended(work, folder))
    shutil.rmtree(folder)
    return SURVIVED if found in (0, 1) and clean else SILENT


_TOLD = ("OSError", "CheckpointError", "PermissionError", "FileExistsError")


def _ended(work: _Work, folder: Path) -> Path:
    """Return a folder in which the same was never disturbed."""
    other = Path(f"{folder}-undisturbed")
    if not other.exists():
        work.begin(other)
        work.go_on(other)
    return other


def _disturbed(work: _Work, folder: Path, number: int, fault: _Fault) -> None:
    _arm(folder, number, fault)
    work.go_on(folder)


@contextlib.contextmanager
def in_place() -> Iterator[None]:
    """Break: a file is written over itself."""

    def write(path: Any, content: bytes) -> None:
        with open(path, "wb") as file:
            file.write(content)

    with mock.patch("jaxnet.storage.generations.write_atomically", write):
        yield


@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """Break: what cannot be read counts as something else."""
    real = storage.read_bytes

    def read(path: Any) -> bytes:
        try:
            return real(path)
        except CheckpointError:
            return storage.encode(NEW)

    with mock.patch("jaxnet.storage.arrays.read_bytes", read):
        yield


@contextlib.contextmanager
def one_by_one() -> Iterator[None]:
    """Break: members are saved one by one, each in a transaction of its own."""
    real = MembersDatabase.save
    with mock.patch.object(MembersDatabase, "save", lambda database, rows: [real(database, [row]) for row in rows]):
        yield


def _row(work: str, name: str, claim: str, broken: str) -> Row:
    trials = lambda budget: every_call(budget, work)
    return Row(name, claim, trials, lambda: also_in_new_processes("io_calls", broken))


_ALL = (
    "each call on files fails, once or for good, is cut short, or is killed before, in or after it, also in recovery:"
)
ROWS = [
    _row(
        "save", "I/O calls of a save", f"{_ALL} the file is the old one or the new, and the next save clean", "in_place"
    ),
    _row("load", "I/O calls of a load", f"{_ALL} what was saved, or an error with the path", "unchecked"),
    _row("database", "I/O calls of a database", f"{_ALL} all members of a transaction are there or none", "one_by_one"),
]
