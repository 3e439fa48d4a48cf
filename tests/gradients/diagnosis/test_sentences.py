"""What is said: where, by which formula, and the right line of NumPy."""

import pytest

from jaxnet.gradients.diagnosis.replay import Hypothesis
from jaxnet.gradients.diagnosis.sentences import MistakePlace, RightLines, fix, sentence

LINES = RightLines("p - Y", ("{a} * (1 - {a})", "({z} > 0)"), averaged=True, l2=0.1)


def said(kind, text, place, factor=None):
    return sentence(Hypothesis(kind, text, lambda s: None, factor=factor), place, LINES)


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        (3, "delta3 = p - Y"),
        (2, "delta2 = (delta3 @ W3.T) * (z2 > 0)"),
        (1, "delta1 = (delta2 @ W2.T) * a1 * (1 - a1)"),
    ],
)
def test_the_right_line_of_every_delta(layer, line):
    assert LINES.delta(layer) == line


def test_the_right_lines_of_a_layers_gradients():
    assert LINES.weights(1) == "dW1 = X.T @ delta1 / n + 0.1 * W1"
    assert LINES.biases(3) == "db3 = delta3.sum(axis=0) / n"
    assert LINES._replace(averaged=False, l2=0.0).weights(2) == "dW2 = a1.T @ delta2"


@pytest.mark.parametrize(
    ("kind", "text", "place", "factor", "words"),
    [
        ("batch_sum", "n", MistakePlace("times_w", (1, 2, 3), "Every leaf"), 8.0,
         "Every leaf: the gradient is 8 = n times what it should be: it is summed over the examples where the loss averages."),
        ("factor", "2", MistakePlace("scale_w", (1,), "[0]['w']"), 2.0,
         "[0]['w']: the data term (the penalty is right) is 2 times what it should be."),
        ("weight_already_updated", "0.1", MistakePlace("matrix", (1, 2), "From layer 2 down"), 0.1,
         "Layers 1 and 2: delta was passed down through the weights of layers 2 and 3 after they had been updated (step 0.1); "
         "use the weights of the forward pass."),
        ("activation_derivative_at_z", "z * (1 - z)", MistakePlace("slope", (1,), "From layer 1 down"), None,
         "Layer 1: a formula meant for the activation a is given the weighted sum z (z1 * (1 - z1)); it is a1 * (1 - a1)."),
        ("softmax_diagonal", "-Y * (1 - p)", MistakePlace("output", (3,), "Every leaf"), None,
         "Output: only the diagonal of the softmax Jacobian is used (-Y * (1 - p)); the loss's derivative at the logits is p - Y."),
        ("penalty_factor", "1/n", MistakePlace("penalty_w", (1,), "[0]['w']"), 0.125,
         "[0]['w']: the penalty's gradient has the wrong factor (0.125 = 1/n times the right one)."),
    ],
)  # fmt: skip
def test_a_mistake_is_said_in_one_sentence(kind, text, place, factor, words):
    assert said(kind, text, place, factor) == words


@pytest.mark.parametrize(
    ("kind", "place", "line"),
    [
        ("sign", MistakePlace("scale_w", (1, 2), "From layer 2 down"), "delta2 = (delta3 @ W3.T) * (z2 > 0)"),
        ("batch_sum", MistakePlace("scale_w", (1, 2, 3), "Every leaf"), "dW3 = a2.T @ delta3 / n + 0.1 * W3\ndb3 = delta3.sum(axis=0) / n"),
        ("input_pre_activation", MistakePlace("left", (2,), "[1]['w']"), "dW2 = a1.T @ delta2 / n + 0.1 * W2"),
        ("bias_not_summed", MistakePlace("bias", (2,), "[1]['b']"), "db2 = delta2.sum(axis=0) / n"),
        ("unknown", MistakePlace("stopped", (1,), "From layer 1 down"), "delta1 = (delta2 @ W2.T) * a1 * (1 - a1)"),
    ],
)  # fmt: skip
def test_the_remedy_is_the_line_that_was_wrong(kind, place, line):
    assert fix(Hypothesis(kind, "", lambda s: None), place, LINES) == line
