"""Metrics of a batch agree with their definitions."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from jaxnet.metrics import accuracy, check_metric, metric_bounds, metric_goal, metric_value, r2


def value(name: str, logits: Any, y: Any, weight: Any = None, *, output: str) -> float:
    """Compute a metric as training does: as one program."""
    of = jax.jit(partial(metric_value, name, output=output))
    return float(of(jnp.asarray(logits), jnp.asarray(y), weight))


LOGITS = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.5, 0.1, 0.4], [-1.0, -2.0, -0.5]])  # classes 0, 1, 0, 2


@pytest.mark.parametrize(
    ("logits", "y", "weight", "expected"),
    [
        (LOGITS, np.array([0, 1, 2, 2]), None, 3 / 4),
        (LOGITS, np.eye(3)[[0, 1, 2, 2]], None, 3 / 4),
        (LOGITS, np.array([0, 1, 2, 2]), np.array([1.0, 1, 6, 0]), 2 / 8),
        (np.array([[-1.0], [2.0], [3.0]]), np.array([0, 1, 0]), None, 2 / 3),
        (np.array([[-1.0], [2.0], [3.0]]), np.array([[0.0], [1.0], [0.0]]), None, 2 / 3),
    ],
)
def test_accuracy_is_the_share_of_right_classes(logits, y, weight, expected):
    assert jax.jit(accuracy)(logits, y, weight) == pytest.approx(expected, rel=1e-15)


def test_r2_is_one_minus_the_unexplained_share_of_the_variance():
    y = np.array([1.0, 2.0, 3.0, 6.0])
    prediction = np.array([1.0, 2.0, 4.0, 5.0])
    # residual sum of squares 2, total sum of squares about the mean 3: 4 + 1 + 0 + 9 = 14
    assert jax.jit(r2)(prediction[:, None], y) == pytest.approx(1 - 2 / 14, rel=1e-14)
    assert jax.jit(r2)(np.full((4, 1), y.mean()), y) == pytest.approx(0, abs=1e-15)


def test_r2_averages_over_outputs_and_weighs_examples():
    y = np.array([[0.0, 0.0], [1.0, 2.0], [9.0, 9.0]])
    prediction = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    # without the third row: the first output is exact, 1; the second leaves 2 of 2, 0
    assert jax.jit(r2)(prediction, y, np.array([1.0, 1, 0])) == pytest.approx(0.5, rel=1e-14)


def test_r2_of_a_target_that_does_not_vary_is_forced_to_be_finite_only_where_that_is_asked_for():
    y, met, missed = jnp.full((4,), 2.0), jnp.full((4, 1), 2.0), jnp.full((4, 1), 3.0)
    assert np.isnan(r2(met, y))
    assert r2(missed, y) == -np.inf
    assert r2(met, y, force_finite=True) == 1
    assert r2(missed, y, force_finite=True) == 0


def outputs_of(kind: str, n: int = 60) -> tuple[np.ndarray, np.ndarray, str]:
    """Draw logits, some of them tied, and targets: for one or many outputs that exclude each other or do not."""
    draw = np.random.default_rng(len(kind))
    k = {"one": 1, "two": 2}.get(kind, 4)
    logits = np.round(draw.normal(size=(n, k)) * 8) / 8  # whose differences are exact, so that ties are ties
    labels = draw.choice(max(k, 2), n, p=None if k == 1 else np.arange(1, k + 1) / np.arange(1, k + 1).sum())
    y = draw.integers(0, 2, (n, k)) if kind == "independent" else labels
    return logits, y, "sigmoid" if kind in ("one", "independent", "rest") else "softmax"


def scikit_learns(name: str, logits: np.ndarray, y: np.ndarray, output: str, weight: Any) -> float:
    """Compute a metric as scikit-learn does, from probabilities and from decisions made by hand."""
    of, k = sklearn.metrics, logits.shape[1]
    p = scipy.special.expit(logits) if output == "sigmoid" else scipy.special.softmax(logits, axis=1)
    chosen = (p > 0.5).astype(int) if y.ndim == 2 else (p[:, 0] > 0.5).astype(int) if k == 1 else p.argmax(1)
    many = y.ndim == 2 or k > 2
    if name == "balanced_accuracy":
        return of.balanced_accuracy_score(y, chosen, sample_weight=weight)
    if name == "f1":
        return of.f1_score(y, chosen, average="macro" if many else "binary", sample_weight=weight)
    if name == "log_loss":
        if output == "sigmoid":
            rows = y.reshape(len(y), -1) if k == 1 or y.ndim == 2 else np.eye(k)[y]
            return np.mean([of.log_loss(rows[:, j], p[:, j], labels=[0, 1], sample_weight=weight) for j in range(k)])
        return of.log_loss(y, p, labels=range(k), sample_weight=weight)
    if name == "auc":
        # one class against the rest, each by scikit-learn's own binary area
        rows = np.eye(k)[y] if y.ndim == 1 and k > 1 else y.reshape(len(y), -1)
        columns = [1] if k == 2 and y.ndim == 1 else range(k)
        return np.mean([of.roc_auc_score(rows[:, j], p[:, j], sample_weight=weight) for j in columns])
    return of.top_k_accuracy_score(y, p + 1e-9 * np.arange(k)[::-1], k=2, labels=range(k), sample_weight=weight)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, kind) for name in ("balanced_accuracy", "f1", "auc", "log_loss") for kind in ("one", "two", "many")),
        *((name, "independent") for name in ("f1", "auc", "log_loss")),
        *((name, "rest") for name in ("balanced_accuracy", "f1", "auc", "log_loss", "top_2_accuracy")),
        ("top_2_accuracy", "many"),
    ],
)
def test_metrics_of_classes_are_scikit_learns(name, kind):
    logits, y, output = outputs_of(kind)
    # whole weights and zeros: a row of weight 0 is as good as none
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    for given in (weight, None) if kind == "many" else (weight,):
        found = value(name, logits, y, given, output=output)
        assert found == pytest.approx(scikit_learns(name, logits, y, output, given), rel=1e-12)


@pytest.mark.parametrize("weight", [None, np.array([2.0, 0.0, 1.0, 3.0, 0.5])])
@pytest.mark.parametrize("outputs", [1, 2])
def test_metrics_of_numbers_are_scikit_learns_and_of_predictions(outputs, weight):
    draw = np.random.default_rng(3)
    logits, y = draw.normal(size=(5, outputs)), draw.poisson(2.0, (5, outputs)).astype(float)
    predicted = np.exp(logits)  # log-rates are not what a target is compared with
    for name, expected in (
        ("r2", sklearn.metrics.r2_score),
        ("mean_absolute_error", sklearn.metrics.mean_absolute_error),
        ("root_mean_squared_error", sklearn.metrics.root_mean_squared_error),
    ):
        found = value(name, logits, y[:, 0] if outputs == 1 else y, weight, output="exp")
        assert found == pytest.approx(expected(y, predicted, sample_weight=weight), rel=1e-12), name


def test_certain_probabilities_that_round_to_one_still_have_an_order():
    logits = jnp.asarray([[60.0, 0, 0], [50.0, 0, 0], [55.0, 0, 0]], jnp.float32)  # of p, 1 - p is below 1e-21
    y = jnp.asarray([0, 1, 0])
    # class 0 before the others: both of its examples lie above the other; class 1 is the lowest of class 0
    assert value("auc", logits, y, output="softmax") == 1.0
    assert np.isnan(value("auc", logits, np.zeros(3, int), output="softmax"))


def test_classes_that_do_not_occur_do_not_count_and_nothing_found_is_zero():
    logits = np.eye(4)[[0, 0, 1]]
    assert value("balanced_accuracy", logits, [0, 1, 1], output="softmax") == 0.75
    # classes 2 and 3 are neither there nor found; of 0 and 1 it is 2/3 each
    assert value("f1", logits, [0, 1, 1], output="softmax") == pytest.approx(2 / 3)
    assert value("f1", [[-1.0]], [0], output="sigmoid") == 0


def test_one_hot_rows_of_a_softmax_are_labels():
    logits, y, _ = outputs_of("many")
    for name in ("accuracy", "balanced_accuracy", "f1", "auc", "log_loss", "top_3_accuracy"):
        by_label, by_row = (value(name, logits, each, output="softmax") for each in (y, np.eye(4)[y]))
        assert by_label == pytest.approx(by_row, rel=1e-14), name


@pytest.mark.parametrize(
    ("name", "goal", "bounds"),
    [
        ("validation_accuracy", "max", (0, 1)),
        ("f1", "max", (0, 1)),
        ("test_auc", "max", (0, 1)),
        ("validation_top_3_accuracy", "max", (0, 1)),
        ("log_loss", "min", (0, np.inf)),
        ("mean_absolute_error", "min", (0, np.inf)),
        ("loss", "min", (-np.inf, np.inf)),
        ("of_my_own", "min", (-np.inf, np.inf)),
    ],
)
def test_which_way_is_better_and_how_far_it_can_go(name, goal, bounds):
    assert (metric_goal(name), metric_bounds(name)) == (goal, bounds)


@pytest.mark.parametrize(
    ("name", "problem", "words"),
    [
        ("roc_auc", {}, r"metrics: expected one of accuracy, .*top_5_accuracy, got 'roc_auc' \(did you mean 'auc'\?\)"),
        ("rmse", {}, "did you mean 'root_mean_squared_error'"),
        ("top_0_accuracy", {}, "expected one of"),
        ("top_3_accuracy", {}, "a number below the 3 outputs in top_<number>_accuracy, got 'top_3_accuracy'"),
        ("f1", {"loss": "squared_error", "output": "identity"}, "a metric of numbers, for no classes are learnt"),
        ("auc", {"loss": "poisson", "output": "exp"}, "no classes are learnt, got 'auc' for loss='poisson'"),
        ("log_loss", {"loss": "hinge", "output": "identity"}, "one that probabilities are not needed for"),
    ],
)
def test_a_metric_without_a_meaning_is_refused(name, problem, words):
    with pytest.raises(ValueError, match=words):
        check_metric(name, **{"loss": "cross_entropy", "output": "softmax", "outputs": 3} | problem)
