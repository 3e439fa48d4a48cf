"""Other data stand for some: weights that do not count, > for >=, logarithms, standardising or smoothing left out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(3).normal
X, Y = DRAW(size=(6, 2)), DRAW(size=6)
WEIGHTS = np.array([1.0, 2.0, 0.5, 1.0, 3.0, 1.5])
TIMES = np.array([3.0, 1.0, 2.0, 2.0, 5.0, 4.0])
KINDS, W = np.eye(3)[[0, 1, 2, 2, 1, 0]], DRAW(size=(2, 3))


def weighed(w, X, y, weights):
    return jnp.sum(weights * (X @ w - y) ** 2) / jnp.sum(weights)


def late(w, X, y, times):
    return jnp.sum((X @ w - y) ** 2 * (times >= 2.0)) / len(y)


def fitted(w, X, counts):
    return jnp.mean((X @ w - jnp.log(counts)) ** 2) / 2


def standardised(W, X, Y):
    Xn = (X - X.mean(0)) / X.std(0)
    return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(Xn @ W), axis=1))


def smoothed(W, X, Y):
    t = 0.9 * Y + 0.1 / 3
    return -jnp.mean(jnp.sum(t * jax.nn.log_softmax(X @ W), axis=1))


def plain(W, X, Y):
    P = np.exp(X @ W)
    return X.T @ (P / P.sum(axis=1, keepdims=True) - Y) / len(X)


def signed(w, X, y):
    s = 2 * y - 1
    return jnp.mean(jnp.log1p(jnp.exp(-s * (X @ w))))


WRONG = {
    "weights that do not count": (
        weighed, (X[0], X, Y, WEIGHTS), lambda w, X, y, s: 2 * X.T @ (X @ w - y) / len(y),
        "data_ignored", "ones stand for `weights`",
    ),
    "greater for at least": (
        late, (X[0], X, Y, TIMES), lambda w, X, y, t: 2 * X.T @ ((X @ w - y) * (t > 2)) / len(y),
        "other_branch", "> stands for >=",
    ),
    "counts for their logarithms": (
        fitted, (X[0], X, TIMES), lambda w, X, counts: X.T @ (X @ w - counts) / len(counts),
        "value_of_another", "`counts` stands for it",
    ),
    "inputs that are not standardised": (
        standardised, (W, X, KINDS), plain, "value_of_another", "`X` stands for `Xn`, wherever it counts, in the forward",
    ),
    "the deviation left out of it": (
        standardised, (W, X, KINDS), lambda W, X, Y: plain(W, X - X.mean(0), Y), "value_of_another", "`X - X.mean(0)` stands",
    ),
    "targets that are not smoothed": (
        smoothed, (W, X, KINDS), plain, "value_of_another", "`Y` stands for `t`, wherever it counts",
    ),
    "zeros and ones for signs": (
        signed, (X[0], X, KINDS[:, 0]), lambda w, X, y: -X.T @ (y / (1 + np.exp(y * (X @ w)))) / len(y),
        "value_of_another", "`y` stands for `s`",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("f", "point", "gradient", "kind", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_line_about_data_is_named(f, point, gradient, kind, words):
    (cause,) = jn.check_gradient(f, *point, gradient=gradient).causes
    assert cause.kind == kind
    assert words in cause.sentence
    assert cause.where.startswith("test_data_mutations.py:")
