"""The polynomial that is learnt, and the sharpness of its runs."""

import numpy as np
import pytest


def test_the_polynomial_is_chebyshev_s_fifth(experiment):
    x, y = experiment.points()
    assert x.shape == y.shape == (20, 1)
    np.testing.assert_allclose(y, np.cos(5 * np.arccos(x)), atol=1e-12)


def test_every_start_has_a_curve_of_its_sharpness(experiment):
    curves = experiment.curves(0.5, starts=2, epochs=3)
    assert curves.shape == (2, 3)
    assert np.all((curves > 0.5) & (curves < 10))
    assert curves[0, 0] != pytest.approx(curves[1, 0], rel=1e-3)
