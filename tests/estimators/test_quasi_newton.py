"""L-BFGS: one vector of all parameters, searched in float64."""

import numpy as np
import pytest

from jaxnet.estimators import MLPRegressor
from jaxnet.estimators.quasi_newton import from_vector, to_vector

PARAMS = [
    {"w": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "b": np.array([7.0, 8.0, 9.0])},
    {"w": np.array([[10.0], [11.0], [12.0]]), "b": np.array([13.0])},
]


def test_a_vector_holds_all_weights_and_then_all_biases():
    flat = to_vector(PARAMS)
    np.testing.assert_array_equal(flat, [1, 2, 3, 4, 5, 6, 10, 11, 12, 7, 8, 9, 13])
    for layer, original in zip(from_vector(flat, ((2, 3), (3, 1))), PARAMS, strict=True):
        np.testing.assert_array_equal(layer["w"], original["w"])
        np.testing.assert_array_equal(layer["b"], original["b"])


def test_without_hidden_layers_it_finds_the_exact_solution(line):
    X, y = line
    mlp = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=2.0, tol=1e-10, random_state=0).fit(X, y)
    # SciPy ends where a step lowers the loss by 2e-9 of itself: that far from a minimum are weights off by sqrt(2e-9)
    design = np.column_stack([X, np.ones(50)])
    exact = np.linalg.solve(design.T @ design + np.diag([2.0] * 4 + [0]), design.T @ y)  # ridge regression
    np.testing.assert_allclose(mlp.coefs_[0][:, 0], exact[:4], atol=1e-4)
    np.testing.assert_allclose(mlp.intercepts_[0][0], exact[4], atol=1e-4)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_float32_is_searched_in_float64_and_handed_back_in_float32(line):
    X = line[0].astype(np.float32)
    parameters = {"hidden_layer_sizes": (), "solver": "lbfgs", "tol": 1e-10, "random_state": 0}
    single, double = (MLPRegressor(**parameters).fit(each, line[1]) for each in (X, X.astype(np.float64)))
    assert single.coefs_[0].dtype == np.float32
    np.testing.assert_allclose(single.coefs_[0], double.coefs_[0], rtol=1e-6)  # float32's own rounding is 6e-8


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_loss_curve_has_an_entry_an_iteration_and_ends_with_the_loss(line):
    y = np.stack([line[1], 2 * line[1]], 1)
    mlp = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0, max_iter=9).fit(line[0], y)
    assert len(mlp.loss_curve_) == mlp.n_iter_ == 9
    assert mlp.loss_curve_ == sorted(mlp.loss_curve_, reverse=True)
    assert mlp.loss_curve_[-1] == mlp.loss_
    mlp.set_params(warm_start=True).fit(line[0], y)
    assert len(mlp.loss_curve_) == 18
    assert len(mlp.set_params(warm_start=False).fit(line[0], y).loss_curve_) == 9


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_verbose_search_says_the_loss_of_every_iteration(line, capsys):
    mlp = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0, max_iter=3, verbose=True).fit(*line)
    said = capsys.readouterr().out.splitlines()
    assert said == [f"Iteration {i}, loss = {loss:.8f}" for i, loss in enumerate(mlp.loss_curve_, 1)]
