"""A file is old or new, never neither, whichever step of writing fails."""

import contextlib
import errno
import os
from pathlib import Path

import pytest

from jaxnet.storage import remove_leftovers, write_atomically


def test_the_content_is_put_in_place_and_no_temporary_file_remains(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"one")
    write_atomically(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


USES = {"fsync": 2, "replace": 1, "open": 2}  # of each operation in one write


@pytest.mark.parametrize("operation", USES)
@pytest.mark.parametrize("occurrence", [1, 2])
def test_a_failure_at_any_operation_leaves_the_old_or_the_new_content(
    operation: str, occurrence: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")
    real, calls = getattr(os, operation), []

    def failing(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == occurrence:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, operation, failing)
        failure = pytest.raises(OSError, match=r"could not write 11 bytes \(No space left on device\).*/a'")
        with failure if occurrence <= USES[operation] else contextlib.nullcontext():
            write_atomically(path, b"new content")
    assert path.read_bytes() in (b"old", b"new content")
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"could not write 1 bytes \(No such file or directory\).*nowhere"):
        write_atomically(tmp_path / "nowhere" / "a", b"x")


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.0123456789abcdef.partial", "a", ".hidden", "b.partial", ".film.iso.partial"):
        (tmp_path / name).write_bytes(b"")
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".film.iso.partial", ".hidden", "a", "b.partial"]
