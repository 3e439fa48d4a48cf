"""A layer's product with examples as rows and as columns: the same numbers, derivatives and dropped units."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jaxnet import MLP, objective
from jaxnet.network import mlp
from jaxnet.network.products import NARROW, sums_by_columns, sums_by_rows

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("units", [3, NARROW])
def test_both_products_and_their_derivatives_are_those_of_the_formula(units):
    w, a = RNG.normal(size=(5, units)), RNG.normal(size=(7, 5))
    np.testing.assert_allclose(sums_by_rows(w, a), a @ w, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(sums_by_columns(w, a.T), (a @ w).T, rtol=1e-12, atol=1e-13)
    check_grads(jax.jit(sums_by_rows), (w, a), order=2)
    check_grads(jax.jit(sums_by_columns), (w, a.T), order=2)


@pytest.mark.parametrize(
    ("sizes", "by_rows"),
    [
        ((784, 128, 10), True), ((4, 127, 127, 2), False), ((4, 128, 2), True), ((1000, 100, 3), True),
        ((999, 100, 3), False), ((20, 32, 32, 2), False), ((5000, 10), False), ((10, 200), True),
    ],
)  # fmt: skip
def test_a_layer_of_128_units_or_100_000_weights_makes_a_network_wide(sizes, by_rows):
    assert MLP(sizes).by_rows is by_rows


@pytest.fixture(params=["softmax", "sigmoid", "exp", "identity"])
def both(request, monkeypatch):
    """Call a function with every network by columns, then by rows."""

    def compute(function):
        found = []
        for wide in (1000, 1):
            monkeypatch.setattr(mlp, "WIDE_LAYER", wide)
            net = MLP((4, 6, 5, 3), activation=("tanh", lambda z: jnp.cumsum(z)), output=request.param, dropout=0.5)
            assert net.by_rows is (wide == 1)
            found.append(function(net))
        return found

    return compute


def test_layers_gradients_and_dropped_units_are_the_same_either_way(both, key):
    X, y = RNG.normal(size=(9, 4)), np.abs(RNG.normal(size=(9, 3)))
    shapes = itertools.pairwise((4, 6, 5, 3))
    params = [
        {"w": jnp.asarray(RNG.normal(size=shape)), "b": jnp.asarray(RNG.normal(size=shape[1:]))} for shape in shapes
    ]

    def of(net):
        f = objective(net, "squared_error")
        keys = jax.random.split(key, 9)

        @jax.jit  # anew for each network: whether it goes by rows is looked at while it is traced
        def all_of_it(params):
            return net.columns(params, X.T, keys), jax.value_and_grad(f)(params, X, y, key=key), net.apply(params, X[0])

        return all_of_it(params)

    for leaf, other in zip(*map(jax.tree.leaves, both(of)), strict=True):
        assert leaf.shape == other.shape
        np.testing.assert_allclose(leaf, other, rtol=1e-10, atol=1e-12)
