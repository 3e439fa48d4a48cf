"""What scikit-learn's tests say through private names, said through public ones."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.preprocessing import MinMaxScaler

from jaxnet.estimators import MLPClassifier
from jaxnet.estimators.example_losses import BatchObjective, binary_log_loss, log_loss
from jaxnet.network import MLP

X, Y = load_digits(n_class=2, return_X_y=True)
X, Y = MinMaxScaler().fit_transform(X)[:100], Y[:100]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_step_of_descent_is_the_worked_example():
    mlp = MLPClassifier(
        2, "logistic", solver="sgd", learning_rate_init=0.1, alpha=0.1, max_iter=1, momentum=0, random_state=1
    )
    x = np.array([[0.6, 0.8, 0.7]])
    mlp.partial_fit(x, [0], classes=[0, 1])
    mlp.coefs_ = [np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0]]), np.array([[0.1], [0.2]])]
    mlp.intercepts_ = [np.array([0.1, 0.1]), np.array([1.0])]
    mlp.partial_fit(x, [0])
    # worked out by hand: h = g(x W1 + b1) = (0.679, 0.574), o = g(h W2 + b2) = 0.765, deltas 0.765, 0.0167, 0.0374
    np.testing.assert_allclose(
        mlp.coefs_[0], [[0.098, 0.195756], [0.2956664, 0.096008], [0.4939998, -0.002244]], atol=5e-4
    )
    np.testing.assert_allclose(mlp.coefs_[1], [[0.04706], [0.154089]], atol=5e-4)
    np.testing.assert_allclose(mlp.intercepts_[0], [0.098333, 0.09626], atol=5e-4)
    np.testing.assert_allclose(mlp.intercepts_[1], [0.9235], atol=5e-4)
    np.testing.assert_allclose(mlp.predict_proba(x)[0, 1], 0.739, atol=5e-4)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu"])
@pytest.mark.parametrize(("loss", "output", "targets"), [(binary_log_loss, "sigmoid", 1), (log_loss, "softmax", 3)])
def test_the_gradient_is_the_slope_of_the_loss(activation, loss, output, targets):
    random = np.random.RandomState(42)
    x, y = random.rand(5, 10), np.eye(3)[[1, 2, 0, 1, 2]][:, :targets]
    network = MLP((10, 4, targets), activation=activation, output=output)
    objective = BatchObjective(network, loss, 1e-5)
    params = network.init(jax.random.key(0), np.float64)
    gradient = jax.grad(objective)(params, x, y)
    direction = jax.tree.map(lambda leaf: random.standard_normal(leaf.shape), params)
    along = lambda step: objective(jax.tree.map(lambda p, d: p + step * d, params, direction), x, y)
    slope = (along(1e-5) - along(-1e-5)) / 2e-5
    expected = sum(np.vdot(g, d) for g, d in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))
    np.testing.assert_allclose(expected, slope, rtol=1e-7, atol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("learning_rate", "expected"), [("constant", 0.001), ("invscaling", 0.001 / (8 + 1) ** 0.25)])
def test_a_warm_start_begins_anew_with_the_rate_but_counts_on(learning_rate, expected):
    mlp = MLPClassifier(4, solver="sgd", learning_rate=learning_rate, max_iter=1, power_t=0.25, warm_start=True)
    for _ in range(2):
        mlp.fit([[3, 2], [1, 6], [5, 6], [-2, -4]], [1, 1, 1, 0])
    assert mlp.learning_rate_ == expected


def test_an_adaptive_rate_is_lowered_until_it_is_too_small():
    mlp = MLPClassifier(tol=0.5, max_iter=3000, solver="sgd", learning_rate="adaptive").fit([[3, 2], [1, 6]], [1, 0])
    assert mlp.n_iter_ < 3000
    assert mlp.learning_rate_ < 1e-6


def waits(curve, tolerance):
    """Count, after each epoch, the epochs since the loss was last lower than the best by more than tolerance."""
    best, waited, counts = np.inf, 0, []
    for loss in curve:
        waited = waited + 1 if loss > best - tolerance else 0
        best = min(best, loss)
        counts.append(waited)
    return counts


@pytest.mark.parametrize("patience", [2, 10, 50])
def test_a_fit_ends_when_more_epochs_than_n_iter_no_change_do_not_improve(patience):
    mlp = MLPClassifier(tol=0.01, max_iter=3000, solver="sgd", n_iter_no_change=patience, random_state=0).fit(X, Y)
    counts = waits(mlp.loss_curve_, 0.01)
    assert counts[-1] == patience + 1
    assert max(counts[:-1]) <= patience


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_infinite_patience_never_ends_a_fit():
    mlp = MLPClassifier(tol=1e9, max_iter=300, solver="sgd", n_iter_no_change=np.inf).fit(X, Y)
    assert mlp.n_iter_ == 300
    assert waits(mlp.loss_curve_, 1e9)[-1] == 299
