"""Whatever is handed in and however odd the problem: a verdict with a table, and never a traceback."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.diagnosis import diagnose as diagnosis

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(8, 4)), RANDOM.normal(size=(8, 2))


def affine(p, X, Y):
    return jnp.mean((X @ p["w"] + p["b"] - Y) ** 2) * 3


def normalised(p, X, Y):
    """NaN for a single example: its variance of n - 1 is 0 / 0."""
    h = X @ p["w"]
    return jnp.mean((h / jnp.sqrt(h.var(0, ddof=1) + 1e-5) - Y) ** 2)


def of_scalars(p):
    return p["a"] ** 2 * jnp.sum(p["w"] ** 2)


W = {"w": RANDOM.normal(size=(4, 2)), "b": RANDOM.normal(size=2)}
PROBLEMS = {
    "NaN for one example": (normalised, {"w": W["w"]}, X, Y),
    "a gradient of zeros": (lambda p, X, Y: 0.0 * affine(p, X, Y), W, X, Y),
    "a constant": (lambda p: 3.0, W),
    "a batch of one": (affine, W, X[:1], Y[:1]),
    "a scalar parameter": (of_scalars, {"a": 2.0, "w": np.ones(3)}),
    "an empty leaf": (lambda p: jnp.sum(p["w"] ** 2) + jnp.sum(p["e"]), {"w": W["w"], "e": np.zeros((0, 2))}),
    "columns": (
        lambda p, X, Y: jnp.mean((p["w"] @ X + p["b"] - Y) ** 2), {"w": W["w"].T, "b": W["b"][:, None]}, X.T, Y.T,
    ),
}  # fmt: skip
MISTAKES = {
    "a sum for a mean": lambda g, p: len(X) * g,
    "a sum beside a penalty": lambda g, p: len(X) * g + 0.1 * p,
    "half": lambda g, p: g / 2,
    "another function": lambda g, p: np.sin(3 * g) + p**3,
    "zeros": lambda g, p: 0 * g,
    "the parameters": lambda g, p: p + 0 * g,
    "one entry": lambda g, p: np.concatenate([g.ravel()[:1] + 1, g.ravel()[1:]]).reshape(g.shape) if g.size else g,
    "reversed": lambda g, p: np.flip(g),
    "as a float": lambda g, p: 1.0,
}


@pytest.fixture(scope="module")
def judged():
    """The reports on every mistake in a problem, given as arrays and as a function."""

    def judge(problem):
        f, params, *data = PROBLEMS[problem]
        true = lambda *a: jax.tree.map(np.asarray, jax.grad(f)(*a))
        for name, change in MISTAKES.items():
            mine = lambda p, *d, change=change: jax.tree.map(change, true(p, *d), p)
            yield name, jn.check_gradient(f, params, *data, gradient=mine)

    return judge


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_mistake_in_an_odd_problem_has_a_verdict_and_a_search_that_ends(problem, judged):
    for name, report in judged(problem):
        assert "verdict" in str(report), name
        assert not any("search for a cause failed" in cause.sentence for cause in report.causes), (name, report)


def test_an_exception_inside_the_diagnosis_does_not_cost_the_verdict(monkeypatch):
    def broken(evidence):
        raise KeyError("n")

    monkeypatch.setattr(diagnosis, "_diagnose", broken)
    report = jn.check_gradient(affine, W, X, Y, gradient=lambda p, X, Y: p)
    assert report.wrong == ("['b']", "['w']")
    (cause,) = report.causes
    assert (cause.kind, cause.residual) == ("unknown", 1.0)
    assert "The search for a cause failed (KeyError: 'n')" in str(report)


def test_the_cause_that_is_not_known_offers_no_remedy():
    report = jn.check_gradient(affine, W, X, Y, gradient=lambda p, X, Y: jax.tree.map(lambda w: np.cos(3 * w), p))
    assert "Instead" not in str(report)


def test_a_factor_is_tried_on_another_batch_before_it_is_named():
    w, y = W["w"][:, 0], Y[:, 0]
    by_inputs = lambda w, X, y: X.T @ (X @ w - y) / X.shape[1]  # for n = 8 and 4 inputs it is 2 times too large
    (cause,) = jn.check_gradient(lambda w, X, y: jnp.mean((X @ w - y) ** 2) / 2, w, X, y, gradient=by_inputs).causes
    assert "n/number of inputs" in cause.sentence


def test_a_number_that_another_batch_refutes_is_no_cause():
    f = lambda w, X, y: jnp.mean((X @ w - y) ** 2) / 2
    odd = lambda w, X, y: X.T @ (X @ w - y) / len(X) * (2 if len(X) == 8 else 1 + np.sin(len(X)))
    (cause,) = jn.check_gradient(f, W["w"][:, 0], X, Y[:, 0], gradient=odd).causes
    assert cause.kind == "unknown"


def test_a_penalty_that_the_gradient_forgot_is_not_told_backwards():
    f = lambda W, X, Y: jnp.mean((X @ W - Y) ** 2) / 2 + 0.05 * jnp.sum(W**2)
    (cause,) = jn.check_gradient(f, W["w"], X, Y, gradient=lambda W, X, Y: X.T @ (X @ W - Y) / Y.size).causes
    assert cause.kind == "penalty_missing"
    assert "left out" in cause.sentence


def test_columns_are_counted_as_examples_where_they_are():
    f = lambda W, X, Y: jnp.mean((W @ X - Y) ** 2)
    (cause,) = jn.check_gradient(f, W["w"].T, X.T, Y.T, gradient=lambda W, X, Y: (W @ X - Y) @ X.T).causes
    assert cause.factor == 8
    assert "n" in cause.sentence
