"""Debian's Chromium, headless, for what drives the page of ``jaxnet play``: the tests, play_trial and the pictures."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

# without traffic of its own, so that a request to elsewhere is the page's; a container's root has no sandbox
FLAGS = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-sandbox",
)
INSTALL = "there is no chromium; on Debian: apt-get install chromium"


def chromium() -> str | None:
    """Return the path of Chromium, or None where it is not installed."""
    return shutil.which("chromium")


def launched(driver: Any) -> Any:
    """Start it by a driver of playwright's; raises RuntimeError, with the command to mend it, where there is none."""
    path = chromium()
    if path is None:
        raise RuntimeError(INSTALL)
    return driver.chromium.launch(executable_path=path, args=list(FLAGS))


def until(page: Any, question: str, seconds: float = 60) -> float:
    """Ask a page until it says yes; return how long that took. Raises TimeoutError with what the page says.

    Polled, for the page's own policy forbids to evaluate strings in it, as playwright's waiting does.
    """
    began = time.perf_counter()
    while not page.evaluate(question):
        if time.perf_counter() - began > seconds:
            said = page.evaluate("() => (document.querySelector('.say') || document.body || {}).textContent")
            raise TimeoutError(f"{question}: the page says {said!r}")
        time.sleep(0.01)
    return time.perf_counter() - began


@contextlib.contextmanager
def play_served() -> Iterator[tuple[str, int]]:
    """Serve the playground in a process of its own: its address with the token, and its process id."""
    command = [sys.executable, "-m", "jaxnet", "play", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield server.stdout.readline().strip() if server.stdout else "", server.pid
        finally:
            server.send_signal(2)
