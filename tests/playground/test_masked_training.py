"""The masked program is one network's, whatever the structure, and compiled once. That it trains as jn.fit does is
tested through the socket, in test_serving."""

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.playground.masked_network import Goal
from jaxnet.playground.masked_training import frame
from jaxnet.reference import predict

N = 60
rng = np.random.default_rng(0)
X = rng.normal(size=(N, 2)).astype(np.float32)
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)
TARGETS = {2: np.eye(2, dtype=np.float32)[LABELS], 1: LABELS[:, None].astype(np.float32)}
SETTINGS = {
    "two layers, dropout, a penalty, Adam, the last batch short": (
        jn.MLP((2, 8, 5, 2), activation=("tanh", "sigmoid"), output="softmax", dropout=0.3), "cross_entropy",
        {"rate": 0.02, "l2": 1e-3, "batch": 25, "optimizer": "adam"},
    ),
    "one layer, dropout in the full batch, one output": (
        jn.MLP((2, 6, 1), activation="relu", output="sigmoid", dropout=0.2), "binary_cross_entropy",
        {"rate": 0.5, "momentum": 0.9, "batch": N},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_no_number_of_the_padding_ever_moves(name, masked):
    net, loss, numbers = SETTINGS[name]
    training = masked(net, net.init(jax.random.key(0)), Goal(net.output, loss), **numbers)
    training.train(X, TARGETS[net.sizes[-1]], 20)
    theirs = sum(np.count_nonzero(leaf) for leaf in jax.tree.leaves(training.padded))
    assert theirs == sum(leaf.size for leaf in jax.tree.leaves(training.params))


def test_the_picture_is_the_networks_answer_over_the_plane_and_to_the_chosen_example(masked):
    net = jn.MLP((2, 4, 3, 2), activation=("tanh", "sigmoid"), output="softmax")
    params = net.init(jax.random.key(1))
    grid = np.concatenate([rng.uniform(-2, 2, size=(3600, 2)), [[0.3, -0.7]]]).astype(np.float32)
    training = masked(net, params, Goal("softmax", "cross_entropy"))
    picture = training.train(X[:40], TARGETS[2][:40], 0, held=(X[40:], TARGETS[2][40:]), grid=grid)

    answers = predict(net, params, grid)
    np.testing.assert_allclose(np.asarray(picture.answer)[:2], answers[-1], atol=1e-6)
    colours = 128 + 127 * (answers[:-1] - 0.5) / 0.5
    assert np.abs(np.asarray(picture.outputs)[:, :2] - colours).max() <= 0.5 + 1e-3
    hidden = np.tanh(grid @ np.asarray(params[0]["w"]))
    assert np.abs(np.asarray(picture.units)[0, :, :4] - (128 + 127 * hidden[:-1])).max() <= 0.5 + 1e-3
    np.testing.assert_allclose(np.asarray(picture.chosen)[0, :4], hidden[-1], atol=1e-6)
    for part, rows in enumerate((slice(0, 40), slice(40, N))):
        P = predict(net, params, X[rows])
        assert int(picture.right[part]) == np.sum(P.argmax(1) == LABELS[rows])
        expected = -np.log(P[np.arange(len(P)), LABELS[rows]]).mean()
        np.testing.assert_allclose(picture.losses[part], expected, rtol=1e-5)


def test_a_step_that_would_not_be_finite_is_not_taken(masked):
    net = jn.MLP((2, 2, 1), activation="relu", output="identity")
    training = masked(net, net.init(jax.random.key(0)), Goal("identity", "squared_error"), rate=1e12)
    training.train(X, TARGETS[1], 200)
    assert not training.state.finite
    assert np.isfinite(training.state.flat).all()


def test_whatever_was_set_it_was_compiled_once(masked):
    """Runs with whatever ran before it: of all structures, optimizers, losses and numbers there is one program."""
    for hidden, goal in (((3,), Goal("identity", "hinge")), ((16, 16, 16, 16), Goal("sigmoid", "squared_error"))):
        net = jn.MLP((2, *hidden, 1), activation="softplus", output=goal.output)
        training = masked(net, net.init(jax.random.key(0)), goal, rate=0.3, batch=3, optimizer="adagrad")
        training.train(X, TARGETS[1], 5)
    assert frame._cache_size() == 1
