"""Mistakes on the way down: the slope of an activation, and the matrix that delta is passed through."""

import numpy as np

from .backpropagation import SLOPE
from .mistake import mistake


def slope_of(name):
    """The derivative of another activation."""
    return lambda s, l: SLOPE[name](s.z[l])


def at_activation(s, l):
    """The derivative evaluated at a instead of z."""
    return SLOPE[s.problem.activations[l]](s.a[l + 1])


def slope(wrong):
    """A slope written with the layer's z and a."""
    return lambda s, l: wrong(s.z[l], s.a[l + 1])


def right_slope(s, l):
    """The slope as it should be."""
    return SLOPE[s.problem.activations[l]](s.z[l])


SLOPES = (
    mistake(
        "the slope missing at the first layer",
        "activation_derivative_missing",
        "the article's, regression, square, softplus, three hidden, vanishing",
        layer=0,
        slope=slope(lambda z, a: np.ones_like(z)),
    ),
    mistake(
        "the slope missing at the second layer",
        "activation_derivative_missing",
        "square, relu classifier, three hidden",
        layer=1,
        slope=slope(lambda z, a: np.ones_like(z)),
    ),
    mistake(
        "no slope anywhere",
        "activation_derivative_missing",
        "sigmoid squares, softplus, square",
        slope=slope(lambda z, a: np.ones_like(z)),
    ),
    mistake(
        "the slope twice",
        "activation_derivative_twice",
        "the article's, regression, softplus, one example, vanishing",
        slope=lambda s, l: right_slope(s, l) ** 2,
    ),
    mistake(
        "tanh's slope for the sigmoid's",
        "activation_derivative_other",
        "the article's, sigmoid squares",
        slope=slope_of("tanh"),
    ),
    mistake(
        "the sigmoid's slope for tanh's",
        "activation_derivative_other",
        "regression, one example",
        slope=slope_of("sigmoid"),
    ),
    mistake("relu's slope for softplus's", "activation_derivative_other", "softplus", slope=slope_of("relu")),
    mistake(
        "the sigmoid's slope for relu's",
        "activation_derivative_other",
        "relu classifier",
        layer=1,
        slope=slope_of("sigmoid"),
    ),
    mistake(
        "the sigmoid's slope at a", "activation_derivative_at_a", "the article's, sigmoid squares", slope=at_activation
    ),
    mistake("tanh's slope at a", "activation_derivative_at_a", "regression, one example", slope=at_activation),
    mistake("softplus's slope at a", "activation_derivative_at_a", "softplus", slope=at_activation),
    mistake(
        "z (1 - z) for a (1 - a)",
        "activation_derivative_at_z",
        "the article's, sigmoid squares, square",
        layer=0,
        slope=slope(lambda z, a: z * (1 - z)),
    ),
    mistake(
        "1 - z² for 1 - a²", "activation_derivative_at_z", "regression, one example", slope=slope(lambda z, a: 1 - z**2)
    ),
    mistake(
        "1 - a for a (1 - a)",
        "activation_derivative_part",
        "the article's, sigmoid squares",
        slope=slope(lambda z, a: 1 - a),
    ),
    mistake(
        "a for a (1 - a)",
        "activation_derivative_part, activation_derivative_other",
        "the article's",
        slope=slope(lambda z, a: a),
    ),
    mistake("1 - a for 1 - a²", "activation_derivative_part", "regression", slope=slope(lambda z, a: 1 - a)),
    mistake("1 + a² for 1 - a²", "unknown", "regression", slope=slope(lambda z, a: 1 + a**2)),
    mistake(
        "the slope's minus",
        "sign",
        "the article's, regression, softplus",
        layer=0,
        slope=lambda s, l: -right_slope(s, l),
    ),
    mistake(
        "relu's mask from a >= 0",
        "activation_derivative_missing, relu_mask",
        "relu classifier, square relu",
        slope=slope(lambda z, a: (a >= 0) * 1.0),
    ),
    mistake(
        "relu's mask from what came down",
        "relu_mask",
        "relu classifier, square relu",
        slope=lambda s, l: (s.above[l] > 0) * 1.0,
    ),
    mistake(
        "relu's mask of the layer above",
        "relu_mask, activation_derivative_other_layer",
        "square relu",
        layer=0,
        slope=lambda s, l: (s.z[1] > 0) * 1.0,
    ),
    mistake(
        "relu's mask inverted", "relu_mask", "relu classifier, square relu", slope=slope(lambda z, a: (z < 0) * 1.0)
    ),
    mistake(
        "another layer's slope",
        "activation_derivative_other_layer",
        "square",
        layer=0,
        slope=lambda s, l: right_slope(s, 1),
    ),
)

DOWN = (
    mistake(
        "W not transposed",
        "weight_not_transposed",
        "square, square relu, vanishing",
        layer=0,
        down=lambda s, l: s.delta[l + 1] @ s.w[l + 1],
    ),
    mistake(
        "the article's W not transposed",
        "weight_not_transposed",
        "the article's",
        down=lambda s, l: s.delta[l + 1] @ s.w[l + 1],
    ),
    mistake(
        "W left out", "weight_missing", "square, square relu, the article's", layer=0, down=lambda s, l: s.delta[l + 1]
    ),
    mistake(
        "another layer's W",
        "weight_of_another_layer",
        "square, square relu",
        layer=0,
        down=lambda s, l: s.delta[l + 1] @ s.w[l + 2].T,
    ),
    mistake("its own W", "weight_of_another_layer", "square", layer=0, down=lambda s, l: s.delta[l + 1] @ s.w[l].T),
    mistake(
        "the already updated W",
        "weight_already_updated",
        "the article's, regression, relu classifier, square",
        down=lambda s, l: s.delta[l + 1] @ (s.w[l + 1] - 0.1 * s.dw[l + 1]).T,
    ),
    mistake(
        "the already updated W with a step of .5",
        "weight_already_updated",
        "the article's, softplus, three hidden",
        layer=0,
        down=lambda s, l: s.delta[l + 1] @ (s.w[l + 1] - 0.5 * s.dw[l + 1]).T,
    ),
    mistake(
        "minus W",
        "sign",
        "the article's, relu classifier",
        layer=0,
        down=lambda s, l: -s.delta[l + 1] @ s.w[l + 1].T,
    ),
    mistake(
        "the absolute values of W",
        "unknown",
        "regression, softplus",
        layer=0,
        down=lambda s, l: s.delta[l + 1] @ np.abs(s.w[l + 1].T),
    ),
    mistake(
        "W reshaped, not transposed",
        "weight_reshaped",
        "regression, relu classifier, softplus",
        layer=0,
        down=lambda s, l: s.delta[l + 1] @ s.w[l + 1].reshape(s.w[l + 1].T.shape),
    ),
)
