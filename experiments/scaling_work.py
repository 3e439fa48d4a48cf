"""What scaling.py measures, in processes of their own: their devices are chosen before JAX starts, and a process counts
its own CPU seconds and memory."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

import jaxnet as jn
from jaxnet.sweeps.store import Store

INPUTS, CLASSES, ROWS, BATCH = 16, 4, 256, 64  # of the sweeps that the model is fitted to


def examples(rows: int, inputs: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw examples whose class is that of their largest input: [rows, inputs], [rows]."""
    x = np.random.default_rng(0).standard_normal((rows, inputs), np.float32)
    return x, x[:, :classes].argmax(axis=1)


def planned(members: int, hidden: tuple[int, ...], data: tuple[np.ndarray, np.ndarray], **options: Any) -> Any:
    """Plan members that differ in rate and momentum."""
    space = jn.Space(learning_rate=jn.Float(1e-3, 0.1, log=True), momentum=jn.Float(0, 0.9))
    return jn.plan(space, data, n=members, hidden=hidden, **{"batch_size": BATCH, **options})


def fastest(work: Callable[[], object], turns: int) -> dict[str, float]:
    """Return the least CPU seconds of all threads of this process, and the least seconds, that a turn takes."""
    cpu, wall = [], []
    for _ in range(turns):
        began = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
    return {"cpu": min(cpu), "wall": min(wall)}


def sweeps(cases: Sequence[tuple[int, int, int]], turns: int, executor: str) -> list[dict[str, float]]:
    """Train populations (members, width, epochs) of two hidden layers; what compiles does so before it counts."""
    data, found = examples(ROWS, INPUTS, CLASSES), []
    for members, width, epochs in cases:
        plan = planned(members, (width, width), data, epochs=epochs)
        lanes = plan.groups[0].lanes
        jn.sweep(planned(2 * lanes, (width, width), data, epochs=epochs), executor=executor)
        took = fastest(lambda plan=plan: jn.sweep(plan, executor=executor), turns)
        found.append({"members": members, "width": width, "epochs": epochs, "lanes": lanes, **took})
    return found


def writes(members: int, sizes: tuple[int, ...], turns: int) -> dict[str, dict[str, float]]:
    """Return, by what is kept, what saving takes in the process that has the folder: CPU seconds of its thread, seconds
    and bytes a member. Members that are let go after they were saved are saved again, and count once."""
    data, found = examples(16, sizes[0], sizes[-1]), {}
    for keep in ("scores", "best", "all"):
        plan = planned(members, sizes[1:-1], data, epochs=1, batch_size=None, keep=keep)
        took = []
        for _ in range(turns):
            with tempfile.TemporaryDirectory() as folder, timed_saves() as saves:
                jn.sweep(plan, out=folder)
                size = sum(path.stat().st_size for path in Path(folder).glob("members.sqlite*"))
            took.append(np.sum(saves, axis=0) / members)
        cpu, wall = np.min(took, axis=0)
        found[keep] = {"cpu": cpu, "wall": wall, "bytes": size / members}
    return found


@contextlib.contextmanager
def timed_saves() -> Iterator[list[tuple[float, float]]]:
    """Yield a list that gets the CPU seconds of the thread, and the seconds, of each save of any folder."""
    real, saves = Store.save, []

    def save(*given: Any) -> None:
        began = time.thread_time(), time.perf_counter()
        real(*given)
        saves.append((time.thread_time() - began[0], time.perf_counter() - began[1]))

    Store.save = save
    try:
        yield saves
    finally:
        Store.save = real


def plans(few: int, many: int, sizes: tuple[int, ...]) -> dict[str, float]:
    """Return the CPU seconds and the bytes of memory that planning takes, a member: the slope between two counts.

    It has to come first in its process, for memory is counted at its highest.
    """
    data = examples(16, sizes[0], sizes[-1])
    made = lambda count: planned(count, sizes[1:-1], data, epochs=1, batch_size=None)
    held, took, peak = [made(few)], [], []
    for count in (few, many):
        took.append(fastest(lambda count=count: held.append(made(count)), 1)["cpu"])
        peak.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)  # Linux counts it in KiB
    # the second peak is that of the larger plan, beside the smaller ones
    return {"cpu": (took[1] - took[0]) / (many - few), "bytes": (peak[1] - peak[0]) / many}


def apart(jobs: dict[str, list[Any]], *, devices: int = 1, processes: int = 1) -> list[dict[str, Any]]:
    """Do jobs, name of a function here -> its arguments, in new processes; return what each process found."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, __file__, json.dumps(jobs), str(port), str(processes)]
    started = [
        subprocess.Popen([*command, str(rank)], env=environment, stdout=subprocess.PIPE, text=True)
        for rank in range(processes)
    ]
    said = [each.communicate()[0] for each in started]
    if any(each.returncode for each in started):
        raise RuntimeError(f"{' '.join(command)} failed; what it said stands above")
    return [json.loads(each.splitlines()[-1]) for each in said]


def main(jobs: str, port: str, processes: str, rank: str) -> None:
    """Do what ``apart`` asks of one process, and print what was found as a line of JSON."""
    if int(processes) > 1:
        jax.distributed.initialize(f"127.0.0.1:{port}", int(processes), int(rank))
    work = {"sweeps": sweeps, "writes": writes, "plans": plans}
    print(json.dumps({name: work[name](*given) for name, given in json.loads(jobs).items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
