"""A loss in NumPy is traced as it stands: same values, its own lines; where that fails the report says why."""

import numpy as np

import jaxnet as jn
from jaxnet.gradients.numpy_losses import traceable

RANDOM = np.random.default_rng(0)
W, X, Y = RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(8, 5)), RANDOM.integers(0, 4, 8)


def positive(z):
    return np.maximum(0, z)


def hinge(W, X, y):
    """The loss of an SVM as courses write it: a function of its own, entries assigned in place, a float at the end."""
    scores = X.dot(W)
    correct = scores[np.arange(len(y)), y].reshape(-1, 1)
    margins = positive(scores - correct + 1)
    margins[np.arange(len(y)), y] = 0
    total = np.zeros(1)
    total[0] += margins.sum() / len(y)
    return float(total[0] + 0.5 * np.sum(W * W))


def by_hand(W, X, y, correct=True):
    scores, rows = X @ W, np.arange(len(y))
    active = (scores - scores[rows, y][:, None] + 1 > 0) * 1.0
    active[rows, y] = 0
    active[rows, y] = -active.sum(axis=1) if correct else 0
    return X.T @ active / len(y) + W


def test_a_right_gradient_of_a_loss_in_numpy_is_right_by_jax_grad():
    report = jn.check_gradient(hinge, W, X, Y, gradient=by_hand)
    assert report.ok, str(report)
    assert report.oracle.startswith("jax.grad")
    assert "jax.numpy in NumPy's place" in " ".join(report.notes)


def test_the_wrong_line_of_a_loss_in_numpy_is_quoted():
    (cause,) = jn.check_gradient(hinge, W, X, Y, gradient=lambda *a: by_hand(*a, correct=False)).causes
    assert cause.kind == "path_not_followed"
    assert cause.where.startswith("test_numpy_losses.py:")
    assert "`correct`" in cause.sentence


def test_what_jax_cannot_trace_is_judged_by_differences_and_the_report_says_why():
    def rounded(w):
        return float(np.sum(w**2)) if w.max() < 99 else w.tolist()[0]

    report = jn.check_gradient(rounded, W[0], gradient=lambda w: w)
    assert not report.ok
    assert "cannot be traced" in " ".join(report.notes)


def test_a_substitute_with_other_values_is_not_used():
    def kept(w, calls=[]):  # noqa: B006 - that it remembers is the point
        calls.append(1)
        return np.sum(np.asarray(w, dtype=float)) * len(calls)

    f, said = traceable(kept, (np.ones(3),))
    assert f is kept
    assert said


def test_a_loss_that_jax_can_trace_stays_as_it_is():
    f = lambda w: (w**2).sum()
    assert traceable(f, (W,)) == (f, "")
