"""Losses agree with their formulas, stay finite at any logit, and the objective is their mean plus the penalty."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet import MLP, losses, objective
from jaxnet.losses import CANONICAL, LOSSES, squared_weights, weighted_mean

LOGITS = np.array([[0.5, -1.5, 2.0], [-0.3, 0.1, 4.0]])
SIGMOID = 1 / (1 + np.exp(-LOGITS))
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
LABELS = np.array([2, 0])
ONE_HOT = np.array([[0, 0, 1.0], [1.0, 0, 0]])
REAL = np.array([[0.5, 1.0, -2.0], [0.0, 0.25, 3.0]])
COUNTS = np.array([[0.0, 2, 1], [3, 1, 0]])


class Given:
    """A network whose logits are its inputs."""

    def __init__(self, output="identity"):
        self.output = output

    def init(self, key):
        return {"scale": jnp.ones((), jnp.float64)}

    def apply(self, params, x):
        return params["scale"] * x


def mean_loss(loss, y, output="identity", X=LOGITS, **options):
    network = Given(output)
    return objective(network, loss)(network.init(None), X, y, **options)


def huber_by_hand(error):
    return np.where(np.abs(error) <= 1, error**2 / 2, np.abs(error) - 0.5)


# loss, output, target, the losses of the two examples by the textbook formula
FORMULAS = [
    ("cross_entropy", "softmax", LABELS, -np.log(SOFTMAX[[0, 1], [2, 0]])),
    ("cross_entropy", "softmax", ONE_HOT, -np.log(SOFTMAX[[0, 1], [2, 0]])),
    ("cross_entropy", "softmax", SOFTMAX, -(SOFTMAX * np.log(SOFTMAX)).sum(1)),
    ("binary_cross_entropy", "sigmoid", ONE_HOT, -(ONE_HOT * np.log(SIGMOID) + (1 - ONE_HOT) * np.log(1 - SIGMOID)).sum(1)),
    ("binary_cross_entropy", "sigmoid", LABELS, -(ONE_HOT * np.log(SIGMOID) + (1 - ONE_HOT) * np.log(1 - SIGMOID)).sum(1)),
    ("squared_error", "identity", REAL, ((LOGITS - REAL) ** 2).sum(1) / 2),
    ("squared_error", "sigmoid", ONE_HOT, ((SIGMOID - ONE_HOT) ** 2).sum(1) / 2),
    ("squared_error", "softmax", LABELS, ((SOFTMAX - ONE_HOT) ** 2).sum(1) / 2),
    ("mean_squared_error", "identity", REAL, ((LOGITS - REAL) ** 2).mean(1)),
    ("huber", "identity", REAL, huber_by_hand(LOGITS - REAL).sum(1)),
    ("hinge", "identity", ONE_HOT, np.maximum(0, 1 - (2 * ONE_HOT - 1) * LOGITS).sum(1)),
    ("poisson", "exp", COUNTS, (np.exp(LOGITS) - COUNTS * LOGITS).sum(1)),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "output", "y", "expected"), FORMULAS)
def test_a_loss_has_the_value_of_its_formula(loss, output, y, expected):
    np.testing.assert_allclose(mean_loss(loss, y, output), expected.mean(), rtol=1e-14)


@pytest.mark.parametrize("output", sorted(CANONICAL))
def test_the_canonical_loss_has_the_derivative_prediction_minus_target(output):
    net = MLP((3, 3), output=output)
    y = {"softmax": ONE_HOT, "sigmoid": ONE_HOT, "identity": REAL, "exp": COUNTS}[output]
    predictions = {"softmax": SOFTMAX, "sigmoid": SIGMOID, "identity": LOGITS, "exp": np.exp(LOGITS)}[output]
    at_the_bias = lambda b: objective(net)([{"w": jnp.eye(3), "b": b}], LOGITS, y)
    gradient = jax.jit(jax.grad(at_the_bias))(jnp.zeros(3))
    np.testing.assert_allclose(gradient, (predictions - y).mean(0), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "hinge"])
@pytest.mark.parametrize("size", [1e2, 1e8, 1e30])
def test_a_classification_loss_and_its_gradient_are_finite_at_any_logit(loss, size):
    output = "softmax" if loss == "cross_entropy" else "sigmoid"
    X = size * np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.5]])
    network = Given(output)
    value, gradient = jax.jit(jax.value_and_grad(objective(network, loss)))(network.init(None), X, LABELS)
    assert np.isfinite(value)
    assert np.isfinite(gradient["scale"])


def test_certain_and_right_costs_nothing_and_certain_and_wrong_costs_the_logit():
    X = np.array([[1000.0, 0.0]])
    assert mean_loss("cross_entropy", [[1.0, 0.0]], "softmax", X) == 0
    assert mean_loss("cross_entropy", [[0.0, 1.0]], "softmax", X) == 1000
    assert mean_loss("binary_cross_entropy", [[1.0, 0.0]], "sigmoid", X) == pytest.approx(np.log(2), rel=1e-15)


def test_an_outcome_of_probability_zero_costs_nothing_even_where_its_logit_is_lowest():
    X = np.array([[1e308, -1e308]])  # their difference overflows
    assert mean_loss("cross_entropy", [[1.0, 0.0]], "softmax", X) == 0


def test_a_loss_may_be_any_callable_of_logits_and_target():
    absolute = lambda logits, target: jnp.abs(logits - target).sum()
    np.testing.assert_allclose(mean_loss(absolute, REAL), np.abs(LOGITS - REAL).sum(1).mean(), rtol=1e-15)


def test_weights_weigh_the_examples():
    expected = -np.log(SOFTMAX[[0, 1], [2, 0]])
    value = mean_loss("cross_entropy", LABELS, "softmax", weight=[1.0, 3.0])
    np.testing.assert_allclose(value, (expected * [1, 3]).sum() / 4, rtol=1e-14)


def test_an_example_of_weight_zero_counts_for_nothing_whatever_its_loss():
    assert weighted_mean(jnp.array([2.0, jnp.inf]), jnp.array([3.0, 0.0])) == 2
    assert weighted_mean(jnp.array([2.0, 5.0]), jnp.zeros(2)) == 0


def test_the_penalty_is_half_l2_times_the_squared_weights_and_never_the_biases():
    net = MLP((2, 3, 1))
    params = [
        {"w": jnp.full((2, 3), 2.0), "b": jnp.full(3, 7.0)},
        {"w": jnp.full((3, 1), -1.0), "b": jnp.full(1, 7.0)},
    ]
    X, y = np.zeros((1, 2)), np.zeros((1, 1))
    assert squared_weights(params) == 6 * 4 + 3
    plain, penalised = objective(net)(params, X, y), objective(net, l2=0.1)(params, X, y)
    np.testing.assert_allclose(penalised - plain, 0.05 * 27, rtol=1e-12)


def test_any_object_with_init_and_apply_is_a_network():
    class Line:
        def init(self, key):
            return {"slope": jnp.asarray(2.0)}

        def apply(self, params, x):
            return params["slope"] * x

    line = Line()
    value = objective(line)(line.init(None), np.array([[1.0], [3.0]]), np.array([[1.0], [0.0]]))
    assert value == (1 / 2 + 36 / 2) / 2


def test_dropout_needs_a_key_and_another_key_drops_others(key):
    net = MLP((3, 8, 2), dropout=0.5, output="softmax")
    f, params = objective(net), net.init(key, jnp.float64)
    values = {float(f(params, LOGITS, [0, 1], key=jax.random.key(seed))) for seed in range(3)}
    assert len(values) == 3
    assert float(f(params, LOGITS, [0, 1])) not in values


def test_equal_objectives_are_equal_and_hashable():
    net = MLP((3, 2), output="softmax")
    assert objective(net, l2=0.1) == objective(net, l2=0.1)
    assert len({objective(net), objective(net, "cross_entropy"), objective(net, l2=0.5)}) == 2


@pytest.mark.parametrize("output", sorted(CANONICAL))
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_fits_an_output_whose_predictions_are_what_it_taught(loss, output):
    """Probabilities by a softmax are not what binary cross-entropy trains; a loss on predictions is of any."""
    fitting = {
        "cross_entropy": ["softmax"], "binary_cross_entropy": ["sigmoid"], "poisson": ["exp"],
        "hinge": ["identity", "sigmoid"],
    }.get(loss, list(CANONICAL))  # fmt: skip
    for given in (loss, LOSSES[loss].of):
        if output in fitting:
            assert objective(Given(output), given).loss == given
        else:
            words = f"loss: expected a loss for '{output}' outputs such as {CANONICAL[output]}, got '{loss}', which fits output='{fitting[0]}'"
            with pytest.raises(ValueError, match=words):
                objective(Given(output), given)


def test_a_network_of_ones_own_that_has_no_output_says_nothing_against_any_loss():
    class Plain:
        init = apply = Given.apply

    assert all(objective(Plain(), loss).loss == loss for loss in LOSSES)


def test_the_pair_that_was_wrong_is_refused_and_the_one_that_fits_finds_the_truth(key):
    """P(1 | x) = sigmoid(x): at x = 1 it is 0.731. A softmax of logits that were trained apart said 0.881."""
    with pytest.raises(ValueError, match="which fits output='sigmoid'"):
        objective(MLP((1, 2), output="softmax"), "binary_cross_entropy")
    x = np.array([[1.0]])
    params = [{"w": np.array([[-1.0, 1.0]]), "b": np.zeros(2)}]
    np.testing.assert_allclose(MLP((1, 2), output="softmax").predict(params, x)[0, 1], 0.8808, atol=1e-4)
    np.testing.assert_allclose(MLP((1, 2), output="sigmoid").predict(params, x)[0, 1], 0.7311, atol=1e-4)


def test_hinge_takes_labels_for_margins_too():
    labels, rows = (mean_loss("hinge", y, "identity") for y in (LABELS, ONE_HOT))
    assert labels == rows


def softmax_objective(X, y, **options):
    net = MLP((3, 3), output="softmax")
    return objective(net)(net.init(jax.random.key(0), jnp.float64), X, y, **options)


REFUSED = [
    (lambda: objective(MLP((3, 2)), "hing"), ValueError, r"loss: expected one of .* got 'hing' \(did you mean 'hinge'\?\)"),
    (lambda: objective(MLP((3, 2)), "cross_entropy"), ValueError, "loss: expected a loss for 'identity' outputs such as squared_error, got 'cross_entropy'"),
    (lambda: objective(MLP((3, 2)), l2=-1), ValueError, "l2: expected a finite number at least 0, got -1"),
    (lambda: objective((3, 2)), TypeError, r"network: expected an object with init\(key\) and apply\(params, x\), got \(3, 2\)"),
    (lambda: softmax_objective(LOGITS, [0, 3]), ValueError, r"y: expected labels from 0 to 2 \(the network has 3 outputs\), got 3 at index \[1\]"),
    (lambda: softmax_objective(LOGITS, [0, -1]), ValueError, r"got -1 at index \[1\]"),
    (lambda: softmax_objective(LOGITS, [0.0, 1.0]), TypeError, r"whole numbers of a float dtype need y.astype\(int\)"),
    (lambda: softmax_objective(LOGITS, [[0, 1, 1], [1, 0, 0.0]]), ValueError, "y: expected rows of probabilities that sum to 1, got a sum of 2 in row 0"),
    (lambda: softmax_objective(LOGITS, [[0, -1, 2.0], [1, 0, 0.0]]), ValueError, r"y: expected probabilities from 0 to 1, got -1.0 at index \[0, 1\]"),
    (lambda: softmax_objective(LOGITS, np.eye(3)[:2, :2]), ValueError, "y: expected integer labels"),
    (lambda: softmax_objective(LOGITS, [0]), ValueError, "y: expected integer labels .* here N=2 and K=3"),
    (lambda: softmax_objective(LOGITS, ["a", "b"]), TypeError, "y: expected an array of real numbers"),
    (lambda: softmax_objective(LOGITS, [[np.nan, 0, 1], [1, 0, 0]]), ValueError, "y: expected finite numbers"),
    (lambda: softmax_objective(LOGITS * np.nan, LABELS), ValueError, "X: expected finite numbers"),
    (lambda: softmax_objective(LOGITS[:, :2], LABELS), ValueError, r"X: expected an array of shape \(N, 3\)"),
    (lambda: softmax_objective(LOGITS[0], 2), ValueError, r"X: expected an array of shape \(N, 3\)"),
    (lambda: softmax_objective(LOGITS[:0], LABELS[:0]), ValueError, "X: expected at least one example"),
    (lambda: softmax_objective(LOGITS, LABELS, weight=[1, -1]), ValueError, "weight: expected weights of at least 0"),
    (lambda: mean_loss("poisson", -COUNTS, "exp"), ValueError, "y: expected counts of at least 0"),
    (lambda: mean_loss("squared_error", LABELS), ValueError, r"y: expected finite numbers of shape \(N, K\), or \(N,\) for one output, here N=2 and K=3"),
    (lambda: mean_loss("binary_cross_entropy", 2 * ONE_HOT, "sigmoid"), ValueError, "y: expected probabilities from 0 to 1, got 2.0"),
    (lambda: mean_loss(LOSSES["huber"].of, REAL[:1]), ValueError, "y: expected one target for each of the 2 examples"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_smoothed_label_is_shared_by_all_classes():
    logits = jnp.log(jnp.asarray([0.7, 0.2, 0.1]))
    # by hand: .9 of it on the second class, a thirtieth of it on each
    expected = -0.9 * np.log(0.2) - 0.1 / 3 * (np.log(0.7) + np.log(0.2) + np.log(0.1))
    assert float(losses.SmoothedCrossEntropy(0.1)(logits, 1)) == pytest.approx(expected)
    assert float(losses.SmoothedCrossEntropy(0)(logits, 0)) == pytest.approx(-np.log(0.7))
    with pytest.raises(ValueError, match="amount: expected a finite number at least 0 and below 1, got 1"):
        losses.SmoothedCrossEntropy(1)
