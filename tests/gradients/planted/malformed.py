"""Answers that are no gradient at all: each is explained before any arithmetic."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from .backpropagation import RIGHT, backpropagate, forward
from .problems import PROBLEMS


@dataclasses.dataclass(frozen=True)
class Malformed:
    """A malformed gradient and the words that its report has to contain, whatever their case."""

    name: str
    words: tuple[str, ...]
    gradient: Callable

    problem = PROBLEMS["relu classifier"]

    def __str__(self):
        return self.name


def _sound(params, X, y):
    return backpropagate(RIGHT, Malformed.problem, params, X, y)


def leaf(index, key, change):
    """One leaf in another form: ``change(leaf, s)`` with all that the forward pass knows."""

    def gradient(params, X, y):
        g = _sound(params, X, y)
        g[index] = {**g[index], key: change(g[index][key], forward(Malformed.problem, params, X, y))}
        return g

    return gradient


def every(change):
    """The whole gradient in another form."""
    return lambda params, X, y: change(_sound(params, X, y))


def holding(value):
    """A copy of a leaf with one entry that is no number."""

    def change(w, s):
        w = w.copy()
        w[1, 2] = value
        return w

    return change


def changes_parameters(params, X, y):
    """Takes the step on the way."""
    g = _sound(params, X, y)
    for layer, mine in zip(params, g, strict=True):
        for key in layer:
            layer[key] -= 0.1 * mine[key]
    return g


def changes_data(params, X, y):
    """Scales the inputs where they lie."""
    X *= 0.5
    return _sound(params, X, y)


class Accumulating:
    """Adds to the gradient of the last call, as a training loop that never sets it to zero."""

    def __init__(self):
        self.total = None

    def __call__(self, params, X, y):
        g = _sound(params, X, y)
        self.total = g if self.total is None else jax.tree.map(np.add, self.total, g)
        return self.total


class Noisy:
    """Drops hidden units at random, differently each time."""

    def __init__(self):
        self.random = np.random.default_rng(0)

    def __call__(self, params, X, y):
        return jax.tree.map(lambda v: v * self.random.integers(0, 2, v.shape), _sound(params, X, y))


def raises(params, X, y):
    """Fails."""
    raise ZeroDivisionError("division by the number of examples left")


MALFORMED = (
    Malformed("a transposed weight", ("[0]['w']", "transpose", "(7, 5)", "(5, 7)"), leaf(0, "w", lambda w, s: w.T)),
    Malformed("a bias with keepdims", ("[1]['b']", "keepdims", "(1, 6)"), leaf(1, "b", lambda b, s: b[None])),
    Malformed("a bias as a column", ("[1]['b']", "(6, 1)"), leaf(1, "b", lambda b, s: b[:, None])),
    Malformed(
        "a bias not summed over the batch",
        ("[1]['b']", "batch", "(8, 6)"),
        leaf(1, "b", lambda b, s: np.ones((s.n, b.size))),
    ),
    Malformed(
        "a weight not summed over the batch",
        ("[0]['w']", "batch", "(8, 5, 7)"),
        leaf(0, "w", lambda w, s: np.ones((s.n, *w.shape))),
    ),
    Malformed("a bias as one number", ("[0]['b']", "()"), leaf(0, "b", lambda b, s: b.sum())),
    Malformed("a flattened weight", ("[0]['w']", "(35,)"), leaf(0, "w", lambda w, s: w.ravel())),
    Malformed("a missing leaf", ("[2]['b']", "missing"), every(lambda g: [*g[:2], {"w": g[2]["w"]}])),
    Malformed("a missing layer", ("[2]['w']", "missing"), every(lambda g: g[:2])),
    Malformed("an extra leaf", ("[0]['c']", "extra"), every(lambda g: [{**g[0], "c": np.zeros(3)}, *g[1:]])),
    Malformed("an extra layer", ("[3]", "extra"), every(lambda g: [*g, {"w": np.zeros((3, 3)), "b": np.zeros(3)}])),
    Malformed(
        "names of its own", ("kernel", "missing"), every(lambda g: [{"kernel": d["w"], "bias": d["b"]} for d in g])
    ),
    Malformed("integers", ("[0]['w']", "int64"), leaf(0, "w", lambda w, s: np.round(w).astype(int))),
    Malformed("complex numbers", ("[0]['w']", "complex"), leaf(0, "w", lambda w, s: w.astype(complex))),
    Malformed("text", ("[0]['w']", "<U"), leaf(0, "w", lambda w, s: w.astype(str))),
    Malformed("a NaN", ("[0]['w']", "nan", "[1, 2]"), leaf(0, "w", holding(np.nan))),
    Malformed("an infinity", ("[1]['w']", "inf", "[1, 2]"), leaf(1, "w", holding(np.inf))),
    Malformed("nothing returned", ("None",), every(lambda g: None)),
    Malformed("the loss beside half a gradient", ("loss", "gradient"), every(lambda g: (0.7, g[:1]))),
    Malformed("parameters changed in place", ("in place", "params"), changes_parameters),
    Malformed("data changed in place", ("in place",), changes_data),
    Malformed("an accumulating function", ("repeat",), Accumulating()),
    Malformed("a random function", ("repeat",), Noisy()),
    Malformed("a function that fails", ("ZeroDivisionError", "division by the number of examples left"), raises),
)
