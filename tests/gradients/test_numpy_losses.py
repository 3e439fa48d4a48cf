"""A loss in NumPy is traced as it stands: same values, its own lines; where that fails the report says why."""

import math

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


def leaky(P, X, y):
    """Entries that a mask chooses, assigned in place: a number, and the same entries times one."""
    z = X @ P["W"]
    z[z < 0] *= 0.1
    margins = 1 - y[:, None] * z
    margins[margins < 0] = 0
    return np.sum(margins)


def leaky_by_hand(P, X, y, slope=0.1):
    z = X @ P["W"]
    a = np.where(z < 0, 0.1 * z, z)
    d = -y[:, None] * (1 - y[:, None] * a > 0)
    return {"W": X.T @ (d * np.where(z < 0, slope, 1))}


def test_entries_that_a_mask_chooses_are_assigned_in_place():
    point = {"W": W}, X, np.where(Y > 1, 1.0, -1.0)
    report = jn.check_gradient(leaky, *point, gradient=leaky_by_hand)
    assert report.ok, str(report)
    assert report.oracle.startswith("jax.grad")
    for slope, kind, line in (
        (0, "path_not_followed", "z[z < 0] *= 0.1"),
        (1, "local_derivative_missing", "z[z < 0] *= 0.1"),
    ):
        (cause,) = jn.check_gradient(leaky, *point, gradient=lambda *a, s=slope: leaky_by_hand(*a, slope=s)).causes
        assert (cause.kind, cause.where.split(": ")[-1]) == (kind, line)


class Layers:
    """A network as an object whose loss asks its own methods."""

    def __init__(self):
        self.V, self.U = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(3, 1))

    def forward(self, X):
        self.h = np.maximum(0, X @ self.V)
        return self.h @ self.U

    def loss(self, X, y):
        return np.mean((self.forward(X) - y[:, None]) ** 2)

    def backward(self, X, y, slope=True):
        d = 2 * (self.forward(X) - y[:, None]) / len(y)
        return {"V": X.T @ (d @ self.U.T * ((self.h > 0) if slope else 1)), "U": self.h.T @ d}


def test_the_methods_of_an_object_are_traced_with_its_loss():
    report = jn.check_gradient(Layers.loss, Layers(), X, X[:, 0], gradient=Layers.backward)
    assert report.ok, str(report)
    assert report.oracle.startswith("jax.grad")
    wrong = lambda *a: Layers.backward(*a, slope=False)
    (cause,) = jn.check_gradient(Layers.loss, Layers(), X, X[:, 0], gradient=wrong).causes
    assert cause.where.endswith("np.maximum(0, X @ self.V)")


def loops(W, X, y):
    """The same loss as courses write it first: entry by entry, in loops with branches."""
    loss = 0.0
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        correct = scores[y[i]]
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            margin = scores[j] - correct + 1
            if margin > 0:
                loss += margin
    return loss / X.shape[0] + 0.5 * np.sum(W * W)


def test_branches_that_a_number_decides_are_both_traced():
    point = W[:, :3], X[:3], np.array([2, 0, 1])
    report = jn.check_gradient(loops, *point, gradient=by_hand)
    assert report.ok, str(report)
    assert report.oracle.startswith("jax.grad")
    (cause,) = jn.check_gradient(loops, *point, gradient=lambda *a: by_hand(*a, correct=False)).causes
    assert (cause.kind, cause.where.split(": ")[-1]) == ("path_not_followed", "scores[j] - correct")


def squashed(z):
    if z > 0 and not z > 3:
        return z
    elif z > -1:
        return 0.1 * z
    return math.tanh(z)


def neurons(P, X, y):
    """No arrays at all: functions of numbers, with several returns."""
    total = 0
    for row, target in zip(X, y, strict=True):
        error = P["c"] * squashed(sum(x * w for x, w in zip(row, P["w"], strict=True))) - target
        total += error**2 if abs(error) < 1 else max(0.0, abs(error))
    return total


def neurons_by_hand(P, X, y, middle=0.1):
    z = X @ P["w"]
    plain = (z > 0) & (z <= 3)
    a = np.where(plain, z, np.where(z > -1, 0.1 * z, np.tanh(z)))
    slope = np.where(plain, 1, np.where(z > -1, middle, 1 - np.tanh(z) ** 2))
    e = P["c"] * a - y
    d = np.where(abs(e) < 1, 2 * e, np.sign(e))
    return {"w": X.T @ (d * P["c"] * slope), "c": d @ a}


def test_functions_of_numbers_are_traced_through_all_their_returns():
    point = {"w": 3 * W[:3, 0], "c": np.float64(0.7)}, X[:5, :3], X[:5, 4]
    report = jn.check_gradient(neurons, *point, gradient=neurons_by_hand)
    assert report.ok, str(report)
    assert report.oracle.startswith("jax.grad")
    (cause,) = jn.check_gradient(neurons, *point, gradient=lambda *a: neurons_by_hand(*a, middle=0)).causes
    assert cause.where.endswith("z > -1")
    assert "the branch where it holds is not followed" in cause.sentence


def positive_margins(w, X, y):
    margins = 1 - y * (X @ w)
    return margins[margins > 0].sum() / len(y) + 0.1 * np.sum(w**2)


def test_entries_that_a_mask_chooses_are_read_where_they_are_summed():
    by_margins = lambda w, X, y: -X.T @ (y * (y * (X @ w) < 1)) / len(y) + 0.2 * w
    report = jn.check_gradient(positive_margins, W[:, 0], X, np.sign(X[:, 1]), gradient=by_margins)
    assert report.ok, str(report)
    assert report.oracle.startswith("jax.grad")


def test_ranges_and_lists_choose_entries_as_they_do_in_numpy():
    def likelihood(W, X, y):
        p = np.exp(X @ W) / np.exp(X @ W).sum(1, keepdims=True)
        return -np.log(p[range(len(y)), list(y)]).sum() + np.sum(W[[0, 2]] ** 2)

    other, said = traceable(likelihood, (W, X, Y))
    assert other is not likelihood, said
