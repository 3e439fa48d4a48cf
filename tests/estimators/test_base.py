"""What the estimators are beside their training: files, workers, clones, refusals."""

import functools
import io
import pickle
import subprocess
import sys

import jax
import joblib
import numpy as np
import optax
import pytest
import sklearn.neural_network as scikit
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.utils.class_weight import compute_sample_weight

import jaxnet as jn
from jaxnet.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}


def modules_in(data):
    """List the modules that a pickle names."""
    named = []

    class Names(pickle.Unpickler):
        def find_class(self, module, name):
            named.append(module.split(".")[0])
            return super().find_class(module, name)

    Names(io.BytesIO(data)).load()
    return set(named)


def test_a_pickle_holds_numpy_arrays_and_no_moments(iris):
    wide = MLPClassifier((200, 200), random_state=0, max_iter=2).fit(*iris)
    data = pickle.dumps(wide)
    assert modules_in(data) <= {"jaxnet", "numpy", "sklearn", "builtins", "copyreg"}
    weights = sum(array.nbytes for array in wide.coefs_ + wide.intercepts_)
    assert len(data) < 1.05 * weights
    np.testing.assert_array_equal(pickle.loads(data).predict(iris[0]), wide.predict(iris[0]))


def test_a_pickle_that_keeps_the_optimizers_state_continues_exactly(iris):
    mlp = MLPClassifier(keep_optimizer_state=True, **SMALL).fit(*iris)
    copy = pickle.loads(pickle.dumps(mlp))
    for each in (mlp, copy):
        each.partial_fit(*iris)
    np.testing.assert_array_equal(copy.coefs_[0], mlp.coefs_[0])
    np.testing.assert_array_equal(copy.coefs_[1], mlp.coefs_[1])


def test_a_pickle_is_read_without_an_accelerator_or_jax_running(iris, tmp_path):
    joblib.dump(MLPClassifier(**SMALL).fit(*iris), tmp_path / "mlp.joblib")
    read = f"import joblib, jax; mlp = joblib.load({str(tmp_path / 'mlp.joblib')!r}); print(mlp.n_iter_)"
    environment = {"JAX_PLATFORMS": "cpu", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "12\n"


def test_workers_of_joblib_fit_without_trouble(iris):
    scores = [cross_val_score(MLPClassifier(**SMALL), *iris, cv=2, n_jobs=jobs) for jobs in (1, 2)]
    np.testing.assert_array_equal(*scores)


def test_class_weights_multiply_sample_weights(iris):
    X, y = iris[0][:40], iris[1][:40]  # unbalanced
    own = np.linspace(0.5, 1.5, 40)
    balanced = MLPClassifier(class_weight="balanced", **SMALL).fit(X, y, own)
    weighted = MLPClassifier(**SMALL).fit(X, y, own * compute_sample_weight("balanced", y))
    np.testing.assert_array_equal(balanced.coefs_[0], weighted.coefs_[0])


OPTIMIZERS = {
    "an optimizer": optax.sgd(0.1),
    "a schedule": optax.sgd(optax.cosine_decay_schedule(0.2, 12)),
    "what makes one": functools.partial(optax.sgd, 0.1),
}


@pytest.mark.parametrize("solver", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_any_optax_optimizer_can_train(iris, solver):
    mlp = clone(MLPClassifier(solver=solver, **SMALL)).fit(*iris)
    assert mlp.loss_curve_[-1] < mlp.loss_curve_[0]
    mlp.partial_fit(*iris)


def test_plain_sgd_of_optax_is_scikit_learns_without_momentum(iris):
    ours = MLPClassifier(solver=optax.sgd(0.1), **SMALL).fit(*iris)
    theirs = MLPClassifier(solver="sgd", learning_rate_init=0.1, momentum=0, **SMALL).fit(*iris)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-12)


def test_dropout_trains_another_network_and_predicts_with_all_units(iris):
    dropped = [MLPClassifier(dropout=0.5, **SMALL).fit(*iris) for _ in range(2)]
    np.testing.assert_array_equal(dropped[0].coefs_[0], dropped[1].coefs_[0])
    assert not np.allclose(dropped[0].coefs_[0], MLPClassifier(**SMALL).fit(*iris).coefs_[0])
    np.testing.assert_array_equal(dropped[0].predict_proba(iris[0]), dropped[0].predict_proba(iris[0]))


def leaky(z):
    return np.maximum(z, 0.1 * z) if isinstance(z, np.ndarray) else z.clip(0) + 0.1 * z.clip(max=0)


@pytest.mark.parametrize("activation", ["gelu", leaky, ("tanh", leaky)], ids=["name", "callable", "one a layer"])
def test_hidden_layers_take_any_activation(iris, activation):
    layers = (5, 4) if isinstance(activation, tuple) else (5,)
    mlp = MLPClassifier(layers, activation, random_state=0, max_iter=5).fit(*iris)
    assert np.isfinite(mlp.predict_proba(iris[0])).all()
    if activation is leaky:
        hidden = leaky(iris[0] @ mlp.coefs_[0] + mlp.intercepts_[0])
        np.testing.assert_allclose(mlp.activations(iris[0])[0], hidden, rtol=1e-12)


def absolute(prediction, target):
    return abs(prediction - target).sum()


def test_a_callable_is_a_loss(line):
    own = MLPRegressor(absolute, (5,), random_state=0, max_iter=5).fit(*line)
    named = MLPRegressor("absolute_error", (5,), random_state=0, max_iter=5).fit(*line)
    np.testing.assert_array_equal(own.coefs_[0], named.coefs_[0])


@pytest.mark.parametrize("level", [0.1, 0.9])
def test_the_quantile_loss_leaves_that_share_below(line, level):
    mlp = MLPRegressor(
        "quantile", (), quantile=level, alpha=0, random_state=0, max_iter=3000, learning_rate_init=0.02, tol=0
    ).fit(*line)
    below = np.mean(line[1] < mlp.predict(line[0]))
    assert abs(below - level) <= 0.1  # 5 coefficients meet 5 of 50 targets exactly


def test_a_huber_loss_minds_an_outlier_less(line):
    X, y = line[0], line[1].copy()
    y[0] += 1000
    parameters = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": 0, "random_state": 0}
    off = [
        np.abs(MLPRegressor(loss, **parameters).fit(X, y).coefs_[0][:, 0] - [1, -2, 0.5, 0]).max()
        for loss in ("huber", "squared_error")
    ]
    assert off[0] < 0.5 < off[1]


def test_hinge_separates_classes(iris):
    mlp = MLPClassifier(loss="hinge", hidden_layer_sizes=(5,), solver="lbfgs", random_state=0).fit(*iris)
    assert mlp.score(*iris) > 0.9


def test_lbfgs_of_several_outputs_minimises_the_sum_and_reports_the_mean(line):
    X, y = line[0], np.stack([line[1], 2 * line[1] + 1], 1)
    mlp = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.5, random_state=0, tol=1e-9).fit(X, y)
    design, penalty = np.column_stack([X, np.ones(50)]), np.diag([0.5] * 4 + [0])
    exact = np.linalg.solve(design.T @ design + penalty, design.T @ y)  # ridge regression
    np.testing.assert_allclose(
        mlp.coefs_[0], exact[:4], atol=1e-4
    )  # SciPy ends at 2e-9 of the loss, sqrt(2e-9) of weights
    expected = np.mean((y - mlp.predict(X)) ** 2) / 2 + 0.5 / 2 * np.sum(mlp.coefs_[0] ** 2) / 50
    np.testing.assert_allclose(mlp.loss_, expected, rtol=1e-10)


