"""One process at a time holds a run."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jaxnet.storage import Locked, hold

OWNER = """
import sys, time
from jaxnet.storage import hold
with hold(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_missing_folder_is_made_and_leftovers_are_removed(tmp_path: Path) -> None:
    with hold(tmp_path / "a" / "b") as folder:
        (folder / ".x.0123456789abcdef.partial").write_bytes(b"")
    with hold(tmp_path / "a" / "b") as folder:
        assert os.listdir(folder) == ["lock"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    for path, error in ((tmp_path / "a", FileExistsError), (tmp_path / "a" / "b", NotADirectoryError)):
        with pytest.raises(error, match=f"out: expected a folder, got the file {tmp_path / 'a'}$"), hold(path):
            pass


def test_a_second_owner_is_told_the_first_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(Locked, match=f"locked by process {owner.pid}"), hold(tmp_path):
            pass
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        with hold(tmp_path) as folder:
            assert (folder / "lock").read_text() == f"{os.getpid()}\n"


def test_a_forked_child_does_not_keep_the_lock_of_a_dead_owner(tmp_path: Path) -> None:
    # the owner sleeps; its child, which says when it is there, goes on to sleep behind it
    forks = OWNER.replace("    print", "    import os\n    if os.fork(): time.sleep(60)\n    print")
    with subprocess.Popen([sys.executable, "-c", forks, tmp_path], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        with hold(tmp_path) as folder:  # its child sleeps on
            assert (folder / "lock").read_text() == f"{os.getpid()}\n"
        owner.stdout.close()


def test_a_disk_that_does_not_take_the_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # as from the system, without a path

    monkeypatch.setattr(os, "pwrite", full)
    words = rf"could not write to it \(No space left on device\): '{tmp_path}/lock'"
    with pytest.raises(OSError, match=words), hold(tmp_path):
        pass
    monkeypatch.undo()
    with hold(tmp_path):  # and nobody holds it
        pass


def test_no_name_is_no_folder_and_a_tilde_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="out: expected the path of a folder, got ''"), hold(""):
        pass
    monkeypatch.setenv("HOME", str(tmp_path))
    with hold("~/run") as folder:
        assert folder == tmp_path / "run"
