"""Formulas for a softmax, a cross-entropy and a normalisation that went wrong are named as what they are."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(3).normal
X, W, Y, G = DRAW(size=(5, 4)), DRAW(size=(4, 3)), np.array([0, 2, 1, 1, 0]), DRAW(size=(5, 3))
HOT = np.eye(3)[Y]


def written_out(W, X, y):
    """The cross-entropy by way of the probabilities."""
    e = jnp.exp(X @ W)
    p = e / e.sum(1, keepdims=True)
    return -jnp.mean(jnp.log(p[np.arange(len(y)), y]))


def likelihood(W, X, y):
    """The same by the logarithm of the sum of the exponentials."""
    z = X @ W
    return jnp.mean(jnp.log(jnp.sum(jnp.exp(z - z.max(1, keepdims=True)), 1)) + z.max(1) - z[np.arange(len(y)), y])


def from_prediction(prediction):
    return lambda W, X, y: X.T @ (prediction(X @ W) - np.eye(3)[y]) / len(y)


def over(axis):
    return lambda z: np.exp(z) / np.exp(z).sum(axis, keepdims=True)


@pytest.mark.parametrize("f", [written_out, likelihood])
def test_probabilities_are_expected_where_the_right_gradient_has_them(f):
    assert jn.check_gradient(f, W, X, Y, gradient=from_prediction(over(1))).ok


@pytest.mark.parametrize(
    ("f", "prediction", "kind"),
    [
        (written_out, lambda z: z, "output_activation_missing"),
        (likelihood, np.exp, "softmax_unnormalised"),
        (written_out, over(0), "softmax_axis"),
        (likelihood, lambda z: 1 / (1 + np.exp(-z)), "output_activation_other"),
    ],
    ids=["logits", "exponentials", "over the examples", "the logistic function"],
)
def test_what_stands_for_the_probabilities_is_named(f, prediction, kind):
    (cause,) = jn.check_gradient(f, W, X, Y, gradient=from_prediction(prediction)).causes
    assert cause.kind == kind
    assert cause.residual < 1e-13


def layer_norm(x, G):
    """Features of an example normalised by the variance with n - 1, weighed by G."""
    centred = x - x.mean(1, keepdims=True)
    return jnp.sum(G * (centred / jnp.sqrt(jnp.sum(centred**2, 1, keepdims=True) / (x.shape[1] - 1) + 1e-5)))


def by_formula(x, G, mean=1, variance=1, statistics=1.0):
    n, centred = x.shape[1], x - x.mean(1, keepdims=True)
    s = np.sqrt((centred**2).sum(1, keepdims=True) / (n - 1) + 1e-5)
    y = centred / s
    through = y * (G * y).sum(variance, keepdims=True) / (n - 1 if variance == 1 else len(x) * (n - 1) / n)
    return (G - statistics * (G.mean(mean, keepdims=True) + through)) / s


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"mean": 0}, "reduction_axis", "the mean of what comes back is taken over axis 0, not over axis 1"),
        ({"variance": 0}, "reduction_axis", "through the variance is averaged over axis 0, not over axis 1"),
        ({"statistics": 0.0}, "path_not_followed", "both statistics are taken for constants"),
    ],
    ids=["mean", "variance", "constants"],
)
def test_the_terms_of_a_normalisation_are_told_apart(wrong, kind, words):
    x = DRAW(size=(5, 3))
    assert jn.check_gradient(layer_norm, x, G, gradient=by_formula).ok
    (cause,) = jn.check_gradient(layer_norm, x, G, gradient=lambda *a: by_formula(*a, **wrong)).causes
    assert cause.kind == kind
    assert words in cause.sentence


NET = {"W": DRAW(size=(4, 3)), "gamma": 1 + 0.3 * DRAW(size=3)}


def batch_norm(P, X, T):
    """Units normalised over the examples, in the lines in which courses write it, and weighed by gamma."""
    h = X @ P["W"]
    mean = h.mean(0)
    variance = ((h - mean) ** 2).mean(0)
    unit = (h - mean) / jnp.sqrt(variance + 1e-5)
    return jnp.sum((P["gamma"] * unit - T) ** 2) / len(X)


def batch_norm_backward(axis=0, through=None, power=1):
    """Its gradient; each option is one wrong line."""

    def gradient(P, X, T):
        h = X @ P["W"]
        s = np.sqrt(h.var(0) + 1e-5)
        unit = (h - h.mean(0)) / s
        d = 2 * (P["gamma"] * unit - T) / len(X)
        g, xhat = d * P["gamma"], unit if through is None else through(h)
        mean = lambda a: a.mean(axis, keepdims=True)
        return {"W": X.T @ ((g - mean(g) - xhat * mean(g * xhat)) / s**power), "gamma": (d * unit).sum(0)}

    return gradient


@pytest.mark.parametrize(
    ("mistake", "kind", "words"),
    [
        ({"axis": 1}, "reduction_axis", "averaged over axis 1, not over axis 0"),
        ({"power": 2}, "factor", "divided by the deviation twice"),
        ({"through": lambda h: h}, "value_of_another", "x stands for the normalised x"),
        ({"through": lambda h: h - h.mean(0)}, "value_of_another", "x - mean stands for the normalised x"),
    ],
)
def test_a_batch_norm_inside_a_product_is_seen_through(mistake, kind, words):
    (cause,) = jn.check_gradient(batch_norm, NET, X, G, gradient=batch_norm_backward(**mistake)).causes
    assert cause.kind == kind
    assert words in cause.sentence


def test_a_batch_norm_derived_rightly_is_right():
    assert jn.check_gradient(batch_norm, NET, X, G, gradient=batch_norm_backward()).ok
