"""Layers scaled by their width: as an argument of ``jn.MLP`` it works wherever a network goes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.network.padded_mlp import padded, params_with_padding
from jaxnet.network.width_scaling import first_spread, width_factor
from jaxnet.prediction import predictions

X = np.random.default_rng(0).normal(size=(12, 4))
FACTORS = {"standard": (1, 1, 1), "ntk": (1 / 2, 1 / 3, 1 / 4), "mup": (1 / 2, 1 / 9, 1 / 16)}


def network(name):
    return jn.MLP((4, 9, 16, 2), activation="tanh", output="softmax", parametrization=name)


def test_factors_and_spreads_are_those_of_the_papers():
    for name, factors in FACTORS.items():
        assert network(name).factors == pytest.approx(factors)
    assert float(width_factor("mup", 1, jnp.asarray(9.0))) == pytest.approx(1 / 9)  # of a traced width
    assert float(width_factor("ntk", 1, jnp.asarray(9.0))) == pytest.approx(1 / 3)
    assert [first_spread("mup", depth, (4, 9, 16, 2)) for depth in range(3)] == [1, 3, 1]


@pytest.mark.parametrize("name", ["ntk", "mup"])
def test_every_way_to_compute_a_network_has_its_factors(name, key):
    net = network(name)
    params = net.init(key, jnp.float64)
    a = X
    for depth, (layer, factor) in enumerate(zip(params, FACTORS[name], strict=True)):
        z = factor * a @ np.asarray(layer["w"]) + np.asarray(layer["b"])
        a = np.tanh(z) if depth < 2 else z
    np.testing.assert_allclose(jax.jit(jax.vmap(net.apply, (None, 0)))(params, X), a, rtol=1e-12)
    expected = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)
    large = padded(net)
    standard, scaled = net.standard_form(params)
    model = jn.Model(net, params)
    for found in (
        net.predict(params, X),
        predictions(net, params, X),
        jn.reference.predict(net, params, X),
        standard.predict(scaled, X),
        predictions(large, params_with_padding(large, params), X),
        jax.jit(lambda p: large.columns(p, X.T)[-1].a.T)(params_with_padding(large, params)),
        model.outputs(X),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert model.net == standard
    assert jn.agreement(net, params, X, np.arange(12) % 2, l2=0.1, optimizers=()).ok


def test_weights_start_as_the_parametrisation_says_and_no_other_way(key):
    wide = jn.MLP((50, 400, 400, 30), parametrization="mup")
    np.testing.assert_allclose([np.std(layer["w"]) for layer in wide.init(key)], [1, 20, 1], rtol=0.05)
    with pytest.raises(ValueError, match=r"weights: expected its default, for parametrization='ntk' .* got 'zeros'"):
        jn.MLP((2, 2), parametrization="ntk", weights="zeros")
    with pytest.raises(ValueError, match=r"parametrization: expected one of standard, ntk, mup, got 'ntp'"):
        jn.MLP((2, 2), parametrization="ntp")


def test_a_description_names_what_is_not_standard_alone():
    for name in FACTORS:
        described = jn.network.describe_network(network(name))
        assert ("parametrization" in described) == (name != "standard")
        assert jn.network.described_network(described) == network(name)
