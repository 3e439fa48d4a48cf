"""What is tried, and that the best member is trained again to the bits that the search saw."""

import numpy as np
import pytest

from jaxnet.tabular.small_population import PreparedRows, _plan, recipe, search


def test_a_table_of_few_rows_is_seen_more_often():
    assert [recipe(rows).epochs for rows in (50, 800, 5_000, 100_000)] == [300, 160, 103, 20]
    assert [recipe(rows).batch_size for rows in (20, 800, 5_000, 100_000)] == [20, 32, 128, 256]
    assert recipe(800, quick=True).epochs == 40


def test_what_is_given_stands_in_place_of_what_is_tried():
    tried = recipe(100, hidden=(5, 4), learning_rate=0.1, epochs=7, ensemble=2, seed=3)
    assert (tried.hidden, tried.rates, tried.epochs, tried.ensemble, tried.seed) == (((5, 4),), (0.1,), 7, 2, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden": (5, 0)}, r"hidden\[1\]: expected an integer from 1"),
        ({"epochs": 0}, "epochs: expected an integer of at least 1"),
        ({"learning_rate": -1}, "learning_rate: expected a finite number above 0"),
        ({"ensemble": 0}, "ensemble: expected an integer from 1 to 100"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        recipe(100, **options)


def test_the_best_epoch_of_the_best_member_is_what_comes_back():
    draw = np.random.default_rng(0)
    # the shapes of the table in conftest, whose programs are compiled already
    X = draw.normal(size=(64, 5)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    tried = recipe(51, hidden=(6,), learning_rate=0.03, epochs=60)
    network, linear = search(
        PreparedRows((X[:51], y[:51]), (X[51:], y[51:]), "softmax"), tried, out=None, progress=False
    )
    (params,) = network.networks
    hidden = np.maximum(X[51:] @ params[0]["w"] + params[0]["b"], 0)
    logits = hidden @ params[1]["w"] + params[1]["b"]
    loss = np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(13), y[51:]])
    assert network.epoch == 1 + int(np.argmin(network.curves["validation_loss"]))
    penalty = network.configuration["l2"] / 2 * sum(np.sum(layer["w"] ** 2) for layer in params)
    np.testing.assert_allclose(loss + penalty, min(network.curves["validation_loss"]), rtol=1e-5)
    assert (linear.hidden, len(linear.networks[0])) == ((), 1)


def test_classes_weigh_alike_where_that_is_asked_for():
    X, y = np.zeros((40, 2), np.float32), np.repeat([0, 1], [30, 10])
    tried = recipe(40, hidden=(3,), learning_rate=0.1, class_weights="balanced")
    rows = PreparedRows((X, y), (X[28:32], y[28:32]), "softmax")
    task = _plan(rows, tried, epochs=1, seeds=1, method="grid", hidden=(3,), learning_rate=0.1).task
    # 40 / (2 * 30) and 40 / (2 * 10), in what trains and in what chooses
    np.testing.assert_allclose(task.data.weight, np.repeat([2 / 3, 2], [30, 10]))
    np.testing.assert_allclose(task.validation.weight, [2 / 3, 2 / 3, 2, 2])
    assert (
        _plan(
            rows, tried._replace(class_weights=None), epochs=1, seeds=1, method="grid", hidden=(3,), learning_rate=0.1
        ).task.data.weight
        is None
    )
