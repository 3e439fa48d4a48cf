"""Predictions in NumPy: the compiled ones, to rounding, without a program of their own."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from jaxnet import MLP, prediction, reference
from jaxnet.network import ACTIVATIONS, OUTPUTS
from jaxnet.prediction import BLOCK_ROWS, all_layers, fits_numpy, last_layer, predictions

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 3))


def drawn(net, dtype=np.float64):
    shapes = itertools.pairwise(net.sizes)
    return [
        {"w": RNG.normal(size=shape).astype(dtype), "b": RNG.normal(size=shape[1]).astype(dtype)} for shape in shapes
    ]


def compiled(monkeypatch):
    """From here on every prediction is computed by a compiled program."""
    monkeypatch.setattr(prediction, "MOST_IN_NUMPY", 0)
    monkeypatch.setattr(prediction, "FEW_ROWS", 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", sorted(OUTPUTS))
def test_numpy_and_the_compiled_program_agree_to_rounding_for_every_activation_and_output(output, dtype, monkeypatch):
    net = MLP((3, *[4] * len(ACTIVATIONS), 2), activation=tuple(ACTIVATIONS), output=output)
    params, rows = drawn(net, dtype), X.astype(dtype)
    given = all_layers(net, params, rows)
    compiled(monkeypatch)
    assert len(given) == len(ACTIVATIONS) + 1
    for (z, a), (z_compiled, a_compiled) in zip(given, all_layers(net, params, rows), strict=True):
        assert z.dtype == a.dtype == dtype
        # ten layers, each of which rounds some 10 times and may double what the one before has left
        np.testing.assert_allclose(z, z_compiled, rtol=1e4 * np.finfo(dtype).eps, atol=1e3 * np.finfo(dtype).eps)
        np.testing.assert_allclose(a, a_compiled, rtol=1e4 * np.finfo(dtype).eps, atol=1e3 * np.finfo(dtype).eps)


def test_every_activation_and_output_that_has_a_name_has_a_formula_fits_numpy():
    assert set(ACTIVATIONS) == set(reference.ACTIVATIONS)
    assert set(OUTPUTS) == set(reference.OUTPUTS)


@pytest.mark.parametrize("output", sorted(OUTPUTS))
def test_predictions_are_those_of_the_network_in_the_dtype_of_its_parameters(output):
    net = MLP((3, 5, 2), activation="tanh", output=output)
    params = net.init(jax.random.key(0))  # float32, in JAX's arrays
    given = predictions(net, params, X.tolist())
    assert isinstance(given, np.ndarray)
    assert given.dtype == np.float32
    assert given.flags.writeable
    np.testing.assert_allclose(given, net.predict(params, X), rtol=1e-5, atol=1e-6)


def test_the_wider_dtype_of_rows_and_weights_is_computed_in():
    net = MLP((3, 2))
    assert last_layer(net, drawn(net, np.float32), X)[0].dtype == np.float64
    assert last_layer(net, drawn(net, np.float32), X.astype(np.float32))[0].dtype == np.float32


@pytest.mark.parametrize("rows", [1, 2, 3, 50, 301, 1000])
def test_nothing_compiles_at_any_number_of_rows(rows, caplog):
    net = MLP((3, 5, 2), activation="gelu", output="softmax")
    with jax.log_compiles():
        assert predictions(net, drawn(net), np.ones((rows, 3))).shape == (rows, 2)
    assert "Compiling" not in caplog.text


def test_a_large_prediction_and_a_function_of_ones_own_are_compiled():
    small, own = MLP((100, 50, 10)), MLP((100, 50, 10), activation=jnp.sin)
    operations = 2 * (100 * 50 + 50 * 10)
    fits = int(prediction.MOST_IN_NUMPY / operations)
    assert fits_numpy(small, fits, np.dtype(np.float32))
    assert not fits_numpy(small, fits + 1, np.dtype(np.float32))
    assert not fits_numpy(small, 1, jnp.dtype(jnp.bfloat16))
    assert not fits_numpy(own, 1, np.dtype(np.float32))
    huge = MLP((4096, 4096, 10))
    assert fits_numpy(huge, prediction.FEW_ROWS - 1, np.dtype(np.float32))
    assert not fits_numpy(huge, prediction.FEW_ROWS, np.dtype(np.float32))
    net = MLP((3, 4, 2), activation=jnp.sin)
    params = drawn(net)
    expected = np.sin(X @ params[0]["w"] + params[0]["b"]) @ params[1]["w"] + params[1]["b"]
    np.testing.assert_allclose(predictions(net, params, X), expected, rtol=1e-10)


@pytest.mark.parametrize("way", ["in NumPy", "compiled"])
def test_many_rows_are_looked_at_block_by_block(way, monkeypatch):
    net = MLP((3, 4, 2), output="softmax")
    params, rows = drawn(net), RNG.normal(size=(50, 3))
    if way == "compiled":
        compiled(monkeypatch)
    whole = predictions(net, params, rows)
    monkeypatch.setattr(prediction, "BLOCK_ROWS", 16)
    np.testing.assert_allclose(predictions(net, params, rows), whole, rtol=1e-12)
    np.testing.assert_allclose(last_layer(net, params, csr_matrix(rows))[1], whole, rtol=1e-12)
    assert BLOCK_ROWS > 16


def test_no_rows_have_no_predictions():
    net = MLP((3, 2), output="softmax")
    assert predictions(net, drawn(net), np.empty((0, 3))).shape == (0, 2)


def test_infinite_and_missing_numbers_are_handed_on_without_a_warning():
    net = MLP((1, 1), output="exp")
    params = [{"w": np.ones((1, 1)), "b": np.zeros(1)}]
    np.testing.assert_array_equal(predictions(net, params, [[1e4], [np.nan], [-1e4]]), [[np.inf], [np.nan], [0]])


class Doubling:
    """A network of one's own, which is hashable and has an output."""

    output = "sigmoid"

    def init(self, key):
        return {"scale": jnp.full(2, 2.0)}

    def apply(self, params, x):
        return params["scale"] * x


def test_a_network_of_ones_own_predicts_through_its_apply():
    net = Doubling()
    given = predictions(net, net.init(None), [[0.0, 1.0]])
    np.testing.assert_allclose(given, [[0.5, 1 / (1 + np.exp(-2))]], rtol=1e-6)


def test_wrong_parameters_and_rows_are_refused():
    net = MLP((3, 2))
    with pytest.raises(ValueError, match="params: expected a list of 1 layers"):
        predictions(net, drawn(MLP((3, 4, 2))), X)
    with pytest.raises(ValueError, match=r"X: expected an array of shape \(N, 3\), one row an example, got an array"):
        predictions(net, drawn(net), X[:, :2])
    with pytest.raises(ValueError, match=r"X: expected an array of shape \(N, 3\), one row an example, got an array"):
        predictions(net, drawn(net), X[0])
    with pytest.raises(TypeError, match="X: expected an array of real numbers"):
        predictions(net, drawn(net), [["a", "b", "c"]])
