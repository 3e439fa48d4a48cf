"""Each number of a constructor reaches the training, also where an earlier fit of the process had another.

Numbers are traced, so that a second fit compiles nothing: a number that is kept with the program of the first fit
would be its number for good, in silence.
"""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval

from jaxnet import estimators

X = np.random.default_rng(0).normal(size=(48, 3))
Y = (X[:, 0] > X[:, 1] * X[:, 2]).astype(int)
MLP = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, "batch_size": 16}
TABULAR = {"hidden_layer_sizes": (4,), "epochs": 6, "random_state": 0, "batch_size": 16, "folds": None}
# numbers that are traced, each another than the default, all of which one fit can have
ADAM = {"alpha": 0.5, "learning_rate_init": 0.02, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1, "dropout": 0.4}
SGD = {"alpha": 0.5, "learning_rate_init": 0.2, "power_t": 0.1, "momentum": 0.3, "dropout": 0.4}
ROWS = {
    "MLPClassifier": (MLP | {"dropout": 0.1}, ADAM),
    "MLPRegressor": (
        MLP | {"loss": "quantile", "dropout": 0.1, "solver": "sgd", "learning_rate": "invscaling"},
        SGD | {"quantile": 0.9},
    ),
    "TabularClassifier": (
        TABULAR,
        {"learning_rate": 0.3, "clip": 1.0, "beta_2": 0.5, "bias_rate": 2.0, "scale_rate": 0.1, "label_smoothing": 0.5},
    ),
}
# what decides how many epochs there are, or which rows teach, has tests of its own, and so have whole numbers
OTHERS = {"tol", "validation_fraction", "early_stopping", "n_iter_no_change"}
# one of two processes may have compiled in a hurry, which changes last bits: those of float64, and of float32 in Tabular
ROUNDING = {"MLPClassifier": 1e-9, "MLPRegressor": 1e-9, "TabularClassifier": 1e-3}
FRESH = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import test_arguments
json.dump({name: test_arguments.answers(name, changed) for name, (_, changed) in test_arguments.ROWS.items()}, sys.stdout)
"""


def answers(name, changed):
    options, _ = ROWS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = getattr(estimators, name)(**options | changed).fit(X, Y)
    return (found.predict if name.endswith("Regressor") else found.predict_proba)(X).astype(float).ravel().tolist()


@pytest.fixture(scope="module")
def second():
    """The answers with all numbers changed, of fits that are not the first of their kind in this process."""
    return {name: (answers(name, {}), answers(name, changed)) for name, (_, changed) in ROWS.items()}


@pytest.mark.parametrize("name", ROWS)
def test_each_number_alone_changes_the_answer_beyond_rounding(name, second):
    first, together = second[name]
    assert first != together
    for argument, value in ROWS[name][1].items():
        moved = np.abs(np.subtract(answers(name, {argument: value}), first)).max()
        assert moved > ROUNDING[name], argument


def test_a_second_fit_is_that_of_a_fresh_process(second):
    command = [sys.executable, "-c", FRESH, json.dumps([*sys.path, str(__file__).rpartition("/")[0]])]
    fresh = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name, (_, together) in second.items():
        np.testing.assert_allclose(together, fresh[name], rtol=0, atol=ROUNDING[name], err_msg=name)


def test_no_real_number_of_a_constructor_is_left_out():
    tried = {name for options, changed in ROWS.values() for name in changed}
    for name in ROWS:
        kind = getattr(estimators, name)
        real = {
            each
            for each, constraints in kind._parameter_constraints.items()
            if any(isinstance(rule, Interval) and rule.type.__name__ == "Real" for rule in constraints)
        }
        assert real - OTHERS <= tried, name
