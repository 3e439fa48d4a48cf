"""A script that is asked to end saves, says so in one line, and ends with a status that a scheduler understands."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

Start: TypeAlias = "Callable[..., subprocess.Popen[str]]"

SCRIPT = """
import hashlib, sys, time
from jaxnet.storage import Watch
with Watch() as watch:
    print("ready", flush=True)
    if sys.argv[1] == "deaf":
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # minutes in C, as a long compilation
    while True:
        time.sleep(0.01)
        watch.check()
"""


@pytest.fixture
def script() -> Iterator[Start]:
    """Start a script; one that a signal did not end is ended after the test, and computes no further."""
    started = []

    def start(kind: str, *, prelude: str = "") -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", prelude + SCRIPT, kind]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_script_with_its_status_and_one_line(script: Start, number: signal.Signals) -> None:
    process = script("listening")
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert errors == f"interrupted by {number.name}; what was done is saved, the same call goes on\n"


def test_a_second_one_ends_at_once_what_hears_nothing(script: Start) -> None:
    process = script("deaf")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "SIGINT: ends when what is being computed is saved; once more: at once" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "SIGINT: ended at once; what was saved before is whole\n"


def test_a_second_one_does_not_change_the_status_of_a_script_that_is_ending(script: Start) -> None:
    ending = "import atexit, time; atexit.register(lambda: (print('ending', flush=True), time.sleep(0.3)))\n"
    process = script("listening", prelude=ending)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143


def test_an_event_loop_that_listens_already_keeps_its_signals(script: Start, tmp_path: Path) -> None:
    prelude = "import os, signal; r, w = os.pipe(); os.set_blocking(w, False); signal.set_wakeup_fd(w)\n"
    process = script("listening", prelude=prelude)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143


def test_a_watch_leaves_no_descriptor_and_no_thread_behind() -> None:
    import threading

    from jaxnet.storage import Watch

    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(3):
        with Watch():
            pass
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
