"""What can honestly be said of scores: intervals, expected best, rank correlation, Student's distribution. NumPy only.

With folds, whose training sets overlap, the variance is corrected as Nadeau and Bengio (2003) propose.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from jaxnet import checks

_ESTIMATORS = ("unbiased", "plug-in")
_HALVINGS = 80  # of an interval of at least 1: to below the spacing of floats


class Summary(NamedTuple):
    """Mean, standard deviation and interval of some values; NaN where there are too few."""

    mean: float
    deviation: float
    low: float
    high: float


def summarise(
    values: np.ndarray, *, overlap: float = 0.0, bounds: tuple[float, float] = (-math.inf, math.inf)
) -> Summary:
    """Summarise n values, with Student's 95 % interval for their mean, of what was not chosen by them.

    ``overlap`` is what Nadeau and Bengio add to 1/n, the size of the held-out part over that of the training part;
    0 for independent values. The interval stays within ``bounds``, between which the values must lie.
    """
    count = len(values)
    mean = float(np.mean(values))
    if count < 2 or not math.isfinite(mean):
        return Summary(mean, math.nan, math.nan, math.nan)
    deviation = float(np.std(values, ddof=1))
    half = student_quantile(0.975, count - 1) * deviation * math.sqrt(1 / count + overlap)
    return Summary(mean, deviation, max(mean - half, bounds[0]), min(mean + half, bounds[1]))


def expected_best_of(values: np.ndarray, goal: str, estimator: str = "unbiased") -> np.ndarray:
    """Return the expected best of k = 1..n configurations drawn from n tried ones, [n].

    "unbiased" is the U-statistic, the mean over all subsets of size k (Tang et al. 2020, arXiv 2004.13705); "plug-in"
    draws with replacement (Dodge et al. 2019), is biased, and has the lower mean squared error (Dodge et al. 2021,
    arXiv 2110.00613). NaN, a diverged run, counts as worse than all others, by the worst finite value.
    """
    checks.choice("estimator", estimator, _ESTIMATORS)
    signed = np.sort(_worst_for_nan(np.asarray(values, np.float64) * (1 if goal == "min" else -1)))
    n = len(signed)
    beyond = _beyond_plug_in if estimator == "plug-in" else _beyond_unbiased
    # the i-th best is the best of k with the probability that all miss the i - 1 better, less that all miss i
    best = np.array([signed @ -np.diff(beyond(n, k)) for k in range(1, n + 1)])
    return best if goal == "min" else -best


def _beyond_plug_in(n: int, k: int) -> np.ndarray:
    """Return, for i = 0..n, the probability that k draws with replacement all miss the i best of n."""
    return (1 - np.arange(n + 1) / n) ** k


def _beyond_unbiased(n: int, k: int) -> np.ndarray:
    """Return, for i = 0..n, the share C(n - i, k) / C(n, k) of the subsets of size k that miss the i best of n."""
    steps = np.arange(n)  # as a product of ratios, for the binomials themselves overflow
    return np.concatenate([[1.0], np.cumprod(np.maximum(n - k - steps, 0) / (n - steps))])


def _worst_for_nan(values: np.ndarray) -> np.ndarray:
    finite = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, finite.max() if len(finite) else np.nan)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation: Pearson's of the ranks, equal values sharing their mean rank."""
    if len(a) < 3:  # two ranks always correlate perfectly
        return math.nan
    ranks = [_ranks(np.asarray(values)) for values in (a, b)]
    if min(np.std(rank) for rank in ranks) == 0:  # all are equal: no order to agree with
        return math.nan
    return float(np.corrcoef(np.stack(ranks))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.array([(np.sum(values < value) + np.sum(values <= value) - 1) / 2 for value in values])


def student_distribution(t: float, freedom: int) -> float:
    """Return P(T <= t) for t >= 0, by the finite series for whole degrees of freedom.

    Abramowitz and Stegun, 26.7.3 and 26.7.4: A(t|n) as a polynomial in the cosine of theta = arctan(t / sqrt(n)).
    """
    theta = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(theta)
    term = total = cosine if freedom % 2 else 1.0
    for k in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    if freedom % 2 == 0:
        area = math.sin(theta) * total
    else:
        area = 2 / math.pi * (theta + (math.sin(theta) * total if freedom > 1 else 0.0))
    return (1 + area) / 2


@functools.lru_cache(maxsize=256)
def student_quantile(probability: float, freedom: int) -> float:
    """Return t with P(T <= t) = probability, for probability >= 1/2, by bisection."""
    low, high = 0.0, 1.0
    while student_distribution(high, freedom) < probability:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if student_distribution(middle, freedom) < probability else (low, middle)
    return high
