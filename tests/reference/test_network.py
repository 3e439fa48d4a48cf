"""Backpropagation against the article's printed matrices, a network worked out by hand, and differences."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from jaxnet import reference
from jaxnet.reference.losses import LOSSES

# "Neural Networks - A Worked Example" (B. Gorman, 2017), in float64: 4-2-2, sigmoid, softmax, raw intensities
WORKED = SimpleNamespace(sizes=(4, 2, 2), activations=("sigmoid",), output="softmax")
WORKED_PARAMS = [
    {
        "b": [-0.0046898267, 0.0079677937],
        "w": [
            [-0.0025575220, 0.0088935054],
            [0.0014570673, 0.0032159558],
            [0.0081641558, 0.0025822809],
            [-0.0059663614, -0.0087642746],
        ],
    },
    {
        "b": [-0.0058805085, -0.0023179256],
        "w": [[-0.0064688649, 0.0053968284], [0.0037404569, -0.0000460152]],
    },
]
TABLE = np.array([[252, 4, 155, 175], [175, 10, 186, 200], [82, 131, 230, 100]])  # images 1, 2, 3
IS_STAIRS = np.array([[1, 0], [1, 0], [0, 1]])


def network(sizes, activation, output):
    return SimpleNamespace(sizes=sizes, activations=(activation,) * (len(sizes) - 2), output=output)


def draw(seed, sizes):
    """Draw parameters and 4 examples."""
    rng = np.random.default_rng(seed)
    shapes = itertools.pairwise(sizes)
    params = [{"w": rng.normal(size=shape) / np.sqrt(shape[0]), "b": rng.normal(size=shape[1])} for shape in shapes]
    return params, rng.normal(size=(4, sizes[0])), rng


def differences(f, params, h=1e-6):
    """Differentiate a function of parameters by central differences, one number at a time."""
    gradient = []
    for depth, layer in enumerate(params):
        slopes = {name: np.zeros(np.shape(array)) for name, array in layer.items()}
        for name, array in layer.items():
            for index in np.ndindex(array.shape):
                moved = []
                for step in (h, -h):
                    copy = [{key: value.copy() for key, value in each.items()} for each in params]
                    copy[depth][name][index] += step
                    moved.append(f(copy))
                slopes[name][index] = (moved[0] - moved[1]) / (2 * h)
        gradient.append(slopes)
    return gradient


def assert_close(gradient, expected, atol):
    for layer, other in zip(gradient, expected, strict=True):
        for name in ("w", "b"):
            np.testing.assert_allclose(layer[name], other[name], rtol=0, atol=atol)


def test_the_forward_pass_of_the_worked_example():
    predictions = reference.predict(WORKED, WORKED_PARAMS, TABLE)
    printed = [[0.49865, 0.50135], [0.49826, 0.50174], [0.49747, 0.50253]]
    np.testing.assert_allclose(predictions, printed, atol=5e-6)


def test_the_derivatives_of_the_worked_example():
    # printed: (P - T) of rows 1 to 3 in column 1, and the hidden activations; their products are the gradient of W2
    d1 = np.array([-0.5013502123, -0.5017412557, 0.4974679966])
    hidden = np.array([[0.3960320011, 0.7555620570], [0.4719233657, 0.5802841877], [0.7786107671, 0.7059973272]])
    _, gradient = reference.loss_and_gradient(WORKED, WORKED_PARAMS, TABLE, IS_STAIRS)
    np.testing.assert_allclose(gradient[1]["w"], hidden.T @ np.stack([d1, -d1], axis=1) / 3, atol=1e-9)
    np.testing.assert_allclose(gradient[1]["b"], [d1.mean(), -d1.mean()], atol=1e-9)


def test_the_first_image_of_the_worked_example_at_the_hidden_layer():
    # printed: d3 of row 1, the derivative at the hidden weighted sums
    d3 = np.array([0.0014229136, -0.0003506023])
    _, gradient = reference.loss_and_gradient(WORKED, WORKED_PARAMS, TABLE[:1], IS_STAIRS[:1])
    np.testing.assert_allclose(gradient[0]["b"], d3, atol=2e-10)
    np.testing.assert_allclose(gradient[0]["w"], np.outer(TABLE[0], d3), atol=5e-8)


def test_a_perceptron_by_hand():
    # z = 2·3 - 1·4 + 0.5 = 2.5 against 1: loss 1.5²/2, dz = 1.5
    net = network((2, 1), None, "identity")
    loss, gradient = reference.loss_and_gradient(net, [{"w": [[2.0], [-1.0]], "b": [0.5]}], [[3.0, 4.0]], [1.0])
    assert loss == 1.125
    np.testing.assert_array_equal(gradient[0]["w"], [[4.5], [6.0]])
    np.testing.assert_array_equal(gradient[0]["b"], [1.5])


def test_the_penalty_pulls_at_weights_and_never_at_biases():
    net = network((2, 1), None, "identity")
    params = [{"w": [[2.0], [-1.0]], "b": [0.5]}]
    loss, gradient = reference.loss_and_gradient(net, params, [[3.0, 4.0]], [1.0], l2=0.1)
    np.testing.assert_allclose(loss, 1.125 + 0.05 * (4 + 1), rtol=1e-15)
    np.testing.assert_allclose(gradient[0]["w"], [[4.7], [5.9]], rtol=1e-15)
    np.testing.assert_array_equal(gradient[0]["b"], [1.5])


@pytest.mark.parametrize("depth", range(6))
def test_the_gradient_is_the_limit_of_differences_at_any_depth(depth):
    sizes = (3, *(4, 2, 5, 3, 4)[:depth], 3)
    params, X, _ = draw(depth, sizes)
    net, y = network(sizes, "tanh", "softmax"), [0, 2, 1, 1]
    _, gradient = reference.loss_and_gradient(net, params, X, y, l2=0.3)
    f = lambda params: reference.loss_and_gradient(net, params, X, y, l2=0.3)[0]
    assert_close(gradient, differences(f, params), atol=2e-9)


@pytest.mark.parametrize("activation", reference.ACTIVATIONS)
def test_the_gradient_is_the_limit_of_differences_for_every_activation(activation):
    sizes = (3, 4, 3, 2)
    params, X, rng = draw(7, sizes)
    net, y = network(sizes, activation, "identity"), rng.normal(size=(4, 2))
    _, gradient = reference.loss_and_gradient(net, params, X, y)
    assert_close(gradient, differences(lambda p: reference.loss_and_gradient(net, p, X, y)[0], params), atol=2e-9)


PAIRS = [(output, name) for name, loss in LOSSES.items() for output in loss.outputs or reference.OUTPUTS]


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_the_gradient_is_the_limit_of_differences_for_every_output_and_loss(output, loss):
    sizes = (3, 4, 2)
    params, X, rng = draw(11, sizes)
    y = {"distribution": np.array([0, 1, 1, 0]), "count": rng.integers(0, 5, (4, 2)).astype(float)}.get(
        LOSSES[loss].target, rng.uniform(size=(4, 2))
    )
    net = network(sizes, "sigmoid", output)
    _, gradient = reference.loss_and_gradient(net, params, X, y, loss=loss)
    f = lambda params: reference.loss_and_gradient(net, params, X, y, loss=loss)[0]
    assert_close(gradient, differences(f, params), atol=5e-9)


def test_weights_of_examples_are_repetitions():
    sizes = (3, 4, 2)
    params, X, _ = draw(3, sizes)
    net, y, counts = network(sizes, "relu", "softmax"), np.array([0, 1, 1, 0]), [2, 0, 1, 3]
    weighted = reference.loss_and_gradient(net, params, X, y, weight=counts)
    repeated = reference.loss_and_gradient(net, params, np.repeat(X, counts, axis=0), np.repeat(y, counts))
    np.testing.assert_allclose(weighted[0], repeated[0], rtol=1e-14)
    assert_close(weighted[1], repeated[1], atol=1e-15)


@pytest.mark.parametrize(
    ("output", "labels", "rows"),
    [
        ("softmax", [1, 0], [[0.0, 1.0], [1.0, 0.0]]),
        ("sigmoid", [1, 0], [[0.0, 1.0], [1.0, 0.0]]),
        ("softmax", [True, False], [[0.0, 1.0], [1.0, 0.0]]),
    ],
)
def test_labels_are_one_hot_rows(output, labels, rows):
    params, X, _ = draw(5, (3, 2))
    one, other = (
        reference.loss_and_gradient(network((3, 2), None, output), params, X[:2], y)[0] for y in (labels, rows)
    )
    assert one == other


@pytest.mark.parametrize("output", ["sigmoid", "identity", "exp"])
def test_a_single_output_takes_a_flat_target(output):
    params, X, _ = draw(5, (3, 1))
    net, y = network((3, 1), None, output), np.array([0.0, 1.0, 1.0, 0.0])
    assert (
        reference.loss_and_gradient(net, params, X, y)[0] == reference.loss_and_gradient(net, params, X, y[:, None])[0]
    )


def test_the_gradient_has_the_structure_of_the_parameters_in_float64():
    sizes = (3, 5, 2)
    params, X, _ = draw(1, sizes)
    half = [{name: array.astype(np.float32) for name, array in layer.items()} for layer in params]
    _, gradient = reference.loss_and_gradient(
        network(sizes, "relu", "softmax"), half, X.astype(np.float32), [0, 1, 1, 0]
    )
    shapes = [{name: array.shape for name, array in layer.items()} for layer in gradient]
    assert shapes == [{"w": (3, 5), "b": (5,)}, {"w": (5, 2), "b": (2,)}]
    assert {array.dtype for layer in gradient for array in layer.values()} == {np.dtype(float)}
