"""A network is written down by names and numbers alone, and an equal one is built of them."""

import json

import jax
import pytest

from jaxnet.network import MLP, Normal, Uniform, describe_network, described_network

NETWORKS = [
    MLP((4, 3)),
    MLP((4, 5, 6, 2), activation=("tanh", "gelu"), output="softmax", dropout=0.25),
    MLP((1, 2, 1), activation="elu", output="exp", weights="uniform(-0.5, 0.25)", biases="normal(2)"),
    MLP((2, 2, 1), output="sigmoid", weights=Uniform(-0.1, 0.3), biases=Normal(0.1)),
]


@pytest.mark.parametrize("net", NETWORKS, ids=repr)
def test_a_description_is_json_and_builds_an_equal_network(net):
    assert described_network(json.loads(json.dumps(describe_network(net)))) == net


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (MLP((2, 2, 1), activation=jax.nn.relu), "activation: expected an activation by its name"),
        (MLP((2, 2, 2, 1), activation=("relu", jax.nn.relu)), "activation: expected an activation by its name"),
        (MLP((2, 1), weights=jax.nn.initializers.zeros), "weights: expected an initialiser by its name"),
        (MLP((2, 1), biases=jax.nn.initializers.zeros), "biases: expected an initialiser by its name"),
    ],
)
def test_a_function_of_ones_own_is_refused(net, words):
    with pytest.raises(ValueError, match=words):
        describe_network(net)


GOOD = describe_network(MLP((2, 3, 1)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"activation": "os.system"}, "activation: expected one of identity"),
        ({"activation": 3}, "activation: expected one of"),
        ({"output": "relu"}, "output: expected one of"),
        ({"sizes": [2]}, "sizes: expected two or more"),
        ({"sizes": [2, -1]}, r"sizes\[1\]: expected an integer"),
        ({"sizes": "22"}, "sizes: expected two or more"),
        ({"weights": ["exec", 1]}, "initializer: expected a name, or uniform or normal"),
        ({"weights": []}, "initializer: expected a name"),
        ({"biases": ["normal", -1]}, "stddev: expected a finite number above 0"),
        ({"dropout": "x"}, "dropout: expected a finite number"),
        ({"more": 1}, "network: expected an object with sizes"),
    ],
)
def test_what_describes_no_network_is_refused(changed, words):
    with pytest.raises((ValueError, TypeError), match=words):
        described_network({**GOOD, **changed})


@pytest.mark.parametrize("value", [None, [], {}, "relu", {**GOOD, "sizes": None}])
def test_what_is_no_description_is_refused(value):
    with pytest.raises((ValueError, TypeError), match=r"(network|sizes): expected"):
        described_network(value)
