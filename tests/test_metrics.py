"""Metrics of a batch agree with their definitions."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.metrics import accuracy, r2

LOGITS = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.5, 0.1, 0.4], [-1.0, -2.0, -0.5]])  # classes 0, 1, 0, 2


@pytest.mark.parametrize(
    ("logits", "y", "weight", "expected"),
    [
        (LOGITS, np.array([0, 1, 2, 2]), None, 3 / 4),
        (LOGITS, np.eye(3)[[0, 1, 2, 2]], None, 3 / 4),
        (LOGITS, np.array([0, 1, 2, 2]), np.array([1.0, 1, 6, 0]), 2 / 8),
        (np.array([[-1.0], [2.0], [3.0]]), np.array([0, 1, 0]), None, 2 / 3),
        (np.array([[-1.0], [2.0], [3.0]]), np.array([[0.0], [1.0], [0.0]]), None, 2 / 3),
    ],
)
def test_accuracy_is_the_share_of_right_classes(logits, y, weight, expected):
    weight = None if weight is None else jnp.asarray(weight)
    assert accuracy(jnp.asarray(logits), jnp.asarray(y), weight) == pytest.approx(expected, rel=1e-15)


def test_r2_is_one_minus_the_unexplained_share_of_the_variance():
    y = np.array([1.0, 2.0, 3.0, 6.0])
    prediction = np.array([1.0, 2.0, 4.0, 5.0])
    # residual sum of squares 2, total sum of squares about the mean 3: 4 + 1 + 0 + 9 = 14
    assert r2(jnp.asarray(prediction[:, None]), jnp.asarray(y)) == pytest.approx(1 - 2 / 14, rel=1e-14)
    assert r2(jnp.full((4, 1), y.mean()), jnp.asarray(y)) == pytest.approx(0, abs=1e-15)


def test_r2_averages_over_outputs_and_weighs_examples():
    y = np.array([[0.0, 0.0], [1.0, 2.0], [9.0, 9.0]])
    prediction = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    # without the third row: the first output is exact, 1; the second leaves 2 of 2, 0
    assert r2(jnp.asarray(prediction), jnp.asarray(y), jnp.array([1.0, 1, 0])) == pytest.approx(0.5, rel=1e-14)


def test_r2_of_a_target_that_does_not_vary_is_forced_to_be_finite_only_where_that_is_asked_for():
    y, met, missed = jnp.full((4,), 2.0), jnp.full((4, 1), 2.0), jnp.full((4, 1), 3.0)
    assert np.isnan(r2(met, y))
    assert r2(missed, y) == -np.inf
    assert r2(met, y, force_finite=True) == 1
    assert r2(missed, y, force_finite=True) == 0
