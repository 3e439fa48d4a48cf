"""Small data that most tests of the estimators share, so that they also share compiled programs."""

import numpy as np
import pytest
from sklearn.datasets import load_iris


@pytest.fixture
def iris():
    """Every third flower: X [50, 4], y [50], three classes."""
    X, y = load_iris(return_X_y=True)
    return X[::3], y[::3]


@pytest.fixture
def line():
    """Numbers on a noisy plane: X [50, 4], y [50]."""
    random = np.random.RandomState(0)
    X = random.normal(size=(50, 4))
    return X, X @ [1.0, -2.0, 0.5, 0.0] + random.normal(size=50)
