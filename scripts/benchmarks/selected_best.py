"""How often is what a sweep says of its best right? Run it: python scripts/benchmarks/selected_best.py [repetitions]

Scores are drawn as configurations (equal, or normally spread), plus what a seed adds to all, plus noise of deviation 1
(or of deviations of their own, lognormal). One line a case: how often the interval of the configuration that was chosen
holds its true mean, beside Student's interval, which does not allow for the choice, and in how many sweeps over equal
configurations some are called worse than the best.
"""

import itertools
import math
import sys

import numpy as np

from jaxnet.sweeps.result.selection import chosen_summary, tied_with_best
from jaxnet.sweeps.result.statistics import summarise

CONFIGURATIONS, SEEDS = (8, 32, 64, 256), (3, 5, 20)
CASES = {  # spread of the true means, deviation of what seeds add to all, of the logarithms of the noises
    "equal": (0.0, 0.0, 0.0),
    "spread .3": (0.3, 0.0, 0.0),
    "spread 1": (1.0, 0.0, 0.0),
    "equal, seeds alike": (0.0, 1.0, 0.0),
    "spread 1, seeds alike": (1.0, 1.0, 0.0),
    "equal, noises differ": (0.0, 0.0, 0.7),
    "spread 1, noises differ": (1.0, 0.0, 0.7),
}


def simulate(count: int, seeds: int, case: tuple[float, float, float], repetitions: int) -> tuple[float, float, float]:
    """Return the shares of intervals that hold the truth, of Student's that do, and of sweeps that call some worse."""
    spread, shared, noises = case
    draw = np.random.default_rng([count, seeds, *(round(10 * part) for part in case)])
    right = students = worse = 0
    for _ in range(repetitions):
        truth = spread * draw.normal(size=count)
        noise = np.exp(noises * draw.normal(size=(count, 1))) * draw.normal(size=(count, seeds))
        scores = truth[:, np.newaxis] + shared * draw.normal(size=seeds)[np.newaxis] + noise
        order = np.argsort(-scores.mean(axis=1)).tolist()
        found = chosen_summary(scores, order[0], "max", bounds=(-math.inf, math.inf))
        plain = summarise(scores[order[0]])
        right += found.low <= truth[order[0]] <= found.high
        students += plain.low <= truth[order[0]] <= plain.high
        worse += spread == 0 and len(tied_with_best(scores, order) or ()) < count
    return right / repetitions, students / repetitions, worse / repetitions


def main(repetitions: int) -> None:
    """Print a line for every case."""
    print(f"{repetitions} repetitions; configurations, seeds: held by the interval (by Student's), called worse")
    for (name, case), count, seeds in itertools.product(CASES.items(), CONFIGURATIONS, SEEDS):
        right, students, worse = simulate(count, seeds, case, repetitions)
        said = f", called worse {100 * worse:.1f} %" if case[0] == 0 else ""
        print(f"{name:24} {count:4} {seeds:3}: {100 * right:.1f} % ({100 * students:.1f} %){said}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
