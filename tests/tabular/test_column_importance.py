"""Only what the score depends on is important."""

import numpy as np

from jaxnet.tabular.column_importance import permutation_importance


def test_a_column_matters_by_what_is_lost_without_it():
    X = np.random.default_rng(0).normal(size=(500, 3))
    y = X[:, 0] > 0
    score = lambda features, rows: float(np.mean((features[:, 0] > 0) == y[rows]))
    found = permutation_importance(X, score, {"idle": [1, 2], "all": [0]}, seed=0)
    assert list(found) == ["all", "idle"]
    assert found["idle"] == 0
    assert abs(found["all"] - 0.5) < 0.05  # without it, half of the answers are right
