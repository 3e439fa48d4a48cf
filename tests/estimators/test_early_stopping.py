"""What early stopping goes by: scores inside a compiled run, scikit-learn's scorers, the validation set of the user's own."""

import functools

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, make_scorer, r2_score
from sklearn.model_selection import train_test_split

from jaxnet import metrics
from jaxnet.estimators import MLPClassifier, MLPRegressor, early_stopping
from jaxnet.network import MLP

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}


def halves(data):
    X, X_val, y, y_val = train_test_split(*data, test_size=0.5, random_state=1)
    return (X, y), {"X_val": X_val, "y_val": y_val}


def test_a_validation_set_without_early_stopping_is_only_looked_at(iris):
    data, held = halves(iris)
    alone, watched = MLPClassifier(**SMALL).fit(*data), MLPClassifier(**SMALL).fit(*data, **held)
    np.testing.assert_allclose(watched.coefs_[0], alone.coefs_[0], rtol=1e-13)
    assert len(watched.validation_loss_curve_) == 12
    assert watched.validation_scores_ is None


def test_the_validation_loss_is_the_loss_of_the_weights_of_the_epoch(iris):
    data, held = halves(iris)
    mlp = MLPClassifier(alpha=0, **SMALL).fit(*data, **held)
    chosen = mlp.predict_proba(held["X_val"])[np.arange(25), held["y_val"]]
    np.testing.assert_allclose(mlp.validation_loss_curve_[-1], -np.mean(np.log(chosen)), rtol=1e-12)


def test_early_stopping_by_the_users_set_restores_its_best_weights(iris):
    data, held = halves(iris)
    mlp = MLPClassifier(early_stopping=True, **SMALL).fit(*data, **held)
    assert len(mlp.validation_scores_) == 12
    assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    assert mlp.score(held["X_val"], held["y_val"]) == pytest.approx(mlp.best_validation_score_)


@pytest.mark.parametrize("scoring", ["balanced_accuracy", make_scorer(balanced_accuracy_score)])
def test_any_scorer_can_decide(iris, scoring):
    data, held = halves(iris)
    mlp = MLPClassifier(early_stopping=True, scoring=scoring, **SMALL).fit(*data, **held)
    assert len(mlp.validation_scores_) == mlp.n_iter_
    restored = balanced_accuracy_score(held["y_val"], mlp.predict(held["X_val"]))
    assert restored == pytest.approx(max(mlp.validation_scores_))


def test_a_scorer_that_counts_what_the_run_counts_decides_the_same(iris):
    data, held = halves(iris)
    parameters = SMALL | {"early_stopping": True, "max_iter": 60, "n_iter_no_change": 3, "learning_rate_init": 0.02}
    inside = MLPClassifier(**parameters).fit(*data, **held)
    outside = MLPClassifier(scoring=lambda mlp, X, y: np.mean(mlp.predict(X) == y), **parameters).fit(*data, **held)
    assert inside.n_iter_ == outside.n_iter_ < 60
    np.testing.assert_allclose(outside.validation_scores_, inside.validation_scores_, rtol=1e-14)
    np.testing.assert_allclose(outside.coefs_[0], inside.coefs_[0], rtol=1e-13)


def test_a_scorer_also_lowers_the_rate(iris):
    data, held = halves(iris)
    parameters = {"solver": "sgd", "learning_rate": "adaptive", "early_stopping": True, "n_iter_no_change": 2}
    parameters = SMALL | parameters | {"max_iter": 200}
    inside = MLPClassifier(**parameters).fit(*data, **held)
    outside = MLPClassifier(scoring=lambda mlp, X, y: np.mean(mlp.predict(X) == y), **parameters).fit(*data, **held)
    assert inside.n_iter_ == outside.n_iter_ < 200
    assert inside.learning_rate_ == outside.learning_rate_ < 1e-6


def test_the_validation_loss_can_decide(line):
    data, held = halves(line)
    mlp = MLPRegressor(early_stopping=True, scoring="loss", **SMALL).fit(*data, **held)
    np.testing.assert_array_equal(mlp.validation_scores_, -np.array(mlp.validation_loss_curve_))
    assert mlp.best_validation_score_ == max(mlp.validation_scores_)


