"""How often training compiles: once for data of nearly the same size, and never for a number."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score

from jaxnet.estimators import MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
# no number that the activation reads, which would make every count another program
TRACES = itertools.count()


def counted(z):
    """tanh, which counts how often it is traced: a compiled program does not call it again."""
    next(TRACES)
    return jnp.tanh(z)


SMALL = {"hidden_layer_sizes": (6,), "activation": counted, "random_state": 0, "max_iter": 3}
FIRST_ROWS = slice(0, 122)


@pytest.fixture
def compiled():
    """One fit and one prediction of about the size that each test has, whose programs the test is to share; the count
    of traces after them."""
    for parameters in ({}, {"batch_size": 16}, {"solver": "sgd"}):
        MLPClassifier(**SMALL | parameters).fit(X[FIRST_ROWS], Y[FIRST_ROWS]).predict(X[:20])
    return repr(TRACES)


@pytest.mark.parametrize("parameters", [{}, {"batch_size": 16}], ids=["full batch", "mini-batches"])
def test_the_folds_of_a_cross_validation_share_a_program(parameters, compiled):
    # 7 folds of 143 rows train on 122 or 123, and predict 20 or 21
    cross_val_score(MLPClassifier(**SMALL | parameters), X[7:], Y[7:], cv=7)
    assert repr(TRACES) == compiled


@pytest.mark.parametrize(
    "numbers",
    [
        {"alpha": [1e-4, 1.0], "learning_rate_init": [1e-3, 1e-2], "beta_1": [0.5, 0.9], "epsilon": [1e-8, 1]},
        {"tol": [1e-4, 0.1], "n_iter_no_change": [2, 5], "max_iter": [2, 4]},
        {"solver": ["sgd"], "learning_rate": ["constant", "invscaling", "adaptive"], "momentum": [0, 0.9]},
    ],
    ids=["rates", "tolerances", "schedules"],
)
def test_a_search_over_numbers_compiles_nothing(numbers, compiled):
    GridSearchCV(MLPClassifier(**SMALL), numbers, cv=7, refit=False).fit(X[7:], Y[7:])
    assert repr(TRACES) == compiled


def test_partial_fits_of_batches_of_nearly_the_same_size_share_a_program_with_fit(compiled):
    mlp = MLPClassifier(**SMALL)
    for rows in (128, 127, 125, 121):
        mlp.partial_fit(X[:rows], Y[:rows], classes=np.unique(Y))
    assert repr(TRACES) == compiled
