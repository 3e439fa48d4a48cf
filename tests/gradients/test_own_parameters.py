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


def test_a_loss_of_torch_is_traced_with_its_own_lines():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    def loss(P, ids, y):
        n, rows = len(y), P["C"][ids]
        pre = rows.view(n, -1) @ P["W"]
        centred = pre - pre.sum(0, keepdim=True) / n
        h = torch.tanh(centred * (1 / (n - 1) * (centred**2).sum(0, keepdim=True) + 1e-5) ** -0.5)
        logits = functional.linear(h, P["U"])
        return -logits.log_softmax(dim=1)[range(n), y].mean() + functional.relu(logits).pow(2).sum()

    def by_hand(P, ids, y, embedded="added"):
        n, rows = len(y), P["C"][ids]
        pre = rows.view(n, -1) @ P["W"]
        inv = (pre.var(0, keepdim=True) + 1e-5) ** -0.5
        norm = (pre - pre.mean(0, keepdim=True)) * inv
        h = norm.tanh()
        logits = h @ P["U"].T
        d = (logits.softmax(1) - functional.one_hot(y, 3)) / n + 2 * logits.clamp(min=0)
        dn = d @ P["U"] * (1 - h**2)
        dp = inv * (dn - dn.mean(0) - norm * (dn * norm).sum(0) / (n - 1))
        dr, dC = (dp @ P["W"].T).view(rows.shape), torch.zeros_like(P["C"])
        if embedded == "added":
            dC.index_put_((ids,), dr, accumulate=True)
        else:
            dC[ids] = dr
        return {"C": dC, "W": rows.view(n, -1).T @ dp, "U": d.T @ h}

    draw = lambda *shape: torch.tensor(np.random.default_rng(sum(shape)).normal(size=shape))
    point = (
        {"C": draw(4, 2), "W": draw(4, 3), "U": draw(3, 3)},
        torch.tensor([[0, 1], [2, 0], [3, 3], [1, 2]]),
        torch.tensor([0, 2, 1, 1]),
    )
    report = jn.check_gradient(loss, *point, gradient=by_hand)
    assert report.ok, report
    assert report.oracle.startswith("jax.grad")
    assert "jax.numpy in torch's place" in " ".join(report.notes)
    (cause,) = jn.check_gradient(loss, *point, gradient=lambda *a: by_hand(*a, embedded="written")).causes
    assert (cause.kind, cause.where.split(": ")[-1]) == ("accumulation_overwritten", 'P["C"][ids]')


def test_a_module_of_torch_is_traced_and_its_parameters_have_their_own_names():
    torch = pytest.importorskip("torch")

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Parameter(torch.tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]], dtype=torch.float64))
            self.head = torch.nn.Linear(2, 1, dtype=torch.float64)

        def loss(self, ids):
            mask = (ids != 0).to(self.table.dtype)
            pooled = (self.table[ids] * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
            goal = torch.zeros_like(pooled)
            goal.fill_(0.5)
            return ((pooled - goal) ** 2).sum() + (self.head.weight**2).sum()

    def by_hand(net, ids, scale=1.0):
        mask = (ids != 0).to(torch.float64).unsqueeze(-1)
        each = (
            2
            * ((net.table[ids] * mask).sum(1) / mask.sum(1) - 0.5)[:, None]
            * mask
            / mask.sum(1, keepdim=True) ** scale
        )
        table = torch.zeros_like(net.table)
        table.index_put_((ids,), each, accumulate=True)
        return {"table": table, "head.weight": 2 * net.head.weight, "head.bias": torch.zeros(1)}

    net, ids = Pooled(), torch.tensor([[1, 2, 0], [1, 1, 2]])
    report = jn.check_gradient(Pooled.loss, net, ids, gradient=by_hand)
    assert report.ok, report
    assert report.oracle.startswith("jax.grad")
    assert set(report.leaves) == {"['table']", "['head.weight']", "['head.bias']"}
    (cause,) = jn.check_gradient(Pooled.loss, net, ids, gradient=lambda *a: by_hand(*a, scale=0.0)).causes
    assert "`mask.sum(1, keepdim=True)` is left out" in cause.sentence
