"""Mistakes at the output: the first delta is wrong, and all below follows."""

import numpy as np

from .backpropagation import RIGHT, SLOPE, sigmoid, softmax
from .mistake import mistake


def wrong_target_class(s):
    """Labels counted from 1 by one side and from 0 by the other."""
    return s.p - np.roll(s.t, 1, axis=1)


def softmax_of_squares(s):
    """Softmax with the squared error's derivative: the whole Jacobian times p - t."""
    error = s.p - s.t
    return s.p * (error - (error * s.p).sum(axis=1, keepdims=True))


OUTPUT_STAGE = (
    mistake(
        "y - p for p - y",
        "sign",
        "the article's, square, softplus, regression",
        output=lambda s: -RIGHT.output(s),
    ),
    mistake(
        "the output's derivative missing",
        "output_derivative_missing, other_loss",
        "sigmoid squares",
        output=lambda s: s.p - s.t,
    ),
    mistake(
        "the output's derivative extra",
        "output_derivative_extra, other_loss",
        "logistic regression, softplus, softmax regression, the article's",
        output=lambda s: (s.p - s.t) * s.p * (1 - s.p),
    ),
    mistake(
        "the output's derivative twice",
        "output_derivative_twice",
        "sigmoid squares",
        output=lambda s: (s.p - s.t) * (s.p * (1 - s.p)) ** 2,
    ),
    mistake(
        "the softmax's Jacobian cut to its diagonal",
        "softmax_diagonal",
        "softmax regression, the article's, relu classifier",
        output=lambda s: -s.t * (1 - s.p),
    ),
    mistake(
        "the softmax's Jacobian left out",
        "softmax_jacobian_missing",
        "softmax regression, relu classifier",
        output=lambda s: -s.t / s.p,
    ),
    mistake(
        "softmax over the batch",
        "softmax_axis",
        "softmax regression, relu classifier, square",
        output=lambda s: softmax(s.z[-1], 0) - s.t,
    ),
    mistake(
        "softmax not normalised",
        "softmax_unnormalised, other_loss",
        "softmax regression, the article's, square",
        output=lambda s: np.exp(s.z[-1]) - s.t,
    ),
    mistake(
        "softmax left out",
        "output_activation_missing",
        "softmax regression, relu classifier",
        output=lambda s: s.z[-1] - s.t,
    ),
    mistake("softmax twice", "softmax_twice", "softmax regression", output=lambda s: softmax(s.p) - s.t),
    mistake(
        "sigmoid for softmax",
        "output_activation_other, other_loss",
        "relu classifier, square",
        output=lambda s: sigmoid(s.z[-1]) - s.t,
    ),
    mistake(
        "the sigmoid left out",
        "output_activation_missing",
        "softplus, logistic regression",
        output=lambda s: s.z[-1] - s.t,
    ),
    mistake(
        "the half for t = 0 missing",
        "loss_term_missing",
        "logistic regression, softplus",
        output=lambda s: -s.t * (1 - s.p),
    ),
    mistake(
        "the half for t = 1 missing",
        "loss_term_missing",
        "logistic regression, softplus",
        output=lambda s: (1 - s.t) * s.p,
    ),
    mistake("the target left out", "target_missing", "the article's, regression, softplus, tiny", output=lambda s: s.p),
    mistake(
        "the squared error's derivative for cross-entropy",
        "other_loss",
        "softmax regression, square",
        output=softmax_of_squares,
    ),
    mistake(
        "the absolute error's derivative",
        "other_loss",
        "regression, three hidden",
        output=lambda s: np.sign(s.p - s.t),
    ),
    mistake("labels counted from 1", "labels_shifted", "relu classifier, square", output=wrong_target_class),
    mistake(
        "the perceptron's rule",
        "output_activation_other, other_loss, unknown",
        "softmax regression, relu classifier",
        output=lambda s: (s.p == s.p.max(axis=1, keepdims=True)) - s.t,
    ),
    mistake(
        "the prediction left out", "prediction_missing", "the article's, regression, softplus", output=lambda s: -s.t
    ),
    mistake(
        "the output's derivative at p",
        "output_derivative_at_a",
        "sigmoid squares",
        output=lambda s: (s.p - s.t) * SLOPE["sigmoid"](s.p),
    ),
    mistake(
        "tanh's derivative for the output's",
        "unknown",
        "sigmoid squares",
        output=lambda s: (s.p - s.t) * (1 - s.p**2),
    ),
    mistake(
        "the mean of squares for half their sum",
        "other_loss, factor",
        "sigmoid squares",
        output=lambda s: 2 / s.k * RIGHT.output(s),
    ),
    mistake(
        "the output's derivative at z",
        "output_derivative_at_z",
        "sigmoid squares",
        output=lambda s: (s.p - s.t) * s.z[-1] * (1 - s.z[-1]),
    ),
)
