"""Run experiments, all or those named, and set published beside measured.

scripts/reproduce [--quick] [--device cpu|gpu|tpu] [NAME ...]

What each found is kept as NAME.json in runs/experiments, its figures beside it (with --quick in runs/experiments-
quick, without figures). Its claims and times are kept in experiments/results, too, and in experiments/pictures the
figure of its name, or one that is drawn from its claims; the tables of experiments/README.md are written from all that
is there, so that no number in them is typed by hand and an experiment that is run again replaces only its own. With
--quick nothing is kept: several run side by side, and the tables are printed. An experiment whose data was not fetched
is left out, with the command that fetches it. Exits 1 when a claim does not hold.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import claim_pictures

ROOT = Path(__file__).parents[1]
EXPERIMENTS = ROOT / "experiments"
SHARED = ("new", "peers", "reporting", "scaling_work", "shared_runs", "sick_recipes")  # no experiments
NAMES = sorted(path.stem for path in EXPERIMENTS.glob("*.py") if path.stem not in SHARED)
BEGIN, END = "<!-- Written by scripts/reproduce: -->\n", "<!-- Written by scripts/reproduce. -->\n"
VERDICTS = {True: "yes", False: "**no**", None: ""}


def main() -> int:
    options = _options()
    with ThreadPoolExecutor(os.cpu_count() if options.quick else 1) as pool:  # where times count, one by one
        found = pool.map(lambda name: run(name, options), options.names)
        ran = {name: each for name, each in zip(options.names, found, strict=True) if each}
    if options.quick:
        print(document(ran))
    else:
        keep(ran)
    failed = [f"{name}: {claim['what']}" for name in ran for claim in ran[name]["claims"] if claim["holds"] is False]
    print("\n".join(["does not hold:", *failed]) if failed else "every judged claim holds", file=sys.stderr)
    return int(bool(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/reproduce", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes each; no result is kept")
    parser.add_argument("--device", choices=("cpu", "gpu", "tpu"), help="where to train; by default JAX's choice")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"unknown experiment {', '.join(unknown)}; there are {', '.join(NAMES)}")
    options.names = options.names or NAMES
    return options


def run(name: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """Run one experiment; return what it found, or None where its data was not fetched."""
    path = ROOT / "runs" / ("experiments-quick" if options.quick else "experiments") / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"{name} ...", file=sys.stderr, flush=True)
    chosen = ["--quick"] if options.quick else ["--figures", path.parent]
    chosen += ["--device", options.device] if options.device else []
    command = [sys.executable, EXPERIMENTS / f"{name}.py", *chosen, "--json", path]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if not done.returncode:
        return json.loads(path.read_text())
    last = done.stderr.strip().splitlines()[-1]
    if "scripts/get_data" not in last:
        raise SystemExit(done.stderr)
    print(f"{name} left out: {last}", file=sys.stderr)
    return None


def keep(ran: dict[str, Any]) -> None:
    """Keep what was found, without the bulk of the numbers, and write the tables of all that was ever kept."""
    folder = EXPERIMENTS / "results"
    folder.mkdir(exist_ok=True)
    for name, found in ran.items():
        kept = {key: value for key, value in found.items() if key != "results"}
        (folder / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        drawn, pictures = ROOT / "runs" / "experiments" / f"{name}.png", EXPERIMENTS / "pictures"
        pictures.mkdir(exist_ok=True)
        if drawn.exists():
            shutil.copy(drawn, pictures / drawn.name)
        else:
            claim_pictures.draw(name, found["claims"], pictures)
    found = {name: json.loads(path.read_text()) for name in NAMES if (path := folder / f"{name}.json").exists()}
    readme = EXPERIMENTS / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    readme.write_text(f"{before}{BEGIN}\n{document(found)}\n{END}{rest.partition(END)[2]}")


def document(found: dict[str, Any]) -> str:
    """Return the tables of all experiments that were run, as Markdown."""
    lines = ["| experiment | claims that hold | runs | seconds | the same elsewhere takes | on |"]
    lines += ["|---|---|---|---|---|---|", *(summary(name, each) for name, each in found.items())]
    for name, each in found.items():
        lines += ["", f"## `{name}.py`", "", each["question"][0].upper() + each["question"][1:], ""]
        lines += [f"**{said}**", ""] if (said := conclusion(name)) else []
        if (EXPERIMENTS / "pictures" / f"{name}.png").exists():
            lines += [f"![{name}](pictures/{name}.png)", ""]
        lines += ["| claim | published | measured | holds |", "|---|---|---|---|"]
        lines += [
            row(claim["what"], claim["published"], claim["measured"], VERDICTS[claim["holds"]])
            for claim in each["claims"]
        ]
        if each["times"]:
            lines += ["", "| seconds for | jaxnet | elsewhere |", "|---|---|---|", *map(timed, each["times"].items())]
    missing = [f"`{name}.py`" for name in NAMES if name not in found]
    return "\n".join([*lines, *(["", f"Not run: {', '.join(missing)}."] if missing else [])]) + "\n"


def conclusion(name: str) -> str:
    """Return the sentence after "Conclusion:" at the top of an experiment."""
    path = EXPERIMENTS / f"{name}.py"
    text = (ast.get_docstring(ast.parse(path.read_text())) or "") if path.exists() else ""
    found = re.search(r"^Conclusion: (.*?)\n\n", text, re.DOTALL | re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def summary(name: str, each: dict[str, Any]) -> str:
    judged = [claim["holds"] for claim in each["claims"] if claim["holds"] is not None]
    machine = each["environment"]
    on = f"{machine['device']}, {machine['cores']} cores, load {machine['load']:g} before, jax {machine['jax']}"
    verdict = f"{sum(judged)} of {len(judged)}" if judged else "none judged"
    counts = verdict, str(each["runs"]), f"{each['seconds']:g}"
    return row(f"[{name}](#{name}py)", *counts, compared(each["times"]), on)


def compared(times: dict[str, dict[str, float]]) -> str:
    """How many times jaxnet's seconds the others take: from the smallest to the largest ratio."""
    ratios: dict[str, list[float]] = {}
    for each in times.values():
        for library, seconds in each.items():
            ratios.setdefault(library, []).append(seconds / each["jaxnet"])
    ratios.pop("jaxnet", None)
    spans = {library: sorted({f"{min(all):.2g}", f"{max(all):.2g}"}, key=float) for library, all in ratios.items()}
    return ", ".join(f"{library} {' to '.join(span)} times" for library, span in spans.items())


def timed(times: tuple[str, dict[str, float]]) -> str:
    what, each = times
    others = [f"{library} {seconds:.3g}" for library, seconds in each.items() if library != "jaxnet"]
    return row(what, f"{each['jaxnet']:.3g}", ", ".join(others))


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
