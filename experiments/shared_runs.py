"""Runs of an experiment shared among processes, each kept as it ends: what was cut short goes on where it stopped.

Every process takes a group of tasks at a time, those that share compiled programs, and has a core of its own, so that
threads do not get in each other's way. A line of a file says what came of a task, and under which version of the code:
what another version said is not counted.
"""

import argparse
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
from reporting import count, new_file, size

Task = tuple[Hashable, ...]  # what JSON can hold


class Sharing(NamedTuple):
    """How runs are shared: among how many processes, for how long (None: to the end), in which file they are kept."""

    processes: int = 1
    limit_seconds: float | None = None
    runs: Path | None = None


def add_sharing(parser: argparse.ArgumentParser) -> None:
    """Add ``--seeds``, ``--processes``, ``--limit-seconds`` and ``--runs``."""
    parser.add_argument("--seeds", type=numbers, metavar="A:B", help="of all seeds those from A to B - 1")
    parser.add_argument("--processes", type=count, default=1, help="that share the runs, a core each")
    parser.add_argument("--limit-seconds", type=size, help="begin no run after so long; by default all are run")
    parser.add_argument(
        "--runs", type=new_file, metavar="PATH", help="keep what came of each run here; those that stand there are done"
    )


def numbers(text: str) -> range:
    """Parse A:B, whole numbers from 0, A < B."""
    first, _, end = text.partition(":")
    if not (first.isdecimal() and end.isdecimal() and int(first) < int(end)):
        raise argparse.ArgumentTypeError(f"expected A:B, whole numbers with A < B, such as 0:3, got {text}")
    return range(int(first), int(end))


def version_of(files: Iterable[Path]) -> str:
    """Return a digest of the texts of some files: what results are results of."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def shared(
    groups: Sequence[Sequence[Task]], do: Callable[..., Any], sharing: Sharing, *, version: str
) -> dict[Task, Any]:
    """Do every task of all groups, ``do(*task)``, and return what came of those that were done, in their order.

    ``do`` is a function of a module, and what it returns JSON can hold. What stands in the file of ``sharing`` under
    this version is not done again.
    """
    until = time.time() + (float("inf") if sharing.limit_seconds is None else sharing.limit_seconds)
    with tempfile.TemporaryDirectory() as folder:
        path = sharing.runs or Path(folder) / "runs.jsonl"
        if path.exists() and not path.read_text().endswith("\n"):
            path.write_text(path.read_text() + "\n")  # what was cut short spoils no line that follows
        known = kept(path, version)
        left = [part for group in groups if (part := [task for task in group if task not in known])]
        # in a random order, so that what a limit lets through is a fair sample
        random.Random(0).shuffle(left)
        keep = (do, path, version, until)
        if sharing.processes == 1:
            for group in left:
                _do_group(group, *keep)
        else:
            _among_processes(left, keep, sharing.processes)
        known = kept(path, version)
    return {task: known[task] for task in itertools.chain(*groups) if task in known}


def kept(path: Path, version: str) -> dict[Task, Any]:
    """Read what came of tasks under a version; a last line that was cut short is none."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if entry["version"] == version:
            found[tuple(entry["task"])] = entry["answer"]
    return found


def _do_group(group: Sequence[Task], do: Callable[..., Any], path: Path, version: str, until: float) -> None:
    for task in group:
        if time.time() >= until:
            return
        line = json.dumps({"version": version, "task": task, "answer": do(*task)})
        with path.open("a") as file:  # one write: lines of several processes do not mix
            file.write(line + "\n")


def _among_processes(groups: Sequence[Sequence[Task]], keep: tuple, processes: int) -> None:
    context = multiprocessing.get_context("spawn")  # a fork of a process in which JAX has threads may hang
    places, platforms = context.Value("i", 0), jax.config.values["jax_platforms"]
    with ProcessPoolExecutor(processes, context, _begin, (places, platforms)) as pool:
        for done in [pool.submit(_do_group, group, *keep) for group in groups]:
            done.result()


def _begin(places: Any, platforms: str | None) -> None:
    """Let a process begin on the devices of the one that started it, and on a core of its own."""
    jax.config.update("jax_platforms", platforms)
    with places.get_lock():
        place, places.value = places.value, places.value + 1
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})
