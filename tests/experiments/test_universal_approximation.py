"""What one hidden layer and what depth can express, built by hand."""

import numpy as np


def test_a_staircase_of_four_times_as_many_steps_is_about_four_times_nearer(experiment):
    (coarse, coarse_bound), (fine, fine_bound) = (experiment.staircase_error(width) for width in (64, 256))
    np.testing.assert_allclose(coarse / fine, 4, rtol=0.1)
    assert coarse <= coarse_bound
    assert fine <= fine_bound


def test_a_function_changes_over_a_distance_by_at_most_its_steepest_slope(experiment):
    # |f'| = |24 x + 3| |cos(12 x² + 3 x)| <= 27 on [-1, 1], and f is within [-1, 1]
    assert 0 < experiment.change(0.001) <= 0.027
    assert experiment.change(1.0) <= 2


def test_the_deep_sawtooth_goes_up_and_down_64_times(experiment):
    net = experiment.jn.MLP(experiment.DEEP, activation="relu")
    x, y = experiment.corner_data()
    found = np.asarray(net.predict(experiment.deep_sawtooth(), x))
    np.testing.assert_allclose(found, y, atol=1e-12)
    assert (len(x), y[:3, 0].tolist()) == (65, [0, 1, 0])


def test_a_shallow_network_that_passes_telgarskys_bound_would_refute_him(experiment):
    # 65 corners, 12 bends: 13 pieces cross 1/2 at most 13 times, so at most 14 runs of corners on one side
    bound = (65 + 14) / 130
    for best, holds in ((bound, True), (bound + 0.01, False)):
        built, claim = experiment.sawtooth({"shallow": [0.5, best]})
        assert (built.measured, built.holds, claim.holds) == ("1", True, holds)


def test_a_mean_error_that_does_not_fall_refutes_the_claim(experiment):
    falling = experiment.wider_is_better({1: [0.6, 0.6], 2: [0.5, 0.5], 4: [0.1, 0.1]})[-1]
    rising = experiment.wider_is_better({1: [0.6, 0.6], 2: [0.1, 0.1], 4: [0.5, 0.5]})[-1]
    assert (falling.measured, falling.holds, rising.holds) == ("6 times smaller from 1 to 4", True, False)
