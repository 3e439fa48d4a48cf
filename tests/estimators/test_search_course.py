"""A search over populations is scikit-learn's in all that is seen: whatever it accepts, says, refuses and returns."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from jaxnet.estimators import (
    MLPClassifier,
    MLPRegressor,
    PopulationGridSearchCV,
    PopulationHalvingGridSearchCV,
    PopulationHalvingRandomSearchCV,
    PopulationSearchCV,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 5}
ALPHAS = {"alpha": [1e-4, 1.0]}
RANDOM = PopulationSearchCV, RandomizedSearchCV, {"n_iter": 2, "random_state": 0}
GRID = PopulationGridSearchCV, GridSearchCV, {}


def both(kind, estimator, space, **options):
    """The searches, ours and scikit-learn's, not fitted yet, over the same estimator."""
    ours, theirs, own = kind
    options = {"cv": 2} | own | options
    return ours(estimator, space, dtype=None, **options), theirs(estimator, space, **options)


def assert_same(ours, theirs):
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    for name, values in theirs.cv_results_.items():
        if name.startswith(("split", "mean_t", "std_t", "rank", "iter", "n_resources")):
            np.testing.assert_allclose(ours.cv_results_[name], values, rtol=1e-9, err_msg=name)
    assert not set(vars(theirs)) - set(vars(ours))


class Shuffled(MLPClassifier):
    """A subclass that fits in a way of its own."""

    def fit(self, X, y, **options):
        return super().fit(X[::-1], y, **options)


class Own(Pipeline):
    """Stands for imbalanced-learn's: a Pipeline, and more."""


def piped(last, of=Pipeline):
    return of([("scale", StandardScaler()), ("mlp", last)])


ALONE = {
    "a fit of its own": (Shuffled(**SMALL), ALPHAS, "2 of 2 .* Shuffled, which has a fit of its own"),
    "another pipeline": (piped(MLPClassifier(**SMALL), Own), {"mlp__alpha": [1e-4, 1]}, "a Own of .* more than"),
    "another last step": (
        piped(MLPClassifier(**SMALL)),
        {"mlp": [LogisticRegression(), MLPClassifier(**SMALL)]},
        "fits 1 of 2 candidates one by one.*LogisticRegression as the last step",
    ),
    "a wrapper": (
        TransformedTargetRegressor(MLPRegressor(**SMALL), transformer=StandardScaler()),
        {"regressor__alpha": [1e-4, 1]},
        "population: TransformedTargetRegressor",
    ),
    "a pipeline in a pipeline": (
        make_pipeline(StandardScaler(), piped(MLPClassifier(**SMALL))),
        {"pipeline__mlp__alpha": [1e-4, 1]},
        "Pipeline as the last step",
    ),
}


@pytest.mark.parametrize(("estimator", "space", "words"), ALONE.values(), ids=ALONE)
def test_what_cannot_join_a_population_is_fitted_as_scikit_learn_fits_it_and_said_once(estimator, space, words):
    ours, theirs = both(RANDOM, estimator, space)
    with pytest.warns(UserWarning, match=words) as said:
        ours.fit(X, Y)
    assert sum("one by one" in str(each.message) for each in said) == 1
    assert_same(ours, theirs.fit(X, Y))


def test_a_fit_that_was_replaced_on_the_instance_or_the_class_is_used(monkeypatch):
    def empty(self, X, y, **options):
        self.coefs_, self.classes_ = [], np.unique(y)
        return self

    monkeypatch.setattr(MLPClassifier, "fit", empty)
    with pytest.warns(UserWarning, match="a fit of its own"):
        search = both(RANDOM, MLPClassifier(**SMALL), ALPHAS, scoring=lambda mlp, X, y: len(mlp.coefs_))[0].fit(X, Y)
    assert set(search.cv_results_["mean_test_score"]) == {0}


HALVING = {"resource": "max_iter", "max_resources": 9, "cv": 2, "random_state": 0}
KINDS = {
    "grid": (GRID, [ALPHAS, {"alpha": [0.1], "solver": ["lbfgs"]}], {"return_train_score": True}),
    "halving of epochs": (
        (PopulationHalvingRandomSearchCV, HalvingRandomSearchCV, HALVING),
        {"alpha": [1e-4, 1e-2, 1.0], "learning_rate_init": [1e-3, 1e-2]},
        {"n_candidates": 4, "min_resources": 1},
    ),
    "halving of rows": (
        (PopulationHalvingGridSearchCV, HalvingGridSearchCV, {"random_state": 0}),
        {"alpha": [1e-4, 1.0]},
        {"factor": 2},
    ),
}


@pytest.mark.parametrize(("kind", "space", "options"), KINDS.values(), ids=KINDS)
def test_every_form_of_search_is_scikit_learns(kind, space, options):
    ours, theirs = both(kind, MLPClassifier(**SMALL), space, **options)
    assert_same(ours.fit(X, Y), theirs.fit(X, Y))
    assert ours.best_params_ == theirs.best_params_


WRONG = {
    "no folds": ({"cv": []}, ALPHAS, {}),
    "an unknown parameter": ({}, {"alfa": [1.0]}, {}),
    "an unknown argument of fit": ({}, ALPHAS, {"foo": 1}),
    "no good value": ({}, {"alpha": [-1.0, -2.0]}, {}),
    "several scores and no choice": ({"scoring": ["accuracy", "f1_macro"]}, ALPHAS, {}),
    "rows that are not there": ({"cv": [(np.arange(5), np.arange(90, 92))]}, ALPHAS, {}),
    "no target": ({}, ALPHAS, {"y": None}),
    "raised": ({"error_score": "raise"}, {"alpha": [-1.0]}, {}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("options", "space", "given"), WRONG.values(), ids=WRONG)
def test_errors_are_scikit_learns(options, space, given):
    said = []
    for search in both(GRID, MLPClassifier(**SMALL), space, **options):
        with pytest.raises(Exception, match=r".") as raised:
            search.fit(X, **{"y": Y} | given)
        said.append((type(raised.value), str(raised.value).replace("Population", "").splitlines()[-1]))
    assert said[0] == said[1]


def test_every_fit_has_its_line_where_asked_for(capsys):
    lines = []
    for search in both(GRID, MLPClassifier(**SMALL), ALPHAS, verbose=3, refit=False):
        search.fit(X, Y)
        told = capsys.readouterr().out.splitlines()
        lines.append(sorted(line.split(" total time")[0].replace(".", "") for line in told))
    assert lines[0] == lines[1]
    assert len(lines[0]) == 1 + 4
