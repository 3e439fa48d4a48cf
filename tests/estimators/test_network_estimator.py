"""What the parameters mean, and that float64 is computed in float64 for users who have not switched JAX to it."""

import jax
import numpy as np
import pytest
import sklearn.neural_network as scikit

from jaxnet.estimators import MLPClassifier, network_estimator
from jaxnet.network import MLP


@pytest.mark.parametrize(("given", "sizes"), [(7, [7]), ((7, 3), [7, 3]), ([7], [7]), ((), [])])
def test_hidden_layers_are_a_number_or_numbers(given, sizes):
    assert network_estimator.hidden_sizes(given) == sizes


def test_names_of_scikit_learns_become_the_houses():
    assert network_estimator.house_name("logistic") == "sigmoid"
    assert network_estimator.house_name(["logistic", "relu", abs]) == ("sigmoid", "relu", abs)


@pytest.mark.parametrize(
    ("sizes", "activation", "expected"),
    [
        ((4, 3, 2), "sigmoid", ["sigmoid", "sigmoid"]),
        ((4, 2), "sigmoid", ["sigmoid"]),
        ((4, 3, 3, 2), ("relu", "sigmoid"), ["relu", "sigmoid", "sigmoid"]),
        ((4, 2), (), ["identity"]),
    ],
)
def test_the_output_layer_is_drawn_like_the_last_hidden_one(sizes, activation, expected):
    assert network_estimator.drawn_activations(MLP(sizes, activation=activation)) == expected


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_float64_needs_no_switch(iris):
    parameters = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}
    theirs = scikit.MLPClassifier(**parameters).fit(*iris)
    with jax.enable_x64(False):
        ours = MLPClassifier(**parameters).fit(*iris)
        proba = ours.predict_proba(iris[0])
    assert proba.dtype == np.float64
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-13)
    np.testing.assert_allclose(proba, theirs.predict_proba(iris[0]), rtol=1e-12)
