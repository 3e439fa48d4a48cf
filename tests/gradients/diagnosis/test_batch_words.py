"""A factor of 1/n is a mean made twice only of a loss that is a mean over examples in any order."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

W, X, Y = np.array([0.5, -1.0, 2.0]), np.random.default_rng(1).normal(size=(6, 3)), np.linspace(-1, 1, 6)
residual = lambda w, X, y: X.T @ (X @ w - y)


def decayed(w, X, y):
    """A sequence: what comes later counts less."""
    return jnp.sum(jnp.power(0.5, jnp.arange(len(y))) * (X @ w - y) ** 2) / 2


LOSSES = {
    "mean": (lambda w, X, y: jnp.mean((X @ w - y) ** 2) / 2, lambda w, X, y: residual(w, X, y) / len(y) ** 2, "batch_mean_twice", "twice"),
    "sum": (lambda w, X, y: jnp.sum((X @ w - y) ** 2) / 2, lambda w, X, y: residual(w, X, y) / len(y), "batch_mean", "where the loss sums"),
    "sequence": (
        decayed, lambda w, X, y: X.T @ (0.5 ** np.arange(len(y)) * (X @ w - y)) / len(y), "factor", "the length of the data",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("f", "wrong", "kind", "words"), LOSSES.values(), ids=LOSSES)
def test_one_over_n_is_said_as_what_it_is_for_the_loss(f, wrong, kind, words):
    (cause,) = jn.check_gradient(f, W, X, Y, gradient=wrong).causes
    assert cause.kind == kind
    assert words in cause.sentence
