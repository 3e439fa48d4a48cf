"""Measure jaxnet beside its peers, in one run, and print ratios: how many times faster jaxnet is.

scripts/bench [--quick] [--json FILE] [PART ...]      parts: sweeps, start, training
scripts/bench --threads 1 ...                         the same on one core; by default all that there are
scripts/bench --growth [--quick]                      what a unit costs as members, rows, widths, depths grow
scripts/bench --searches [--quick]                    CPU seconds of searches, beside a plain loop of PyTorch
scripts/bench --estimators [--quick]          CPU seconds of estimators and their searches, beside scikit-learn's
scripts/bench --device gpu                            populations and fits on an accelerator, beside its CPU
"""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from timing import Row, measure

from jaxnet.sweeps.devices import cores

PARTS = ("sweeps", "start", "training")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="fewer examples and turns")
    parser.add_argument("--json", type=Path, help="write the rows to a file, too")
    parser.add_argument("--threads", type=int, help="cores that everybody may use")
    parser.add_argument("--growth", action="store_true", help="cost as the work grows, as a ratio to the smallest")
    parser.add_argument("--searches", action="store_true", help="searches beside a plain loop of PyTorch")
    parser.add_argument("--estimators", action="store_true", help="estimators and their searches beside scikit-learn's")
    parser.add_argument("--device", choices=("gpu", "tpu"), help="measure on an accelerator, beside the CPU there")
    options = parser.parse_args()
    if options.threads:  # before JAX starts, which counts the cores that it may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    if options.device:
        os.environ["JAX_PLATFORMS"] = f"{'cuda' if options.device == 'gpu' else options.device},cpu"
    if options.device or options.growth or options.searches or options.estimators:
        part = growth if options.growth else searches if options.searches else estimators
        found = list(accelerator() if options.device else part(options.quick))
        if options.json:
            options.json.write_text("".join(json.dumps(line) + "\n" for line in found))
        return
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(f"{platform.machine()}, {cores()} cores, Python {platform.python_version()}; fastest turns", file=sys.stderr)
    rows = [row for part in options.parts for row in run(part, options.quick)]
    if options.json:
        options.json.write_text(json.dumps([row._asdict() for row in rows], indent=1) + "\n")


def accelerator() -> Iterator[dict[str, Any]]:
    """Measure on an accelerator: microseconds a model-epoch of populations, and a step of single networks."""
    benchmark = importlib.import_module("device")
    for part in (benchmark.populations, benchmark.fits):
        for line in part(False, lambda: 1.0):
            yield printed({"part": part.__name__, **line})


def growth(quick: bool) -> Iterator[dict[str, Any]]:
    """Measure what a unit of work costs as the work grows."""
    yield from map(printed, importlib.import_module("growth").growth(quick))


def searches(quick: bool) -> Iterator[dict[str, Any]]:
    """Measure what searches cost beside the plain loop over the same networks."""
    yield from map(printed, importlib.import_module("searches").searches(quick))


def estimators(quick: bool) -> Iterator[dict[str, Any]]:
    """Measure the estimators and their searches beside scikit-learn's."""
    yield from map(printed, importlib.import_module("estimator_work").estimator_work(quick))


def printed(line: dict[str, Any]) -> dict[str, Any]:
    """Print a finding, and return it."""
    print("   ".join(f"{name} {value}" for name, value in line.items()), flush=True)
    return line


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