REFUSED = {
    "alpha": (
        MLPClassifier(alpha=-1),
        r"The 'alpha' parameter of MLPClassifier must be a float in the range \[0.0, inf\)",
    ),
    "solver": (MLPClassifier(solver="newton"), "The 'solver' parameter of MLPClassifier must be a str among"),
    "hidden": (MLPClassifier((5, 0)), r"hidden_layer_sizes must be > 0, got \[5, 0\]"),
    "activations": (MLPClassifier((5, 4), ("relu",)), "activation: expected one name for all hidden layers or 2"),
    "name of one": (
        MLPClassifier((5, 4), ("relu", "rely")),
        r"activation: expected one of .* \(did you mean 'relu'\?\)",
    ),
    "dropout": (MLPClassifier(dropout=0.5, solver="lbfgs"), "dropout: expected 0, or a stochastic solver, got 0.5"),
    "loss": (MLPRegressor("square"), "The 'loss' parameter of MLPRegressor must be a str among"),
    "a loss of several numbers": (
        MLPClassifier(loss=lambda logits, target: logits - target),
        r"loss: expected a function, .* that makes an array of shape \(\) of .* \(3,\) and .* \(3,\), got",
    ),
    "a loss of NumPy's": (
        MLPClassifier(loss=lambda logits, target: np.linalg.norm(logits - target)),
        r"loss: expected a function, written with jax\.numpy",
    ),
    "an activation that sums": (
        MLPClassifier(activation=lambda z: z.sum()),
        r"activation: expected .* of shape \(100,\) .*, got <function .*, which makes ShapeDtypeStruct\(shape=\(\)",
    ),
    "a rate beside an optimizer": (
        MLPClassifier(solver=optax.sgd(0.1), learning_rate_init=5.0),
        "learning_rate_init: expected its default beside an optax solver, which has numbers of its own, got 5.0",
    ),
    "a schedule beside an optimizer": (
        MLPClassifier(solver=optax.sgd(0.1), learning_rate="adaptive"),
        "learning_rate: expected its default beside an optax solver",
    ),
    "a scoring that decides nothing": (
        MLPClassifier(scoring="accuracy"),
        "scoring: expected None, or early_stopping=True with a stochastic solver, got 'accuracy'",
    ),
    "a scoring of lbfgs": (
        MLPClassifier(scoring="accuracy", solver="lbfgs", early_stopping=True),
        "scoring: expected None, or early_stopping=True with a stochastic solver",
    ),
    "an activation of NumPy's": (
        MLPClassifier(activation=np.tanh),
        r"activation: expected a function, written with jax\.numpy, .*<ufunc 'tanh'>, which wants numbers",
    ),
}


