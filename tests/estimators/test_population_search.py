"""A search whose candidates train side by side finds what scikit-learn's search finds."""

import numpy as np
import pytest
import sklearn.neural_network as scikit
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_iris
from sklearn.model_selection import GroupKFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from jaxnet.estimators import MLPClassifier, MLPRegressor, PopulationSearchCV
from jaxnet.sweeps import engine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
NUMBERS = {"alpha": loguniform(1e-4, 1), "learning_rate_init": loguniform(1e-3, 0.1), "beta_1": uniform(0.5, 0.4)}
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 40, "tol": 1e-2, "n_iter_no_change": 3}
SEARCH = {"n_iter": 10, "cv": 3, "random_state": 0}


def both(ours, theirs, space, *, data=(X, Y), dtype=None, **options):
    options = SEARCH | options
    population = PopulationSearchCV(ours, space, dtype=dtype, **options).fit(*data)
    return population, RandomizedSearchCV(theirs, space, **options).fit(*data)


def assert_same_results(population, one_by_one):
    ours, theirs = population.cv_results_, one_by_one.cv_results_
    assert list(ours) == list(theirs)
    for name in theirs:
        if name.startswith(("split", "mean_t", "std_t", "rank")):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, err_msg=name)
    assert ours["params"] == theirs["params"]
    assert population.best_params_ == one_by_one.best_params_
    np.testing.assert_allclose(population.predict_proba(X), one_by_one.predict_proba(X), rtol=1e-9)


@pytest.mark.parametrize("parameters", [{}, {"batch_size": 32}], ids=["full batch", "mini-batches"])
def test_results_are_those_of_scikit_learns_search_over_scikit_learns_network(parameters):
    ours, theirs = MLPClassifier(**SMALL | parameters), scikit.MLPClassifier(**SMALL | parameters)
    assert_same_results(*both(ours, theirs, NUMBERS, return_train_score=True))


def test_lanes_that_end_in_different_epochs_end_where_they_would_alone():
    space = {"learning_rate_init": loguniform(1e-3, 0.3), "max_iter": [5, 33, 200]}
    ours, theirs = MLPClassifier(**SMALL), scikit.MLPClassifier(**SMALL)
    assert_same_results(*both(ours, theirs, space))


def test_steps_before_the_network_are_fitted_in_every_fold():
    space = {"mlp__alpha": loguniform(1e-4, 1), "scale": [MinMaxScaler(), StandardScaler()]}
    pair = [make_pipeline(MinMaxScaler(), of(**SMALL)) for of in (MLPClassifier, scikit.MLPClassifier)]
    for pipeline in pair:
        pipeline.steps = [("scale", pipeline.steps[0][1]), ("mlp", pipeline.steps[1][1])]
    population, one_by_one = both(*pair, space, n_iter=6)
    for name in ("mean_test_score", "rank_test_score"):
        np.testing.assert_allclose(population.cv_results_[name], one_by_one.cv_results_[name], rtol=1e-12)
    np.testing.assert_allclose(population.predict_proba(X), one_by_one.predict_proba(X), rtol=1e-9)


def test_what_is_not_a_number_trains_apart_and_some_one_by_one():
    space = [
        {"hidden_layer_sizes": [(5,), (4,)], "alpha": [1e-3, 1e-2]},
        {"solver": ["lbfgs"]},
        {"solver": ["sgd"], "learning_rate": ["adaptive"]},
    ]
    ours, theirs = MLPClassifier(**SMALL), scikit.MLPClassifier(**SMALL)
    population, one_by_one = both(ours, theirs, space, n_iter=6, refit=False)
    np.testing.assert_allclose(population.cv_results_["mean_test_score"], one_by_one.cv_results_["mean_test_score"])


@pytest.mark.parametrize(
    "shapes", [[(3,), (7,), (4, 6), (5, 2)], [(7, 3), (3, 9)]], ids=["several depths", "one depth"]
)
def test_shapes_share_a_program_and_scores_stay_scikit_learns(shapes, monkeypatch):
    compiled, real = [], engine._compile
    monkeypatch.setattr(engine, "_compile", lambda *a, **k: compiled.append(a) or real(*a, **k))
    monkeypatch.setattr(engine, "_programs", type(engine._programs)(8))
    space = {"hidden_layer_sizes": shapes, "learning_rate_init": [1e-2, 3e-2]}
    parameters = SMALL | {"early_stopping": True}
    pair = MLPClassifier(**parameters), scikit.MLPClassifier(**parameters)
    assert_same_results(*both(*pair, space, n_iter=2 * len(shapes), return_train_score=True))
    assert len(compiled) == 1


def test_early_stopping_weights_several_metrics_and_groups_are_scikit_learns():
    parameters = SMALL | {"early_stopping": True}
    options = SEARCH | {"scoring": ["accuracy", "neg_log_loss"], "refit": False, "cv": GroupKFold(3), "n_iter": 4}
    given = {"sample_weight": np.linspace(0.5, 2, 150), "groups": np.arange(150) // 5}
    population = PopulationSearchCV(MLPClassifier(**parameters), NUMBERS, dtype=None, **options).fit(X, Y, **given)
    one_by_one = RandomizedSearchCV(scikit.MLPClassifier(**parameters), NUMBERS, **options).fit(X, Y, **given)
    for name in ("mean_test_accuracy", "mean_test_neg_log_loss", "rank_test_accuracy"):
        np.testing.assert_allclose(population.cv_results_[name], one_by_one.cv_results_[name], rtol=1e-9)
    assert population.multimetric_
    assert set(population.scorer_) == {"accuracy", "neg_log_loss"}


def test_candidates_in_float32_score_nearly_the_same_and_the_best_is_refitted_in_float64(line):
    population, one_by_one = both(
        MLPRegressor(**SMALL), scikit.MLPRegressor(**SMALL), {"alpha": loguniform(1e-4, 1)}, data=line, dtype="float32"
    )
    np.testing.assert_allclose(
        population.cv_results_["mean_test_score"], one_by_one.cv_results_["mean_test_score"], atol=1e-3
    )
    assert population.best_estimator_.coefs_[0].dtype == np.float64


def test_a_candidate_that_fails_scores_the_error_score():
    space = {"alpha": [-1.0, 1e-3, 1e-2]}
    options = {"n_iter": 3, "cv": 3, "random_state": 0, "dtype": None}
    with pytest.warns(Warning, match="3 fits failed out of a total of 9"):
        search = PopulationSearchCV(MLPClassifier(**SMALL), space, error_score=0.0, **options).fit(X, Y)
    assert sorted(search.cv_results_["mean_test_score"] > 0) == [False, True, True]
    with pytest.raises(ValueError, match="The 'alpha' parameter of MLPClassifier must be"):
        PopulationSearchCV(MLPClassifier(**SMALL), space, error_score="raise", **options).fit(X, Y)


def test_threads_change_nothing():
    space = {"alpha": loguniform(1e-4, 1), "max_iter": [3, 40]}
    searches = [
        PopulationSearchCV(MLPClassifier(**SMALL), space, n_jobs=jobs, refit=False, dtype=None, **SEARCH)
        for jobs in (1, 3)
    ]
    one, three = (search.fit(X, Y).cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_array_equal(one, three)
