"""Files of a run folder, opened without trust: a folder may come from elsewhere, or be damaged.

Only regular files are opened, and no link is followed: a link called ``lock`` would let a folder from elsewhere empty
any file of the user's, and a pipe would be read for ever. How large a file is is looked at before it is read.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from jaxnet.operating_system import CAREFULLY, take_for_owner

FILE_LIMIT = 4 * 2**30  # bytes that are read of one file; what is written holds to it, too


@contextlib.contextmanager
def open_regular(path: str | os.PathLike, flags: int = os.O_RDONLY, mode: int = 0o600) -> Iterator[int]:
    """Hand over the descriptor of a regular file, and close it in the end.

    Raises OSError, with the path and the fault in its words, for a link, for what is no regular file, and where it
    cannot be opened.
    """
    descriptor = opened_regular(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def opened_regular(path: str | os.PathLike, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """Return the descriptor of a regular file, to be closed by the caller; raises OSError as ``open_regular``."""
    refuse_other_kinds(path)
    descriptor = os.open(path, flags | CAREFULLY, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it was exchanged since it was looked at
        os.close(descriptor)
        raise OSError(f"{path}: expected a regular file")
    return descriptor


def refuse_other_kinds(path: str | os.PathLike) -> None:
    """Raise OSError for a link and for what is no regular file; a missing one passes."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise OSError(f"{path}: a link, and none is followed here; put the file itself in its place")
    if not stat.S_ISREG(mode):
        raise OSError(f"{path}: expected a regular file, got {_KINDS.get(stat.S_IFMT(mode), 'something else')}")


_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}  # fmt: skip


def read_regular(path: str | os.PathLike, limit: int = FILE_LIMIT) -> bytes:
    """Read a whole regular file of at most ``limit`` bytes; raises OSError, with its path, for any other."""
    with open_regular(path) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > limit:
            raise OSError(f"{path}: {size} bytes, more than the {limit} that are read")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            try:
                return file.read(size)
            except MemoryError:
                raise OSError(f"{path}: {size} bytes, for which there is no memory") from None


def make_private(folder: Path) -> None:
    """Create a folder, where it is missing, that only its owner may enter; those above it as the system does."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # made by another process in this moment
        os.mkdir(folder, 0o700)
        take_for_owner(folder)
