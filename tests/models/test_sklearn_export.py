"""scikit-learn's own estimators, with the weights set: the same answers, and all that scikit-learn does with one."""

import pickle

import jax
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.neural_network import MLPClassifier, MLPRegressor

import jaxnet as jn
from jaxnet.models import sklearn_export

X = np.random.default_rng(0).normal(size=(50, 4))
EPS = np.finfo(np.float64).eps
CLOSE = 100 * EPS  # two layers of at most 6 terms, whose outputs are of the size of 10 at most


@pytest.mark.parametrize(
    ("activation", "hidden"), [("relu", (5,)), ("sigmoid", ()), ("tanh", (5, 3)), ("identity", (2,))]
)
def test_the_estimator_predicts_what_the_model_does(kind, activation, hidden, make_model):
    model = make_model(kind, activation=activation, hidden=hidden)
    estimator = model.to_sklearn()
    assert type(estimator) is (MLPRegressor if model.task == "regression" else MLPClassifier)
    assert model.difference(estimator) <= CLOSE
    if model.task == "regression":
        np.testing.assert_allclose(estimator.predict(X), model.predict(X), rtol=CLOSE, atol=CLOSE)
    else:
        assert np.array_equal(estimator.predict(X), model.predict(X))
        assert estimator.score(X, model.predict(X)) == 1


@pytest.mark.parametrize("kind", ["three classes", "two classes of one output", "a value", "counts"])
def test_several_networks_vote(kind, make_model):
    model = make_model(kind, members=3)
    voting = model.to_sklearn()
    assert type(voting) is (VotingRegressor if model.task == "regression" else VotingClassifier)
    assert model.difference(voting) <= CLOSE
    if model.task != "regression":
        assert np.array_equal(voting.predict(X), model.predict(X))


def test_what_scikit_learn_does_with_an_estimator_works(make_model):
    model = make_model("three classes")
    estimator = model.to_sklearn()
    assert estimator.n_features_in_ == 4
    assert estimator.n_layers_ == 3
    assert estimator.classes_.tolist() == sorted(model.classes)
    assert np.array_equal(pickle.loads(pickle.dumps(estimator)).predict(X), model.predict(X))
    assert clone(estimator).get_params()["hidden_layer_sizes"] == (5,)
    assert permutation_importance(estimator, X, model.predict(X), random_state=0).importances_mean.shape == (4,)


def test_training_goes_on_from_the_weights(make_model):
    model = make_model("three classes")
    estimator = model.to_sklearn()
    estimator.partial_fit(X, model.predict(X))
    assert estimator.t_ == 50
    assert len(estimator.loss_curve_) == 1
    # Adam's first step is at most its rate, here .001, in each weight
    change = np.abs(estimator.coefs_[0] - model.params[0]["w"]).max()
    assert 0 < change <= 0.001 * (1 + 1e-3)


def test_the_dtype_is_kept_where_scikit_learn_has_it(make_model):
    for dtype, expected in ((np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)):
        assert make_model("values", dtype=dtype).to_sklearn().coefs_[0].dtype == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"activation": "gelu"}, "activation: expected one activation for all hidden layers, of relu, tanh, sigmoid"),
        ({"activation": ("relu", "tanh"), "hidden": (3, 3)}, "activation: expected one activation for all hidden"),
        ({"activation": jax.nn.relu6}, "activation: expected one activation for all hidden layers"),
        ({"members": 2}, "to_sklearn: expected one network, or several with one label or one value a row"),
    ],
)
def test_what_scikit_learn_has_not_is_refused(options, words, make_model):
    with pytest.raises(ValueError, match=words):
        make_model("labels", **options).to_sklearn()


def test_fractions_are_no_classes_there():
    model = jn.Model(jn.MLP((1, 1), output="sigmoid"), [{"w": np.ones((1, 1)), "b": np.ones(1)}], classes=[0.5, 1])
    with pytest.raises(ValueError, match="classes: expected text or whole numbers"):
        model.to_sklearn()


def test_another_estimator_is_as_far_away_as_it_says():
    line = jn.Model(jn.MLP((1, 1)), [{"w": np.array([[2.0]]), "b": np.array([0.0])}])
    assert line.difference(lambda X: line.predict(X) + 0.25) == pytest.approx(0.25)
    with pytest.raises(ValueError, match=r"answers: expected an array of shape \(64,\)"):
        line.difference(lambda X: X)


@pytest.mark.parametrize("target", ["species", "grams"])
def test_of_a_table_the_estimator_takes_what_the_preparation_makes(target, make_prepared):
    model, table = make_prepared(target)
    found = model.to_sklearn().predict(model.preparation.features(table))
    if target == "species":
        assert found.tolist() == model.predict(table).tolist()
    else:  # float32 outputs of the size of 1, in units of a deviation of 500 around 4000
        np.testing.assert_allclose(found, model.predict(table), rtol=1e-6)


def test_without_scikit_learn_it_says_what_to_install(kind, make_model, monkeypatch):
    monkeypatch.setattr(sklearn_export, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"need scikit-learn: pip install 'jaxnet\[skops\]'"):
        make_model(kind).to_sklearn()
