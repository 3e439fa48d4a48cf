"""What must not matter: the same run and the same sweep under other settings of the machine and of Python."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from unittest import mock

from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, also_in_new_processes, in_child

_OWN_CACHE, _ONE_CORE = "cache of its own", "one core"
# what a process is started with; flags of XLA's are added to those that are set
_STARTED: dict[str, dict[str, str]] = {
    "hash seed": {"PYTHONHASHSEED": "7"},
    _ONE_CORE: {},
    "one thread": {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"},
    _OWN_CACHE: {},
    "two devices": {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
    "no cache": {"JAXNET_COMPILATION_CACHE": "off"},
    "no home": {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nowhere"},
    "optimised": {"PYTHONOPTIMIZE": "1"},
}
_QUICK = ("hash seed", _ONE_CORE, "one thread")
_FORKED: dict[str, dict[str, Any]] = {  # what a call is given, or how many epochs it computes in one go
    "chunks of 1": {"chunk": 1}, "chunks of 2": {"chunk": 2}, "chunks of 5": {"chunk": 5},
    "all at once": {"chunk": 1024},
    "progress": {"progress": True},
}  # fmt: skip
_PROGRAM = """
import sys
from scripts.fault_trials import rows, settings, trained
rows.break_as_asked()
print(settings.both(*sys.argv[1:3]))
"""


def both(cache: str, kinds: str) -> str:
    """Train without a folder; return the digest of the run, or of the run and the sweep."""
    return " ".join(getattr(trained, kind)(None, cache) for kind in kinds.split())


def settings(budget: Budget) -> Iterator[str]:
    """Train the same under other settings: the same bits."""
    kinds = "fit sweep" if budget.long else "fit"
    status, expected = in_child(both, budget.cache, kinds)
    for name, change in _STARTED.items() if status == 0 else ():
        if budget.long or name in _QUICK:
            yield _judged(*_started(name, change, budget, kinds), expected)
    for options in _FORKED.values():
        yield _judged(*in_child(_forked, budget.cache, options), expected.split(" COMPLETED")[0])


def _judged(status: int, found: str, expected: str) -> str:
    return LOST if status else SURVIVED if found.startswith(expected) else SILENT


def _started(name: str, change: dict[str, str], budget: Budget, kinds: str) -> tuple[int, str]:
    own = budget.long or name == _OWN_CACHE
    command = [sys.executable, "-c", _PROGRAM, str(budget.fresh()) if own else budget.cache, kinds]
    command = ["taskset", "-c", "0", *command] if name == _ONE_CORE else command
    environment = {**os.environ, **change}
    if "XLA_FLAGS" in change:
        environment["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {change['XLA_FLAGS']}"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


def _forked(cache: str, options: dict[str, Any]) -> str:
    trained.CHUNK = options.get("chunk", trained.CHUNK)
    return trained.fit(None, cache, **{name: value for name, value in options.items() if name != "chunk"})


@contextlib.contextmanager
def shuffled_by_hashes() -> Iterator[None]:
    """Break: what is trained on follows the seed of Python's hashes, or how many epochs a call computes."""
    with mock.patch.object(trained, "X", trained.X + hash("a") % 1000 / 1000):
        yield


ROWS = [
    Row(
        "settings", "hash seed, threads, one core or two, devices, a cache or none, no home, python -O, the length of "
        "a chunk and a progress bar do not change a bit", settings,
        lambda: also_in_new_processes("settings", "shuffled_by_hashes"),
        as_users=True,
    ),
]  # fmt: skip
