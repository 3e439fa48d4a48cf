"""The images, and when a run is said to be at the edge."""

import numpy as np


def test_pixels_are_standardised_and_those_that_never_change_are_zero(experiment):
    x, y = experiment.images(50)
    assert (x.shape, y.shape) == ((50, 64), (50, 10))
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)
    spread = x.std(axis=0)
    assert set(np.round(spread, 5)) == {0, 1}
    np.testing.assert_array_equal(y.sum(axis=1), 1)


def test_every_run_has_to_end_within_a_tenth_of_two_by_the_rate(experiment):
    near = np.linspace(1, 5.2, 20)[None] * np.ones((3, 1))
    near[:, -4:] = 5.1
    holds = lambda runs: experiment.claims_of(0.4, runs, judged=True)[1].holds
    assert holds(near)
    near[2, -4:] = 6
    assert not holds(near)
