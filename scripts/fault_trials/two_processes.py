"""Two processes of ``jax.distributed`` that share a sweep, one of which is killed."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.fault_trials import kills, trained
from scripts.fault_trials.deaths import Death, planned
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, also_in_new_processes, in_child

_SECONDS = 120  # in which all end, whatever happens
_PROGRAM = """
import json, sys
import jax
port, rank, folder, cache, death = sys.argv[1:]
jax.distributed.initialize(f"127.0.0.1:{port}", 2, int(rank), heartbeat_timeout_seconds=10)
from scripts.fault_trials import deaths, rows, trained
rows.break_as_asked()
death, durations = json.loads(death), []
if death and death[0] == int(rank):
    deaths.die(deaths.Death(*death[1]))
else:
    durations = deaths.counted("sweep stepping")
print(json.dumps([trained.sweep(folder, cache, executor="distributed"), durations]), flush=True)
"""


def deaths_of_one(budget: Budget) -> Iterator[str]:
    """Kill the first or the second process; both end, and the same call of both comes to the bits of one alone."""
    expected = in_child(kills.working, trained.sweep, None, budget.cache)[1]
    durations = _together(budget.fresh() / "run", budget.cache, None)[1][1][1]
    for i, death in enumerate(planned("sweep stepping", durations, budget.pick(1, 20))):
        folder = budget.fresh() / "run"
        statuses, _ = _together(folder, budget.cache, [i % 2, death])
        if statuses[i % 2] != -9 or not statuses[1 - i % 2]:  # the other is ended, or hangs until its time is over
            print(f"not as planned: {death} of {i % 2}: {statuses}", file=sys.stderr)
            yield LOST
            continue
        whole = in_child(trained.all_there, folder) == (0, True)
        statuses, answers = _together(folder, budget.cache, None)
        ended = statuses == [0, 0] and whole and trained.tidy(folder)
        yield LOST if not ended else SURVIVED if [each[0] for each in answers] == [expected] * 2 else SILENT


def _together(folder: Path, cache: str, death: list[int | Death] | None) -> tuple[list[int], list[Any]]:
    """Run both processes to their end; return their statuses and answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = [sys.executable, "-c", _PROGRAM, str(port)]
    rest = [str(folder), cache, json.dumps(death)]
    both = [
        subprocess.Popen([*run, str(rank), *rest], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for rank in range(2)
    ]
    until, said = time.monotonic() + _SECONDS, []
    for process in both:
        try:
            said.append(process.communicate(timeout=max(0.1, until - time.monotonic()))[0])
        except subprocess.TimeoutExpired:
            os.kill(process.pid, 15)
            said.append(process.communicate()[0])
    # what joins the processes says things, too
    lines = [[line for line in text.splitlines() if line.startswith('["')] for text in said]
    answers = [json.loads(each[-1]) if each else None for each in lines]
    return [process.returncode for process in both], answers


ROWS = [
    Row(
        "kill one of two processes", "where one process of jax.distributed dies the other ends too, and the same call "
        "of both finds all that was saved and ends with the bits of one alone", deaths_of_one,
        lambda: also_in_new_processes("kills", "restored_without_states"), long_only=True,
    ),
]  # fmt: skip
