"""What can be said of the best of many, which chance helped to choose. NumPy only.

Two claims, two methods. What the chosen configuration is worth: its interval given that it was chosen, which is that
of a normal distribution cut off where the runner-up would have been chosen instead (Andrews, Kitagawa and McCloskey
2024, "Inference on winners"). And what is really worse: a comparison of all with all, by the studentised range (Tukey),
for best and rest are told apart by the same scores.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np

from jaxnet.sweeps.result.statistics import Summary, student_distribution, student_quantile
from jaxnet.sweeps.result.variances import Noise, noise_of

# of the 5 % that an interval may miss: above, where being chosen makes misses rarer still; below, given that it was
# chosen; and below, whoever is chosen, which keeps the interval finite where the runner-up is as good
_ABOVE, _BELOW, _ANYHOW = 0.01, 0.04, 0.005
_SHARED = 0.99  # the most of a variance that seeds may add to all alike
_HALVINGS = 60
_GRID = np.linspace(-9, 9, 361)  # of a standard normal
_FINE = np.linspace(-40, 40, 80_001)  # for its distribution function
_NORMAL = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in _FINE])
_MANY = 1000  # degrees of freedom that are as good as infinitely many: Student's series has as many terms


def chosen_summary(
    scores: np.ndarray, best: int, goal: str, *, overlap: float = 0.0, bounds: tuple[float, float]
) -> Summary:
    """Summarise the row ``best`` of scores [C, n], which was chosen for its mean, with an interval of 95 % for what it
    is worth.

    Rows that are not finite do not take part. ``overlap`` is that of ``summarise``; the interval stays within
    ``bounds``. How often such intervals are right is simulated by ``scripts/benchmarks/selected_best.py``.
    """
    mean = float(np.mean(scores[best]))
    if scores.shape[1] < 2 or not math.isfinite(mean):
        return Summary(mean, math.nan, math.nan, math.nan)
    finite = np.isfinite(scores).all(axis=1)
    sign, row = (1 if goal == "max" else -1), int(np.sum(finite[:best]))
    low, high = _chosen_interval(sign * scores[finite], row, overlap)
    low, high = sorted((sign * low, sign * high))
    deviation = float(np.std(scores[best], ddof=1))
    return Summary(mean, deviation, max(low, bounds[0]), min(high, bounds[1]))


def _chosen_interval(scores: np.ndarray, best: int, overlap: float) -> tuple[float, float]:
    """Return the interval of the row that was chosen as the highest."""
    count, noise = len(scores), noise_of(scores)
    means = scores.mean(axis=1)
    variance, freedom = noise.total(best, scores.shape[1])
    freedom = min(freedom, _MANY)
    error = math.sqrt(variance * (1 / scores.shape[1] + overlap))
    x = float(means[best])
    if error == 0:
        return x, x
    high = x + student_quantile(1 - _ABOVE, freedom) * error
    least = x - student_quantile(1 - _ANYHOW / count, freedom) * error
    if count == 1:
        return x - student_quantile(1 - _BELOW - _ANYHOW, freedom) * error, high
    # what seeds add to all alike chooses none: the more of it, the further below the runner-up seems to be
    shared = min(max(1 - float(noise.own[best]) / variance, 0.0), _SHARED)
    runner_up = float(np.max(np.delete(means, best)))
    cut = x - max(x - runner_up, 0.0) / (1 - shared)
    tail = lambda value, centre: _upper_tail((value - centre) / error, freedom)
    low, top = least, x
    if tail(x, low) >= _BELOW * tail(cut, low):
        return least, high
    for _ in range(_HALVINGS):
        middle = (low + top) / 2
        low, top = (low, middle) if tail(x, middle) >= _BELOW * tail(cut, middle) else (middle, top)
    return top, high


def tied_with_best(scores: np.ndarray, order: Sequence[int], *, overlap: float = 0.0) -> list[int] | None:
    """Return the rows of scores [C, n] that cannot be told from the best, which is ``order[0]``; it is among them.

    At 5 %: of configurations that are all equally good, some are called worse in at most that share of sweeps. A row
    with NaN (diverged or pruned) is not tied. None where there is one value a row: one seed says nothing of chance.
    """
    if scores.shape[1] < 2:
        return None
    rows = [c for c in order if np.isfinite(scores[c]).all()]
    if len(rows) < 2 or rows[0] != order[0]:
        return [order[0]]
    values = scores[rows]
    noise, means = noise_of(values), values.mean(axis=1)
    error = np.sqrt((noise.own[0] + noise.own) / 2 * (1 / values.shape[1] + overlap))
    near = np.abs(means - means[0]) <= _critical(noise, len(rows)) * error
    return [row for row, is_near in zip(rows, near, strict=True) if is_near]


def _critical(noise: Noise, count: int) -> float:
    """Return how many standard errors two of so many configurations must lie apart to be told from each other."""
    if noise.alike:
        return studentised_range(count, int(noise.freedom))
    # with variances of their own every pair has a denominator of its own: as many tests as there are pairs
    pairs = count * (count - 1) / 2
    return math.sqrt(2) * student_quantile(1 - 0.025 / pairs, min(max(1, int(noise.freedom)), _MANY))


@functools.lru_cache(maxsize=256)
def studentised_range(count: int, freedom: int, level: float = 0.95) -> float:
    """Return q that the range of ``count`` standard normals over an independent estimate of their deviation stays
    below with probability ``level``."""
    low, high = 0.0, 8.0
    while range_distribution(high, count, freedom) < level and high < 1e6:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if range_distribution(middle, count, freedom) < level else (low, middle)
    return high


def range_distribution(q: float, count: int, freedom: int) -> float:
    """Return P(range <= q s) for ``count`` standard normals and s an independent deviation of ``freedom`` degrees.

    Given s, it is count times the integral of phi(z) (Phi(z) - Phi(z - q s))^(count - 1), where z is the highest.
    """
    deviations, weights = _deviations(freedom)
    below = np.interp(np.expand_dims(_GRID, 0) - q * np.expand_dims(deviations, 1), _FINE, _NORMAL)
    between = np.clip(np.expand_dims(np.interp(_GRID, _FINE, _NORMAL), 0) - below, 0, 1)
    density = np.exp(-(_GRID**2) / 2) / math.sqrt(2 * math.pi)
    given = count * (between ** (count - 1)) @ density * (_GRID[1] - _GRID[0])
    return float(given @ weights)


def _deviations(freedom: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values of an estimated deviation of 1 and their probabilities: sqrt(chi² / freedom)."""
    spread = 9 / math.sqrt(2 * freedom)
    values = np.linspace(max(1e-6, 1 - spread), 1 + spread, 161)
    logarithms = (freedom - 1) * np.log(values) - freedom * values**2 / 2
    weights = np.exp(logarithms - logarithms.max())
    return values, weights / weights.sum()


def _upper_tail(t: float, freedom: int) -> float:
    """Return P(T > t) of Student's distribution."""
    return 1 - student_distribution(t, freedom) if t >= 0 else student_distribution(-t, freedom)
