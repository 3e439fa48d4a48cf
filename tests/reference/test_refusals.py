"""Bad input to the reference: one row a mistake, with the words that answer it."""

from types import SimpleNamespace

import numpy as np
import pytest

from jaxnet import reference

SIZES = (3, 4, 2)
PARAMS = [{"w": np.ones((3, 4)), "b": np.ones(4)}, {"w": np.ones((4, 2)), "b": np.ones(2)}]
X, Y = np.ones((5, 3)), np.array([0, 1, 1, 0, 1])


def network(**changes):
    return SimpleNamespace(**{"sizes": SIZES, "activations": ("relu",), "output": "softmax", "dropout": 0.0, **changes})


def with_leaf(value):
    return [PARAMS[0], {"w": value, "b": PARAMS[1]["b"]}]


def holding(value, array=X):
    changed = array.astype(float)
    changed.flat[0] = value
    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": network(activations=("swish",))}, "activation: expected one of identity, sigmoid, .* got 'swish'"),
        (
            {"net": network(activations=(np.sin,))},
            r"activation: .*only these have a derivation here\), got <ufunc 'sin'>",
        ),
        ({"net": network(output="probit")}, "output: expected one of identity, sigmoid, softmax, exp .* got 'probit'"),
        ({"net": network(dropout=0.5)}, "dropout: expected 0, because the reference draws no random numbers, got 0.5"),
        ({"params": PARAMS[:1]}, r"params: expected a list of 2 dicts of 'w' and 'b'.* got list of length 1"),
        ({"params": 3.0}, r"params: expected a list of 2 dicts .* got 3.0"),
        ({"params": [PARAMS[0], {"w": PARAMS[1]["w"]}]}, r"params: expected a list of 2 dicts of 'w' and 'b'"),
        ({"params": with_leaf(np.ones((3, 2)))}, r"params\[1\]\['w'\]: expected .* shape \(4, 2\), got shape \(3, 2\)"),
        ({"params": with_leaf(holding(np.nan, np.ones((4, 2))))}, r"params\[1\]\['w'\]: expected finite numbers"),
        ({"params": with_leaf("w")}, r"params\[1\]\['w'\]: expected real numbers, got dtype <U1"),
        ({"X": np.ones((5, 4))}, r"X: expected an array of shape \(N, 3\), got shape \(5, 4\)"),
        ({"X": np.ones(3)}, r"X: expected an array of shape \(N, 3\), got shape \(3,\)"),
        ({"X": np.ones((0, 3)), "y": []}, "X: expected at least one example, got none"),
        ({"X": holding(np.inf)}, "X: expected finite numbers, got 1 that are not"),
        ({"X": [[1, 2, 3], [1, 2]]}, "X: expected an array, got rows of different lengths"),
        ({"X": X * 1j}, "X: expected real numbers, got dtype complex128"),
        ({"y": Y[:4]}, r"y: expected an array of shape \(5,\), got shape \(4,\)"),
        ({"y": Y + 1}, "y: expected labels from 0 to 1, one an output, got labels from 1 to 2"),
        ({"y": Y.astype(float)}, r"y: expected an array of shape \(5, 2\), got shape \(5,\)"),
        (
            {"y": np.full((5, 2), 0.75)},
            r"y: expected rows of probabilities that sum to 1, got a row that is off by 0\.5",
        ),
        ({"y": np.tile([2.0, -1.0], (5, 1))}, "y: expected numbers from 0 to 1, got numbers from -1 to 2"),
        (
            {"net": network(output="exp"), "y": np.full((5, 2), -1.0), "loss": "poisson"},
            "y: expected numbers from 0 to inf, got numbers from -1 to -1",
        ),
        ({"loss": "crossentropy"}, "loss: expected one of cross_entropy, .* got 'crossentropy'"),
        ({"loss": np.sum}, r"loss: .* \(only these have a derivation here\), got <function sum"),
        (
            {"net": network(output="sigmoid"), "loss": "cross_entropy"},
            "loss: expected a loss for 'sigmoid' outputs such as binary_cross_entropy, got 'cross_entropy'",
        ),
        (
            {"loss": "binary_cross_entropy"},
            "loss: expected a loss for 'softmax' .* got 'binary_cross_entropy', which fits output='sigmoid'",
        ),
        ({"l2": -1.0}, "l2: expected a finite number of at least 0, got -1.0"),
        ({"l2": "strong"}, "l2: expected a finite number of at least 0, got 'strong'"),
        ({"weight": np.ones(4)}, r"weight: expected an array of shape \(5,\), got shape \(4,\)"),
        ({"weight": [1, 1, 1, 1, -1]}, "weight: expected numbers of at least 0, not all 0, got a smallest of -1"),
        ({"weight": np.zeros(5)}, "weight: expected numbers of at least 0, not all 0, got .* a sum of 0"),
    ],
)
def test_bad_input_is_refused_in_words(change, words):
    given = {"net": network(), "params": PARAMS, "X": X, "y": Y} | change
    with pytest.raises(ValueError, match=words):
        reference.loss_and_gradient(given.pop("net"), given.pop("params"), given.pop("X"), given.pop("y"), **given)


def test_prediction_refuses_the_same_networks_and_arrays():
    with pytest.raises(ValueError, match="dropout: expected 0"):
        reference.predict(network(dropout=0.1), PARAMS, X)
    with pytest.raises(ValueError, match=r"X: expected an array of shape \(N, 3\)"):
        reference.predict(network(), PARAMS, X[:, :2])


def test_probability_rows_may_be_off_by_the_rounding_of_their_own_type():
    thirds = np.full((5, 2), 0.5, np.float32)
    thirds[0] = [np.float32(1) / 3, np.float32(2) / 3]
    loss, _ = reference.loss_and_gradient(network(), PARAMS, X, thirds)
    assert np.isfinite(loss)
