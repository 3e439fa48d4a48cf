"""What every experiment needs: its options, means with their intervals, a table of claims, a JSON file.

A claim sets what was published, or what theory says, beside what was measured, and says whether the two agree. The
device is chosen here, before JAX starts, so that the same script runs on a CPU, a GPU or a TPU.
"""

import argparse
import dataclasses
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy import stats

CONFIDENCE = 0.95
DEVICES = ("cpu", "gpu", "tpu")
ENOUGH = 10  # runs, below which a claim about a mean is reported but not judged


class Estimate(NamedTuple):
    """The mean of independent runs, its 95 % t-interval mean ± half, and their range."""

    mean: float
    half: float
    smallest: float
    largest: float
    runs: int

    def __str__(self) -> str:
        return f"{self.mean:.4g} ± {self.half:.2g}"

    @property
    def spread(self) -> str:
        """The mean, its interval and the range in words."""
        return f"{self} ({self.smallest:.4g} to {self.largest:.4g})"


def estimate(values: Iterable[float]) -> Estimate:
    """Estimate the mean of two or more independent runs."""
    runs = np.asarray(list(values), np.float64)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(runs) - 1) * runs.std(ddof=1) / math.sqrt(len(runs))
    return Estimate(float(runs.mean()), float(half), float(runs.min()), float(runs.max()), len(runs))


class Claim(NamedTuple):
    """One line of the table; ``holds`` is None where nothing was published to compare with."""

    what: str
    published: str
    measured: str
    holds: bool | None = None


@dataclasses.dataclass(frozen=True)
class Findings:
    """What an experiment found.

    Attributes:
        claims: the lines of its table.
        configurations: how many settings were tried, all of them reported.
        runs: how many training runs that took.
        results: numbers for the JSON file: name -> anything JSON can hold.
        figures: file name -> a function that draws it.
        times: what was timed -> library -> seconds, jaxnet's first; from ``peers``, and none in a quick run, which has
            others beside it.
    """

    claims: list[Claim]
    configurations: int
    runs: int
    results: Mapping[str, Any]
    figures: Mapping[str, Callable[[], Any]] = dataclasses.field(default_factory=dict)
    times: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)


def main(
    document: str, experiment: Callable[..., Findings], add_own: Callable[[argparse.ArgumentParser], None] | None = None
) -> None:
    """Run an experiment from the command line: ``--quick``, ``--device``, ``--json PATH``, ``--figures DIR``, and, as
    keywords of ``experiment(quick)``, what ``add_own(parser)`` adds."""
    options, own = _options(document, add_own)
    load, started = os.getloadavg()[0], time.perf_counter()
    findings = experiment(options.quick, **own)
    seconds = time.perf_counter() - started
    print(table(findings.claims))
    for what, times in findings.times.items():
        print(f"{what}: {', '.join(f'{library} {value:.3g} s' for library, value in times.items())}")
    print(f"{findings.configurations} configurations, {findings.runs} runs, {seconds:.0f} s")
    if options.json:
        found = _document(document, options.quick, findings, seconds)
        found["environment"]["load"] = round(load, 1)  # of the machine before it began: what else it was doing
        options.json.write_text(json.dumps(found, indent=1, default=np.generic.item) + "\n")
    if options.figures:
        _draw(findings, options.figures)


def _options(document: str, add_own: Callable | None) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Parse the command line; return its options, and those of them that are the experiment's own."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer seeds and settings: seconds instead of minutes")
    parser.add_argument(
        "--json", type=new_file, metavar="PATH", help="write what was claimed and measured to this file"
    )
    parser.add_argument("--figures", type=Path, metavar="DIR", help="draw the figures into this folder")
    add_device(parser)
    common = set(vars(parser.parse_args([])))
    if add_own:
        add_own(parser)
    options = parser.parse_args()
    use_device(parser, options.device)
    return options, {name: value for name, value in vars(options).items() if name not in common}


def new_file(text: str) -> Path:
    """Parse the path of a file to be written, before anything is trained; its folder has to be there."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file in a folder that is there, got {text}")
    return path


def count(text: str) -> int:
    """Parse a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text}")
    return int(text)


def size(text: str) -> float:
    """Parse a finite number from 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a finite number from 0, got {text}")
    return number


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument("--device", choices=DEVICES, help="where to train; by default JAX's choice")


def use_device(parser: argparse.ArgumentParser, device: str | None) -> None:
    """Let JAX start on the device asked for; end with a usage error where it has none.

    GPUs and TPUs are JAX's own first choice: only the CPU has to be chosen, and only they have to be looked for.
    """
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    elif device and not _starts_on(device):
        found, extra = jax.default_backend(), {"gpu": "cuda12", "tpu": "tpu"}[device]
        remedy = f"pip install 'jaxnet[{extra}]'?"
        parser.error(f"--device: expected a device that JAX has ({found}), got {device}: {remedy}")


def _starts_on(device: str) -> bool:
    try:
        return jax.devices(device)[0] in jax.devices()
    except RuntimeError:  # it has none
        return False


def table(claims: list[Claim]) -> str:
    """Set the claims out in columns."""
    verdicts = {True: "yes", False: "NO", None: ""}
    rows = [("claim", "published", "measured", "holds")]
    rows += [(claim.what, claim.published, claim.measured, verdicts[claim.holds]) for claim in claims]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _document(document: str, quick: bool, findings: Findings, seconds: float) -> dict[str, Any]:
    return {
        "question": document.split("\n\n")[0].removeprefix("Question:").strip(),
        "quick": quick,
        "configurations": findings.configurations,
        "runs": findings.runs,
        "seconds": round(seconds, 1),
        "environment": {
            "jax": jax.__version__,
            "device": jax.devices()[0].device_kind,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "claims": [claim._asdict() for claim in findings.claims],
        "times": findings.times,
        "results": findings.results,
    }


def _draw(findings: Findings, folder: Path) -> None:
    from jaxnet import figures

    for name, draw in findings.figures.items():
        print(figures.save(draw(), folder / name))
