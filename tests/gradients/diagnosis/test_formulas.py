"""Derivatives written in NumPy are those that JAX takes of jaxnet's own functions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet import losses, network
from jaxnet.gradients.diagnosis.formulas import ACTIVATIONS, LOSSES, OUTPUTS, activation, delta_line, loss_delta

Z = np.array([-3.0, -0.7, 0.2, 1.9])


def test_every_activation_of_a_network_has_its_formula():
    assert set(ACTIVATIONS) == set(network.ACTIVATIONS)
    assert set(OUTPUTS) == set(network.OUTPUTS)
    assert set(LOSSES) == set(losses.LOSSES)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative_are_those_of_jax(name):
    theirs = network.ACTIVATIONS[name]
    np.testing.assert_allclose(ACTIVATIONS[name].value(Z), theirs(jnp.asarray(Z)), rtol=1e-13)
    np.testing.assert_allclose(ACTIVATIONS[name].slope(Z), jax.vmap(jax.grad(theirs))(jnp.asarray(Z)), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "gelu"])
def test_the_line_of_numpy_computes_the_derivative(name):
    known = {"z": Z, "a": ACTIVATIONS[name].value(Z), "np": np, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    line = ACTIVATIONS[name].line.format(z="z", a="a")
    np.testing.assert_allclose(eval(line, known) * np.ones(4), ACTIVATIONS[name].slope(Z), rtol=1e-12)


def test_the_derivative_of_a_callable_comes_from_jax():
    np.testing.assert_allclose(activation(jnp.sin).slope(Z), np.cos(Z), rtol=1e-14)
    np.testing.assert_allclose(activation(jnp.sin).value(Z), np.sin(Z), rtol=1e-14)


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

    np.testing.assert_allclose(loss_delta(loss, output, z, y), jax.vmap(jax.grad(of))(z, y), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(("loss", "output"), [("squared_error", o) for o in OUTPUTS] + [("cross_entropy", "softmax")])
def test_the_line_for_delta_computes_it(loss, output):
    z, Y = np.random.default_rng(0).normal(size=(3, 4)), np.eye(4)[[0, 3, 1]]
    p = OUTPUTS[output](z)
    np.testing.assert_allclose(eval(delta_line(loss, output)), loss_delta(loss, output, z, Y), rtol=1e-12)
    assert p.shape == Y.shape
