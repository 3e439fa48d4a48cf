"""Mistakes in how the examples of a batch are combined."""

import numpy as np

from .mistake import mistake


def averaged(weights):
    """The mean over the batch taken with other weights of the examples."""
    return {
        "weight": lambda s, l: s.a[l].T @ (weights(s.n)[:, None] * s.delta[l]) / s.n,
        "bias": lambda s, l: (weights(s.n)[:, None] * s.delta[l]).sum(axis=0) / s.n,
    }


def first_only(n):
    """All of the weight on the first example."""
    return n * np.eye(n)[0]


def last_twice(n):
    """The last example counted twice."""
    return np.ones(n) + np.eye(n)[-1]


def after(n, start):
    """Weight 1 from an example on."""
    return (np.arange(n) >= start).astype(float)


def against_shifted(s):
    """Every prediction against the next example's target."""
    return s.p - np.roll(s.t, -1, axis=0)


BATCH = (
    mistake(
        "the first example dropped",
        "examples_dropped",
        "softmax regression, regression, relu classifier, tiny, vanishing",
        **averaged(lambda n: after(n, 1)),
    ),
    mistake(
        "the last half of the batch dropped",
        "examples_dropped",
        "the article's, square",
        **averaged(lambda n: after(n, n // 2)[::-1]),
    ),
    mistake(
        "only the first example used",
        "examples_dropped",
        "the article's, sigmoid squares, softplus",
        **averaged(first_only),
    ),
    mistake(
        "the last example counted twice",
        "examples_reweighted",
        "regression, square",
        **averaged(last_twice),
    ),
    mistake(
        "targets shifted by one example",
        "targets_shifted",
        "softmax regression, the article's, regression, softplus",
        output=against_shifted,
    ),
    mistake("targets in reverse", "targets_shifted", "the article's, regression", output=lambda s: s.p - s.t[::-1]),
    mistake(
        "the biases not averaged",
        "batch_sum",
        "the article's, regression, square",
        bias=lambda s, l: s.delta[l].sum(axis=0),
    ),
    mistake(
        "the weights not averaged",
        "batch_sum",
        "the article's, relu classifier",
        weight=lambda s, l: s.a[l].T @ s.delta[l],
    ),
    mistake(
        "the sum of one layer not averaged",
        "batch_sum",
        "regression, softplus",
        layer=0,
        weight=lambda s, l: s.a[l].T @ s.delta[l],
        bias=lambda s, l: s.delta[l].sum(axis=0),
    ),
    mistake(
        "a bias from the first example alone",
        "bias_not_summed",
        "relu classifier, square",
        layer=1,
        bias=lambda s, l: s.delta[l][0],
    ),
    mistake(
        "a bias averaged twice",
        "batch_mean_twice",
        "regression, softplus",
        layer=0,
        bias=lambda s, l: s.delta[l].mean(axis=0) / s.n,
    ),
)
