"""Question: How does XOR learn with ever more hidden units, and are local minima rare?

Conclusion: More hidden units learn XOR in fewer sweeps, as published; but with two units a sixth to a fifth of the
starts do not get there, so local minima are not rare.

Method: 2-H-1, all units sigmoids with biases, H = 2 to 32. Weights change after each of the four patterns, in a new
order every sweep, with eta .25 and momentum .9, from 100 starts, at most 3,000 sweeps. Done: half the squared error,
before each change, averages under .01 over the four patterns of a sweep. Neither the range of the start nor this
criterion is published, and they decide the level, so two ranges are shown: U(-r, r) with r = .5 and 1. Means are
of the starts that are done; the others are counted.

Published: Rumelhart and McClelland (eds.), "Parallel Distributed Processing" vol. 1, ch. 8 (1986), pp. 331-335:
Chauvin's law P = 280 - 33 log2 H presentations for H = 2 to 32 at eta .25 (read as sweeps of the four patterns), and
two local minima in "hundreds" of runs.

Measured: From U(-.5, .5) 2 to 32 units need 432, 356, 292, 245 and 215 sweeps, from U(-1, 1) 326, 197, 152, 124 and
105; so it falls with log2 H, by 54 and 52 a doubling, steeper than the 33 published, and the published level lies
between the two from 4 units on. With two units 17 and 21 of 100 starts are not done within 3,000 sweeps, with more
all are.

Command: python experiments/pdp_xor.py
"""

import functools
import itertools
import math
from typing import Any

import numpy as np
from reporting import Claim, Findings, main

import jaxnet as jn

WIDTHS, RANGES, SWEEPS, DONE = (2, 4, 8, 16, 32), (0.5, 1.0), 3000, 0.01
PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float), np.array([[0], [1], [1], [0]], float)


def chauvin(hidden: int) -> float:
    """The published law."""
    return 280 - 33 * math.log2(hidden)


def sweeps_needed(hidden: int, reach: float, starts: int) -> np.ndarray:
    """Train from all starts as one population; return the sweeps until done [starts], infinite where never."""
    start = f"uniform(-{reach}, {reach})"
    space = jn.Space(seed=jn.Seeds(starts))
    result = jn.sweep(
        jn.plan(
            space, PATTERNS, method="grid", epochs=SWEEPS, batch_size=1, hidden=(hidden,), activation="sigmoid",
            output="sigmoid", loss="squared_error", weights=start, biases=start, learning_rate=0.25, momentum=0.9,
        )
    )  # fmt: skip
    low = np.asarray(result.curves("loss")) < DONE
    return np.where(low.any(axis=1), low.argmax(axis=1) + 1.0, np.inf)


def mean_done(needed: np.ndarray) -> float:
    """The mean of the starts that are done."""
    return float(needed[np.isfinite(needed)].mean())


def experiment(quick: bool) -> Findings:
    """Train all widths from all ranges."""
    starts, ranges, widths = (8, (1.0,), (2, 8)) if quick else (100, RANGES, WIDTHS)
    found = {reach: {hidden: sweeps_needed(hidden, reach, starts) for hidden in widths} for reach in ranges}
    claims = []
    for reach, table in found.items():
        for hidden, needed in table.items():
            done = int(np.isfinite(needed).sum())
            words = f"{mean_done(needed):.0f}, {done} of {starts} done"
            claims.append(Claim(f"start ±{reach:g}, {hidden} units: sweeps", f"{chauvin(hidden):.0f}", words))
        means = [mean_done(needed) for needed in table.values()]
        falls = all(a > b for a, b in itertools.pairwise(means))
        slope = np.polyfit(np.log2(list(table)), means, 1)[0]
        claims.append(Claim(f"start ±{reach:g}: more units need fewer sweeps", "-33 a doubling", f"{slope:.0f}", falls))
        stuck = float(np.mean(np.isinf(table[2])))
        wide = int(sum(np.isinf(needed).sum() for hidden, needed in table.items() if hidden > 2))
        what = f"start ±{reach:g}, 2 units: not done after {SWEEPS:,} sweeps"
        claims.append(Claim(what, "2 in hundreds", f"{stuck:.0%} of starts", None if quick else stuck < 0.02))
        claims.append(Claim(f"start ±{reach:g}, more units: not done", "", f"{wide}"))
    numbers = {
        f"{reach:g}": {str(h): [float(v) if np.isfinite(v) else None for v in n] for h, n in table.items()}
        for reach, table in found.items()
    }
    runs = starts * len(ranges) * len(widths)
    draw = functools.partial(draw_widths, found)
    return Findings(claims, len(ranges) * len(widths), runs, {"sweeps": numbers}, {"pdp_xor.png": draw})


def draw_widths(found: dict[float, dict[int, np.ndarray]]) -> Any:
    """Draw the mean sweeps over the width, beside the published law."""
    from jaxnet import figures

    widths = list(next(iter(found.values())))
    means = {f"start ±{reach:g}": [mean_done(table[h]) for h in widths] for reach, table in found.items()}
    means["published"] = [chauvin(hidden) for hidden in widths]
    figure = figures.intervals(widths, means, x_label="hidden units", y_label="sweeps until done", log_x=True)
    words = (
        "More hidden units learn XOR in fewer sweeps; the range of the start, which was not published, sets the level"
    )
    return figures.headline(figure, words)


if __name__ == "__main__":
    main(__doc__, experiment)
