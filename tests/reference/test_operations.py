"""Each operation against its definition, written out with math, and its derivative against differences."""

import math

import jax
import numpy as np
import pytest

from jaxnet import network
from jaxnet.reference.operations import ACTIVATIONS, affine, affine_backward

POINTS = np.array([-30.0, -5.0, -1.2784645, -0.5, -1e-3, 1e-3, 0.3, 1.0, 4.0, 30.0])

DEFINITIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": lambda z: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z)),
    "relu": lambda z: max(z, 0),
    "leaky_relu": lambda z: z if z >= 0 else z / 100,
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "gelu": lambda z: z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "silu": lambda z: z / (1 + math.exp(-z)),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "selu": lambda z: 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * math.expm1(z)),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_its_definition(name):
    expected = [DEFINITIONS[name](z) for z in POINTS]
    np.testing.assert_allclose(ACTIVATIONS[name].forward(POINTS), expected, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_is_the_limit_of_differences(name):
    h = 1e-5  # a central difference is off by h² f'''/6 and by the rounding of f over h: below 1e-9 here
    slopes = [(DEFINITIONS[name](z + h) - DEFINITIONS[name](z - h)) / (2 * h) for z in POINTS]
    a = ACTIVATIONS[name].forward(POINTS)
    np.testing.assert_allclose(ACTIVATIONS[name].derivative(POINTS, a), slopes, rtol=0, atol=2e-9)


def test_every_activation_that_a_network_takes_by_name_has_its_derivation():
    assert set(ACTIVATIONS) == set(network.ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative_are_those_of_jax(name):
    Z, theirs = np.array([-3.0, -0.7, 0.2, 1.9]), network.ACTIVATIONS[name]
    value, slope = jax.jit(jax.vmap(jax.value_and_grad(theirs)))(Z)
    np.testing.assert_allclose(ACTIVATIONS[name].forward(Z), value, rtol=1e-13)
    np.testing.assert_allclose(ACTIVATIONS[name].slope(Z), slope, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "gelu"])
def test_the_line_of_numpy_computes_the_derivative(name):
    Z = np.array([-3.0, -0.7, 0.2, 1.9])
    known = {"z": Z, "a": ACTIVATIONS[name].forward(Z), "np": np, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    line = ACTIVATIONS[name].line.format(z="z", a="a")
    np.testing.assert_allclose(eval(line, known) * np.ones(4), ACTIVATIONS[name].slope(Z), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "slope"), [("relu", 0), ("leaky_relu", 1), ("elu", 1), ("sigmoid", 0.25), ("tanh", 1), ("silu", 0.5)]
)
def test_the_slope_at_zero(name, slope):
    zero = np.zeros(1)
    assert ACTIVATIONS[name].derivative(zero, ACTIVATIONS[name].forward(zero)) == slope


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_activation_overflows_far_from_zero(name):
    z = np.array([-1000.0, 1000.0])
    a = ACTIVATIONS[name].forward(z)
    assert np.isfinite(a).all()
    assert np.isfinite(ACTIVATIONS[name].derivative(z, a)).all()


def test_an_affine_map_weighs_and_adds():
    layer = {"w": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "b": np.array([0.5, 0.0, -0.5])}
    np.testing.assert_array_equal(affine(np.array([[1.0, 10.0]]), layer), [[41.5, 52.0, 62.5]])


def test_an_affine_map_hands_its_derivative_back_to_inputs_weights_and_biases():
    layer = {"w": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "b": np.zeros(2)}
    A, dZ = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 10.0], [100.0, 0.0]])
    dA, gradient = affine_backward(dZ, A, layer)
    np.testing.assert_array_equal(dA, [[21, 43, 65], [100, 300, 500]])
    np.testing.assert_array_equal(gradient["w"], [[401, 10], [502, 20], [603, 30]])
    np.testing.assert_array_equal(gradient["b"], [101, 10])
