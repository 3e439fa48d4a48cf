"""A gradient function that is right at the point is asked at two points nearby: right here may be wrong elsewhere."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(0).normal
X, Y, P = DRAW(size=(8, 3)), DRAW(size=(8, 2)), {"W": DRAW(size=(3, 2)), "b": np.zeros(2)}


def f(P, X, Y):
    return jnp.mean((X @ P["W"] + P["b"] - Y) ** 2) + 0.05 * jnp.sum(P["b"] ** 2)


def by_hand(P, X, Y, penalty=lambda b: 0.1 * b):
    d = 2 * (X @ P["W"] + P["b"] - Y) / Y.size
    return {"W": X.T @ d, "b": d.sum(0) + penalty(P["b"])}


def forgotten(P, X, Y):
    return by_hand(P, X, Y, penalty=lambda b: 0 * b)


def test_a_right_gradient_is_right_nearby():
    report = jn.check_gradient(f, P, X, Y, gradient=by_hand)
    assert (report.ok, report.elsewhere) == (True, False)


def test_a_penalty_that_zero_hides_is_named_with_its_line():
    report = jn.check_gradient(f, P, X, Y, gradient=forgotten)
    (cause,) = report.causes
    assert not report.ok
    assert report.elsewhere
    assert report.wrong == ()
    assert "right at this point, but wrong at parameters nearby" in report.headline
    assert (cause.kind, cause.leaves) == ("penalty_missing", ("['b']",))
    assert "['b'] = 0 hides it here" in cause.sentence
    assert "0.05 * jnp.sum(P['b'] ** 2)" in cause.sentence.replace('"', "'")


def test_what_nothing_explains_is_wrong_elsewhere():
    odd = lambda *a: by_hand(*a, penalty=lambda b: 0.1 * np.sin(b) * np.array([1, 7]))
    (cause,) = jn.check_gradient(f, P, X, Y, gradient=odd).causes
    assert (cause.kind, cause.leaves) == ("wrong_elsewhere", ("['b']",))


@pytest.mark.parametrize(
    "gradient", [forgotten(P, X, Y), lambda *a: forgotten(P, X, Y)], ids=["arrays", "the same whatever it is asked"]
)
def test_what_cannot_be_asked_elsewhere_is_judged_here(gradient):
    assert jn.check_gradient(f, P, X, Y, gradient=gradient).ok


def test_a_loss_that_is_not_finite_nearby_says_nothing():
    edge = lambda w: jnp.sum(jnp.where(jnp.abs(w - 1) < 1e-3, w, jnp.nan))
    assert jn.check_gradient(edge, np.array([1.0]), gradient=lambda w: w / w[0] ** 2).ok
