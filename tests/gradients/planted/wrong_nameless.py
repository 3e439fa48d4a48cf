"""Mistakes without a familiar name: the report may say only where the backward pass first goes wrong."""

import numpy as np

from .backpropagation import RIGHT
from .mistake import mistake
from .wrong_layers import right_slope

_MATRIX = np.random.default_rng(1).normal(size=(7, 7))


def feedback_alignment(s, l):
    """A fixed random matrix in the place of W transposed."""
    return s.delta[l + 1] @ _MATRIX[: s.delta[l + 1].shape[1], : s.w[l + 1].shape[0]]


def class_weights(s):
    """Classes that count 1, 2, 3 and so on."""
    return RIGHT.output(s) * (1 + s.t.argmax(axis=1)[:, None])


NAMELESS = (
    mistake("a cosine for the slope", "unknown", "regression, square", layer=0, slope=lambda s, l: np.cos(3 * s.z[l])),
    mistake(
        "a slope kept off zero", "unknown", "the article's, sigmoid squares", slope=lambda s, l: right_slope(s, l) + 0.1
    ),
    mistake(
        "half of the units switched off",
        "unknown, unfilled",
        "softplus, regression",
        layer=0,
        slope=lambda s, l: right_slope(s, l) * (np.arange(s.z[l].shape[1]) % 2),
    ),
    mistake(
        "a random matrix for W", "unknown", "regression, relu classifier, softplus", layer=0, down=feedback_alignment
    ),
    mistake("the error cubed", "unknown, other_loss", "regression, relu classifier", output=lambda s: (s.p - s.t) ** 3),
    mistake(
        "the error clipped",
        "unknown, other_loss",
        "softmax regression, regression",
        output=lambda s: np.clip(s.p - s.t, -0.4, 0.4),
    ),
    mistake(
        "labels smoothed",
        "unknown, other_loss",
        "softmax regression, square",
        output=lambda s: s.p - (0.9 * s.t + 0.1 / s.k),
    ),
    mistake(
        "classes weighed",
        "unknown, other_loss, examples_reweighted",
        "relu classifier, softmax regression",
        output=class_weights,
    ),
    mistake(
        "a median over the batch",
        "unknown",
        "regression, relu classifier",
        layer=0,
        bias=lambda s, l: np.median(s.delta[l], axis=0),
    ),
    mistake(
        "inputs centred",
        "unknown",
        "regression, softplus",
        layer=0,
        weight=lambda s, l: (s.a[l] - s.a[l].mean(axis=0)).T @ s.delta[l] / s.n,
    ),
    mistake(
        "a bias of the logarithm",
        "unknown",
        "regression",
        layer=1,
        bias=lambda s, l: np.log1p(s.delta[l] ** 2).sum(axis=0),
    ),
)
