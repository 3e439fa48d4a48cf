"""Corners: any slope between those of the two sides, by every way of writing relu."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.truth import kinks

POINT = jnp.array([1.0, 0.0, -2.0])


def gradient(function, slope, x=POINT):
    def value(xs):
        return jnp.sum(function(xs[0]))

    return np.asarray(jax.grad(lambda xs: kinks.evaluate(value, xs, slope))([x])[0])


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
    assert kinks.evaluate(value, [POINT], 1.0) == kinks.evaluate(value, [POINT], 0.0) == 4


def test_a_rule_of_ones_own_is_kept():
    @jax.custom_jvp
    def straight_through(z):
        return jnp.round(z)

    straight_through.defjvps(lambda tangent, ans, z: tangent)
    np.testing.assert_array_equal(gradient(straight_through, 0.5), [1, 1, 1])
