"""A padded network computes what the smaller one does, and learns as it does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.network.padded_mlp import PaddedMLP, counted_params, padded

X = np.random.default_rng(0).normal(size=(6, 3))


@pytest.mark.parametrize(
    ("hidden", "sizes", "widths"),
    [
        ((5,), (3, 32, 32, 2), (5.0, 0.0)),
        ((32, 3), (3, 32, 32, 2), (32.0, 3.0)),
        ((33,), (3, 64, 64, 2), (33.0, 0.0)),
        ((4, 5, 6), (3, 32, 32, 32, 32, 2), (4.0, 5.0, 6.0, 0.0)),
    ],
)
def test_hidden_layers_are_padded_to_powers_of_two_by_the_network_alone(hidden, sizes, widths):
    network = padded(jn.MLP((3, *hidden, 2)))
    assert (network.sizes, network.widths) == (sizes, widths)
    assert network.counted == jn.MLP((3, *hidden, 2))


# sigmoid(0) is 1/2: what leaves a unit that does not count must not count, whatever it is
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", ("softplus", "sigmoid", "relu")])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_padded_network_has_the_answers_and_gradients_of_its_own(activation, dropout, key):
    hidden = (4, 3, 2) if isinstance(activation, tuple) else (4, 3)
    small = jn.MLP((3, *hidden, 2), activation=activation, dropout=dropout, output="softmax", biases="normal")
    large = padded(small)
    params = small.init(key, jnp.float64)
    wide = large.init(key, jnp.float64)
    keys = jax.random.split(key, len(X)) if dropout else None

    def logits_and_gradient(net, params):
        logits = lambda p: net.columns(p, jnp.asarray(X.T), keys)[-1].z
        return jax.jit(lambda p: (logits(p), jax.grad(lambda p: jnp.sum(logits(p) ** 2))(p)))(params)

    (logits, theirs), (padded_logits, gradient) = logits_and_gradient(small, params), logits_and_gradient(large, wide)
    # a sum of numbers around 1 that nearly cancel keeps their rounding, and not its own
    np.testing.assert_allclose(padded_logits, logits, rtol=1e-13, atol=1e-15)
    for mine, other in zip(counted_params(large, gradient), theirs, strict=True):
        for name in ("w", "b"):
            np.testing.assert_allclose(mine[name], other[name], rtol=1e-12, atol=1e-14)
    # beyond what counts nothing ever moves
    counted = sum(np.count_nonzero(leaf) for leaf in jax.tree.leaves(theirs))
    assert sum(np.count_nonzero(leaf) for leaf in jax.tree.leaves(gradient)) == counted


def test_a_network_without_a_hidden_layer_is_not_padded():
    network = jn.MLP((3, 2))
    assert padded(network) is network


def test_networks_that_cannot_be_padded_are_refused():
    with pytest.raises(TypeError, match=r"pad: expected jn\.MLP networks with pad=True, got 3"):
        padded(3)
    with pytest.raises(TypeError, match="pad: expected activations by name with pad=True"):
        padded(jn.MLP((3, 4, 2), activation=jnp.sin))


def test_wide_networks_whose_examples_are_rows_are_padded_too(key):
    small = jn.MLP((3, 130, 2), activation="sigmoid")
    large = padded(small)
    assert isinstance(large, PaddedMLP)
    assert large.by_rows
    params, wide = small.init(key, jnp.float64), large.init(key, jnp.float64)
    np.testing.assert_allclose(jax.jit(large.apply)(wide, X[0]), jax.jit(small.apply)(params, X[0]), rtol=1e-12)
