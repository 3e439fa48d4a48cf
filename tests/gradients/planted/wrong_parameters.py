"""Mistakes in one layer's gradients, its weight's, its bias's, and the penalty's."""

import numpy as np

from .mistake import mistake

OUTER_PRODUCT = (
    mistake(
        "z for a",
        "input_pre_activation",
        "regression, relu classifier, softplus, vanishing",
        layer=1,
        weight=lambda s, l: s.z[l - 1].T @ s.delta[l] / s.n,
    ),
    mistake(
        "a layer's own output for its input",
        "input_of_another_layer",
        "square, square relu",
        layer=1,
        weight=lambda s, l: s.a[l + 1].T @ s.delta[l] / s.n,
    ),
    mistake(
        "the input of the layer below",
        "input_of_another_layer",
        "square, square relu",
        layer=1,
        weight=lambda s, l: s.a[l - 1].T @ s.delta[l] / s.n,
    ),
    mistake(
        "another layer's delta",
        "delta_of_another_layer",
        "square, square relu",
        layer=1,
        weight=lambda s, l: s.a[l].T @ s.delta[l + 1] / s.n,
    ),
    mistake(
        "the delta before its slope",
        "delta_before_derivative",
        "regression, square, softplus",
        layer=0,
        weight=lambda s, l: s.a[l].T @ s.above[l] / s.n,
    ),
    mistake(
        "a weight's gradient times the weight",
        "times_parameter",
        "regression, softplus",
        layer=0,
        weight=lambda s, l: s.w[l] * (s.a[l].T @ s.delta[l]) / s.n,
    ),
    mistake(
        "the input squared",
        "unknown",
        "relu classifier",
        layer=0,
        weight=lambda s, l: (s.a[l] ** 2).T @ s.delta[l] / s.n,
    ),
    mistake(
        "the input reshaped, not transposed",
        "input_reshaped",
        "regression, relu classifier",
        layer=0,
        weight=lambda s, l: s.a[l].reshape(-1, s.n) @ s.delta[l] / s.n,
    ),
    mistake(
        "the input left out",
        "input_missing",
        "regression, relu classifier, softplus",
        layer=1,
        weight=lambda s, l: np.ones_like(s.a[l]).T @ s.delta[l] / s.n,
    ),
    mistake(
        "the inputs of other examples",
        "input_shifted",
        "regression, relu classifier, softmax regression",
        layer=0,
        weight=lambda s, l: np.roll(s.a[l], 1, axis=0).T @ s.delta[l] / s.n,
    ),
)

BIAS = (
    mistake(
        "a bias summed over everything",
        "bias_summed_over_everything",
        "relu classifier, softplus, three hidden, tiny",
        layer=0,
        bias=lambda s, l: np.full(s.b[l].shape, s.delta[l].sum() / s.n),
    ),
    mistake(
        "a bias summed over the wrong axis",
        "bias_wrong_axis",
        "square relu",
        layer=1,
        bias=lambda s, l: s.delta[l].sum(axis=1) / s.n,
    ),
    mistake(
        "a bias times the parameter",
        "times_parameter",
        "the article's, regression, square",
        layer=0,
        bias=lambda s, l: s.b[l] * s.delta[l].sum(axis=0) / s.n,
    ),
    mistake(
        "a bias before its slope",
        "delta_before_derivative",
        "regression, square, softplus",
        layer=0,
        bias=lambda s, l: s.above[l].sum(axis=0) / s.n,
    ),
    mistake(
        "another layer's delta in the bias",
        "delta_of_another_layer, wrong_leaf",
        "square",
        layer=0,
        bias=lambda s, l: s.delta[l + 1].sum(axis=0) / s.n,
    ),
    mistake("a bias of ones", "unknown", "regression", layer=0, bias=lambda s, l: np.ones_like(s.b[l])),
    mistake(
        "a bias summed from the weight's gradient",
        "bias_from_weights",
        "regression, square",
        layer=0,
        bias=lambda s, l: s.dw[l].sum(axis=0),
    ),
)

PENALISED = "logistic regression, square, softplus, three hidden"
PENALTY = (
    mistake("the penalty missing", "penalty_missing", PENALISED, weight_penalty=lambda s, l: 0),
    mistake("the penalty doubled", "penalty_factor", PENALISED, weight_penalty=lambda s, l: 2 * s.l2 * s.w[l]),
    mistake("the penalty halved", "penalty_factor", "square, softplus", weight_penalty=lambda s, l: s.l2 * s.w[l] / 2),
    mistake("the penalty negated", "penalty_factor", PENALISED, weight_penalty=lambda s, l: -s.l2 * s.w[l]),
    mistake(
        "the penalty divided by the batch",
        "penalty_factor",
        "square, three hidden",
        weight_penalty=lambda s, l: s.l2 / s.n * s.w[l],
    ),
    mistake(
        "the penalty times the batch", "penalty_factor", "softplus", weight_penalty=lambda s, l: s.l2 * s.n * s.w[l]
    ),
    mistake("the penalty on biases too", "penalty_on_biases", PENALISED, bias_penalty=lambda s, l: s.l2 * s.b[l]),
    mistake(
        "the sum of absolute values for squares",
        "penalty_norm",
        PENALISED,
        weight_penalty=lambda s, l: s.l2 * np.sign(s.w[l]),
    ),
    mistake(
        "the norm for its square",
        "penalty_norm, penalty_factor",
        "square",
        weight_penalty=lambda s, l: s.l2 * s.w[l] / np.linalg.norm(s.w[l]),
    ),
    mistake(
        "the penalty missing in the first layer",
        "penalty_missing",
        "square, three hidden",
        layer=0,
        weight_penalty=lambda s, l: 0,
    ),
    mistake(
        "a sum over the batch beside a right penalty",
        "batch_sum",
        "square, softplus",
        weight=lambda s, l: s.a[l].T @ s.delta[l],
        bias=lambda s, l: s.delta[l].sum(axis=0),
    ),
    mistake(
        "a penalty that the loss does not have",
        "penalty_extra",
        "the article's, regression, relu classifier",
        weight_penalty=lambda s, l: 0.1 * s.w[l],
    ),
    mistake(
        "a penalty on the last layer that the loss does not have",
        "penalty_extra",
        "relu classifier",
        layer=2,
        weight_penalty=lambda s, l: 0.1 * s.w[l],
    ),
)
