"""Run experiments, all or those named, one after another, and set published beside measured.

scripts/reproduce [--quick] [NAME ...]

What each found is kept as NAME.json in runs/experiments (with --quick in runs/experiments-quick).
experiments/RESULTS.md is written from all that is there, so that no number in it is typed by hand; with --quick it is
only printed. An experiment whose data was not fetched is left out, with the command that fetches it. Exits 1 when a
claim does not hold.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXPERIMENTS = ROOT / "experiments"
NAMES = sorted(path.stem for path in EXPERIMENTS.glob("*.py") if path.stem != "reporting")
VERDICTS = {True: "yes", False: "**no**", None: ""}


def main() -> int:
    options = _options()
    folder = ROOT / "runs" / ("experiments-quick" if options.quick else "experiments")
    folder.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        run(name, folder, quick=options.quick)
    found = {name: json.loads(path.read_text()) for name in NAMES if (path := folder / f"{name}.json").exists()}
    if options.quick:
        print(document(found))
    else:
        (EXPERIMENTS / "RESULTS.md").write_text(document(found))
    failed = [
        f"{name}: {claim['what']}" for name in found for claim in found[name]["claims"] if claim["holds"] is False
    ]
    print("\n".join(["does not hold:", *failed]) if failed else "every judged claim holds", file=sys.stderr)
    return int(bool(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/reproduce", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="each for about a minute; nothing is written but its JSON")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"unknown experiment {', '.join(unknown)}; there are {', '.join(NAMES)}")
    options.names = options.names or NAMES
    return options


def run(name: str, folder: Path, *, quick: bool) -> None:
    """Run one experiment; its JSON file is new, or gone where it failed."""
    path = folder / f"{name}.json"
    path.unlink(missing_ok=True)
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, EXPERIMENTS / f"{name}.py", *(["--quick"] if quick else []), "--json", path]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1]
        print(f"  left out: {last}", file=sys.stderr)
        if "scripts/get_data" not in last:
            raise SystemExit(done.stderr)


def document(found: dict[str, Any]) -> str:
    """Return the tables of all experiments that were run, as Markdown."""
    lines = ["# Results", "", "Written by `scripts/reproduce`; a claim without a verdict is a measurement.", ""]
    lines += ["| experiment | claims that hold | configurations | runs | seconds | on |", "|---|---|---|---|---|---|"]
    lines += [summary(name, each) for name, each in found.items()]
    for name, each in found.items():
        lines += ["", f"## `{name}.py`", "", each["question"][0].upper() + each["question"][1:], ""]
        lines += ["| claim | published | measured | holds |", "|---|---|---|---|"]
        lines += [
            row(claim["what"], claim["published"], claim["measured"], VERDICTS[claim["holds"]])
            for claim in each["claims"]
        ]
    missing = [f"`{name}.py`" for name in NAMES if name not in found]
    return "\n".join([*lines, *(["", f"Not run: {', '.join(missing)}."] if missing else [])]) + "\n"


def summary(name: str, each: dict[str, Any]) -> str:
    judged = [claim["holds"] for claim in each["claims"] if claim["holds"] is not None]
    device = f"{each['environment']['device']}, jax {each['environment']['jax']}"
    counts = (each["configurations"], each["runs"], each["seconds"])
    return row(f"[{name}](#{name}py)", f"{sum(judged)} of {len(judged)}", *map(str, counts), device)


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
