"""The disk and the machine: full, limited, read-only, vanished; clocks that jump; a damaged cache of programs."""

import contextlib
import ctypes
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, Skipped, in_child

_PAGE = 4096
_NEW_USER, _NEW_MOUNTS, _PRIVATE = 0x10000000, 0x00020000, (1 << 18) | (1 << 14)  # of <sched.h> and <sys/mount.h>


def troubles(budget: Budget) -> Iterator[str]:
    """Meet each trouble: the run ends in a sentence with the path, or is not disturbed; afterwards it goes on."""
    _, expected = in_child(trained.fit, None, budget.cache)
    for trouble in _TROUBLES:
        folder = budget.fresh() / "run"
        status, answer = in_child(_met, trouble, str(folder), budget.cache)
        if status == 0:
            yield SURVIVED if answer == expected else SILENT
            continue
        named = str(answer and answer.get("words"))
        if not folder.parent.exists():
            folder.parent.mkdir()
        os.chmod(folder.parent, 0o700)
        place = str(folder) if folder.is_dir() or not folder.exists() else None
        status, again = in_child(trained.fit, place, budget.cache)
        said = str(folder) in named or str(folder.parent) in named
        yield SURVIVED if said and status == 0 and again == expected else LOST


def _met(trouble: str, folder: str, cache: str) -> str:
    return trained.fit(folder, _TROUBLES[trouble](Path(folder), cache) or cache)


def _limited(folder: Path, cache: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))


def _read_only(folder: Path, cache: str) -> None:
    os.chmod(folder.parent, 0o500)
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)  # the modes of files say nothing to root


def _vanishing(folder: Path, cache: str) -> None:
    from jaxnet.training import run

    real, calls = run.run_program, []

    def vanish(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            shutil.rmtree(folder)
        return real(*arguments, **options)

    run.run_program = vanish


def _clocks(folder: Path, cache: str) -> None:
    real = time.time
    time.time = lambda: real() - 10**6 * (1 + int(real() * 10) % 3)


def _damaged(cut: bool) -> Callable[[Path, str], str]:
    """Return what damages every program of a copy of the cache, cut in half or with other bytes in its middle."""

    def damage(folder: Path, cache: str) -> str:
        copy = Path(shutil.copytree(cache, folder.parent / "cache"))
        for path in filter(Path.is_file, copy.iterdir()):
            content, half = path.read_bytes(), path.stat().st_size // 2
            path.write_bytes(content[:half] + (b"" if cut else b"other" + content[half + 5 :]))
        return str(copy)

    return damage


def _unwritable(folder: Path, cache: str) -> str:
    return "/proc/nowhere/cache"


def _a_file(folder: Path, cache: str) -> None:
    folder.write_bytes(b"")


_TROUBLES: dict[str, Callable[[Path, str], str | None]] = {
    "a limit on files": _limited,
    "read-only": _read_only,
    "vanished": _vanishing,
    "clocks that jump": _clocks,
    "a cache of halves": _damaged(cut=True),
    "a cache with other bytes": _damaged(cut=False),
    "a cache that takes no files": _unwritable,
    "a file in its place": _a_file,
}


def full(budget: Budget) -> Iterator[str]:
    """Train on disks of a few pages, on which less and less is free: each ends in a sentence, and goes on with room."""
    status, found = in_child(_on_small_disks, str(budget.fresh()), budget.cache, budget.long)
    if status:
        raise RuntimeError(str(found))
    if isinstance(found, str):
        raise Skipped(found)
    yield from found


def _on_small_disks(place: str, cache: str, every: bool) -> list[str] | str:
    if not _mounted(place):
        return "no file system may be mounted here"
    found = []
    for work in (trained.fit, trained.sweep):
        _, expected = in_child(work, None, cache)
        most = 14 if work is trained.fit else 40  # pages, with which all of it has room
        for free in range(1, most) if every else (2, most // 3):
            found.append(_filled(work, Path(place), cache, free, expected))
    return found


def _filled(work: Callable[..., str], disk: Path, cache: str, free: int, expected: str) -> str:
    """Leave some pages free, and fill them by training; then make room and train to the end."""
    folder, filler, notes = disk / "run", disk / "filler", Path(f"{disk}.notes")
    folder.mkdir()
    Path(f"{folder}.saved").symlink_to(notes)  # what is promised is written down on another disk
    _fill(filler, os.statvfs(disk).f_bavail - free)
    status, answer = in_child(work, str(folder), cache)
    words = str(answer and answer.get("words")) if status else ""
    said = status == 0 or (str(folder) in words and answer["error"] == "OSError" and "full" in words.lower())
    said = said or (str(folder) in words and "No space left on device" in words)
    filler.unlink()
    whole = in_child(trained.all_there, folder) == (0, True)
    status, again = in_child(work, str(folder), cache)
    shutil.rmtree(folder)
    Path(f"{folder}.saved").unlink()
    notes.unlink(missing_ok=True)
    return LOST if status or not said or not whole else SURVIVED if again == expected else SILENT


def _fill(path: Path, pages: int) -> None:
    with open(path, "wb") as file:
        for _ in range(pages):
            file.write(b"\0" * _PAGE)


def _mounted(place: str) -> bool:
    """Mount a disk of a few pages that this process and its children alone see, and that goes with them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) and libc.unshare(_NEW_USER | _NEW_MOUNTS):
        return False
    libc.mount(None, b"/", None, ctypes.c_ulong(_PRIVATE), None)
    return not libc.mount(b"none", place.encode(), b"tmpfs", ctypes.c_ulong(0), b"size=400k,mode=700")


@contextlib.contextmanager
def unsaid() -> Iterator[None]:
    """Break: an error of the disk loses its path."""

    def write(path: Any, content: bytes) -> None:
        try:
            Path(path).write_bytes(content)
        except OSError:
            raise OSError("could not write") from None

    with mock.patch("jaxnet.storage.generations.write_atomically", write):
        yield


ROWS = [
    Row(
        "disks and clocks", "a limit on files, a read-only or vanished folder, a file in its place: a "
        "sentence with the path, and the run goes on; jumping clocks and a damaged or unwritable cache do not matter",
        troubles, unsaid,
    ),
    Row(
        "a full disk", "a fit and a sweep on a disk with any number of free pages end in a sentence with the path; "
        "what was saved is whole, and with room the same call ends with the same bits", full, unsaid,
    ),
]  # fmt: skip
