"""The switch from scikit-learn's networks to jaxnet's: how a difference is measured and a time is told."""

from types import SimpleNamespace

import numpy as np


def test_a_difference_is_relative_to_the_largest_weight_and_loss(experiment):
    model = lambda weight, loss: SimpleNamespace(
        coefs_=[np.array([[1.0, weight]])], intercepts_=[np.array([0.5])], loss_curve_=[10.0, loss]
    )
    weights, losses = experiment.difference(model(-4.0, 2.0), model(-3.0, 2.5))
    assert (weights, losses) == (0.25, 0.05)


def test_a_time_says_how_many_times_as_fast_a_warm_fit_is(experiment):
    assert str(experiment.Times(cold=1.5, warm=0.25, scikit=0.75)) == "0.25 s (cold 1.5 s) against 0.75 s: 3.0 times"
