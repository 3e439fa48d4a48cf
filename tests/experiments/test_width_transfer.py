"""The first loss, the best rate, and what is lost by taking it from a narrow network."""

import numpy as np
import pytest


def test_the_loss_before_the_first_step_is_ln_10(experiment):
    assert experiment.first_loss().holds


def test_the_best_rate_has_the_lowest_mean_and_a_diverged_run_none(experiment):
    found = np.array([[1.0, 1.0], [0.1, np.inf], [0.5, 0.6]])
    assert experiment.best_of(found, (1.0, 2.0, 4.0)) == 4.0


def test_what_is_lost_by_transfer_is_the_wide_loss_at_the_narrow_one_s_best_rate(experiment):
    narrow, wide = np.array([[3.0], [1.0], [2.0]]), np.array([[0.5], [1.5], [9.0]])
    assert experiment.lost_by_transfer({8: narrow, 64: wide}) == pytest.approx(3.0)


def test_a_rate_may_stay_within_one_step_under_mup_and_must_fall_by_two_without(experiment):
    holds = lambda name, steps: experiment.drift_claims(name, steps, 16, judged=True)[0].holds
    assert (holds("mup", 1), holds("mup", 2), holds("mup", -2)) == (True, False, False)
    assert (holds("standard", 2), holds("standard", 1)) == (True, False)
