"""Question: What does a population cost as it grows, what would a million members on 1,000 GPUs take, and what is the
first limit that they meet?

Conclusion: A million small networks are trained on 1,000 GPUs in seconds and planned in a minute; the one process that
writes them is the first limit: 130 to 200 s for their scores, about 1,000 s for their parameters.

Method: Members of 16-H-H-4 on 256 drawn examples in batches of 64, momentum: 10 to 1,000 members, H = 8 to 128, 2 to 16
epochs. A short sweep compiles first; the CPU seconds of the least of a sweep's turns count. They are fitted with
non-negative coefficients, in ratios: a call, a member, a parameter of its start, a step of a tile (which has lanes for
few members), an operation of its products. The model then foretells sweeps that it was not fitted to: three times as
many members, other widths. The same sweeps on two devices, and in two processes on the loopback. For the million,
64-133-10 (9,985 parameters, momentum) for 100 epochs of 4,096 examples: the rate of the GPU is what an H100 reached at
64-100-10 with as many members as each GPU gets (scripts/benchmarks/measured), planning and writing what they took here;
compiling, the network and the start of 1,000 processes are left out.

Published: nothing to compare with; the goal is that the model is right to a factor of 1.5 where it was not fitted.

Measured: on two busy cores, so CPU seconds; whole runs differed by a third in single numbers, what was not fitted came
out at .67 to 1.09 in four of them. A first model, with bytes of activations in place of
parameters drawn, foretold .71 to .93 of four other sweeps; these were chosen anew. Two devices or processes cost about
what one does, and the seconds say how busy the machine was. Planning took 454 us a member while the training of each
was built. The folder's rate is that of one thread whose disk keeps up; here the disk made it a third and less. A plan
has at most 2^20 members, so a million is near the largest.
With keep="all" processes of jax.distributed send states to the first by a gather, so each is sent all 80 GB; pieces of
one process's members took as much room as there are processes, 64 MiB each, until members went in turn, one of each
process.

Command: python experiments/scaling.py
"""

import dataclasses
import functools
import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from reporting import Claim, Findings, main
from scaling_work import BATCH, CLASSES, INPUTS, ROWS, apart, examples, planned
from scipy.optimize import nnls

from jaxnet.sweeps.forecasts import forecast

MEASURED = Path(__file__).parents[1] / "scripts" / "benchmarks" / "measured" / "nvidia_h100.jsonl"
FITTED = (  # members, width, epochs
    (10, 8, 4), (100, 8, 4), (1000, 8, 4), (1000, 8, 16), (300, 16, 8), (1000, 16, 2), (10, 32, 16), (100, 32, 4),
    (1000, 32, 4), (30, 64, 4), (300, 64, 2), (300, 64, 8), (10, 128, 4), (100, 128, 2), (100, 128, 8),
)  # fmt: skip
HELD_OUT = ((3000, 8, 6), (2500, 24, 3), (400, 40, 5), (150, 112, 3))
COMPARED, TURNS = ((3000, 8, 4), (2000, 32, 4)), 5  # on one device, on two, and in two processes
QUICK = ((10, 8, 2), (100, 8, 2), (100, 8, 8), (40, 32, 2), (100, 32, 4)), ((200, 8, 4),)
# members of whom the slope of planning is taken, few and many, and those that are written: in full, quick
PLANNED, WRITTEN = ((1_000, 10_000), (200, 1_000)), (1_000, 100)
TERMS = ("a call", "a member", "a million parameters drawn", "a step of a tile", "a GFLOP")
RIGHT = 1.5  # a factor
SIZES, MILLION, GPUS, EPOCHS, EXAMPLES = (64, 133, 10), 1_000_000, 1_000, 100, 4_096
KEPT = ("scores", "best", "all")


def operations(sizes: Sequence[int], rows: int) -> float:
    """Count an epoch's operations in products: a weight and example 2 forwards, 2 for the gradient, and 2 for what is
    passed back, which the first layer does not need."""
    first, *others = [a * b for a, b in itertools.pairwise(sizes)]
    return rows * (4 * first + 6 * sum(others))


def parameters(sizes: Sequence[int]) -> int:
    """Count the weights and biases of an MLP."""
    return sum(a * b + b for a, b in itertools.pairwise(sizes))


def amounts(case: dict[str, Any]) -> list[float]:
    """Count what a sweep does, in the units of TERMS; lanes without a member cost as much as those with one."""
    width, tiles = case["width"], math.ceil(case["members"] / case["lanes"])
    lane_epochs = tiles * case["lanes"] * case["epochs"]
    sizes = INPUTS, width, width, CLASSES
    drawn = case["members"] * parameters(sizes) / 1e6
    steps = tiles * case["epochs"] * ROWS // BATCH
    return [1, case["members"], drawn, steps, lane_epochs * operations(sizes, ROWS) / 1e9]


