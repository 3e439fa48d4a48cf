"""Nielsen's recipe, against his algorithm written out in plain NumPy, and against his published numbers."""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def digits():
    """Images of 64 pixels in place of MNIST's: 30 to train on, 20 to evaluate on."""
    data = jn.data.catalogue("digits")
    return (data.x[:30] / 16, data.y[:30]), (data.x[30:50] / 16, data.y[30:50])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(starts, data, evaluated, recipe, orders):
    """The book's network2.py for one hidden layer: example by example, column vectors, gradients by hand."""
    (b1, w1), (b2, w2) = [(layer["b"][:, None].copy(), layer["w"].T.copy()) for layer in starts]
    (x, y), n = data, len(data[0])
    eta, lam, size = recipe.learning_rate, recipe.l2, recipe.batch_size
    curves = []
    for order in itertools.islice(orders, recipe.epochs):
        for batch in range(0, n, size):
            rows = order[batch : batch + size]
            sums = [np.zeros_like(array) for array in (b1, w1, b2, w2)]
            for row in rows:
                a0 = x[row][:, None]
                a1 = sigmoid(w1 @ a0 + b1)
                delta2 = sigmoid(w2 @ a1 + b2) - np.eye(10)[y[row]][:, None]
                delta1 = (w2.T @ delta2) * a1 * (1 - a1)
                for total, part in zip(sums, (delta1, delta1 @ a0.T, delta2, delta2 @ a1.T), strict=True):
                    total += part
            b1 = b1 - eta / len(rows) * sums[0]
            w1 = (1 - eta * lam / n) * w1 - eta / len(rows) * sums[1]
            b2 = b2 - eta / len(rows) * sums[2]
            w2 = (1 - eta * lam / n) * w2 - eta / len(rows) * sums[3]
        curves.append([judge(part, (b1, w1, b2, w2), lam) for part in (evaluated, data)])
    return [[epoch[part][at] for epoch in curves] for part in (0, 1) for at in (0, 1)]


def judge(data, weights, lam):
    (x, y), (b1, w1, b2, w2) = data, weights
    a = sigmoid(w2 @ sigmoid(w1 @ x.T + b1) + b2).T
    target = np.eye(10)[y]
    cost = -np.sum(target * np.log(a) + (1 - target) * np.log(1 - a)) / len(x)
    return cost + lam / 2 / len(x) * (np.sum(w1**2) + np.sum(w2**2)), int(np.sum(a.argmax(1) == y))


def python_2_orders(count):
    """Python 2's random.shuffle, from its source: for i from the last down to 1, j = int(random() * (i + 1))."""
    numbers, x = random.Random(12345678), list(range(count))
    while True:
        for i in reversed(range(1, count)):
            j = int(numbers.random() * (i + 1))
            x[i], x[j] = x[j], x[i]
        yield list(x)


RECIPES = {
    "as published": {},
    "with a penalty": {"l2": 0.3},
    "a short last batch": {"batch_size": 8},
    "another step": {"learning_rate": 0.1, "l2": 1.0},
}


@pytest.mark.parametrize("changes", RECIPES.values(), ids=RECIPES)
def test_the_curves_are_those_of_the_books_algorithm(experiment, digits, changes):
    recipe = experiment.Recipe(hidden=(6,), images=30, epochs=4)._replace(**changes)
    found = experiment.overfitting(recipe, *digits)
    start = experiment.book_starts((64, 6, 10))["large"]
    expected = by_hand(start, *digits, recipe, python_2_orders(30))
    assert list(found) == ["test_cost", "test_accuracy", "train_cost", "train_accuracy"]
    for name, values in zip(found, expected, strict=True):
        np.testing.assert_allclose(found[name], values, rtol=1e-12, err_msg=name)


def test_the_second_start_goes_on_with_the_order_that_the_first_left(experiment, digits):
    recipe = experiment.INITIALISATION._replace(hidden=(6,), images=30, epochs=6, learning_rate=0.5)
    found = experiment.initialisation(recipe, *digits)
    orders, starts = python_2_orders(30), experiment.book_starts((64, 6, 10))
    expected = {name: by_hand(starts[name], *digits, recipe, orders)[1] for name in ("default", "large")}
    assert found == expected
    assert found["large"] != by_hand(starts["large"], *digits, recipe, python_2_orders(30))[1]


