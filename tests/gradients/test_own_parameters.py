"""Objects and torch tensors as parameters."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=(6, 2))


class Net:
    """A class as courses write it: parameters, and gradients, as attributes beside others."""

    def __init__(self):
        self.W = np.random.default_rng(1).normal(size=(3, 2))
        self.b = np.zeros(2)
        self.rate, self.name, self.units = 0.1, "mine", np.array([3, 2])

    def loss(self, X, y):
        return jnp.mean((X @ self.W + self.b - y) ** 2)

    def backward(self, X, y):
        error = 2 * (X @ self.W + self.b - y) / y.size
        return {"dW": X.T @ error, "db": error.sum(axis=0)}

    def leaves_behind(self, X, y):
        gradient = self.backward(X, y)
        self.dW, self.db = gradient["dW"], gradient["db"]

    def wrong(self, X, y):
        return {"dW": self.backward(X, y)["dW"], "db": 2 * self.backward(X, y)["db"]}


@pytest.mark.parametrize("gradient", [Net.backward, Net.leaves_behind])
def test_an_object_is_judged_by_its_floating_arrays(gradient):
    report = jn.check_gradient(Net.loss, Net(), X, Y, gradient=gradient)
    assert report.ok, report
    assert list(report.leaves) == ["['W']", "['b']"]
    assert "the parameters are the attributes W, b of Net" in str(report)


def test_bound_methods_are_called_with_other_parameters_too():
    net = Net()
    before = net.W.copy()
    report = jn.check_gradient(net.loss, net, X, Y, gradient=net.wrong)
    assert report.wrong == ("['b']",)
    assert report.causes[0].factor == 2
    np.testing.assert_array_equal(net.W, before)
    assert not hasattr(net, "dW")


def test_torch_tensors_are_parameters_and_gradients_with_and_without_grad():
    torch = pytest.importorskip("torch")
    params = {"w": torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)}
    f = lambda p, x: (x @ p["w"]).pow(2).mean()
    by_hand = lambda p, x: {"w": 2 * x.T @ (x @ p["w"]) / len(x)}
    x = torch.tensor(X[:, :2])
    assert jn.check_gradient(f, params, x, gradient=by_hand).ok
    assert jn.check_gradient(f, params, x, gradient=by_hand(params, x)).ok
    assert not jn.check_gradient(f, params, x, gradient=lambda p, x: {"w": x.T @ (x @ p["w"])}).ok
    of_jax = lambda p, x: jnp.mean((x @ p["w"]) ** 2)
    assert jn.check_gradient(of_jax, params, x, gradient=by_hand).ok
