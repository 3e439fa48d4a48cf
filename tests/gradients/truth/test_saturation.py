"""Saturated losses: p - y, which rounds to 0, is as right as exp(-40)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.truth.saturation import tilted

X = np.array([[1.0, 0.5], [2.0, -1.0]])
W = np.array([30.0, 20.0])  # both examples certain, and right

WAYS = {
    "softplus": lambda z: jax.nn.softplus(z),
    "log_sigmoid": lambda z: -jax.nn.log_sigmoid(-z),
    "logaddexp": lambda z: jnp.logaddexp(0.0, z),
    "log1p of exp": lambda z: jnp.log1p(jnp.exp(z)),
    "log of 1 + exp": lambda z: jnp.log(1 + jnp.exp(z)),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_tilt_moves_the_slope_by_so_much_and_the_value_not_at_all(name):
    f, z = (lambda xs: jnp.sum(WAYS[name](xs[0]))), np.array([-40.0, 0.0, 40.0])
    slopes = [jax.grad(lambda v, t=t: tilted(f, [v], np.array([t])))(z) for t in (0.0, 1e-3)]
    np.testing.assert_array_equal(slopes[0], jax.grad(lambda v: f([v]))(z))
    np.testing.assert_allclose(slopes[1] - slopes[0], 1e-3, rtol=1e-9)
    assert tilted(f, [z], np.array([1e-3])) == f([z])


def test_a_plain_exponential_is_not_tilted():
    f = lambda xs: jnp.sum(jnp.exp(xs[0]) + jnp.log(2 + xs[0] ** 2) + jnp.log1p(xs[0] ** 2))
    x = np.array([-40.0, 1.0])
    gradients = [jax.grad(lambda v, t=t: tilted(f, [v], np.array([t])))(x) for t in (0.0, 1.0)]
    np.testing.assert_array_equal(*gradients)


@pytest.mark.parametrize("dtype", [float, int])
@pytest.mark.parametrize("name", WAYS)
def test_prediction_minus_target_is_sound_where_the_classifier_is_certain(name, dtype):
    y = np.ones(2, dtype)
    f = lambda w, X, y: jnp.mean(WAYS[name](-(2 * y - 1) * (X @ w)))
    gradient = lambda w, X, y: X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)
    assert not np.array_equal(gradient(W, X, y), np.asarray(jax.grad(f)(W, X, y)))
    assert jn.check_gradient(f, W, X, y, gradient=gradient).ok
    assert not jn.check_gradient(f, W / 30, X, y, gradient=lambda *a: gradient(*a) * 1.0001).ok
