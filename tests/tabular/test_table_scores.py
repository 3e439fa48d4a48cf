"""Scores against scikit-learn's, and intervals against published values."""

import math

import numpy as np
import pytest
from sklearn import metrics

from jaxnet.tabular.table_scores import class_scores, confusion, main_score, r_squared, residuals, value_scores

LABELS = np.array([0, 0, 1, 1, 2, 2, 2, 0])
PROBABILITIES = np.random.default_rng(0).dirichlet([1, 1, 1], 8)


def test_scores_of_classes_are_scikit_learns():
    found, predicted = class_scores(LABELS, PROBABILITIES), PROBABILITIES.argmax(1)
    assert found["accuracy"] == metrics.accuracy_score(LABELS, predicted)
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(LABELS, predicted))
    assert found["f1"] == pytest.approx(metrics.f1_score(LABELS, predicted, average="macro"))
    assert found["cross_entropy"] == pytest.approx(metrics.log_loss(LABELS, PROBABILITIES))
    assert confusion(LABELS, predicted, 3) == metrics.confusion_matrix(LABELS, predicted).tolist()
    assert main_score(found) == "accuracy"


def test_the_interval_of_an_accuracy_is_wilsons():
    """81 of 263: .2553 to .3662 (Newcombe 1998, Statistics in Medicine 17, table I, method 3)."""
    labels = np.zeros(263, int)
    probabilities = np.stack([np.arange(263) < 81, np.arange(263) >= 81], axis=1).astype(float)
    assert class_scores(labels, probabilities)["interval"] == pytest.approx([0.2553, 0.3662], abs=5e-5)


def test_scores_of_values_are_scikit_learns_and_the_interval_holds_the_score():
    draw = np.random.default_rng(1)
    values = draw.normal(size=200)
    predicted = values + 0.3 * draw.normal(size=200)
    found = value_scores(values, predicted)
    assert found["r2"] == pytest.approx(metrics.r2_score(values, predicted))
    assert found["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(values, predicted))
    assert found["root_mean_squared_error"] == pytest.approx(metrics.root_mean_squared_error(values, predicted))
    assert found["interval"][0] < found["r2"] < found["interval"][1]


def test_values_that_do_not_vary_have_no_r2():
    assert math.isnan(r_squared(np.ones(3), np.ones(3)))


def test_residuals_are_told_by_quantiles():
    assert list(residuals(np.array([1.0, 2, 3, 4, 5]), np.zeros(5)).values()) == [1, 2, 3, 4, 5]
