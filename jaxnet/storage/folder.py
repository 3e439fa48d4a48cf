"""The folder of one run, held by one process at a time.

The lock is the kernel's (flock), so it ends with the process that holds it, however that process ends: there are no
stale locks and no heartbeats. It is not promised over NFS.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from jaxnet.storage.files import remove_leftovers

LOCKED = 75  # the exit status of a command whose run is locked (EX_TEMPFAIL of sysexits.h)


class Locked(RuntimeError):
    """Another process holds the run; its exit status is ``LOCKED``."""


@contextlib.contextmanager
def hold(path: str | os.PathLike) -> Iterator[Path]:
    """Create the folder where it is missing, lock it, remove what a killed process left, and hand it over.

    Raises ``Locked`` when another process holds it, and OSError at once, rather than hours later, when it cannot be
    created or written to.
    """
    folder = Path(path)
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            error = FileExistsError if place == folder else NotADirectoryError
            raise error(f"out: expected a folder, got the file {place}")
    folder.mkdir(parents=True, exist_ok=True)
    # the file stays: were it removed, a process that has it open and one that creates it anew would both hold a lock
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(descriptor, folder)
        remove_leftovers(folder)
        yield folder
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        raise Locked(f"{folder}: the run is locked by process {owner}") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
