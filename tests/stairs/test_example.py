"""The published initial weights, from the comments of the author's R script, and the first step's matrices as published:
the article, its R script, and the Keras check of W2."""

import itertools

import jax
import numpy as np
import pytest

from jaxnet.stairs import load, one_step, worked_example
from jaxnet.stairs.example import initial_weights, steps

W1 = [
    [-0.004689827, 0.007967794],
    [-0.002557522, 0.008893506],
    [0.001457067, 0.003215956],
    [0.008164156, 0.002582281],
    [-0.005966362, -0.008764274],
]
W2 = [[-0.005880509, -0.002317926], [-0.006468865, 0.00539682852], [0.003740457, -0.00004601516]]

PRINTED = 6e-11  # half a unit of the tenth decimal, and a little for its own rounding


def test_the_weights_are_the_published_ones():
    for found, published in zip(initial_weights(), (W1, W2), strict=True):
        # printed with 9 decimals from float32, whose rounding of .01 is 6e-10
        np.testing.assert_allclose(found, published, rtol=0, atol=5e-10 + 6e-10)


def test_the_bias_is_the_first_row():
    net, params = worked_example()
    assert net.sizes == (4, 2, 2)
    assert (net.activations, net.output) == (("sigmoid",), "softmax")
    for layer, weights in zip(params, initial_weights(), strict=True):
        np.testing.assert_array_equal(layer["b"], weights[0])
        np.testing.assert_array_equal(layer["w"], weights[1:])


def test_parameters_are_float64_where_x64_is_enabled_and_float32_elsewhere():
    with jax.enable_x64(False):
        assert {leaf.dtype for leaf in jax.tree.leaves(worked_example()[1])} == {np.dtype(np.float32)}
    with jax.enable_x64(True):
        assert {leaf.dtype for leaf in jax.tree.leaves(worked_example()[1])} == {np.dtype(np.float64)}


@pytest.fixture(scope="module")
def first():
    train, _ = load()
    return one_step(initial_weights(), train.x, train.targets, 0.1)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Z1", [[-0.4220261959, 1.1285004536]]),
        (
            "X2",
            [
                [1, 0.3960320011, 0.7555620570],
                [1, 0.4719233657, 0.5802841877],
                [1, 0.7786107671, 0.7059973272],
            ],
        ),
        ("d3", [[0.0014229136, -0.0003506023]]),
        ("gradient_W2", [[-0.0094889051, 0.0094889051], [-0.0156423678, 0.0156423678], [0.0370330450, -0.0370330450]]),
        (
            "gradient_W1",
            [
                [0.0000560713, -0.0000447823],
                [-0.0072250355, -0.0018621247],
                [-0.0176999326, 0.0004157154],
                [0.0616700679, -0.0231490394],
                [0.0631735046, -0.0208770425],
            ],
        ),
        (
            "new_W2",
            [[-0.0049316180, -0.0032668161], [-0.0049046282, 0.0038325916], [0.0000371524, 0.0036572893]],
        ),
        (
            "new_W1",
            [
                [-0.0046954339, 0.0079722719],
                [-0.0018350185, 0.0090797178],
                [0.0032270605, 0.0031743843],
                [0.0019971490, 0.0048971848],
                [-0.0122837118, -0.0066765703],
            ],
        ),
    ],
)
def test_a_matrix_of_the_first_step_is_as_published(first, name, printed):
    np.testing.assert_allclose(getattr(first, name)[: len(printed)], printed, rtol=0, atol=PRINTED)


def test_the_error_at_the_output_is_as_published(first):
    np.testing.assert_allclose(first.d1[:3, 0], [-0.5013502123, -0.5017412557, 0.4974679966], rtol=0, atol=PRINTED)


def test_the_predictions_are_as_the_article_prints_them(first):
    printed = [[0.49865, 0.50135], [0.49826, 0.50174], [0.49747, 0.50253], [0.49828, 0.50172]]
    np.testing.assert_allclose(first.Yhat[:4], printed, rtol=0, atol=5.1e-6)


def test_the_hidden_values_are_what_the_article_prints_from_weights_rounded_to_five_decimals():
    train, _ = load()
    rounded = tuple(np.round(weights, 5) for weights in initial_weights())
    printed = [[0.39558, 0.75548], [0.47145, 0.58025], [0.77841, 0.70603], [0.50746, 0.71304]]
    found = one_step(rounded, train.x, train.targets, 0.1).X2[:4, 1:]
    np.testing.assert_allclose(found, printed, rtol=0, atol=5.1e-6)


def test_the_first_loss_and_accuracy_are_as_published(first):
    assert first.loss == pytest.approx(0.693498469938662, rel=0, abs=1e-14)
    assert first.accuracy == 0.4925


def test_the_keras_check_s_w1_comes_from_the_w2_that_was_already_updated(first):
    keras = [
        [-0.004693955, 0.007963512],
        [-0.002025512, 0.0087154731],
        [0.002760389, 0.0032557009],
        [0.003623125, 0.0003690708],
        [-0.010618099, -0.0107602663],
    ]
    d3 = first.d1 @ first.new_W2[1:].T * first.X2[:, 1:] * (1 - first.X2[:, 1:])
    wrong = first.W1 - 0.1 * first.X1.T @ d3 / len(d3)
    # Keras computed in float32: a mean of products up to 255 · .0015, each rounded three times, times the step .1
    np.testing.assert_allclose(wrong, keras, rtol=0, atol=0.1 * 255 * 0.0015 * 3 * 6e-8)
    assert np.abs(first.new_W1 - keras).max() > 1e-4


@pytest.mark.parametrize(
    ("step", "loss"),
    [
        (1, 0.693498469939),
        (2, 0.692801630874),
        (3, 0.692104532634),
        (4, 0.690224622868),
        (5, 0.686646196596),
        (10, 0.675599531732),
        (15, 0.684626105946),
        (20, 0.655154691789),
        (25, 0.651936660237),
    ],
)
def test_the_loss_before_a_step_is_as_published(step, loss):
    train, _ = load()
    trace = next(itertools.islice(steps(initial_weights(), train.x, train.targets, 0.1), step - 1, None))
    assert trace.loss == pytest.approx(loss, rel=0, abs=1e-9)
