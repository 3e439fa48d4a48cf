"""The folder of one run, held by one process at a time.

The lock is the kernel's (flock, on Windows a locked byte), so it ends with the process that holds it, however that
process ends: there are no stale locks and no heartbeats. It is not promised over NFS.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from jaxnet.operating_system import at_fork, lock, write_at
from jaxnet.storage.files import remove_leftovers
from jaxnet.storage.regular_files import make_private, opened_regular
from jaxnet.user_paths import folder_path

LOCKED = 75  # the exit status of a command whose run is locked (EX_TEMPFAIL of sysexits.h)


class Locked(RuntimeError):
    """Another process holds the run; its exit status is ``LOCKED``."""


@contextlib.contextmanager
def hold(path: str | os.PathLike) -> Iterator[Path]:
    """Create the folder where it is missing, lock it, remove what a killed process left, and hand it over.

    A folder that is made here only its owner may enter. A process that is forked meanwhile does not hold the lock.
    Raises ``Locked`` when another process holds it, what ``folder_path`` raises for ``out``, and OSError at once,
    rather than hours later, when it cannot be created or written to.
    """
    folder = folder_path("out", path)
    descriptor = _opened(folder)
    _held.add(descriptor)
    try:
        _lock(descriptor, folder)
        remove_leftovers(folder)
        yield folder
    finally:
        if descriptor in _held:  # not in a child that was forked meanwhile, whose numbers are others by now
            _held.remove(descriptor)
            os.close(descriptor)


def _opened(folder: Path) -> int:
    try:
        make_private(folder)
        # it stays: were it removed, a process that has it open and one that creates it anew would both hold a lock
        return opened_regular(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if error.errno is None:  # it has words of its own
            raise
        words = f"out: expected a folder that can be written to ({error.strerror})"
        raise OSError(error.errno, words, str(error.filename or folder)) from error


_held: set[int] = set()


def _let_go() -> None:
    """Close the locks that a forked child was given: it would hold them when its parent is long dead."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


at_fork(after_in_child=_let_go)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        lock(descriptor)
    except BlockingIOError:
        # of a file that was tampered with nothing is shown but a number
        owner = os.read(descriptor, 32).decode("ascii", errors="replace").strip()
        owner = owner if owner.isdecimal() else "unknown"
        raise Locked(f"{folder}: the run is locked by process {owner}") from None
    try:
        os.ftruncate(descriptor, 0)
        write_at(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:  # a full disk, or a broken one: the system does not say where
        raise OSError(error.errno, f"could not write to it ({error.strerror})", str(folder / "lock")) from error
