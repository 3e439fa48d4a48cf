"""``scripts/faults [--quick] [--write] [--prove] [--at-once N] [ROW ...]``: run the trials and print the table."""

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from scripts.fault_trials import disks, files, growth, inputs, io_calls, kills, racing, settings, trained, two_processes
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, Skipped, count

_PARTS = (io_calls, files, inputs, kills, two_processes, racing, disks, growth, settings)
ROWS: list[Row] = [row for part in _PARTS for row in part.ROWS]
DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# Faults, tried

`scripts/faults --write` wrote this table: what was tried, what came of it, and the claim that a row holds. *Lost*: work
that was saved is gone, or an error without the path of its file. *Silent*: a wrong number, or another run's, without a
word. `scripts/faults --prove` breaks the code once for every row and sees the row fail: 26 of 26 in one run of 92 s of
processor time (27 November 2026). `scripts/faults --quick`, a step of `scripts/check`, tries a sample of each, as in
the rows that say so.

| fault | tried | survived | lost | silent | claim |
|---|---|---|---|---|---|
"""
_SAMPLE = " (sample)"


def main() -> int:
    """Run the rows; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="names of rows, or parts of them; by default all")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--quick", action="store_true", help="a sample of each, in less than a minute")
    kinds.add_argument("--prove", action="store_true", help="break the code for every row, which must see it")
    parser.add_argument("--write", action="store_true", help="keep the lines of these rows in docs/faults.md")
    parser.add_argument("--at-once", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="rows at a time")
    arguments = parser.parse_args()
    chosen = [row for row in ROWS if not arguments.rows or any(part in row.name for part in arguments.rows)]
    if not chosen:
        parser.error(f"no such row; there are {', '.join(row.name for row in ROWS)}")
    if arguments.quick and not arguments.rows:
        chosen = [row for row in chosen if not row.long_only]
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        jobs: list[Callable[[], bool]] = [lambda row=row: _tried(row, folder, arguments) for row in chosen]
        right = _all_of([lambda: _warmed(folder), *jobs], arguments.at_once)
        if arguments.write and not arguments.prove:
            _write(folder)
    return int(not right)


def _all_of(jobs: list[Callable[[], bool]], at_once: int) -> bool:
    """Do each job in a process of its own, for none may compute with JAX and then fork; say whether all were right."""
    waiting, running, right = list(jobs), set[int](), True
    while waiting or running:
        while waiting and len(running) < at_once:
            job = waiting.pop(0)
            if not (child := os.fork()):
                status = 1
                try:
                    status = int(not job())
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    os._exit(status)
            running.add(child)
        child, status = os.wait()
        running.discard(child)
        right &= status == 0
    return right


def _warmed(folder: Path) -> bool:
    """Compile what all rows train, beside those rows that need none of it."""
    _hurry()
    return bool(trained.fit(None, _cache(folder)) and trained.sweep(None, _cache(folder)))


def _hurry() -> None:
    """Have XLA compile as scripts/environment.sh says: who is killed is asked whether bits are the same, not how fast
    they come. As for users it compiles only where the long version looks at settings and at memory."""
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {os.environ.get('HURRIED_XLA_FLAGS', '')}"


def _cache(folder: Path) -> str:
    return str(folder / "cache of programs")


def _tried(row: Row, folder: Path, arguments: argparse.Namespace) -> bool:
    """Try a row and print its line; say whether it is as it should be."""
    if arguments.quick or arguments.prove or not row.as_users:
        _hurry()
    own = Path(tempfile.mkdtemp(dir=folder))
    budget, began = (
        Budget(not arguments.quick and not arguments.prove, own, random.Random(0), _cache(folder)),
        time.time(),
    )
    try:
        if arguments.prove:
            with row.broken():
                found = count(row, budget)
            seen = bool(found[LOST] + found[SILENT])
            print(f"{row.name}: {'seen' if seen else 'NOT SEEN'} ({dict(found)})", flush=True)
            return seen
        found = count(row, budget)
        cells = [
            row.name + _SAMPLE * arguments.quick,
            found.total(),
            found[SURVIVED],
            found[LOST],
            found[SILENT],
            row.claim,
        ]
        right = found.total() > 0 and not found[LOST] + found[SILENT]
    except Skipped as reason:
        cells, right = [row.name + _SAMPLE * arguments.quick, 0, 0, 0, 0, f"{row.claim} (not tried: {reason})"], True
    line = f"| {' | '.join(map(str, cells))} |"
    print(f"{line} {time.time() - began:.0f} s", flush=True)
    (folder / f"{ROWS.index(row)}.line").write_text(line)
    return right


def _write(folder: Path) -> None:
    """Put the lines of the rows that were tried into the document; those of the others stay."""
    table = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    before = {line.split(" | ")[0][2:].removesuffix(_SAMPLE): line for line in table}
    tried = {row.name: folder / f"{number}.line" for number, row in enumerate(ROWS)}
    lines = [file.read_text() if file.exists() else before.get(name, "") for name, file in tried.items()]
    DOCUMENT.write_text(HEAD + "".join(f"{line}\n" for line in lines if line))


if __name__ == "__main__":
    sys.exit(main())
