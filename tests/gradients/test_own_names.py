"""Gradients under their author's own names and in containers of their own are found, and it is said how."""

import types

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.own_names import find_by_name

W1, B1, W2, B2 = np.ones((3, 4)), np.full((4,), 2.0), np.full((4, 2), 3.0), np.full((2,), 4.0)
NAMED = {"W1": W1, "b1": B1, "W2": W2, "b2": B2}
LAYERS = [{"w": W1, "b": B1}, {"w": W2, "b": B2}]
LISTS = ([W1, W2], [B1, B2])
EXPECTED = [W1, B1, W2, B2]  # in this order, whatever they are called

FORMS = {
    "d before": (NAMED, {"dW1": W1, "db1": B1, "dW2": W2, "db2": B2}),
    "d_ before": (NAMED, {"d_W1": W1, "d_b1": B1, "d_W2": W2, "d_b2": B2}),
    "grad before": (NAMED, {"grad_W1": W1, "grad_b1": B1, "grad_W2": W2, "grad_b2": B2}),
    "grad after": (NAMED, {"W1_grad": W1, "b1_grad": B1, "W2_grad": W2, "b2_grad": B2}),
    "nabla": (NAMED, {"nabla_w1": W1, "nabla_b1": B1, "nabla_w2": W2, "nabla_b2": B2}),
    "layers": (LAYERS, [{"dw": W1, "db": B1}, {"dw": W2, "db": B2}]),
    "numbered from 1": (LAYERS, {"dW1": W1, "db1": B1, "dW2": W2, "db2": B2}),
    "numbered from 0": (LAYERS, {"dW0": W1, "db0": B1, "dW1": W2, "db1": B2}),
    "with a cache": (NAMED, ({"dW1": W1, "db1": B1, "dW2": W2, "db2": B2}, {"Z1": W1})),
    "with a loss": (NAMED, (0.3, NAMED)),
    "weights and biases": (LAYERS, ([W1, W2], [B1, B2])),
    "biases and weights": (LAYERS, ([B1, B2], [W1, W2])),
    "biases first": (LISTS, ([B1, B2], [W1, W2])),
    "one vector": (NAMED, np.concatenate([a.ravel() for a in EXPECTED])),
    "one column": (LAYERS, np.concatenate([a.ravel() for a in EXPECTED])[:, None]),
    "an object": (NAMED, types.SimpleNamespace(dW1=W1, db1=B1, dW2=W2, db2=B2, lr=0.1)),
}
PATHS = {
    id(NAMED): ["['W1']", "['b1']", "['W2']", "['b2']"],
    id(LAYERS): ["[0]['w']", "[0]['b']", "[1]['w']", "[1]['b']"],
    id(LISTS): ["[0][0]", "[1][0]", "[0][1]", "[1][1]"],
}


@pytest.mark.parametrize("name", FORMS)
def test_every_leaf_is_found_and_what_was_taken_for_what_is_said(name):
    params, whole = FORMS[name]
    found = find_by_name(params, whole)
    for path, expected in zip(PATHS[id(params)], EXPECTED, strict=True):
        np.testing.assert_array_equal(found.leaves[path], expected)
    assert found.said


@pytest.mark.parametrize(
    "whole",
    [
        {"W1": W1, "kernel": W2},
        {"dW1": W1, "gradW1": W1, "db1": B1, "dW2": W2, "db2": B2},  # which of the two?
        ([W1], [B1, B2]),
        np.ones(3),
        None,
        0.3,
        "text",
    ],
)
def test_what_is_doubtful_or_not_all_there_is_not_guessed(whole):
    assert find_by_name(NAMED, whole) is None


def test_the_report_says_once_what_was_renamed():
    w, b = np.array([1.0, 2.0]), np.array(0.5)
    f = lambda p: jnp.sum(p["w"] ** 2) * p["b"]
    report = jn.check_gradient(f, {"w": w, "b": b}, gradient={"dw": 2 * w * b, "db": np.sum(w**2)})
    assert report.ok
    assert str(report).count("was taken for the gradient of") == 1
