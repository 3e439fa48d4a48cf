"""What can honestly be said of scores: intervals, paired tests, Holm's correction, expected best. NumPy only.

Seeds and folds are paired: every configuration sees the same initial stream, batch orders and splits, so differences
are tested pair by pair. With folds, whose training sets overlap, the variance is corrected as Nadeau and Bengio (2003)
propose.
"""

import functools
import math
from collections.abc import Sequence
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


def summarise(values: np.ndarray, *, overlap: float = 0.0, level: float = 0.95) -> Summary:
    """Summarise n values, with Student's interval for their mean.

    ``overlap`` is what Nadeau and Bengio add to 1/n, the size of the held-out part over that of the training part;
    0 for independent values.
    """
    count = len(values)
    mean = float(np.mean(values))
    if count < 2 or not math.isfinite(mean):
        return Summary(mean, math.nan, math.nan, math.nan)
    deviation = float(np.std(values, ddof=1))
    half = student_quantile((1 + level) / 2, count - 1) * deviation * math.sqrt(1 / count + overlap)
    return Summary(mean, deviation, mean - half, mean + half)


def paired_p_value(a: np.ndarray, b: np.ndarray, *, overlap: float = 0.0) -> float:
    """Return the two-sided p-value of Student's paired test of equal means; NaN for fewer than two pairs."""
    difference = np.asarray(a, np.float64) - b
    if len(difference) < 2 or not np.isfinite(difference).all():
        return math.nan
    spread = float(np.std(difference, ddof=1))
    mean = float(np.mean(difference))
    if spread == 0:  # the statistic is 0 / 0 or infinite: equal in every pair, or different by the same in every one
        return 1.0 if mean == 0 else 0.0
    statistic = abs(mean) / (spread * math.sqrt(1 / len(difference) + overlap))
    return 2 * (1 - student_distribution(statistic, len(difference) - 1))


def holm(p_values: Sequence[float], level: float = 0.05) -> list[bool]:
    """Say which hypotheses Holm's step-down procedure (1979) rejects, keeping the family-wise error below ``level``."""
    rejected = [False] * len(p_values)
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        if not p_values[index] <= level / (len(p_values) - rank):  # NaN is not rejected
            break  # step-down: what is less significant than one that stands, stands
        rejected[index] = True
    return rejected


def tied_with_best(scores: np.ndarray, order: Sequence[int], *, overlap: float = 0.0) -> list[int] | None:
    """Return the rows of scores [C, n] that cannot be told from the best, which is ``order[0]``; it is among them.

    A row with NaN (diverged or pruned) is not tied. None where there is one value a row: one seed says nothing of
    chance.
    """
    if scores.shape[1] < 2:
        return None
    best = order[0]
    others = [c for c in order[1:] if np.isfinite(scores[c]).all()]
    rejected = holm([paired_p_value(scores[best], scores[c], overlap=overlap) for c in others])
    return [best, *(c for c, no in zip(others, rejected, strict=True) if not no)]


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
