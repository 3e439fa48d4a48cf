"""Initialisers by name draw from the distributions that their papers give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.network import MLP, Normal, Uniform, initializer

FAN_IN, FAN_OUT = 300, 200
# half-width of a uniform, or standard deviation of a normal: Glorot and Bengio 2010, He et al. 2015, LeCun et al. 1998
UNIFORM = {
    "glorot_uniform": np.sqrt(6 / (FAN_IN + FAN_OUT)),
    "he_uniform": np.sqrt(6 / FAN_IN),
    "lecun_uniform": np.sqrt(3 / FAN_IN),
    "uniform": 0.01,
    "uniform(-0.5, 0.5)": 0.5,
}
NORMAL = {
    "glorot_normal": np.sqrt(2 / (FAN_IN + FAN_OUT)),
    "he_normal": np.sqrt(2 / FAN_IN),
    "lecun_normal": np.sqrt(1 / FAN_IN),
    "normal": 0.01,
    "normal(0.5)": 0.5,
}


@pytest.mark.parametrize(("name", "bound"), UNIFORM.items())
def test_a_uniform_initialiser_fills_its_interval(key, name, bound):
    w = np.asarray(initializer("weights", name)(key, (FAN_IN, FAN_OUT), jnp.float64))
    # of 60,000 draws the largest is within 1/6,000 of the bound with probability 1 - e^-10
    assert bound * (1 - 1 / 6000) < np.abs(w).max() <= bound


@pytest.mark.parametrize(("name", "deviation"), NORMAL.items())
def test_a_normal_initialiser_has_its_standard_deviation(key, name, deviation):
    w = np.asarray(initializer("weights", name)(key, (FAN_IN, FAN_OUT), jnp.float64))
    # the deviation of n draws is known to 1 / sqrt(2 n) = .0029 of itself; five of them
    assert abs(w.std() / deviation - 1) < 0.0145


def test_a_name_with_numbers_is_short_for_the_object():
    assert initializer("weights", "uniform(-0.25, 0.5)") == Uniform(-0.25, 0.5)
    assert initializer("biases", "normal(2)") == Normal(2.0)


def test_biases_are_zero_unless_asked_for(key):
    assert not MLP((3, 2)).init(key)[0]["b"].any()
    assert MLP((3, 2), biases="uniform(1, 2)").init(key)[0]["b"].min() >= 1


def test_any_callable_of_key_shape_and_dtype_is_an_initialiser(key):
    identity = lambda key, shape, dtype: jnp.eye(*shape, dtype=dtype)
    np.testing.assert_array_equal(MLP((2, 2), weights=identity).init(key)[0]["w"], np.eye(2))


def test_weights_of_two_layers_are_drawn_independently(key):
    first, second = (layer["w"] for layer in MLP((50, 50, 50)).init(key))
    correlation = np.corrcoef(np.ravel(first), np.ravel(second))[0, 1]
    assert abs(correlation) < 5 / np.sqrt(2500)
    assert not jax.numpy.array_equal(first, second)
