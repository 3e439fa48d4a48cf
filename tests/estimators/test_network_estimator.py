"""What the parameters mean."""

import pytest

from jaxnet.estimators import network_estimator
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
