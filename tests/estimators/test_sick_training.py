"""A warning that is given only to those who ask for it."""

import warnings

import numpy as np
import pytest

from jaxnet.estimators import MLPClassifier, SickTrainingWarning

X = np.random.default_rng(0).normal(size=(40, 2))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
STILL = MLPClassifier((3,), solver="sgd", learning_rate_init=1e-9, max_iter=12, n_iter_no_change=50, random_state=0)


def test_it_is_silent_even_where_warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Stochastic Optimizer")
        STILL.fit(X, y)  # a warning would be raised
    assert STILL.n_iter_ == 12


def test_it_says_what_the_curve_shows_where_it_is_asked_for():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Stochastic Optimizer")
        warnings.simplefilter("always", SickTrainingWarning)
        with pytest.warns(SickTrainingWarning, match="training looks sick: the loss hardly changed"):
            STILL.fit(X, y)
