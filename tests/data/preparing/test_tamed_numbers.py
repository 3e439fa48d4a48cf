"""Outliers clipped smoothly, and numbers as places between quantiles, by hand."""

import numpy as np
import pytest

from jaxnet.data import piecewise_linear, quantile_edges, smooth_clip


def test_numbers_are_kept_near_zero_and_never_pass_the_limit():
    X = np.array([0.0, 0.01, 3.0, -4.0, 1e30, -np.inf, np.nan])
    expected = [0, 0.01 / np.sqrt(1 + 1e-4 / 9), 3 / np.sqrt(2), -4 * 3 / 5, 3, -3, np.nan]
    np.testing.assert_allclose(smooth_clip(X), expected, rtol=1e-12)
    assert smooth_clip(np.float32([1, 2])).dtype == np.float32
    np.testing.assert_allclose(smooth_clip([[1]], limit=1), [[1 / np.sqrt(2)]])
    with pytest.raises(ValueError, match="limit: expected a finite number above 0, got 0"):
        smooth_clip(X, 0)


def test_a_number_fills_the_bins_below_it_and_its_own_in_part():
    edges = [np.array([0.0, 1.0, 3.0]), np.array([]), np.array([-1.0, 1.0])]
    X = np.array([[0.5, 7, 0], [2, 7, 1], [-1, 7, 3], [5, 7, -1]])
    expected = [[0.5, 0, 0.5], [1, 0.5, 1], [-1, 0, 2], [1, 2, 0]]  # outside, the first and last bin go on
    np.testing.assert_allclose(piecewise_linear(X, edges), expected)
    with pytest.raises(ValueError, match=r"X: expected an array of shape \(N, 3\)"):
        piecewise_linear(X[:, :2], edges)


def test_edges_have_as_many_rows_between_them_and_are_distinct():
    X = np.column_stack([np.arange(101.0), np.zeros(101), np.arange(101) % 2])
    first, constant, two = quantile_edges(X, 4)
    np.testing.assert_allclose(first, [0, 25, 50, 75, 100])
    assert len(constant) == 0
    np.testing.assert_allclose(two, [0, 1])
    with pytest.raises(ValueError, match="X: expected finite numbers, got NaN or infinity"):
        quantile_edges([[np.nan]])
    with pytest.raises(ValueError, match="bins: expected"):
        quantile_edges(X, 0)