def test_a_diverged_fit_with_early_stopping_ends_like_scikit_learns(line):
    X, y = line
    mlp = MLPRegressor(
        hidden_layer_sizes=5,
        activation="identity",
        solver="sgd",
        learning_rate_init=1e3,
        early_stopping=True,
        max_iter=30,
        random_state=0,
    )
    with (
        pytest.warns(UserWarning, match=r"Maximum iterations \(30\) reached"),
        pytest.warns(UserWarning, match=r"Training diverged in epoch \d+; the weights of the best epoch before it"),
    ):
        mlp.fit(X * 1e3, y)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == len(mlp.validation_scores_) == 30
    assert np.isnan(mlp.validation_scores_[-1])
    assert all(np.isfinite(w).all() for w in mlp.coefs_)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"X_val": np.ones((3, 4))}, "X_val: expected given together with y_val, got one of the two"),
        ({"X_val": np.ones((3, 4)), "y_val": [0, 1]}, "y_val: expected one label for each of the 3 rows of X_val"),
        ({"X_val": np.ones((2, 4)), "y_val": [0, 7]}, r"y_val: expected labels among \[0 1 2\], got also \[7\]"),
        ({"X_val": np.ones((2, 3)), "y_val": [0, 1]}, "X has 3 features, but MLPClassifier is expecting 4 features"),
    ],
)
def test_a_bad_validation_set_is_refused(iris, held, words):
    with pytest.raises(ValueError, match=words):
        MLPClassifier(**SMALL).fit(*iris, **held)


@pytest.mark.parametrize(
    ("y_val", "words"),
    [([1.0], "one target for each of the 2 rows"), ([[1.0, 2.0]] * 2, "y_val: expected 1 outputs a row")],
)
def test_targets_of_a_validation_set_have_to_fit(line, y_val, words):
    with pytest.raises(ValueError, match=words):
        MLPRegressor(**SMALL).fit(*line, X_val=np.ones((2, 4)), y_val=y_val)


def test_a_warm_start_that_does_not_improve_keeps_the_best_weights(iris):
    mlp = MLPClassifier(early_stopping=True, warm_start=True, learning_rate_init=1e-6, **SMALL).fit(*iris)
    best = mlp.coefs_
    mlp.fit(*iris)
    assert max(mlp.validation_scores_[12:]) <= max(mlp.validation_scores_[:12])
    np.testing.assert_array_equal(mlp.coefs_[0], best[0])


RANDOM = np.random.RandomState(0)
PROBABILITY, WEIGHT = RANDOM.uniform(size=(9, 3)), RANDOM.uniform(0.5, 2, 9)
ONE_HOT, LABELS = np.eye(3)[RANDOM.randint(0, 3, 9)], RANDOM.randint(0, 2, (9, 3)).astype(float)
LABELS[:3] = PROBABILITY[:3] > 0.5


def test_accuracy_is_the_share_of_most_likely_classes():
    expected = accuracy_score(ONE_HOT.argmax(1), PROBABILITY.argmax(1), sample_weight=WEIGHT)
    np.testing.assert_allclose(metrics.accuracy(PROBABILITY, ONE_HOT, WEIGHT), expected, rtol=1e-14)


@pytest.mark.parametrize("labels", [3, 1])
def test_with_several_labels_all_have_to_be_right(labels):
    expected = accuracy_score(LABELS[:, :labels], PROBABILITY[:, :labels] > 0.5, sample_weight=WEIGHT)
    given = early_stopping.subset_accuracy(PROBABILITY[:, :labels], LABELS[:, :labels], WEIGHT)
    np.testing.assert_allclose(given, expected, rtol=1e-14)


CONSTANT = np.tile([[2.0, 0.5, 0.0]], (9, 1))


@pytest.mark.parametrize(
    ("targets", "predictions"),
    [(LABELS, PROBABILITY), (CONSTANT, PROBABILITY), (CONSTANT, CONSTANT)],
    ids=["varied", "constant and missed", "constant and met"],
)
def test_r2_is_averaged_over_outputs(targets, predictions):
    expected = r2_score(targets, predictions, sample_weight=WEIGHT)
    np.testing.assert_allclose(early_stopping.finite_r2(predictions, targets, WEIGHT), expected, rtol=1e-13)


def test_the_score_of_a_network_is_that_of_its_predictions_and_nan_where_they_are_not_finite():
    score = functools.partial(
        early_stopping.ValidationScore(early_stopping.finite_r2), network=MLP((3, 3), output="exp")
    )
    params = [{"w": np.eye(3), "b": np.zeros(3)}]
    given = score(params, PROBABILITY, LABELS, weight=WEIGHT)
    np.testing.assert_allclose(given, r2_score(LABELS, np.exp(PROBABILITY), sample_weight=WEIGHT), rtol=1e-13)
    assert np.isnan(score(params, PROBABILITY * 1e6, LABELS, weight=WEIGHT))
