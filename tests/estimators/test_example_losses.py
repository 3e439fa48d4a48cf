"""The losses against scikit-learn's functions, and those beyond them by hand."""

import jax
import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss
from sklearn.neural_network._base import LOSS_FUNCTIONS

from jaxnet.estimators import example_losses
from jaxnet.network import MLP, OUTPUTS

RANDOM = np.random.RandomState(0)
LOGITS = RANDOM.normal(0, 3, (7, 3))
ONE_HOT = np.eye(3)[RANDOM.randint(0, 3, 7)]
REAL = np.abs(RANDOM.normal(0, 1, (7, 3)))
PAIRS = {
    "log_loss": (example_losses.log_loss, "softmax", ONE_HOT),
    "binary_log_loss": (example_losses.binary_log_loss, "sigmoid", ONE_HOT),
    "squared_error": (example_losses.reported_squared_error, "identity", REAL),
    "poisson": (example_losses.half_poisson_deviance, "exp", REAL),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_value_is_scikit_learns(name):
    loss, output, targets = PAIRS[name]
    expected = LOSS_FUNCTIONS[name](targets, np.asarray(jax.vmap(OUTPUTS[output])(LOGITS)))
    np.testing.assert_allclose(np.mean(jax.vmap(loss)(LOGITS, targets)), expected, rtol=1e-13)


@pytest.mark.parametrize("name", PAIRS)
def test_the_derivative_is_prediction_minus_target(name):
    loss, output, targets = PAIRS[name]
    derivative = jax.vmap(jax.grad(loss))(LOGITS, targets)
    np.testing.assert_allclose(
        derivative, np.asarray(jax.vmap(OUTPUTS[output])(LOGITS)) - targets, rtol=1e-13, atol=1e-15
    )


def test_a_certain_mistake_costs_36_but_still_has_a_slope():
    logits, target = np.array([1000.0, 0.0]), np.array([0.0, 1.0])
    value, slope = jax.value_and_grad(example_losses.log_loss)(logits, target)
    np.testing.assert_allclose(value, -np.log(np.finfo(float).eps), rtol=1e-15)
    np.testing.assert_allclose(slope, [1, -1], atol=1e-15)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_the_quantile_loss_is_the_pinball_loss(level):
    values = jax.vmap(example_losses.Quantile(level))(LOGITS, REAL)
    np.testing.assert_allclose(np.mean(values), 3 * mean_pinball_loss(REAL, LOGITS, alpha=level), rtol=1e-13)


def test_absolute_error_is_summed_over_outputs():
    assert example_losses.absolute_error(np.array([1.0, -2.0]), np.array([3.0, 0.0])) == 4


def objective_and_params():
    network = MLP((2, 1), output="identity")
    params = [{"w": np.array([[1.0], [2.0]]), "b": np.array([3.0])}]
    return example_losses.BatchObjective(network, example_losses.absolute_error, 10.0), params


def test_the_penalty_is_divided_by_the_weight_of_the_batch_and_spares_biases():
    objective, params = objective_and_params()
    x, y = np.zeros((4, 2)), np.full((4, 1), 3.0)  # no error
    np.testing.assert_allclose(objective(params, x, y), 10 / 2 * (1 + 4) / 4)
    np.testing.assert_allclose(objective(params, x, y, weight=np.array([2.0, 0, 1, 0])), 10 / 2 * (1 + 4) / 3)


def test_a_batch_of_weight_zero_asks_for_nothing():
    objective, params = objective_and_params()
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    value, gradient = jax.jit(jax.value_and_grad(lambda p, w: objective(p, x, y, weight=w)))(params, np.zeros(4))
    assert value == 0
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(gradient))
