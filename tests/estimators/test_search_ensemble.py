"""The ensemble of a search: greedy selection by hand, and what a search makes of it."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

from jaxnet.estimators import MLPClassifier, MLPRegressor, PopulationGridSearchCV
from jaxnet.estimators.search_ensemble import greedy_selection

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore:.*one by one")
X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 20}


def test_those_are_chosen_whose_mean_is_best_and_a_worse_one_never():
    targets = np.array([0.0, 1.0, 2.0])
    above, below, far = targets + 1, targets - 0.5, targets + 9
    # below alone, then above beside it (errors .25), then below again: 2/3 below and 1/3 above is exact
    candidates = np.stack([above, below, far, np.full(3, np.nan)])[:, :, None]
    np.testing.assert_allclose(greedy_selection(candidates, targets, 3), [1 / 3, 2 / 3, 0, 0])
    np.testing.assert_allclose(greedy_selection(candidates, targets, 5), [1 / 3, 2 / 3, 0, 0])
    np.testing.assert_allclose(greedy_selection(candidates, targets, 1), [0, 1, 0, 0])


def test_classes_are_judged_by_log_loss():
    targets = np.eye(2)[[0, 1]]
    sure = np.array([[0.99, 0.01], [0.99, 0.01]])  # wrong and certain once
    careful = np.array([[0.6, 0.4], [0.4, 0.6]])
    np.testing.assert_array_equal(greedy_selection(np.stack([sure, careful]), targets, 1), [0, 1])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"predictions: expected an array of shape \(C, 3, 1\)"):
        greedy_selection(np.zeros((2, 4, 1)), np.zeros(3), 2)
    with pytest.raises(ValueError, match="predictions: expected a candidate of finite predictions, got none"):
        greedy_selection(np.full((2, 3, 1), np.nan), np.zeros(3), 2)
    with pytest.raises(ValueError, match="rounds: expected"):
        greedy_selection(np.zeros((2, 3, 1)), np.zeros(3), 0)


def test_a_search_refits_the_chosen_ones_and_averages_them():
    space = [
        {"m": [MLPClassifier(**SMALL)], "m__learning_rate_init": [0.003, 0.03]},
        {"m": [LogisticRegression(C=0.01)]},
    ]
    search = PopulationGridSearchCV(
        Pipeline([("m", MLPClassifier(**SMALL))]), space, cv=2, ensemble=8, dtype=None, refit=False
    ).fit(X, Y)
    parameters = search.cv_results_["params"]
    held = np.stack(
        [
            cross_val_predict(
                Pipeline([("m", MLPClassifier(**SMALL))]).set_params(**each), X, Y, cv=2, method="predict_proba"
            )
            for each in parameters
        ]
    )
    expected = greedy_selection(held, np.eye(3)[Y], 8)
    found = np.zeros(3)
    found[list(search.ensemble_selection_)] = list(search.ensemble_selection_.values())
    np.testing.assert_allclose(found, expected)
    blended = np.tensordot(expected, held, axes=1)
    assert log_loss(Y, blended) <= min(log_loss(Y, each) for each in held) + 1e-12
    each = [member.predict_proba(X) for member in search.ensemble_.estimators_]
    np.testing.assert_allclose(search.ensemble_.predict_proba(X), np.tensordot(search.ensemble_.weights_, each, axes=1))
    alone = (
        Pipeline([("m", MLPClassifier(**SMALL))])
        .set_params(**parameters[next(iter(search.ensemble_selection_))])
        .fit(X, Y)
    )
    np.testing.assert_allclose(each[0], alone.predict_proba(X), rtol=1e-9)


def test_values_are_averaged_too(line):
    search = PopulationGridSearchCV(
        MLPRegressor(**SMALL), {"alpha": [1e-4, 1.0]}, cv=2, ensemble=3, dtype=None, refit=False
    ).fit(*line)
    each = [member.predict(line[0]) for member in search.ensemble_.estimators_]
    np.testing.assert_allclose(
        search.ensemble_.predict(line[0]), np.average(each, axis=0, weights=search.ensemble_.weights_)
    )
    with pytest.raises(AttributeError, match="no probabilities"):
        search.ensemble_.predict_proba(line[0])