@pytest.mark.parametrize(("mlp", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_parameters_are_refused_in_words(iris, mlp, words):
    with pytest.raises(ValueError, match=words):
        mlp.fit(*iris)


def test_whole_numbers_of_units_and_optimizers_are_asked_for(iris):
    for sizes in ((3.5,), (4, 2.0), ((3,),), (None,), ("a",)):
        with pytest.raises(TypeError, match="hidden_layer_sizes: expected a whole number of units a hidden layer"):
            MLPClassifier(sizes).fit(*iris)
    with pytest.raises(TypeError, match=r"solver: .*<function adam .*, which asks for arguments: call it, as optax"):
        MLPClassifier(solver=optax.adam).fit(*iris)
    with pytest.raises(TypeError, match=r"solver: expected an optax optimizer .*, got a function that makes 3"):
        MLPClassifier(solver=lambda: 3).fit(*iris)


def test_counts_below_zero_are_refused(line):
    with pytest.raises(ValueError, match="y: expected targets of at least 0 for loss='poisson', got -"):
        MLPRegressor("poisson").fit(*line)


def test_weights_below_zero_are_refused(iris):
    with pytest.raises(ValueError, match="sample_weight: expected weights of at least 0"):
        MLPClassifier(**SMALL).fit(*iris, sample_weight=-np.ones(50))


def test_lbfgs_takes_no_validation_set_and_no_parts(iris):
    mlp = MLPClassifier(solver="lbfgs")
    with pytest.raises(ValueError, match="X_val: expected a stochastic solver, got solver='lbfgs'"):
        mlp.fit(*iris, X_val=iris[0], y_val=iris[1])
    with pytest.raises(AttributeError, match="partial_fit"):
        mlp.partial_fit(*iris)


def test_partial_fit_does_not_balance_classes_it_cannot_count(iris):
    with pytest.raises(ValueError, match="class_weight: expected weights by class, for partial_fit sees a part only"):
        MLPClassifier(class_weight="balanced", **SMALL).partial_fit(*iris, classes=[0, 1, 2])


@pytest.mark.parametrize(
    "absent",
    ["sys.modules['sklearn'] = None", "import sklearn.utils.validation as old; del old.validate_data"],
    ids=["none", "older than 1.6"],
)
def test_without_scikit_learn_the_error_says_how_to_install_it(absent):
    code = f"import sys; {absent}; import jaxnet.estimators"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "jaxnet.estimators needs scikit-learn 1.6 or later: pip install 'jaxnet[sklearn]'" in done.stderr


def named(functions):
    return sorted(name for name in functions if not name.endswith(">"))  # expressions are no station of their own


def test_the_way_of_the_examples_from_fit_to_the_compiled_loop_is_short(iris):
    X, y = iris
    functions, containers = set(), set()

    def holds(value):
        if isinstance(value, np.ndarray | jax.Array) and not isinstance(value, jax.core.Tracer):
            return value.ndim == 2 and value.shape[1] == X.shape[1] and np.array_equal(value[: len(X)], X)
        found = isinstance(value, tuple | list) and any(holds(part) for part in value)
        if found and hasattr(value, "_fields"):
            containers.add(type(value).__name__)
        return found

    def note(frame, event, _):
        module = frame.f_globals.get("__name__", "")
        # callbacks are told of the examples and hand them to no one
        ours = module.startswith("jaxnet.") and module != "jaxnet.estimators.callbacks"
        if event == "call" and ours and any(holds(value) for value in frame.f_locals.values()):
            functions.add(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        MLPClassifier(**SMALL).fit(X, y)
    finally:
        sys.setprofile(None)
    assert len(named(functions)) <= 8, " ".join(named(functions))
    assert len(containers) <= 3, containers


@pytest.fixture
def fitted(iris):
    return MLPClassifier(**SMALL).fit(*iris)


def test_logits_and_hidden_activations_are_what_numpy_computes(fitted, iris):
    hidden = np.maximum(iris[0] @ fitted.coefs_[0] + fitted.intercepts_[0], 0)
    logits = hidden @ fitted.coefs_[1] + fitted.intercepts_[1]
    np.testing.assert_allclose(fitted.activations(iris[0])[0], hidden, rtol=1e-12)
    np.testing.assert_allclose(fitted.decision_function(iris[0]), logits, rtol=1e-12)
    np.testing.assert_array_equal(fitted.predict(iris[0]), logits.argmax(1))
    exponential = np.exp(logits)
    proba = exponential / exponential.sum(1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(iris[0]), proba, rtol=1e-12)
    np.testing.assert_allclose(fitted.predict_log_proba(iris[0]), np.log(proba), rtol=1e-10)


def test_the_logit_of_two_classes_is_positive_for_the_second(iris):
    mlp = MLPClassifier(**SMALL).fit(iris[0], np.where(iris[1] == 1, "yes", "no"))
    assert mlp.decision_function(iris[0]).shape == (50,)
    np.testing.assert_array_equal(mlp.predict(iris[0]) == "yes", mlp.decision_function(iris[0]) > 0)


def test_sparse_rows_have_the_predictions_of_dense_ones(fitted, iris):
    np.testing.assert_allclose(fitted.predict_proba(csr_matrix(iris[0])), fitted.predict_proba(iris[0]), rtol=1e-12)


def test_an_output_that_is_set_by_hand_is_what_predictions_follow(line):
    fitted = MLPRegressor(hidden_layer_sizes=(4,), max_iter=1, random_state=0).partial_fit(*line)
    logits = fitted.predict(line[0])
    for name, function in (("tanh", np.tanh), ("relu", lambda z: np.maximum(z, 0)), ("identity", lambda z: z)):
        fitted.out_activation_ = name
        np.testing.assert_allclose(fitted.predict(line[0]), function(logits), rtol=1e-14)
    fitted.out_activation_ = "tahn"
    with pytest.raises(ValueError, match=r"out_activation_: expected one of logistic, .*, got 'tahn'"):
        fitted.predict(line[0])


def test_margins_are_no_probabilities(iris):
    mlp = MLPClassifier(loss="hinge", **SMALL).partial_fit(*iris, classes=[0, 1, 2])
    assert not hasattr(mlp, "predict_proba")
    with pytest.raises(AttributeError, match="has no attribute 'predict_log_proba'") as raised:
        mlp.predict_log_proba(iris[0])
    assert "probability estimates are not available for loss='hinge'" in str(raised.value.__cause__)
    np.testing.assert_array_equal(mlp.predict(iris[0]), mlp.decision_function(iris[0]).argmax(1))


def test_sigmoid_calibration_is_scikit_learns_where_decision_function_is_hidden(iris):
    X, y = iris

    class Plain(MLPClassifier):
        decision_function = property()

    ours, theirs = (
        CalibratedClassifierCV(of(**SMALL | {"max_iter": 30}), method="sigmoid", cv=2).fit(X, y).predict_proba(X)
        for of in (Plain, scikit.MLPClassifier)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_everything_that_is_handed_out_is_numpys(fitted, iris):
    given = [fitted.predict(iris[0]), fitted.predict_proba(iris[0]), *fitted.activations(iris[0]), *fitted.coefs_]
    assert {type(array) for array in given} == {np.ndarray}
    given += fitted.intercepts_
    assert all(array.flags.writeable for array in given)


def test_predictions_and_scores_compile_nothing_at_any_number_of_rows(fitted, iris, caplog):
    with jax.log_compiles():
        for rows in (1, 7, 50):
            fitted.predict_proba(iris[0][:rows])
            fitted.score(iris[0][:rows], iris[1][:rows])
    assert "Compiling" not in caplog.text


def test_a_fitted_estimator_becomes_a_model_that_needs_no_scikit_learn(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 3))
    targets = {
        "text": np.array(["c", "a", "b"])[np.arange(30) % 3],
        "two": np.arange(30) % 2 + 5,
        "several": np.stack([np.arange(30) % 2, np.arange(30) % 3 == 0], axis=1).astype(int),
    }
    for y in targets.values():
        fitted = MLPClassifier((4,), max_iter=1, random_state=0)
        fitted = fitted.partial_fit(X, y, classes=np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y))
        fitted.to_model().save(tmp_path)
        model = jn.load(tmp_path)
        assert model.predict(X).tolist() == fitted.predict(X).tolist()
        np.testing.assert_array_equal(model.predict_proba(X), fitted.predict_proba(X))
        assert model.to_sklearn().predict(X).tolist() == fitted.predict(X).tolist()
    fitted = MLPRegressor(hidden_layer_sizes=(4,), max_iter=1, random_state=0).partial_fit(X, X[:, :2])
    np.testing.assert_array_equal(fitted.to_model().predict(X), fitted.predict(X))
    with pytest.raises(NotFittedError, match="This MLPRegressor instance is not fitted yet"):
        MLPRegressor().to_model()
