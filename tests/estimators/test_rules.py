"""scikit-learn's update rules, step by step as NumPy computes them."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.estimators import rules

GRADIENTS = [np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.array([-3.0, 0.25])]


def updates(rule):
    state, taken = rule.init([np.zeros(2)]), []
    for gradient in GRADIENTS:
        (update,), state = rule.update([jnp.asarray(gradient)], state)
        taken.append(np.asarray(update))
    return taken, state


def constant(rate):
    return rules.RateSchedule(rate, rate, 0.0, 0.0, 1.0, 1.0)


def test_adam_adds_epsilon_before_the_bias_is_corrected():
    taken, state = updates(rules.adam_rule(0.1, beta_1=0.9, beta_2=0.99, epsilon=0.5))
    mean = square = np.zeros(2)
    for t, (gradient, update) in enumerate(zip(GRADIENTS, taken, strict=True), 1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        rate = 0.1 * np.sqrt(1 - 0.99**t) / (1 - 0.9**t)
        np.testing.assert_allclose(update, -rate * mean / (np.sqrt(square) + 0.5), rtol=1e-14)
    assert int(state.step) == 3


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_keeps_the_rate_inside_the_velocity(nesterov):
    taken, _ = updates(rules.sgd_rule(constant(0.1), momentum=0.9, nesterov=nesterov))
    velocity = np.zeros(2)
    for gradient, update in zip(GRADIENTS, taken, strict=True):
        velocity = 0.9 * velocity - 0.1 * gradient
        expected = 0.9 * velocity - 0.1 * gradient if nesterov else velocity
        np.testing.assert_allclose(update, expected, rtol=1e-14)


def test_the_rate_is_scaled_down_once_an_epoch_by_the_examples_seen():
    # two updates an epoch of 30 examples, 60 examples seen before: 0.3, 0.3, then 2 / (60 + 30 + 1)^0.5
    rule = rules.sgd_rule(rules.RateSchedule(0.3, 2.0, 0.5, 60.0, 30.0, 2.0), momentum=0.0, nesterov=False)
    taken, _ = updates(rule)
    rates = [-update / gradient for update, gradient in zip(taken, GRADIENTS, strict=True)]
    np.testing.assert_allclose(rates, [[0.3] * 2, [0.3] * 2, [2 / np.sqrt(91)] * 2], rtol=1e-14)
