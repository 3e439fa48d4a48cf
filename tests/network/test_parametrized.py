"""Networks whose layers are scaled by their width: what they compute, how they start, and what that is for."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.network import Parametrized


@pytest.mark.parametrize("name", ["standard", "ntk", "mup"])
def test_logits_are_those_of_scaled_weights_and_of_the_plain_network(name, key):
    network = Parametrized(jn.MLP((4, 9, 16, 2), activation="tanh"), name, front_scale=True, noisy_biases=True)
    params = network.init(key, jnp.float64)
    params["scale"] = jnp.asarray([1.0, 2.0, -1.0, 0.5])
    x = np.array([0.3, -1.0, 2.0, 0.7])
    factors = {"standard": (1, 1, 1), "ntk": (1 / 2, 1 / 3, 1 / 4), "mup": (1 / 2, 1 / 9, 1 / 16)}[name]
    a = np.asarray(params["scale"]) * x
    for depth, (layer, factor) in enumerate(zip(params["layers"], factors, strict=True)):
        z = factor * a @ np.asarray(layer["w"]) + np.asarray(layer["b"])
        a = np.tanh(z) if depth < 2 else z
    by_batch = lambda params: jn.objective(network).logits(params, jnp.asarray([x, x]))[1]
    plain = lambda params: network.net.apply(network.plain(params), x)
    for found in jax.jit(lambda params: (network.apply(params, x), plain(params), by_batch(params)))(params):
        np.testing.assert_allclose(found, a, rtol=1e-12)


def test_weights_start_as_each_parametrisation_says(key):
    for name, expected in (("ntk", [1, 1, 1]), ("mup", [1, 20, 1])):
        layers = Parametrized(jn.MLP((50, 400, 400, 30)), name).init(key)["layers"]
        np.testing.assert_allclose([np.std(layer["w"]) for layer in layers], expected, rtol=0.05)
    zero = Parametrized(jn.MLP((5, 4, 2)), last_zero=True).init(key)
    assert not np.any(zero["layers"][-1]["w"])
    assert np.any(zero["layers"][0]["w"])


def moved(name, width, key):
    """How far one step of Adam at one rate moves the logits, on average over examples."""
    network = Parametrized(jn.MLP((8, width, width, 1), activation="tanh"), name)
    params = network.init(key)
    x = jax.random.normal(key, (64, 8), jnp.float32)
    outputs = lambda params: jax.vmap(network.apply, (None, 0))(params, x)
    gradient = jax.grad(lambda params: jnp.mean(jnp.square(outputs(params) - x[:, :1])))(params)
    # Adam's first step is the rate times the sign of the gradient, but for its epsilon
    after = jax.tree.map(lambda leaf, slope: leaf - 0.01 * jnp.sign(slope), params, gradient)
    return jnp.mean(jnp.abs(outputs(after) - outputs(params)))


def test_a_step_of_adam_moves_wide_networks_as_far_as_narrow_ones_in_mup_alone(key):
    step = jax.jit(moved, static_argnums=(0, 1))
    growth = {name: float(step(name, 512, key) / step(name, 32, key)) for name in ("mup", "standard")}
    assert 0.4 < growth["mup"] < 2.5
    assert growth["standard"] > 5


def test_it_trains_in_fit_and_in_a_sweep_with_the_same_numbers(key):
    X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(12, 2)
    network = Parametrized(jn.MLP((2, 3, 1)), front_scale=True)
    make = lambda *_: jn.objective(network)
    run = jn.fit(make(), network.init(key), (X, X[:, :1] * 2), optimizer=optax.sgd(0.1), epochs=20, key=key)
    assert run.history["loss"][-1] < 0.5 * run.history["loss"][0]
    assert np.all(run.params["scale"] != 1)
    options = {"network": lambda _: network, "objective": make, "optimizer": lambda *_: optax.sgd(0.1), "epochs": 20}
    result = jn.sweep(jn.plan(jn.Space(seed=jn.Seeds(1)), (X, X[:, :1] * 2), **options))
    assert np.all(result.params(0)["scale"] != 1)


def test_what_is_no_network_and_no_parametrisation_is_refused():
    with pytest.raises(TypeError, match=r"net: expected a jn\.MLP, got 3"):
        Parametrized(3)
    with pytest.raises(ValueError, match=r"parametrization: expected one of standard, ntk, mup, got 'ntp'"):
        Parametrized(jn.MLP((2, 2)), "ntp")
