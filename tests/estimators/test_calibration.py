"""Temperatures and conformal widths, against what they are defined by."""

import numpy as np
import pytest

from jaxnet.estimators.calibration import best_temperature, conformal_width


def logits_of(random, outputs):
    return random.normal(size=(4000, outputs)) * 2


def test_the_temperature_that_labels_were_drawn_with_is_found():
    random = np.random.default_rng(0)
    logits = logits_of(random, 3)
    # the largest of logits / 2 + Gumbel noise is a class drawn with softmax(logits / 2)
    drawn = np.argmax(logits / 2 + random.gumbel(size=logits.shape), axis=1)
    assert best_temperature(logits, np.eye(3)[drawn]) == pytest.approx(2, rel=0.1)
    single = logits_of(random, 1)
    yes = random.uniform(size=single.shape) < 1 / (1 + np.exp(-single / 0.5))
    assert best_temperature(single, yes.astype(float)) == pytest.approx(0.5, rel=0.15)


def test_rows_of_weight_0_do_not_count():
    logits = logits_of(np.random.default_rng(0), 2)
    targets = np.eye(2)[logits.argmax(1)]
    wrong = np.vstack([logits, -logits[:100]]), np.vstack([targets, targets[:100]])
    weight = np.repeat([1.0, 0.0], [4000, 100])
    assert best_temperature(*wrong, weight) == best_temperature(logits, targets)


def test_the_width_is_the_rank_that_covers_one_more_row():
    scores = np.arange(1.0, 20)[::-1, None]  # 19 rows: of 20, the 18th smallest covers 18 / 20 = .9
    np.testing.assert_array_equal(conformal_width(scores, 0.9), [18])
    np.testing.assert_array_equal(conformal_width(np.hstack([scores, 2 * scores]), 0.5), [10, 20])
    with pytest.raises(ValueError, match=r"level: expected at most n / \(n \+ 1\) = 0.95 with n = 19 held-out rows"):
        conformal_width(scores, 0.96)
    with pytest.raises(ValueError, match="level: expected a finite number above 0 and below 1, got 1"):
        conformal_width(scores, 1)


def test_the_share_holds_on_average_over_draws():
    random = np.random.default_rng(0)
    held = random.exponential(size=(2000, 25))  # 2,000 times 24 held-out rows and a new one, of a skewed law
    covered = [row[-1] <= conformal_width(row[:-1, None], 0.8)[0] for row in held]
    # ceil(25 * .8) / 25 = .8 exactly; 2,000 draws have a standard error of .009
    assert np.mean(covered) == pytest.approx(0.8, abs=0.03)
