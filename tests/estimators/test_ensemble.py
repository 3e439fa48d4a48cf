"""Several networks as one estimator: which networks they are, what they average, leave out and promise."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from jaxnet.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 8, "batch_size": 25, "learning_rate_init": 0.02}


@pytest.fixture(scope="module")
def starts():
    return MLPClassifier(n_members=3, **SMALL).fit(X, Y)


@pytest.fixture(scope="module")
def folded():
    return MLPClassifier(n_members=6, folds=3, calibration="temperature", **SMALL).fit(X, Y)


def test_the_first_member_is_the_network_alone_and_the_others_are_others(starts):
    alone = MLPClassifier(**SMALL).fit(X, Y)
    first, *others = starts.members_
    for ours, theirs in zip(first.coefs_, alone.coefs_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)  # members are trained in float32
    np.testing.assert_allclose(first.loss_curve_, alone.loss_curve_, rtol=1e-4)
    assert len(others) == 2
    assert all(np.abs(each.coefs_[0] - first.coefs_[0]).max() > 0.1 for each in others)
    assert starts.n_iter_ == 8


def test_probabilities_are_the_members_mean_and_all_else_follows(starts):
    mean = np.mean([member.predict_proba(X) for member in starts.members_], axis=0)
    np.testing.assert_allclose(starts.predict_proba(X), mean, rtol=1e-6)
    np.testing.assert_array_equal(starts.predict(X), mean.argmax(1))
    np.testing.assert_allclose(softmax(starts.decision_function(X), axis=1), mean, rtol=1e-5)
    np.testing.assert_allclose(starts.to_model().predict_proba(X), mean, rtol=1e-5)
    with pytest.raises(ValueError, match="activations: expected one network"):
        starts.activations(X)


def test_the_same_seed_makes_the_same_ensemble_and_a_clone_starts_anew(starts):
    again = clone(starts).fit(X, Y)
    np.testing.assert_array_equal(again.predict_proba(X), starts.predict_proba(X))
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(starts).predict(X)
    assert not hasattr(clone(starts).set_params(n_members=1).fit(X, Y), "members_")


def test_a_row_is_judged_by_members_that_left_its_fold_out(folded):
    each = np.stack([member.predict_proba(X) for member in folded.members_])
    # the members of one fold are k and k + 3; which fold a row is in is seen from whose mean it has
    pairs = np.stack([each[[k, k + 3]].mean(axis=0) for k in range(3)])
    fits = np.isclose(pairs, folded.oof_prediction_, rtol=1e-4, atol=1e-6).all(axis=2)
    assert fits.any(axis=0).all()
    np.testing.assert_array_equal(np.bincount(fits.argmax(axis=0)), [17, 17, 16])


def test_a_fold_that_is_left_out_is_not_learned_from():
    strange = Y.copy()
    strange[:] = 0
    strange[::10] = 1
    kept = MLPClassifier(n_members=2, folds=2, **SMALL).fit(X, strange)
    which = kept.oof_prediction_
    # other targets of a fold's rows change the other member alone
    first = np.isclose(which, kept.members_[0].predict_proba(X), rtol=1e-5).all(axis=1)
    changed = kept.members_[1].coefs_[0]
    weight = np.where(first, 0.0, 1.0)  # without the rows that member 0 left out, member 0 is the same
    again = MLPClassifier(n_members=2, folds=2, **SMALL).fit(X, strange, sample_weight=weight)
    np.testing.assert_allclose(again.members_[0].coefs_[0], kept.members_[0].coefs_[0], atol=1e-6)
    assert np.abs(again.members_[1].coefs_[0] - changed).max() > 1e-3


def test_a_temperature_divides_the_logits_and_changes_no_class(folded):
    mean = np.mean([member.predict_proba(X) for member in folded.members_], axis=0)
    np.testing.assert_allclose(folded.predict_proba(X), softmax(np.log(mean) / folded.temperature_, axis=1), rtol=1e-5)
    np.testing.assert_array_equal(folded.predict(X), mean.argmax(1))
    known = np.log(folded.oof_prediction_)
    chosen = lambda t: softmax(known / t, axis=1)[np.arange(len(Y)), Y]
    losses = [-np.log(chosen(folded.temperature_ * f)).mean() for f in (0.9, 1, 1.1)]
    assert losses[1] == min(losses)


def test_one_network_holds_rows_out_to_be_calibrated_and_is_a_model_still():
    mlp = MLPClassifier(calibration="temperature", validation_fraction=0.5, **SMALL).fit(X, Y)
    assert mlp.temperature_ != 1
    np.testing.assert_allclose(mlp.to_model().predict_proba(X), mlp.predict_proba(X), rtol=1e-9)


@pytest.mark.parametrize(
    "options", [{"calibration": "conformal"}, {"n_members": 3, "folds": 3}, {"n_members": 4, "bootstrap": True}]
)
def test_conformal_intervals_cover_new_rows_as_often_as_they_say(options):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(700, 3))
    targets = inputs[:, 0] + random.exponential(size=700)
    parameters = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0, "validation_fraction": 0.5}
    mlp = MLPRegressor(learning_rate_init=0.05, **parameters, **options).fit(inputs[:300], targets[:300])
    for level in (0.5, 0.9):
        low, high = mlp.predict_interval(inputs[300:], level=level).T
        covered = np.mean((low <= targets[300:]) & (targets[300:] <= high))
        # 400 new rows and at least 150 held-out ones: a standard deviation of at most .05
        assert level - 0.12 < covered < level + 0.12
    np.testing.assert_allclose((low + high) / 2, mlp.predict(inputs[300:]), rtol=1e-5, atol=1e-5)


def test_rows_of_ones_own_calibrate_and_several_outputs_have_an_interval_each():
    targets = np.column_stack([X[:, 0], 10 * X[:, 1]])
    mlp = MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0)
    with pytest.raises(ValueError, match="predict_interval: expected a fit with calibration="):
        mlp.fit(X, targets).predict_interval(X)
    intervals = mlp.calibrate(X, targets).predict_interval(X, 0.8)
    assert intervals.shape == (50, 2, 2)
    inside = (intervals[..., 0] <= targets) & (targets <= intervals[..., 1])
    np.testing.assert_array_equal(inside.sum(axis=0), [41, 41])  # ceil(51 * .8) of the very rows


REFUSED = {
    "fewer than folds": ({"n_members": 2, "folds": 3}, "n_members: expected at least folds=3, .*, got 2"),
    "lbfgs": ({"n_members": 2, "solver": "lbfgs"}, "n_members: expected 1, .* where lbfgs, an adaptive rate"),
    "warm": ({"n_members": 2, "warm_start": True}, "n_members: expected 1, .* for warm_start"),
    "none": ({"n_members": 0}, "The 'n_members' parameter of MLPClassifier must be"),
    "another calibration": ({"calibration": "platt"}, "The 'calibration' parameter of MLPClassifier must be"),
    "margins": ({"calibration": "temperature", "loss": "hinge"}, "calibration: expected loss='log_loss'"),
}


@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_words(options, words):
    with pytest.raises(ValueError, match=words):
        MLPClassifier(**SMALL | {"batch_size": "auto"} | options).fit(X, Y)


def test_a_part_of_an_ensemble_cannot_be_fitted():
    with pytest.raises(ValueError, match=r"n_members: expected 1, .* for partial_fit, got 2"):
        MLPClassifier(n_members=2).partial_fit(X, Y, classes=[0, 1, 2])
