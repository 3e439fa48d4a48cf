"""Statistics against SciPy, published tables and enumeration."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from jaxnet.sweeps.result.statistics import (
    expected_best_of,
    rank_correlation,
    student_distribution,
    student_quantile,
    summarise,
)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 19, 60])
def test_students_distribution_is_scipys(freedom: int) -> None:
    for t in (0.0, 0.3, 1.0, 2.5, 7.0):
        assert student_distribution(t, freedom) == pytest.approx(scipy.stats.t.cdf(t, freedom), abs=1e-14)
    for probability in (0.5, 0.9, 0.975, 0.9995):
        expected = scipy.stats.t.ppf(probability, freedom)
        assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_quantile_is_the_printed_one() -> None:
    """Student's table: 2.776 for 4 degrees of freedom at 97.5 %."""
    assert student_quantile(0.975, 4) == pytest.approx(2.776, abs=5e-4)


def test_an_interval_is_scipys() -> None:
    values = np.array([0.31, 0.35, 0.29, 0.40, 0.33])
    found = summarise(values)
    low, high = scipy.stats.t.interval(0.95, 4, loc=values.mean(), scale=scipy.stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), low, high), rel=1e-9)


def test_one_value_has_no_interval() -> None:
    assert math.isnan(summarise(np.array([0.3])).low)


def test_an_interval_stays_within_bounds() -> None:
    """By hand: mean 0.95, deviation 0.05 sqrt(2), and 12.7 is Student's quantile for 1 degree of freedom."""
    found = summarise(np.array([0.9, 1.0]), bounds=(0, 1))
    assert (found.low, found.high) == (pytest.approx(0.95 - 12.706 * 0.05, rel=1e-3), 1)


def test_folds_widen_an_interval_as_nadeau_and_bengio_say() -> None:
    """Five folds: 1/5 + 1/4 in place of 1/5, so wider by sqrt(0.45 / 0.2) = 1.5."""
    values = np.array([0.31, 0.35, 0.29, 0.40, 0.33])
    plain, folds = summarise(values), summarise(values, overlap=1 / 4)
    assert (folds.high - folds.low) / (plain.high - plain.low) == pytest.approx(1.5)


@pytest.mark.parametrize("goal", ["min", "max"])
def test_the_unbiased_expected_best_is_the_mean_over_all_subsets(goal: str) -> None:
    values = np.array([0.5, 0.1, 0.9, 0.3, 0.3])
    best = min if goal == "min" else max
    expected = [np.mean([best(part) for part in itertools.combinations(values, k)]) for k in range(1, 6)]
    assert expected_best_of(values, goal) == pytest.approx(expected)


def test_the_plug_in_expected_best_is_the_mean_over_all_draws_with_replacement() -> None:
    values = np.array([0.5, 0.1, 0.9])
    expected = [np.mean([min(part) for part in itertools.product(values, repeat=k)]) for k in (1, 2, 3)]
    assert expected_best_of(values, "min", "plug-in") == pytest.approx(expected)


def test_a_diverged_run_counts_as_the_worst() -> None:
    assert expected_best_of(np.array([0.2, np.nan, 0.6]), "min") == pytest.approx(
        expected_best_of(np.array([0.2, 0.6, 0.6]), "min")
    )


def test_an_unknown_estimator_is_refused() -> None:
    with pytest.raises(ValueError, match="estimator: expected one of unbiased, plug-in"):
        expected_best_of(np.ones(3), "min", "plugin")


def test_rank_correlation_is_scipys_also_with_ties() -> None:
    a, b = np.array([1, 2, 2, 5, 3.0]), np.array([0.1, 0.4, 0.2, 0.9, 0.9])
    assert rank_correlation(a, b) == pytest.approx(scipy.stats.spearmanr(a, b).statistic)
    assert math.isnan(rank_correlation(a[:2], b[:2]))
    assert math.isnan(rank_correlation(np.ones(5), b))
