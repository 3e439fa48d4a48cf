"""Leaves in each other's place are found by comparing every wrong leaf with all true ones."""

import jax
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.swapped_leaves import exchanged

SIZES = (4, 4, 4, 4)


@pytest.fixture
def posed(pose, example):
    """A square network's evidence, its true gradient changed."""
    f, params, data = example(SIZES)
    true = jax.tree.map(np.asarray, jax.grad(f)(params, *data))
    return lambda change: pose(f, params, data, lambda *_: change([dict(layer) for layer in true]))


def swap(gradient):
    gradient[0]["w"], gradient[2]["w"] = gradient[2]["w"], gradient[0]["w"]
    return gradient


def copied(gradient):
    gradient[1]["b"] = gradient[0]["b"]
    return gradient


@pytest.mark.parametrize(
    ("change", "kind", "leaves"),
    [
        (swap, "leaves_exchanged", ("[0]['w']", "[2]['w']")),
        (lambda gradient: gradient[::-1], "layers_reversed", ("[0]['b']", "[0]['w']", "[2]['b']", "[2]['w']")),
        (copied, "wrong_leaf", ("[1]['b']",)),
    ],
)
def test_leaves_in_each_others_place_are_named(change, kind, leaves, posed):
    (cause,) = exchanged(posed(change))
    assert (cause.kind, cause.leaves) == (kind, leaves)
    assert cause.residual < 1e-12


def test_a_leaf_that_is_wrong_otherwise_is_no_exchange(posed):
    assert exchanged(posed(lambda gradient: [{**gradient[0], "b": 2 * gradient[0]["b"]}, *gradient[1:]])) == ()
    assert exchanged(posed(lambda gradient: gradient)) == ()
