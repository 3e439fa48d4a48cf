"""scikit-learn's callbacks are told of every epoch."""

import numpy as np
import pytest
from sklearn.model_selection import RandomizedSearchCV

from jaxnet.estimators import MLPClassifier, PopulationSearchCV

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}


class Recorder:
    """Writes down what it is told, and asks to stop after some epochs."""

    def __init__(self, stop_after=100):
        self.told, self.scores, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.told.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator=None):
        self.told.append(f"end {context.task_name}")
        self.scores.append(fitted_estimator.score(X, y))
        return self.told.count("end epoch") >= self.stop_after


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_each_epoch_has_a_begin_and_an_end_with_the_weights_of_that_epoch(iris, solver):
    recorder = Recorder()
    mlp = MLPClassifier(solver=solver, **SMALL).set_callbacks(recorder).fit(*iris)
    epochs = ["begin epoch", "end epoch"] * 12
    assert recorder.told == ["setup", "begin fit", *epochs, "end fit", "teardown"]
    assert recorder.scores[-1] == mlp.score(*iris)


def test_looking_changes_nothing(iris):
    alone = MLPClassifier(**SMALL).fit(*iris)
    watched = MLPClassifier(**SMALL).set_callbacks(Recorder()).fit(*iris)
    np.testing.assert_array_equal(watched.coefs_[0], alone.coefs_[0])
    assert watched.loss_curve_ == alone.loss_curve_


def test_a_callback_can_end_the_fit(iris):
    assert MLPClassifier(**SMALL).set_callbacks(Recorder(stop_after=4)).fit(*iris).n_iter_ == 4


def test_lbfgs_tells_of_its_iterations(iris):
    recorder = Recorder(stop_after=3)
    MLPClassifier(5, solver="lbfgs", random_state=0).set_callbacks(recorder).fit(*iris)
    assert recorder.told[:4] == ["setup", "begin fit", "begin epoch", "end epoch"]
    assert recorder.told.count("end epoch") == recorder.told.count("begin epoch")


def test_scikit_learns_scoring_monitor_follows_a_fit(iris):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    mlp = MLPClassifier(**SMALL).set_callbacks(monitor).fit(*iris)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 12
    assert rows[-1]["accuracy"] == mlp.score(*iris)


def test_partial_fit_tells_no_one(iris):
    recorder = Recorder()
    MLPClassifier(**SMALL).set_callbacks(recorder).partial_fit(*iris, classes=[0, 1, 2])
    assert recorder.told == []


class Listener:
    """Writes down which tasks begin and end, and with how many rows."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append(("setup", type(estimator).__name__))

    def teardown(self, estimator, context):
        self.told.append(("teardown", type(estimator).__name__))

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.told.append(("begin", context.task_name, context.task_id, X is None or len(X)))

    def on_fit_task_end(self, estimator, context, *, X=None):
        self.told.append(("end", context.task_name, context.task_id, X is None or len(X)))


@pytest.mark.parametrize("refit", [True, False])
def test_a_search_tells_of_the_tasks_that_scikit_learns_search_has(iris, refit):
    space, told = {"alpha": [1e-4, 1e-2]}, []
    for of in (PopulationSearchCV, RandomizedSearchCV):
        listener = Listener()
        search = of(MLPClassifier(**SMALL), space, n_iter=2, cv=3, refit=refit, random_state=0)
        search.set_callbacks(listener).fit(*iris)
        told.append(listener.told)
    ours, theirs = told
    assert (ours[0][0], ours[-1][0]) == ("setup", "teardown")
    assert sorted(ours[1:-1]) == sorted(theirs[1:-1])
    assert [each for each in ours[1:-1] if each[1] != "candidate-split-evaluation"] == [
        each for each in theirs[1:-1] if each[1] != "candidate-split-evaluation"
    ]


def test_a_network_with_callbacks_of_its_own_tells_of_its_epochs_in_a_search_too(iris):
    recorder = Recorder()
    mlp = MLPClassifier(**SMALL).set_callbacks(recorder)
    PopulationSearchCV(mlp, {"alpha": [1e-4]}, n_iter=1, cv=2, refit=False).fit(*iris)
    assert recorder.told.count("end epoch") == 2 * 12


@pytest.mark.parametrize("search", [False, True])
def test_scikit_learns_progress_bar_shows_the_fit(iris, search, capsys):
    fitted = MLPClassifier(**SMALL)
    if search:
        fitted = PopulationSearchCV(fitted, {"alpha": [1e-4, 1e-2]}, n_iter=2, cv=2)
    fitted.set_callbacks(callback.ProgressBar()).fit(*iris)
    assert f"{type(fitted).__name__} - fit" in capsys.readouterr().out
