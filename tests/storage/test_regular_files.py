"""A run folder from elsewhere is opened without trust: no link is followed, and only regular files are read."""

import os
import stat
import time
from pathlib import Path

import pytest

from jaxnet.storage import CheckpointError, hold, make_private, opened_regular, read_bytes, read_regular


def test_a_link_in_the_place_of_the_lock_does_not_empty_its_target(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to(precious)
    with pytest.raises(OSError, match=f"{tmp_path}/run/lock: a link, and none is followed"), hold(tmp_path / "run"):
        pass
    assert precious.read_text() == "mine"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    began = time.monotonic()
    for name, words in (("pipe", "got a pipe"), ("folder", "got a folder"), ("device", "a link")):
        with pytest.raises(CheckpointError, match=f"{tmp_path / name}: .*{words}"):
            read_bytes(tmp_path / name)
    assert time.monotonic() - began < 5  # a pipe would be waited for, for ever


def test_how_large_a_file_is_is_looked_at_before_it_is_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(2**40)  # takes no room: all of it is a hole
    with pytest.raises(CheckpointError, match="huge: 1099511627776 bytes, more than the 4294967296 that are read"):
        read_bytes(tmp_path / "huge")
    (tmp_path / "small").write_bytes(b"12345")
    assert read_regular(tmp_path / "small") == b"12345"
    os.close(opened_regular(tmp_path / "small"))


def test_a_folder_that_is_made_is_its_owners_and_one_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    make_private(tmp_path / "shared")
    make_private(tmp_path / "a" / "b")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("shared", "a/b")]
    assert modes == [0o755 & ~_umask(), 0o700]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
