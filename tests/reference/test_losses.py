"""Outputs and losses against numbers worked out by hand, and their derivatives against differences."""

import math

import jax
import numpy as np
import pytest

from jaxnet import losses, network
from jaxnet.reference.losses import CANONICAL, LOSSES, OUTPUTS, logit_derivative, logit_derivative_line

Z = np.array([[0.3, -1.2, 2.0], [-0.7, 0.1, 0.4]])
TARGETS = {
    "distribution": np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]]),
    "probability": np.array([[0.0, 1.0, 1.0], [0.2, 0.9, 0.5]]),
    "real": np.array([[0.1, 1.5, 2.0], [-0.2, 0.3, -2.5]]),
    "count": np.array([[0.0, 3.0, 2.0], [1.0, 7.0, 0.0]]),
}


def differences(f, Z, h=1e-6):
    """Differentiate a function of [N, K] to [N], row by row, by central differences."""
    columns = np.eye(Z.shape[1]) * h
    return np.stack([(f(Z + step) - f(Z - step)) / (2 * h) for step in columns], axis=1)


@pytest.mark.parametrize(
    ("name", "values", "targets", "expected"),
    [
        ("cross_entropy", [0.0, math.log(3.0)], [1.0, 0.0], math.log(4.0)),  # probabilities 1/4 and 3/4
        ("cross_entropy", [0.0, math.log(3.0)], [0.5, 0.5], math.log(4.0) - math.log(3.0) / 2),
        ("binary_cross_entropy", [math.log(3.0), 0.0], [1.0, 0.0], math.log(4 / 3) + math.log(2.0)),
        ("squared_error", [1.0, 5.0], [4.0, 1.0], 12.5),
        ("mean_squared_error", [1.0, 5.0], [4.0, 1.0], 12.5),
        ("mean_squared_error", [1.0, 5.0, 0.0, 0.0], [4.0, 1.0, 0.0, 0.0], 6.25),
        ("huber", [0.5, 3.0], [0.0, 0.0], 0.125 + 2.5),
        ("hinge", [0.25, -3.0], [1.0, 1.0], 0.75 + 4.0),
        ("hinge", [0.25, -3.0], [0.0, 0.0], 1.25 + 0.0),
        ("poisson", [math.log(2.0), 0.0], [3.0, 5.0], 2 - 3 * math.log(2.0) + 1),
    ],
)
def test_a_loss_by_hand(name, values, targets, expected):
    loss = LOSSES[name].of(np.array([values]), np.array([targets]))
    np.testing.assert_allclose(loss, [expected], rtol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_the_derivative_of_a_loss_is_the_limit_of_differences(name):
    loss = LOSSES[name]
    T = TARGETS[loss.target]
    np.testing.assert_allclose(loss.derivative(Z, T), differences(lambda Z: loss.of(Z, T), Z), atol=3e-9)


def test_the_derivative_of_cross_entropy_is_right_for_a_target_that_does_not_sum_to_one():
    T = np.array([[0.5, 0.2, 0.1], [0.0, 2.0, 0.0]])
    expected = differences(lambda Z: LOSSES["cross_entropy"].of(Z, T), Z)
    np.testing.assert_allclose(LOSSES["cross_entropy"].derivative(Z, T), expected, atol=3e-9)


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_hands_its_derivative_back(name):
    output, dP = OUTPUTS[name], np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -0.25]])
    expected = differences(lambda Z: np.sum(dP * output.forward(Z), axis=1), Z)
    np.testing.assert_allclose(output.backward(output.forward(Z), dP), expected, atol=3e-9)


@pytest.mark.parametrize(("output", "name"), CANONICAL.items())
def test_the_derivative_of_a_canonical_pair_is_prediction_minus_target(output, name):
    T = TARGETS[LOSSES[name].target]
    np.testing.assert_allclose(LOSSES[name].derivative(Z, T), OUTPUTS[output].forward(Z) - T, atol=1e-15)


def test_every_output_and_loss_that_jaxnet_takes_by_name_has_its_derivation():
    assert set(OUTPUTS) == set(network.OUTPUTS)
    assert set(LOSSES) == set(losses.LOSSES)


@pytest.mark.parametrize(
    ("loss", "output"),
    [("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid"), ("poisson", "exp"), ("hinge", "identity")]
    + [(loss, output) for loss in ("squared_error", "mean_squared_error", "huber") for output in OUTPUTS],
)
def test_a_losss_derivative_at_the_logits_is_that_of_jax(loss, output):
    z = np.random.default_rng(0).normal(size=(3, 4))
    y = np.eye(4)[[0, 3, 1]]

    def of(z, y):
        values = network.OUTPUTS[output](z) if losses.LOSSES[loss].on_predictions else z
        return losses.LOSSES[loss].of(values, y)

    theirs = jax.jit(jax.vmap(jax.grad(of)))(z, y)
    np.testing.assert_allclose(logit_derivative(loss, output, z, y), theirs, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(
    ("loss", "output"),
    [("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid"), ("poisson", "exp"), ("hinge", "identity")]
    + [(loss, output) for loss in ("squared_error", "mean_squared_error", "huber") for output in OUTPUTS],
)
def test_the_line_of_numpy_computes_the_derivative_at_the_logits(loss, output):
    z, Y = np.random.default_rng(0).normal(size=(3, 4)), np.eye(4)[[0, 3, 1]]
    known = {"p": OUTPUTS[output].forward(z), "z": z, "Y": Y, "s": 2 * Y - 1, "K": 4, "np": np}
    line = logit_derivative_line(loss, output)
    np.testing.assert_allclose(eval(line, known), logit_derivative(loss, output, z, Y), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "hinge"])
def test_a_classifier_that_is_certain_and_wrong_has_a_large_but_finite_loss(name):
    Z, T = np.array([[1000.0, -1000.0]]), np.array([[0.0, 1.0]])
    assert 1000 <= LOSSES[name].of(Z, T) < 2003
    assert np.isfinite(LOSSES[name].derivative(Z, T)).all()


def test_softmax_sums_to_one_and_for_two_outputs_is_the_sigmoid_of_their_difference():
    Z = np.array([[0.3, -1.1], [200.0, -600.0]])
    P = OUTPUTS["softmax"].forward(Z)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(P[:, 0], 1 / (1 + np.exp(Z[:, 1] - Z[:, 0])), rtol=1e-15)


def test_a_margin_of_exactly_one_costs_nothing_and_pulls_at_nothing():
    Z, T = np.array([[1.0]]), np.array([[1.0]])
    assert LOSSES["hinge"].of(Z, T) == 0
    assert LOSSES["hinge"].derivative(Z, T) == 0