def fit(counted: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Return the coefficients [terms], none negative, whose sums are nearest to the seconds [cases] in ratio."""
    return nnls(counted / seconds[:, None], np.ones(len(seconds)))[0]


def left_out(counted: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Return foretold / measured of each case by the fit to all others."""
    every = range(len(seconds))
    return np.array([counted[i] @ fit(np.delete(counted, i, 0), np.delete(seconds, i)) / seconds[i] for i in every])


class Reached(NamedTuple):
    """What a population reached on an accelerator, as it was measured there."""

    sizes: list[int]
    members: int
    flops: float  # a second


def nearest(lines: Sequence[str], sizes: Sequence[int], members: int) -> Reached:
    """Return the measured population whose products and members are nearest, in ratio, to those asked for."""
    rows = [row for row in map(json.loads, lines) if row["part"] == "populations"]
    far = lambda one, other: abs(math.log(one / other))
    row = min(
        rows,
        key=lambda row: (
            far(operations(row["sizes"], 1), operations(sizes, 1)),
            far(row["members"], members),
        ),
    )
    micro = row["microseconds a model-epoch"]["jaxnet"]
    return Reached(row["sizes"], row["members"], operations(row["sizes"], EXAMPLES) / micro * 1e6)


class Rates(NamedTuple):
    """What the stages of a large sweep cost: seconds a member, and operations a second of one GPU."""

    plan: float  # in every process
    record: float  # in every process at most: all that a member costs beside its training
    draw: float  # in the process that trains it
    write: dict[str, float]  # in the first process, by what is kept
    flops: float


def stages(rates: Rates, members: int, gpus: int) -> dict[str, float]:
    """Return the seconds of each stage of a sweep of EPOCHS epochs of SIZES; what every process does is not divided."""
    share = math.ceil(members / gpus)
    work = share * EPOCHS * operations(SIZES, EXAMPLES)
    found = {"plan": members * rates.plan, "record, at most": members * rates.record}
    found |= {"draw parameters": share * rates.draw, "train": work / rates.flops}
    return found | {f"write, keep={keep}": members * each for keep, each in rates.write.items()}


def counted_bytes(members: int) -> dict[str, tuple[float, float]]:
    """Return, by what is kept, the bytes that a process with all states holds and that a folder takes, as counted by
    plans of fewer members: both are a fixed part and one a member, so two plans tell them of any number."""
    share = math.ceil(MILLION / GPUS)  # lanes of a tile, whose states are there while it trains, one a device
    few = share * (jax.local_device_count() + 1)
    many = few + share
    data = examples(16, SIZES[0], SIZES[-1])
    plans = [planned(n, SIZES[1:-1], data, epochs=EPOCHS, batch_size=None, lanes=share) for n in (few, many)]
    line = lambda low, high: low + (high - low) / (many - few) * (members - few)
    found = {}
    for keep in KEPT:
        low, high = (forecast(dataclasses.replace(plan, keep=keep)) for plan in plans)
        found[keep] = line(low.memory, high.memory), line(low.disk, high.disk)
    return found


def experiment(quick: bool) -> Findings:
    """Measure sweeps, fit and try the model, and do the sums for a million members."""
    fitted, held, turns = (*QUICK, 1) if quick else (FITTED, HELD_OUT, 2)
    jobs = {
        "plans": [*PLANNED[quick], SIZES],
        "sweeps": [(*fitted, *held), turns, "local"],
        "writes": [WRITTEN[quick], SIZES, turns],
    }
    (found,) = apart(jobs)
    planning = found["plans"]
    counted = np.array([amounts(case) for case in found["sweeps"]])
    seconds = np.array([case["cpu"] for case in found["sweeps"]])
    n = len(fitted)
    terms = fit(counted[:n], seconds[:n])
    claims = model_claims(terms, counted[:n], seconds[:n])
    claims += foretold_claims(found["sweeps"][n:], counted[n:] @ terms, judged=not quick)
    claims += [] if quick else elsewhere_claims()
    claims += writing_claims(found["writes"], planning)
    reached = nearest(MEASURED.read_text().splitlines(), SIZES, math.ceil(MILLION / GPUS))
    writing = {keep: found["writes"][keep]["cpu"] for keep in KEPT}
    times = stages(
        Rates(planning["cpu"], terms[1], terms[2] * parameters(SIZES) / 1e6, writing, reached.flops), MILLION, GPUS
    )
    claims += million_claims(times, planning["bytes"], reached)
    results = {"found": found, "terms": terms.tolist(), "million": times}
    draw = functools.partial(draw_findings, counted @ terms, seconds, n, times)
    runs = turns * sum(case["members"] for case in found["sweeps"])
    return Findings(claims, len(found["sweeps"]), runs, results, {"scaling.png": draw})


def model_claims(terms: np.ndarray, counted: np.ndarray, seconds: np.ndarray) -> list[Claim]:
    """Report the coefficients, and how far the model is from what it was fitted to, with and without each case."""
    units = zip(TERMS, terms, strict=True)
    claims = [Claim(f"the model: {name}", "", f"{each * 1e3:.3g} ms of CPU time") for name, each in units]
    for what, ratios in (("fitted", counted @ terms / seconds), ("each left out", left_out(counted, seconds))):
        off = np.exp(np.abs(np.log(np.maximum(ratios, 1e-9)))) - 1
        measured = f"{100 * np.median(off):.0f} % in the middle, {100 * off.max():.0f} % at most"
        claims.append(Claim(f"{len(seconds)} sweeps, {what}: the model is off by", "", measured))
    return claims


def foretold_claims(cases: Sequence[dict[str, Any]], foretold: np.ndarray, *, judged: bool) -> list[Claim]:
    """Judge what the model says of sweeps that it was not fitted to."""
    claims = []
    for case, seconds in zip(cases, foretold, strict=True):
        what = f"{case['members']} members, width {case['width']}, {case['epochs']} epochs, not fitted"
        ratio = seconds / case["cpu"]
        holds = 1 / RIGHT <= ratio <= RIGHT if judged else None
        measured = f"{ratio:.2f}, of {case['cpu']:.3g} CPU s"
        claims.append(Claim(f"{what}: foretold / measured", f"within {RIGHT:g} times", measured, holds))
    return claims


def elsewhere_claims() -> list[Claim]:
    """Report what two devices, and two processes, take for sweeps: CPU seconds of all, and seconds to the end."""
    local = {"sweeps": [COMPARED, TURNS, "local"]}
    alone = apart(local)[0]["sweeps"]
    devices, processes = apart(local, devices=2), apart({"sweeps": [COMPARED, TURNS, "distributed"]}, processes=2)
    claims = []
    for what, found in (("two devices", devices), ("two processes", processes)):
        for one, *cases in zip(alone, *(each["sweeps"] for each in found), strict=True):
            cpu, wall = sum(case["cpu"] for case in cases), max(case["wall"] for case in cases)
            name = f"{what}, {one['members']} members, width {one['width']}: times one"
            said = f"{cpu / one['cpu']:.2f} of the CPU seconds, {wall / one['wall']:.2f} of the seconds"
            claims.append(Claim(name, "", said))
    return claims


def writing_claims(writes: dict[str, dict[str, float]], planning: dict[str, float]) -> list[Claim]:
    """Report what planning takes, and how fast the process with the folder writes members of SIZES."""
    memory = f"{planning['bytes'] / 1e3:.1f} kB" if planning["bytes"] > 0 else "too little to be seen"
    per = f"{planning['cpu'] * 1e6:.0f} us of CPU time; of memory {memory}"
    claims = [Claim("planning a member", "", per)]
    for keep in KEPT:
        each = writes[keep]
        rows, beside = (f"{1 / each[clock]:,.0f}" for clock in ("cpu", "wall"))
        said = f"{rows} rows a CPU second ({beside} a second), {each['bytes']:,.0f} B a row"
        claims.append(Claim(f"the folder, keep={keep}", "", said))
    return claims


def million_claims(times: dict[str, float], plan_bytes: float, reached: Reached) -> list[Claim]:
    """Report what a million members take on 1,000 GPUs: seconds of each stage, bytes, and what is the longest."""
    sizes = "-".join(map(str, reached.sizes))
    rate = f"{reached.flops / 1e12:.2f} TFLOP/s at {sizes}, {reached.members} members"
    claims = [Claim("an H100, as measured", "", rate)]
    claims += [Claim(f"a million on {GPUS:,} GPUs: {stage}", "", f"{each:.3g} s") for stage, each in times.items()]
    claims.append(Claim("planned members, in every process", "", f"{MILLION * plan_bytes / 1e9:.2g} GB"))
    for keep, (memory, disk) in counted_bytes(MILLION).items():
        said = f"{memory / 1e9:.3g} GB in one process that holds all, {disk / 1e9:.3g} GB in a folder"
        claims.append(Claim(f"a million, keep={keep}: counted", "", said))
    first = {
        keep: max((n for n in times if "keep" not in n or keep in n), key=lambda stage: times[stage]) for keep in KEPT
    }
    claims += [Claim(f"keep={keep}: what takes longest", "", stage) for keep, stage in first.items()]
    return claims


def draw_findings(foretold: np.ndarray, seconds: np.ndarray, fitted: int, times: dict[str, float]) -> Any:
    """Draw the model beside what was measured, and the stages of the million."""
    from jaxnet.figures import theme

    figure, (left, right) = theme.grid_of_panels(2, columns=2, width=4.4, height=3.4)
    for turn, (name, part) in enumerate((("fitted", slice(fitted)), ("not fitted", slice(fitted, None)))):
        left.plot(seconds[part], foretold[part], "o", color=theme.colour(turn), label=name)
    ends = [seconds.min(), seconds.max()]
    left.plot(ends, ends, color="0.6", linewidth=1)
    left.set(xscale="log", yscale="log")
    theme.label(left, title="sweeps on a CPU", x="CPU seconds, measured", y="CPU seconds, by the model")
    theme.legend(left)
    right.barh(list(times)[::-1], list(times.values())[::-1], color=theme.colour(0))
    right.set(xscale="log")
    theme.label(right, title=f"a million members on {GPUS:,} GPUs", x="seconds", y="")
    return theme.headline(figure, TITLE)


TITLE = "Training a million small networks is short beside writing them down"

if __name__ == "__main__":
    main(__doc__, experiment)
