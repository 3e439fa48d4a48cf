"""What is said of the best of many, against SciPy, by hand, and by simulation."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from jaxnet.sweeps.result.selection import chosen_summary, studentised_range, tied_with_best

ANYTHING = (-math.inf, math.inf)
RUNS = 200


@pytest.mark.parametrize(("count", "freedom"), [(3, 10), (8, 14), (64, 252), (256, 512)])
def test_the_studentised_range_is_scipys(count: int, freedom: int) -> None:
    expected = scipy.stats.studentized_range.ppf(0.95, count, freedom)
    assert studentised_range(count, freedom) == pytest.approx(expected, rel=1e-5)


def test_a_quantile_of_the_range_is_the_printed_one() -> None:
    """Tukey's table: 3.88 for 3 means and 10 degrees of freedom at 5 %."""
    assert studentised_range(3, 10) == pytest.approx(3.88, abs=0.005)


def drawn(count: int, seeds: int, spread: float, run: int) -> tuple[np.ndarray, np.ndarray]:
    """True means [count] and scores [count, seeds] with noise of deviation 1."""
    draw = np.random.default_rng([count, seeds, run])
    truth = spread * draw.normal(size=count)
    return truth, np.expand_dims(truth, 1) + draw.normal(size=(count, seeds))


@pytest.mark.parametrize(("count", "seeds"), [(8, 3), (64, 5)])
@pytest.mark.parametrize("spread", [0.0, 1.0], ids=["equal", "spread"])
def test_the_interval_of_the_chosen_holds_what_it_is_worth(count: int, seeds: int, spread: float) -> None:
    """92 to 98 % of the time, give or take what 200 runs scatter (two deviations of 1.5 points); the longer simulation
    is scripts/benchmarks/selected_best.py."""
    held = 0
    for run in range(RUNS):
        truth, scores = drawn(count, seeds, spread, run)
        best = int(np.argmax(scores.mean(axis=1)))
        found = chosen_summary(scores, best, "max", bounds=ANYTHING)
        assert found.low <= found.mean <= found.high
        held += found.low <= truth[best] <= found.high
    assert 0.92 - 0.03 <= held / RUNS <= 0.98 + 0.02


@pytest.mark.parametrize(("count", "seeds"), [(8, 3), (64, 5), (256, 3)])
def test_of_configurations_that_are_equally_good_some_are_called_worse_in_few_sweeps(count: int, seeds: int) -> None:
    wrong = 0
    for run in range(RUNS):
        _, scores = drawn(count, seeds, 0.0, run)
        wrong += len(tied_with_best(scores, np.argsort(-scores.mean(axis=1)).tolist()) or ()) < count
    assert wrong / RUNS <= 0.07


def test_of_two_far_apart_the_interval_is_students() -> None:
    """Nothing is left of having been chosen where the other is worse by a hundred deviations: 4 % below, 1 above."""
    draw = np.random.default_rng(3)
    scores = np.stack([draw.normal(size=200) + 100, draw.normal(size=200)])
    found = chosen_summary(scores, 0, "max", bounds=ANYTHING)
    # 398 degrees of freedom are pooled, less those of the seeds: the normal distribution, to a hundredth
    error = found.deviation / math.sqrt(200)
    assert (found.mean - found.low) / error == pytest.approx(scipy.stats.norm.ppf(0.96), rel=0.1)
    assert (found.high - found.mean) / error == pytest.approx(scipy.stats.norm.ppf(0.99), rel=0.1)


def test_a_runner_up_as_good_lowers_the_interval() -> None:
    draw = np.random.default_rng(4)
    noise = draw.normal(size=(2, 50))
    noise -= noise.mean(axis=1, keepdims=True)
    far, near = (chosen_summary(noise + np.array([[0.0], [-gap]]), 0, "max", bounds=ANYTHING) for gap in (5, 0.01))
    assert near.low < far.low - 0.1
    assert near.high == pytest.approx(far.high)


def test_less_is_better_turned_round() -> None:
    _, scores = drawn(8, 5, 1.0, 0)
    best = int(np.argmax(scores.mean(axis=1)))
    up, down = (
        chosen_summary(scores, best, "max", bounds=ANYTHING),
        chosen_summary(-scores, best, "min", bounds=ANYTHING),
    )
    assert (down.mean, down.low, down.high) == pytest.approx((-up.mean, -up.high, -up.low))


def test_the_interval_of_an_accuracy_stays_within_0_and_1() -> None:
    found = chosen_summary(np.array([[0.9, 1.0], [0.2, 0.4]]), 0, "max", bounds=(0, 1))
    assert 0 <= found.low < found.mean < found.high == 1


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (np.array([[0.5], [0.4]]), (math.nan, math.nan)),
        (np.array([[0.5, math.nan], [0.4, 0.3]]), (math.nan, math.nan)),
        (np.array([[0.5, 0.5], [0.4, 0.4]]), (0.5, 0.5)),
    ],
    ids=["one seed", "diverged", "no chance"],
)
def test_where_chance_is_not_seen_there_is_no_interval(scores: np.ndarray, expected: Any) -> None:
    found = chosen_summary(scores, 0, "max", bounds=ANYTHING)
    assert (found.low, found.high) == pytest.approx(expected, nan_ok=True)


def test_a_diverged_configuration_takes_no_part() -> None:
    _, scores = drawn(6, 5, 1.0, 1)
    best = int(np.argmax(scores.mean(axis=1)))
    more = np.vstack([np.full((1, 5), np.nan), scores])
    assert chosen_summary(more, best + 1, "max", bounds=ANYTHING) == chosen_summary(
        scores, best, "max", bounds=ANYTHING
    )


def test_what_cannot_be_told_from_the_best_is_tied() -> None:
    draw = np.random.default_rng(1)
    noise = draw.normal(size=8) * 0.1
    scores = np.stack([noise, noise + draw.normal(size=8) * 0.01, noise + 1, np.full(8, np.nan)])
    assert tied_with_best(scores, [0, 1, 2, 3]) == [0, 1]
    assert tied_with_best(scores[:, :1], [0, 1, 2, 3]) is None
    assert tied_with_best(scores, [3, 0]) == [3]


def test_one_that_is_noisy_does_not_hide_that_another_is_worse() -> None:
    """A configuration near divergence varies by 1000; the variances are not pooled with it."""
    draw = np.random.default_rng(2)
    scores = 0.01 * draw.normal(size=(4, 10)) + np.array([[0.0], [0.0], [1.0], [0.0]])
    scores[3] = 1000 * draw.normal(size=10) + 500
    order = [0, 1, 2, 3] if scores[0].mean() < scores[1].mean() else [1, 0, 2, 3]
    tied = tied_with_best(scores, order)
    assert 2 not in (tied or ())
    assert set(order[:2]) <= set(tied or ())
