"""The disk and the machine: full, limited, read-only, vanished; clocks that jump; a damaged cache of programs."""

import contextlib
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child


def troubles(budget: Budget) -> Iterator[str]:
    """Meet each trouble: the run ends in a sentence with the path, or is not disturbed; afterwards it goes on."""
    cache = str(budget.fresh())
    _, expected = in_child(trained.fit, None, cache)
    for trouble in _TROUBLES:
        folder = budget.fresh() / "run"
        status, answer = in_child(_met, trouble, str(folder), cache)
        if status == 0:
            yield SURVIVED if answer == expected else SILENT
            continue
        named = str(answer and answer.get("words"))
        if not folder.parent.exists():
            folder.parent.mkdir()
        os.chmod(folder.parent, 0o700)
        status, again = in_child(trained.fit, str(folder) if folder.is_dir() or not folder.exists() else None, cache)
        said = str(folder) in named or str(folder.parent) in named
        yield SURVIVED if said and status == 0 and again == expected else LOST


def _met(trouble: str, folder: str, cache: str) -> str:
    _TROUBLES[trouble](Path(folder), Path(cache))
    return trained.fit(folder, cache)


def _limited(folder: Path, cache: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))


def _read_only(folder: Path, cache: Path) -> None:
    os.chmod(folder.parent, 0o500)
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)  # the modes of files say nothing to root


def _vanishing(folder: Path, cache: Path) -> None:
    from jaxnet.training import run

    real, calls = run.run_program, []

    def vanish(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            shutil.rmtree(folder)
        return real(*arguments, **options)

    run.run_program = vanish


def _clocks(folder: Path, cache: Path) -> None:
    real = time.time
    time.time = lambda: real() - 10**6 * (1 + int(real() * 10) % 3)


def _damaged_cache(folder: Path, cache: Path) -> None:
    copy = folder.parent / "cache"
    shutil.copytree(cache, copy)
    for path in copy.iterdir():
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for path in cache.iterdir():
        if path.is_file() and not (copy / path.name).stat().st_size:
            path.unlink()


def _a_file(folder: Path, cache: Path) -> None:
    folder.write_bytes(b"")


_TROUBLES: dict[str, Callable[[Path, Path], None]] = {
    "a limit on files": _limited,
    "read-only": _read_only,
    "vanished": _vanishing,
    "clocks that jump": _clocks,
    "a damaged cache": _damaged_cache,
    "a file in its place": _a_file,
}


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
        "disks and clocks", "a limit on files, a read-only or vanished folder, a file in its place: a sentence with the "  # noqa: E501
        "path, and the run goes on; jumping clocks and a damaged cache do not matter", troubles, unsaid,
    ),
]  # fmt: skip
