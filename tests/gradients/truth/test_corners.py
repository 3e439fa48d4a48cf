"""Corners: any slope between those of the two sides; saturated losses: p - y, which rounds to 0, is right."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.truth import corners
from jaxnet.gradients.truth.corners import tilted

POINT = jnp.array([1.0, 0.0, -2.0])


def gradient(function, slope, x=POINT):
    def value(xs):
        return jnp.sum(function(xs[0]))

    return np.asarray(jax.grad(lambda xs: corners.with_slope_at_ties(value, xs, slope))([x])[0])


RELUS = {
    "jax.nn.relu": jax.nn.relu,
    "maximum(z, 0)": lambda z: jnp.maximum(z, 0),
    "maximum(0, z)": lambda z: jnp.maximum(0.0, z),
    "where(z > 0, z, 0)": lambda z: jnp.where(z > 0, z, 0),
    "where(z >= 0, z, 0)": lambda z: jnp.where(z >= 0, z, 0),
    "where(z <= 0, 0, z)": lambda z: jnp.where(z <= 0, 0, z),
    "where(less(0, z), z, 0)": lambda z: jnp.where(jnp.less(0, z), z, 0),
    "clip": lambda z: jnp.clip(z, 0, 5),
}


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("name", RELUS)
def test_the_derivative_of_relu_at_zero_is_the_slope_however_relu_is_written(name, slope):
    np.testing.assert_array_equal(gradient(RELUS[name], slope), [1, slope, 0])


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [(jnp.abs, -1, 1), (jax.nn.leaky_relu, 0.01, 1), (lambda z: jnp.minimum(z, 0), 1, 0)],
)
def test_the_ends_of_the_slope_are_the_derivatives_of_the_two_sides(function, low, high):
    assert gradient(function, 0.0)[1] == low
    assert gradient(function, 1.0)[1] == high


@pytest.mark.parametrize("function", [jax.nn.softplus, jax.nn.silu, jnp.tanh, jax.nn.elu, jax.nn.log_softmax])
def test_a_smooth_function_has_one_gradient_whatever_the_slope(function):
    np.testing.assert_array_equal(gradient(function, 0.0), gradient(function, 1.0))
    np.testing.assert_allclose(gradient(function, 0.0), jax.grad(lambda z: jnp.sum(function(z)))(POINT), atol=1e-15)


def test_a_jump_is_no_corner():
    step = lambda z: jnp.where(z > 0, z + 1, 0)
    np.testing.assert_array_equal(gradient(step, 1.0), [1, 0, 0])


def test_values_do_not_depend_on_the_slope():
    value = lambda xs: jnp.sum(jax.nn.relu(xs[0]) + jnp.abs(xs[0]))
    assert corners.with_slope_at_ties(value, [POINT], 1.0) == corners.with_slope_at_ties(value, [POINT], 0.0) == 4


def test_a_rule_of_ones_own_is_kept():
    @jax.custom_jvp
    def straight_through(z):
        return jnp.round(z)

    straight_through.defjvps(lambda tangent, ans, z: tangent)
    np.testing.assert_array_equal(gradient(straight_through, 0.5), [1, 1, 1])


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
