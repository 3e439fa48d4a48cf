"""Messages and warnings are scikit-learn's."""

import warnings

import pytest
import sklearn.neural_network as scikit

from jaxnet.estimators import MLPClassifier, MLPRegressor

SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}
TALKS = {
    "to the last epoch": {},
    "converging": {"tol": 0.5, "n_iter_no_change": 2},
    "converging in the last epoch allowed": {"tol": 0.5, "n_iter_no_change": 2, "max_iter": 4},
    "scoring": {"early_stopping": True, "n_iter_no_change": 2},
    "lowering": {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 1},
    "too low": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "tol": 1.0,
        "n_iter_no_change": 1,
        "learning_rate_init": 1e-6,
    },
}


@pytest.mark.parametrize("parameters", TALKS.values(), ids=TALKS.keys())
def test_what_is_said_and_warned_of_is_scikit_learns(iris, parameters, capsys):
    said = []
    for of in (scikit.MLPClassifier, MLPClassifier):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            of(verbose=True, **SMALL | parameters).fit(*iris)
        said.append((capsys.readouterr().out, [(type(w.message), str(w.message)) for w in caught]))
    assert said[0] == said[1]


def test_a_batch_larger_than_the_data_is_clipped_with_a_warning(iris):
    with pytest.warns(UserWarning, match="Got `batch_size` less than 1 or larger than sample size"):
        MLPClassifier(batch_size=1000, tol=10.0, n_iter_no_change=1, **SMALL).fit(*iris)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_interruption_keeps_the_weights_so_far(iris):
    mlp = MLPClassifier(**SMALL)
    scores = []

    def interrupting(mlp, X, y):
        scores.append(mlp.score(X, y))
        if len(scores) == 3:
            raise KeyboardInterrupt
        return scores[-1]

    mlp.set_params(early_stopping=True, scoring=interrupting)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        mlp.fit(*iris)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == 2
    assert mlp.predict(iris[0]).shape == (50,)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_diverged_fit_is_refused_in_scikit_learns_words(line):
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        MLPRegressor(
            hidden_layer_sizes=5, activation="identity", solver="sgd", learning_rate_init=1e3, max_iter=50
        ).fit(line[0] * 1e3, line[1])