def test_orders_can_be_skipped_in_place_of_training(experiment, digits):
    recipe = experiment.INITIALISATION._replace(hidden=(6,), images=30, epochs=6, learning_rate=0.5)
    whole = experiment.initialisation(recipe, *digits)
    short = experiment.initialisation(recipe._replace(epochs=2), *digits, skipped=4)
    assert short == {name: values[:2] for name, values in whole.items()}


def test_starts_are_drawn_biases_first_from_numpys_legacy_stream(experiment):
    numbers = np.random.RandomState(12345678).randn(2 * (2 + 10 + 3 * 2 + 2 * 10))
    starts = experiment.book_starts((3, 2, 10))
    np.testing.assert_array_equal(starts["default"][0]["b"], numbers[:2])
    np.testing.assert_array_equal(starts["default"][0]["w"], numbers[12:18].reshape(2, 3).T / 3**0.5)
    np.testing.assert_array_equal(starts["default"][1]["w"], numbers[18:38].reshape(10, 2).T / 2**0.5)
    np.testing.assert_array_equal(starts["large"][1]["b"], numbers[40:50])
    np.testing.assert_array_equal(starts["large"][1]["w"], numbers[56:].reshape(10, 2).T)


def test_a_count_is_of_the_most_active_output(experiment):
    net = jn.MLP((2, 2), output="sigmoid")
    params = [{"w": jnp.eye(2), "b": jnp.zeros(2)}]
    x = jnp.array([[1.0, 0], [0, 1], [2, 1], [1, 2]])
    assert experiment.right(net, params, x, jnp.array([0, 0, 0, 1])) == 3


def test_a_curve_that_differs_too_much_is_said_to(experiment):
    book = experiment.published_curves("overfitting")
    assert all(claim.holds for claim in experiment.compared("overfitting", book))
    wrong = {name: [values[0] + 1.1e-9] if "cost" in name else [values[0] + 1] for name, values in book.items()}
    assert not any(claim.holds for claim in experiment.compared("overfitting", wrong))


WRONG = {
    "--images 50001": "--images: expected 1 to 50000, the book's training images, got 50001",
    "--images 0": "--images: expected a whole number from 1, got 0",
    "--hidden 30,,20": "--hidden: expected a whole number from 1, got ",
    "--hidden many": "--hidden: expected a whole number from 1, got many",
    "--epochs 1.5": "--epochs: expected a whole number from 1, got 1.5",
    "--learning-rate=-1": "--learning-rate: expected a finite number from 0, got -1",
    "--l2 nan": "--l2: expected a finite number from 0, got nan",
    "--json nowhere/found.json": "--json: expected a file in a folder that is there, got nowhere/found.json",
}


@pytest.mark.parametrize(("argument", "words"), WRONG.items(), ids=WRONG)
def test_a_wrong_argument_is_refused_before_anything_is_trained(experiment, capsys, argument, words):
    with pytest.raises(SystemExit, match="2"):
        experiment.one_recipe(["overfitting", *argument.split()])
    assert words in capsys.readouterr().err


@pytest.fixture(scope="module")
def mnist():
    try:
        return jn.data.catalogue("mnist")
    except FileNotFoundError:
        pytest.skip("scripts/get_data mnist was not run")


def test_the_first_epochs_are_the_published_ones(mnist, run_experiment):
    found, printed = run_experiment("nielsen")
    assert [each["what"] for each in found["claims"] if not each["holds"]] == []
    assert len(found["claims"]) == 6
    # the first numbers of fig/overfitting.json and fig/weight_initialization_30.json
    assert found["results"]["overfitting"]["test_cost"][0] == pytest.approx(2.0762772323329082, abs=1e-9)
    assert found["results"]["overfitting"]["test_accuracy"][0] == 5887
    assert found["results"]["weight_initialization_30"] == {"default": [9270], "large": [8643]}
    assert "3 configurations, 3 runs" in printed


def test_one_recipe_writes_lists_an_epoch_long(mnist, tmp_path):
    path = tmp_path / "out.json"
    arguments = "overfitting --hidden 8 --l2 0.1 --images 200 --epochs 2 --learning-rate 0.5 --json"
    command = [sys.executable, "-W", "error", EXPERIMENTS / "nielsen.py", *arguments.split(), path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(path.read_text())
    assert found.pop("recipe")["l2"] == 0.1
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(
        ("test_cost", "test_accuracy", "train_cost", "train_accuracy"), 2
    )
