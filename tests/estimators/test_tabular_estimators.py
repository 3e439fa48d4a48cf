"""A modern MLP for tables: what it takes, how it chooses, what it averages."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.preprocessing import LabelBinarizer

import jaxnet as jn
from jaxnet.estimators import TabularClassifier, TabularRegressor

X, Y = load_iris(return_X_y=True)
SMALL = {"hidden_layer_sizes": (6,), "epochs": 12, "batch_size": 32, "folds": None, "random_state": 0}
FOLDED = SMALL | {"folds": 3}
NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def folded():
    return TabularClassifier(**FOLDED).fit(X, NAMES[Y])


def test_it_learns_names_and_averages_a_member_a_fold(folded):
    assert folded.score(X, NAMES[Y]) > 0.8
    assert len(folded.members_) == len(folded.best_epochs_) == 3
    probabilities = folded.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(folded.predict(X), folded.classes_[probabilities.argmax(1)])
    # by hand: quartiles, clipping, SELU, softmax
    low, middle, high = np.quantile(X.astype(np.float32), [0.25, 0.5, 0.75], axis=0)
    inputs = (X - middle) / (high - low)
    inputs = inputs / np.sqrt(1 + (inputs / 3) ** 2)
    each = []
    for first, last in folded.members_:
        z = inputs @ first["w"] + first["b"]
        hidden = 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(z))
        each.append(softmax(hidden @ last["w"] + last["b"], axis=1))
    np.testing.assert_allclose(probabilities, np.mean(each, axis=0), rtol=1e-4, atol=1e-6)


def test_each_row_is_predicted_once_by_the_member_that_left_it_out(folded):
    each = np.stack([TabularClassifier.predict_proba(alone(folded, member), X) for member in range(3)])
    by = (np.abs(each - folded.oof_prediction_) < 1e-7).all(axis=2)
    assert (by.sum(axis=0) == 1).mean() > 0.95  # but where two say the same
    counts = np.array([np.bincount(Y[own], minlength=3) for own in by])
    assert counts.min() >= 16  # a fold has a third of each class
    assert counts.max() <= 20


def alone(estimator, member):
    """An estimator with one of the members."""
    single = clone(estimator)
    single.__dict__.update(vars(estimator), members_=estimator.members_[member : member + 1])
    return single


def test_it_serves_as_a_model_that_is_saved_and_written_for_others(folded, tmp_path):
    model = folded.to_model()
    model.save(tmp_path / "iris")
    for served in model, jn.load(tmp_path / "iris"):
        np.testing.assert_array_equal(served.predict_proba(X), folded.predict_proba(X))
        np.testing.assert_array_equal(served.predict(X.tolist()), folded.predict(X))
    assert model.to_numpy(tmp_path / "iris.py").difference == 0
    assert model.to_onnx(tmp_path / "iris.onnx").difference < 1e-6
    with pytest.raises(ValueError, match="expected 4 columns, as at the fit, got 8"):
        model.predict(np.hstack([X, X]))
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(folded).to_model()


def test_the_same_seed_makes_the_same_networks_and_files_bring_them_back(folded):
    again = pickle.loads(pickle.dumps(clone(folded).fit(X, NAMES[Y])))
    np.testing.assert_array_equal(again.predict_proba(X), folded.predict_proba(X))
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(folded).predict(X)


def test_categories_gaps_and_frames_are_taken_as_they_are():
    frame = pd.DataFrame({"size": X[:, 0], "kind": NAMES[(Y + 1) % 3]})
    frame.loc[::7, "size"] = np.nan
    found = TabularClassifier(**FOLDED).fit(frame, pd.Series(NAMES[Y], name="species"))
    assert found.score(frame, NAMES[Y]) > 0.8
    assert list(found.feature_names_in_) == ["size", "kind"]
    model = found.to_model()
    np.testing.assert_array_equal(model.predict_proba(frame), found.predict_proba(frame))
    assert model.predict({"size": None, "kind": "unknown"}).shape == (1,)
    # the target is called as the Series that was fitted
    assert model.score(frame.assign(species=NAMES[Y])) == found.score(frame, NAMES[Y])
    with pytest.raises(ValueError, match="size"):
        found.predict(frame[["kind"]])
    columns = {name: list(column) for name, column in frame.items()}
    np.testing.assert_array_equal(found.predict(columns), found.predict(frame))


def test_values_are_predicted_in_their_own_units():
    options = {"embedding": "piecewise_linear", "bins": 4, "parametrization": "mup"}
    targets = np.column_stack([1000 + 50 * X[:, 0], X[:, 2]])
    found = TabularRegressor(n_members=2, **SMALL | {"epochs": 30}, **options).fit(X, targets)
    assert found.score(X, targets) > 0.8
    assert found.predict(X).shape == (150, 2)
    served = found.to_model().predict(X)  # the last layer, in float32, has the units in it
    np.testing.assert_allclose(served, found.predict(X), rtol=1e-5, atol=1e-4)


def test_a_class_of_one_row_is_trained_on_and_many_classes_of_few_rows_are_split_as_they_come():
    split = lambda targets: TabularClassifier(validation_fraction=0.2)._split(np.array(targets), 0)
    train, held = split([0] * 10 + [1] * 10 + [2])
    assert 20 in train
    assert sorted([*train, *held]) == list(range(21))
    assert [int(np.sum(held < 10)), len(held)] == [2, 4]
    assert [len(rows) for rows in split([0, 0, 1, 1, 2, 2, 3, 3])] == [6, 2]
    with pytest.raises(ValueError, match=r"y: expected a class of at least two rows, .*, got 3 rows, each of another"):
        split([0, 1, 2])


@pytest.mark.parametrize(("rows", "folds"), [(9, None), (10, 5), (499, 5), (500, None)])
def test_few_rows_are_dealt_into_folds_so_that_all_of_them_teach(rows, folds):
    assert TabularClassifier()._folds_of(np.zeros(rows)) == folds
    assert TabularRegressor(folds=None)._folds_of(np.zeros(rows)) is None


def test_weights_of_nothing_take_rows_away():
    weight = np.where(Y == 2, 0.0, 1.0)
    found = TabularClassifier(**FOLDED).fit(X, Y, sample_weight=weight)
    with pytest.raises(ValueError, match="sample_weight: expected weights of at least 0"):
        clone(found).fit(X, Y, sample_weight=-weight)
    assert LabelBinarizer().fit(Y).transform(found.predict(X))[Y == 2].sum(axis=0)[2] < 10


def test_a_network_that_diverges_says_so_and_keeps_what_was_before():
    with pytest.warns(ConvergenceWarning, match="1 of 1 networks diverged"):
        found = TabularRegressor(**SMALL | {"learning_rate": 1e30}).fit(X, X[:, 0])
    assert np.isfinite(found.predict(X)).all()


def test_the_classifier_has_the_parameters_of_the_regressor_and_one_more():
    both = [inspect.signature(kind).parameters for kind in (TabularClassifier, TabularRegressor)]
    assert list(both[0]) == [*both[1], "label_smoothing"]
    assert all(both[0][name].default == each.default for name, each in both[1].items())
    assert TabularClassifier((3,), epochs=5, label_smoothing=0.2).get_params()["epochs"] == 5
    with pytest.raises(TypeError, match="rate"):
        TabularClassifier(rate=0.1)


REFUSED = {
    "parametrization": ({"parametrization": "ntp"}, Y, "The 'parametrization' parameter of TabularClassifier"),
    "half a unit": ({"hidden_layer_sizes": (2.5,)}, Y, "hidden_layer_sizes: expected a whole number of units"),
    "one class": ({}, Y * 0, "only one class"),
    "rows": ({}, Y[:-1], "inconsistent numbers of samples"),
    "no target": ({}, None, "requires y to be passed"),
    "numbers": ({}, Y + 0.5, "Unknown label type"),
    "a gap": ({}, np.where(Y > 1, None, NAMES[Y]), "y: expected a label in every row, got none in 50 rows"),
}


@pytest.mark.parametrize(("options", "y", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_words(options, y, words):
    with pytest.raises((ValueError, TypeError), match=words):
        TabularClassifier(**SMALL | options).fit(X, y)
