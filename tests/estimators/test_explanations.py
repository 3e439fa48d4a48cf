"""What explains a model takes the estimators as it takes scikit-learn's: SHAP, permutation importance."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance

from jaxnet.estimators import MLPRegressor, TabularClassifier

X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(scope="module")
def tabular():
    """A classifier of a frame whose label is the sign of "tells", beside a category that says nothing."""
    frame = pd.DataFrame({"tells": X[:, 0], "idle": np.where(X[:, 1] > 0, "a", "b")})
    options = {"hidden_layer_sizes": (4,), "epochs": 20, "batch_size": 16, "folds": None, "random_state": 0}
    return TabularClassifier(**options).fit(frame, X[:, 0] > 0), frame


def test_permutation_importance_tells_the_column_that_counts_of_a_frame_as_it_is(tabular):
    model, frame = tabular
    tells, idle = permutation_importance(model, frame, X[:, 0] > 0, random_state=0).importances_mean
    assert tells > 0.3
    assert abs(idle) < 0.1


def test_shap_values_of_a_linear_network_are_its_weights_times_the_distance_from_the_background():
    shap = pytest.importorskip("shap")
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, X @ [3.0, 0, -1])
    found = shap.PermutationExplainer(model.predict, X, seed=0)(X[:5])
    np.testing.assert_allclose(found.values, (X[:5] - X.mean(axis=0)) * model.coefs_[0][:, 0], atol=1e-6)


def test_shap_takes_the_probabilities_of_a_model_of_a_table(tabular):
    shap = pytest.importorskip("shap")
    model, frame = tabular
    # SHAP hands on arrays of numbers, so a category is handed over by its number
    numbers = np.column_stack([frame["tells"], frame["idle"] == "a"])
    named = lambda rows: pd.DataFrame({"tells": rows[:, 0], "idle": np.where(rows[:, 1] > 0.5, "a", "b")})
    served = model.to_model()
    yes = lambda rows: served.predict_proba(named(rows))[:, 1]
    found = shap.PermutationExplainer(yes, numbers, seed=0)(numbers[:3])
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base_values, yes(numbers[:3]), atol=1e-6)
    assert np.abs(found.values[:, 0]).mean() > np.abs(found.values[:, 1]).mean()
