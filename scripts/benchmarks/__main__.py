"""Measure jaxnet beside its peers, in one run, and print ratios: how many times faster jaxnet is.

scripts/bench [--quick] [--json FILE] [PART ...]      parts: sweeps, start, training
scripts/bench --device gpu                            populations and fits on an accelerator, beside its CPU
"""

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path

from timing import Row, measure

PARTS = ("sweeps", "start", "training")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="fewer examples and turns")
    parser.add_argument("--json", type=Path, help="write the rows to a file, too")
    parser.add_argument("--device", choices=("gpu", "tpu"), help="measure on an accelerator, beside the CPU there")
    options = parser.parse_args()
    if options.device:
        accelerator(options.device, options.json)
        return
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians", file=sys.stderr)
    rows = [row for part in options.parts for row in run(part, options.quick)]
    if options.json:
        options.json.write_text(json.dumps([row._asdict() for row in rows], indent=1) + "\n")


def accelerator(device: str, file: Path | None) -> None:
    """Measure on an accelerator: microseconds a model-epoch of populations, and a step of single networks."""
    os.environ["JAX_PLATFORMS"] = f"{'cuda' if device == 'gpu' else device},cpu"
    benchmark = importlib.import_module("device")
    found = []
    for part in (benchmark.populations, benchmark.fits):
        for line in part(False, lambda: 1.0):
            found.append({"part": part.__name__, **line})
            print("   ".join(f"{name} {value}" for name, value in line.items()), flush=True)
    if file:
        file.write_text("".join(json.dumps(line) + "\n" for line in found))


def run(part: str, quick: bool) -> list[Row]:
    """Measure one part and print its rows as they come."""
    rows: list[Row] = []
    for case in importlib.import_module(part).cases(quick):
        print(case.name)
        for row in measure(case, turns=3 if quick else 7):
            goal = f"   goal {row.goal:g}" if row.goal else ""
            seconds = f"jaxnet {row.jaxnet:8.3f} s   {row.peer:<24} {row.peer_seconds:8.3f} s"
            print(f"  {seconds}   ratio {row.ratio:6.2f}{goal}", flush=True)
            rows.append(row)
    return rows


if __name__ == "__main__":
    main()
