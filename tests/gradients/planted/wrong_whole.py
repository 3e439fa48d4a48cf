"""Mistakes with the whole gradient: its scale, clipping, where numbers are put, what was never written."""

import numpy as np

from .mistake import mistake


def scaled(factor):
    """The whole gradient times a factor that may depend on what was computed."""
    return lambda s, g: [{key: factor(s) * leaf for key, leaf in layer.items()} for layer in g]


def rearranged(change):
    """Every weight rearranged."""
    return lambda s, g: [{"w": change(layer["w"]), "b": layer["b"]} for layer in g]


def changed(index, key, change):
    """One leaf changed."""

    def whole(s, g):
        g[index] = {**g[index], key: change(g[index][key], s)}
        return g

    return whole


SCALE = (
    mistake(
        "summed, not averaged, over the batch",
        "batch_sum",
        "the article's, regression, relu classifier, square relu, tiny",
        whole=scaled(lambda s: s.n),
    ),
    mistake(
        "averaged over the batch twice",
        "batch_mean_twice",
        "softmax regression, sigmoid squares, regression",
        whole=scaled(lambda s: 1 / s.n),
    ),
    mistake(
        "divided by n - 1",
        "factor",
        "the article's, regression, relu classifier",
        whole=scaled(lambda s: s.n / (s.n - 1)),
    ),
    mistake("divided by n + 1", "factor", "regression, relu classifier", whole=scaled(lambda s: s.n / (s.n + 1))),
    mistake(
        "averaged over the outputs too",
        "factor",
        "softmax regression, sigmoid squares, relu classifier",
        whole=scaled(lambda s: 1 / s.k),
    ),
    mistake(
        "divided by the number of features",
        "factor",
        "softmax regression, regression, relu classifier",
        whole=scaled(lambda s: 1 / s.a[0].shape[1]),
    ),
    mistake(
        "the 2 of the square kept", "factor", "regression, three hidden, sigmoid squares", whole=scaled(lambda s: 2)
    ),
    mistake("the loss halved", "factor", "softmax regression, softplus, one example", whole=scaled(lambda s: 0.5)),
    mistake(
        "the sign of ascent",
        "sign",
        "logistic regression, the article's, square, three hidden, tiny, vanishing",
        whole=scaled(lambda s: -1),
    ),
    mistake(
        "a logarithm of base 2",
        "factor",
        "softmax regression, the article's, relu classifier",
        whole=scaled(lambda s: 1 / np.log(2)),
    ),
    mistake("a logarithm of base 10", "factor", "the article's", whole=scaled(lambda s: 1 / np.log(10))),
    mistake("the step instead of the gradient", "factor", "the article's, softplus", whole=scaled(lambda s: -0.1)),
    mistake(
        "a batch size written as a constant", "factor", "the article's, regression", whole=scaled(lambda s: s.n / 100)
    ),
    mistake(
        "one weight doubled",
        "factor",
        "the article's, square, three hidden, vanishing",
        whole=changed(1, "w", lambda w, s: 2 * w),
    ),
    mistake(
        "one bias times 4 / n", "factor", "regression, three hidden", whole=changed(0, "b", lambda b, s: 4 / s.n * b)
    ),
    mistake("one bias negated", "sign", "square, relu classifier, vanishing", whole=changed(1, "b", lambda b, s: -b)),
    mistake(
        "all weights halved",
        "factor",
        "the article's, regression",
        whole=lambda s, g: [{"w": layer["w"] / 2, "b": layer["b"]} for layer in g],
    ),
)

CLIPPING = (
    mistake(
        "clipped by value",
        "clipped_by_value",
        "the article's, regression, square",
        whole=lambda s, g: [{k: np.clip(v, -0.02, 0.02) for k, v in layer.items()} for layer in g],
    ),
    mistake(
        "clipped by the global norm",
        "clipped_by_norm",
        "the article's, regression, relu classifier",
        whole=scaled(lambda s: 0.01 / np.sqrt(sum((v**2).sum() for v in [*s.dw.values(), *s.db.values()]))),
    ),
)

ARRANGEMENT = (
    mistake(
        "a square weight transposed",
        "transposed",
        "square, square relu, vanishing",
        whole=changed(1, "w", lambda w, s: w.T),
    ),
    mistake("square weights transposed", "transposed", "square", whole=rearranged(lambda w: w.T)),
    mistake(
        "transposed and reshaped",
        "transposed_and_reshaped",
        "the article's, relu classifier, softplus",
        whole=changed(0, "w", lambda w, s: w.T.reshape(w.shape)),
    ),
    mistake(
        "read in Fortran order",
        "fortran_order",
        "regression, three hidden",
        whole=changed(1, "w", lambda w, s: w.ravel().reshape(w.shape, order="F")),
    ),
    mistake(
        "rows in reverse",
        "permuted_rows",
        "softmax regression, relu classifier",
        whole=changed(0, "w", lambda w, s: w[::-1]),
    ),
    mistake(
        "columns rolled by one",
        "permuted_columns",
        "relu classifier, square, softplus",
        whole=changed(1, "w", lambda w, s: np.roll(w, 1, axis=1)),
    ),
    mistake(
        "a bias in reverse",
        "permuted_entries",
        "relu classifier, three hidden, vanishing",
        whole=changed(0, "b", lambda b, s: b[::-1]),
    ),
    mistake(
        "two weights exchanged",
        "leaves_exchanged",
        "square, square relu",
        whole=lambda s, g: [{"w": g[i]["w"], "b": g[j]["b"]} for j, i in enumerate((1, 0, 2))],
    ),
    mistake(
        "two biases exchanged",
        "leaves_exchanged",
        "square, three hidden",
        whole=lambda s, g: [{"w": layer["w"], "b": g[{0: 2, 2: 0}.get(j, j)]["b"]} for j, layer in enumerate(g)],
    ),
    mistake("the layers in reverse", "layers_reversed", "square, square relu", whole=lambda s, g: g[::-1]),
    mistake(
        "a bias that is another's",
        "wrong_leaf",
        "square, three hidden",
        whole=lambda s, g: changed(0, "b", lambda b, s: g[2]["b"])(s, g),
    ),
    mistake(
        "a weight that is another's",
        "wrong_leaf",
        "square relu",
        whole=lambda s, g: changed(2, "w", lambda w, s: g[1]["w"])(s, g),
    ),
)


def without(array, *index):
    """A copy with the entries at an index left at zero."""
    array = array.copy()
    array[index] = 0
    return array


def nudged(w, s):
    """One entry mistyped."""
    w = w.copy()
    w[1, 0] += 0.5
    return w


FILLING = (
    mistake(
        "one entry never written",
        "unfilled",
        "softmax regression, square, tiny",
        whole=changed(0, "w", lambda w, s: without(w, 2, 1)),
    ),
    mistake(
        "the last column never written",
        "unfilled",
        "relu classifier, square",
        whole=changed(1, "w", lambda w, s: without(w, slice(None), -1)),
    ),
    mistake(
        "the last row never written",
        "unfilled",
        "regression, softplus",
        whole=changed(0, "w", lambda w, s: without(w, -1)),
    ),
    mistake("a bias never written", "zero", "the article's, three hidden", whole=changed(0, "b", lambda b, s: 0 * b)),
    mistake(
        "no bias written",
        "zero",
        "regression",
        whole=lambda s, g: [{"w": layer["w"], "b": 0 * layer["b"]} for layer in g],
    ),
    mistake("one entry wrong", "entries", "softmax regression, three hidden", whole=changed(0, "w", nudged)),
)
