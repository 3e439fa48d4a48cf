"""The largest eigenvalue of a Hessian, held against NumPy's of the Hessian written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jaxnet as jn


def bowl(eigenvalues, seed=0):
    """A quadratic form whose Hessian has these eigenvalues, and a point."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(len(eigenvalues),) * 2))
    matrix = jnp.asarray(turn * np.asarray(eigenvalues) @ turn.T)
    return lambda x: x @ matrix @ x / 2, jnp.asarray(rng.normal(size=len(eigenvalues)))


@pytest.mark.parametrize(
    "eigenvalues",
    [
        [3.0, 1.0, -5.0],  # the largest, not the largest in size
        [-1.0, -2.0, -3.0],
        [0.0, 0.0, 0.0],
        [2.0, 2.0, 2.0, 2.0],  # one direction and nothing is left
        [7.0],
        [1e6, 1.0, 1e-6],
        list(np.linspace(-1, 1, 40)),
    ],
)
def test_a_bowl_s_largest_curvature_is_found(eigenvalues):
    f, x = bowl(eigenvalues)
    scale = max(map(abs, eigenvalues)) or 1
    # as many steps as parameters: exact but for the rounding of some dozens of products
    assert jax.jit(lambda x: jn.sharpness(f, x, steps=40))(x) == pytest.approx(max(eigenvalues), abs=1e-9 * scale)


def test_a_network_s_sharpness_is_numpy_s_eigenvalue_of_its_hessian(key):
    net = jn.MLP((4, 8, 2), activation="tanh", output="softmax")
    train, _ = jn.stairs.load()
    f, params, data = jn.objective(net), net.init(key, jnp.float64), (train.x / 255, train.y)
    flat, tree = ravel_pytree(params)
    exact = np.linalg.eigvalsh(jax.jit(jax.hessian(lambda at: f(tree(at), *data)))(flat))[-1]
    found = float(jn.sharpness(f, params, *data))
    assert found == pytest.approx(exact, rel=1e-6)
    assert found <= exact * (1 + 1e-9)


def test_it_is_compiled_and_mapped_and_has_the_parameters_dtype():
    f = lambda x, a: jnp.sum(a * x**2) / 2
    x = jnp.ones((3, 2), jnp.float32)
    a = jnp.asarray([[1, 2], [3, 4], [6, 5]], jnp.float32)
    found = jax.jit(jax.vmap(lambda each, by: jn.sharpness(f, each, by)))(x, a)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, [2, 4, 6], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: jn.sharpness(jnp.sum, jnp.ones(2), steps=0), ValueError, "steps: expected an integer of at least 1"),
        (lambda: jn.sharpness(jnp.sum, jnp.ones(2, int)), TypeError, "params: expected floating-point arrays"),
        (lambda: jn.sharpness(jnp.sum, []), TypeError, "params: expected floating-point arrays"),
        (lambda: jn.sharpness(lambda x: x, jnp.ones(2)), TypeError, "f: expected a function to a scalar"),
    ],
)
def test_what_has_no_sharpness_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
