"""``scripts/faults [--quick] [--write] [--prove] [ROW ...]``: run the trials and print the table."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scripts.fault_trials import disks, files, growth, inputs, kills
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, count

ROWS: list[Row] = [*files.ROWS, *inputs.ROWS, *kills.ROWS, *disks.ROWS, *growth.ROWS]
DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# Faults, tried

`{command}` wrote this table: what was tried, what came of it, and the claim that a row holds. *Lost*: work that
was saved is gone, or an error without the path of its file. *Silent*: a wrong number, or another run's, without a
word. `scripts/faults --prove` breaks the code once for every row and sees the row fail.

| fault | tried | survived | lost | silent | claim |
|---|---|---|---|---|---|
"""


def main() -> int:
    """Run the rows; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="names of rows, or parts of them; by default all")
    parser.add_argument("--quick", action="store_true", help="a sample of each, in about a minute")
    parser.add_argument("--write", action="store_true", help="keep the whole table as docs/faults.md")
    parser.add_argument("--prove", action="store_true", help="break the code for every row, which must see it")
    arguments = parser.parse_args()
    chosen = [row for row in ROWS if not arguments.rows or any(part in row.name for part in arguments.rows)]
    if not chosen:
        parser.error(f"no such row; there are {', '.join(row.name for row in ROWS)}")
    lines, bad = [], False
    for row in chosen:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            budget = Budget(not arguments.quick and not arguments.prove, Path(folder), random.Random(0))
            began = time.monotonic()
            if arguments.prove:
                with row.broken():
                    found = count(row, budget)
                wrong = not found[LOST] + found[SILENT]
                print(f"{row.name}: {'NOT SEEN' if wrong else 'seen'} ({dict(found)})", flush=True)
            else:
                found = count(row, budget)
                wrong = bool(found[LOST] + found[SILENT])
                lines.append(_line(row, found))
                print(f"{lines[-1]} {time.monotonic() - began:.0f} s", flush=True)
            bad |= wrong
    if arguments.write and not arguments.prove and not arguments.rows:
        command = "scripts/faults --quick --write" if arguments.quick else "scripts/faults --write"
        DOCUMENT.write_text(HEAD.format(command=command) + "".join(f"{line}\n" for line in lines))
    return int(bad)


def _line(row: Row, found: Counter[str]) -> str:
    cells = [row.name, found.total(), found[SURVIVED], found[LOST], found[SILENT], row.claim]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main())
