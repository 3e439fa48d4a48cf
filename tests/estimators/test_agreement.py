"""The same random_state gives the same model as scikit-learn's, to rounding in float64."""

import inspect

import numpy as np
import pytest
import sklearn.neural_network as scikit
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression

from jaxnet.estimators import MLPClassifier, MLPRegressor

CLASSIFIERS, REGRESSORS = (scikit.MLPClassifier, MLPClassifier), (scikit.MLPRegressor, MLPRegressor)
IRIS = load_iris(return_X_y=True)
BINARY = (IRIS[0], IRIS[1] == 1)
LABELS = make_multilabel_classification(n_samples=90, n_features=6, random_state=0)
NUMBERS = make_regression(n_samples=90, n_features=6, n_targets=2, noise=5.0, random_state=0)
NUMBERS = (NUMBERS[0], NUMBERS[1] / 100)
COUNTS = (NUMBERS[0], np.floor(np.abs(NUMBERS[1][:, 0]) * 3))
WEIGHT = np.random.RandomState(1).uniform(0.5, 2, 90)

# rounding: some hundred updates, each within a few units of 1.1e-16, of weights about 1
ROUNDING = 1e-12

CASES = {
    "adam on the full batch": (CLASSIFIERS, IRIS, {}),
    "adam on mini-batches, the last one short": (CLASSIFIERS, IRIS, {"batch_size": 40, "alpha": 0.1}),
    "adam without shuffling": (CLASSIFIERS, IRIS, {"batch_size": 40, "shuffle": False, "activation": "tanh"}),
    "other betas and epsilon": (CLASSIFIERS, IRIS, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    "sgd with Nesterov's momentum": (CLASSIFIERS, BINARY, {"solver": "sgd", "learning_rate_init": 0.1}),
    "sgd with plain momentum": (CLASSIFIERS, BINARY, {"solver": "sgd", "nesterovs_momentum": False, "batch_size": 40}),
    "sgd, invscaling": (
        CLASSIFIERS,
        BINARY,
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.3, "batch_size": 40},
    ),
    "sgd, adaptive": (
        CLASSIFIERS,
        BINARY,
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2, "batch_size": 40},
    ),
    "early stopping, stratified": (CLASSIFIERS, BINARY, {"early_stopping": True, "n_iter_no_change": 3}),
    "early stopping, several classes": (CLASSIFIERS, IRIS, {"early_stopping": True, "batch_size": 40}),
    "a score that stands still, which tol=0 does not end": (
        CLASSIFIERS,
        BINARY,
        {"early_stopping": True, "tol": 0, "n_iter_no_change": 2},
    ),
    "several labels": (CLASSIFIERS, LABELS, {"activation": "logistic", "alpha": 1.0}),
    "several outputs": (REGRESSORS, NUMBERS, {"activation": "identity"}),
    "early stopping on R²": (REGRESSORS, NUMBERS, {"early_stopping": True, "n_iter_no_change": 3}),
    "poisson": (REGRESSORS, COUNTS, {"loss": "poisson", "batch_size": 40}),
    "no hidden layer": (REGRESSORS, NUMBERS, {"hidden_layer_sizes": (), "activation": "logistic"}),
    "two hidden layers": (REGRESSORS, NUMBERS, {"hidden_layer_sizes": (6, 3), "batch_size": 40}),
}


def fitted(classes, data, *, sample_weight=None, **parameters):
    parameters = {"hidden_layer_sizes": (5,), "max_iter": 30, "random_state": 0} | parameters
    options = {} if sample_weight is None else {"sample_weight": sample_weight}
    return [of(**parameters).fit(*data, **options) for of in classes]


def assert_same(theirs, ours, tolerance=ROUNDING):
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(theirs, name), getattr(ours, name), strict=True):
            np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance)
    for name in ("loss_curve_", "validation_scores_", "loss_", "best_loss_", "best_validation_score_"):
        a, b = getattr(theirs, name, None), getattr(ours, name, None)
        assert (a is None) == (b is None) or (theirs.solver, name) == ("lbfgs", "loss_curve_"), name
        if a is not None:
            np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance, err_msg=name)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(theirs, name) == getattr(ours, name), name


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("classes", "data", "parameters"), CASES.values(), ids=CASES.keys())
def test_weights_and_curves_are_scikit_learns(classes, data, parameters):
    if "loss" in parameters and "loss" not in inspect.signature(scikit.MLPRegressor).parameters:
        pytest.skip("scikit-learn has losses to choose from 1.7 on")
    theirs, ours = fitted(classes, data, **parameters)
    assert_same(theirs, ours)
    np.testing.assert_allclose(ours.predict(data[0]), theirs.predict(data[0]), rtol=1e-10, atol=1e-10)


WEIGHTED = pytest.mark.skipif(
    "sample_weight" not in inspect.signature(scikit.MLPRegressor.fit).parameters, reason="1.7"
)


@WEIGHTED
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_so_are_they_with_sample_weights():
    assert_same(*fitted(REGRESSORS, NUMBERS, sample_weight=WEIGHT, early_stopping=True, n_iter_no_change=3))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:sklearn")  # 1.6 prints by an option that scipy gives up
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lbfgs_takes_the_same_path():
    # each of 15 line searches amplifies rounding, which scikit-learn's matrix products and XLA's do differently
    assert_same(*fitted(CLASSIFIERS, BINARY, solver="lbfgs", activation="tanh", max_iter=15), tolerance=1e-7)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_float32_stays_float32_and_agrees_as_far_as_it_goes():
    theirs, ours = fitted(CLASSIFIERS, (IRIS[0].astype(np.float32), IRIS[1]))
    assert {w.dtype for w in ours.coefs_ + ours.intercepts_} == {np.dtype(np.float32)}
    assert ours.predict_proba(IRIS[0].astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-5)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fits_of_batches_of_different_sizes_agree(solver):
    pair = [of((5,), solver=solver, learning_rate="invscaling", random_state=0) for of in CLASSIFIERS]
    for start, stop in [(0, 60), (60, 117), (92, 150)]:
        for mlp in pair:
            mlp.partial_fit(IRIS[0][start:stop], IRIS[1][start:stop], classes=[0, 1, 2])
    assert_same(*pair)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_warm_start_goes_on_with_the_same_weights_and_curve():
    pair = fitted(CLASSIFIERS, IRIS, warm_start=True, max_iter=5)
    for mlp in pair:
        mlp.fit(*IRIS)
    assert_same(*pair)
    assert len(pair[1].loss_curve_) == 10


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "parameters", [{}, {"batch_size": 40, "tol": 1.0, "n_iter_no_change": 2}], ids=["full", "mini"]
)
def test_a_random_state_that_is_shared_is_left_as_scikit_learn_leaves_it(parameters):
    left = []
    for of in CLASSIFIERS:
        random = np.random.RandomState(3)
        of((5,), max_iter=30, random_state=random, **parameters).fit(*IRIS)
        left.append(random.uniform())
    assert left[0] == left[1]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_certain_mistake_costs_what_scikit_learn_says():
    # logits of hundreds: the clipped loss is 36, the true one hundreds
    theirs, ours = fitted(CLASSIFIERS, (IRIS[0] * 1000, IRIS[1]), max_iter=3)
    assert theirs.loss_curve_[0] > 10
    assert_same(theirs, ours, tolerance=1e-9)
