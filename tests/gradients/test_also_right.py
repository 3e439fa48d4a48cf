"""Gradients that differ from jax.grad and are right: ties of a maximum, constants for safety, stopped gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

RANDOM = np.random.default_rng(0)
W, X, Y = RANDOM.normal(size=3), RANDOM.normal(size=(6, 3)), np.array([0.0, 1, 1, 0, 1, 0])
TIED = np.array([1.0, 1.0, 0.5])


@pytest.mark.parametrize("share", [(1, 0), (0, 1), (0.5, 0.5), (0.3, 0.7)])
def test_any_convex_combination_is_right_at_a_tie(share):
    report = jn.check_gradient(
        lambda w: jnp.max(w) * 2, TIED, gradient=lambda w: np.array([2.0 * share[0], 2 * share[1], 0])
    )
    assert report.ok, str(report)


@pytest.mark.parametrize("wrong", [(1, 1, 0), (0, 0, 1), (2, -1, 0)], ids=["both", "another", "not convex"])
def test_nothing_else_is_right_at_a_tie(wrong):
    assert not jn.check_gradient(lambda w: jnp.max(w), TIED, gradient=lambda w: np.array(wrong, float)).ok


def test_the_first_of_tied_entries_in_every_row_is_right():
    X = np.array([[1.0, 1, 0], [0, 2, 2], [3, 0, 1]])
    first = np.eye(3)[[0, 1, 0]]
    mine = lambda w: (first * X).sum(0)
    report = jn.check_gradient(lambda w: jnp.sum(jnp.max(X * w, axis=1)), np.ones(3), gradient=mine)
    assert report.ok, str(report)
    assert "tie" in " ".join(report.notes)


IMAGE = np.random.default_rng(1).integers(0, 3, (2, 4, 6)).astype(float)  # nearly every window has a tie


def pooled(w, X):
    return jnp.sum(jax.lax.reduce_window(w * X, -jnp.inf, jax.lax.max, (1, 2, 2), (1, 2, 2), "VALID") ** 2)


def pooled_by_hand(share):
    """``share``: of a window's entries [4], what each of them gets of what comes back to their maximum."""

    def gradient(w, X):
        result = np.zeros_like(w)
        for image in X:
            for i, j in np.ndindex(2, 3):
                at = (slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
                z = (w[at] * image[at]).ravel()
                result[at] += (2 * z.max() * share(z == z.max())).reshape(2, 2) * image[at]
        return result

    return gradient


@pytest.mark.parametrize(
    ("share", "ok"),
    [
        (lambda hit: np.eye(4)[np.argmax(hit)], True),
        (lambda hit: np.eye(4)[3 - np.argmax(hit[::-1])], True),
        (lambda hit: hit / hit.sum(), True),
        (lambda hit: hit * 1.0, False),
        (lambda hit: np.full(4, 0.25), False),
    ],
    ids=["the first", "the last", "shared", "each in full", "a mean"],
)
def test_of_tied_entries_in_a_window_any_share_is_right_and_more_than_that_is_not(share, ok):
    report = jn.check_gradient(pooled, np.ones((4, 6)), IMAGE, gradient=pooled_by_hand(share))
    assert report.ok is ok, str(report)


def logistic(w, X, y):
    p = 1 / (1 + jnp.exp(-X @ w))
    return -jnp.mean(y * jnp.log(p + 1e-8) + (1 - y) * jnp.log(1 - p + 1e-8))


def clipped(w, X, y):
    p = jnp.clip(1 / (1 + jnp.exp(-X @ w)), 1e-7, 1 - 1e-7)
    return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))


def by_hand(w, X, y):
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


@pytest.mark.parametrize("f", [logistic, clipped])
def test_a_gradient_is_right_but_for_a_small_constant_in_the_loss(f):
    assert jn.check_gradient(f, W, X, Y, gradient=by_hand).ok


def test_so_it_is_where_nothing_but_the_constant_keeps_a_logarithm_finite():
    shares = np.array([0.0, 0.3, 0.7])
    f = lambda z, shares: -jnp.sum(shares * jnp.log(jax.nn.softmax(z) * (shares > 0) + 1e-9))
    p = lambda z: np.exp(z) / np.exp(z).sum()
    assert jn.check_gradient(f, np.array([0.1, 0.5, -0.2]), shares, gradient=lambda z, shares: p(z) - shares).ok


def test_the_constant_is_named_with_its_line():
    report = jn.check_gradient(logistic, W, X, Y, gradient=by_hand)
    line = logistic.__code__.co_firstlineno + 2
    assert f"right but for the 1e-08 in line {line} of f" in " ".join(report.notes)


def test_a_small_penalty_is_no_constant_for_safety():
    f = lambda w, X, y: logistic(w, X, y) + 1e-5 * jnp.sum(w**2)
    assert not jn.check_gradient(f, W, X, Y, gradient=by_hand).ok


def test_where_f_stops_gradients_the_verdict_follows_jax_grad():
    f = lambda w: jax.lax.stop_gradient(w[0]) * w[0]
    report = jn.check_gradient(f, np.array([3.0]), gradient=lambda w: w)
    assert report.ok, str(report)
    assert "stop_gradient" in report.oracle
    assert not jn.check_gradient(f, np.array([3.0]), gradient=lambda w: 2 * w).ok
