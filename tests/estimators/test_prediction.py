"""What a fitted network says of new rows."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from jaxnet.estimators import MLPClassifier, prediction

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}


@pytest.fixture
def fitted(iris):
    return MLPClassifier(**SMALL).fit(*iris)


def test_logits_and_hidden_activations_are_what_numpy_computes(fitted, iris):
    hidden = np.maximum(iris[0] @ fitted.coefs_[0] + fitted.intercepts_[0], 0)
    logits = hidden @ fitted.coefs_[1] + fitted.intercepts_[1]
    np.testing.assert_allclose(fitted.activations(iris[0])[0], hidden, rtol=1e-12)
    np.testing.assert_allclose(fitted.decision_function(iris[0]), logits, rtol=1e-12)
    np.testing.assert_array_equal(fitted.predict(iris[0]), logits.argmax(1))
    exponential = np.exp(logits)
    proba = exponential / exponential.sum(1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(iris[0]), proba, rtol=1e-12)
    np.testing.assert_allclose(fitted.predict_log_proba(iris[0]), np.log(proba), rtol=1e-10)


def test_the_logit_of_two_classes_is_positive_for_the_second(iris):
    mlp = MLPClassifier(**SMALL).fit(iris[0], np.where(iris[1] == 1, "yes", "no"))
    assert mlp.decision_function(iris[0]).shape == (50,)
    np.testing.assert_array_equal(mlp.predict(iris[0]) == "yes", mlp.decision_function(iris[0]) > 0)


def test_many_rows_are_looked_at_block_by_block(fitted, iris, monkeypatch):
    whole = fitted.predict_proba(iris[0])
    monkeypatch.setattr(prediction, "BLOCK_ROWS", 16)
    np.testing.assert_allclose(fitted.predict_proba(iris[0]), whole, rtol=1e-12)
    np.testing.assert_allclose(fitted.predict_proba(csr_matrix(iris[0])), whole, rtol=1e-12)


def test_everything_that_is_handed_out_is_numpys(fitted, iris):
    given = [fitted.predict(iris[0]), fitted.predict_proba(iris[0]), *fitted.activations(iris[0]), *fitted.coefs_]
    assert {type(array) for array in given} == {np.ndarray}
    given += fitted.intercepts_
    assert all(array.flags.writeable for array in given)
