"""Losses in their authors' own conventions, each with a gradient of which one line, or two on one path, are wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(8).normal
X, W, TARGETS = DRAW(size=(6, 4)), DRAW(size=(4, 3)), DRAW(size=(6, 3))
LABELS, CLASS_WEIGHTS = np.array([0, 2, 1, 1, 0, 1]), np.array([1.0, 3.0, 0.5])
SIGNS = np.array([1.0, -1, -1, 1, 1, -1])


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def weighted(W, X, y, weights):
    w = weights[y]
    return -jnp.sum(w * jax.nn.log_softmax(X @ W)[jnp.arange(len(y)), y]) / jnp.sum(w)


def unweighted(W, X, y, weights):
    return X.T @ (softmax(X @ W) - np.eye(3)[y]) / len(y)


def squared(W, X, Y):
    return jnp.mean(jnp.sum((jnp.tanh(X @ W) - Y) ** 2, axis=1))


def neither_slope_nor_mean(W, X, Y):
    return X.T @ (2 * (np.tanh(X @ W) - Y))


def windows(k, X, Y):
    columns = jnp.stack([X[:, i : i + 2] for i in range(3)], axis=1)
    return jnp.sum((columns @ k - Y) ** 2)


def by_reshape(k, X, Y):
    columns = np.stack([X[:, i : i + 2] for i in range(3)], axis=1)
    return columns.reshape(2, -1) @ (2 * (columns @ k - Y)).reshape(-1, 5)


def twice_convolved(P, X, y):
    h = jnp.tanh(jnp.stack([X[:, i : i + 2] @ P["k1"] for i in range(3)], axis=1))
    return jnp.sum((jnp.stack([h[:, i : i + 2] @ P["k2"] for i in range(2)], axis=1).sum(1) - y) ** 2)


def kernel_turned(P, X, y):
    h = np.tanh(np.stack([X[:, i : i + 2] @ P["k1"] for i in range(3)], axis=1))
    d = 2 * (sum(h[:, i : i + 2] @ P["k2"] for i in range(2)) - y)[:, None]
    dh = sum(np.pad(d * P["k2"][::-1], ((0, 0), (i, 1 - i))) for i in range(2)) * (1 - h**2)
    return {
        "k1": sum(X[:, i : i + 2].T @ dh[:, i] for i in range(3)),
        "k2": sum(h[:, i : i + 2].T @ d[:, 0] for i in range(2)),
    }


def attention(P, X, mask, Y):
    q, k = X @ P["q"], X @ P["k"]
    s = jnp.where(mask[:, None], q @ k.transpose(0, 2, 1), -1e9)
    return jnp.sum((jax.nn.softmax(s, axis=-1) @ X - Y) ** 2)


def attended(P, X, mask, Y, *, masked=True, turned=True):
    q, k = X @ P["q"], X @ P["k"]
    s = q @ k.transpose(0, 2, 1)
    p = softmax(np.where(mask[:, None], s, -1e9))
    da = 2 * (p @ X - Y) @ X.transpose(0, 2, 1)
    p = p if masked else softmax(s)
    ds = p * (da - (da * p).sum(-1, keepdims=True))
    return {
        "q": np.einsum("btd,bth->dh", X, ds @ k),
        "k": np.einsum("btd,bth->dh", X, (ds.transpose(0, 2, 1) if turned else ds) @ q),
    }


def masked_relu(P, X, Y):
    return jnp.mean((jnp.maximum(0, X @ P["W"]) @ P["V"] - Y) ** 2)


def mask_moved(P, X, Y):
    z = X @ P["W"]
    d = 2 * (np.maximum(0, z) @ P["V"] - Y) / Y.size
    return {"W": X.T @ (d @ P["V"].T * (z > 0.5)), "V": np.maximum(0, z).T @ d}


def signed(w, X, y):
    return jnp.mean(jnp.log(1 + jnp.exp(-y * (X @ w))))


def in_columns(W, X, Y):
    Z = W @ X
    A = jnp.exp(Z) / jnp.sum(jnp.exp(Z), axis=0, keepdims=True)
    return -jnp.sum(Y * jnp.log(A)) / X.shape[1]


def returns(P, X, actions, advantage):
    logp = jax.nn.log_softmax(X @ P["W"] + P["b"])
    return -jnp.mean(logp[jnp.arange(len(actions)), actions] * advantage)


def without_advantage(P, X, actions, advantage):
    d = softmax(X @ P["W"] + P["b"]) - np.eye(3)[actions]
    return {"W": X.T @ (d * advantage[:, None]) / len(X), "b": d.sum(0) / len(X)}


def leaky(P, X, Y):
    z = X @ P["W"]
    return jnp.sum((jnp.where(z > 0, z, P["alpha"] * z) - Y) ** 2)


def slope_from_both_sides(P, X, Y):
    z = X @ P["W"]
    d = 2 * (np.where(z > 0, z, P["alpha"] * z) - Y)
    return {"W": X.T @ (d * np.where(z > 0, 1, P["alpha"])), "alpha": (d * z).sum(0)}


def pinball(w, X, y):
    e = y - X @ w
    return jnp.mean(jnp.maximum(0.9 * e, (0.9 - 1) * e))


HEADS = {"q": DRAW(size=(3, 2)), "k": DRAW(size=(3, 2))}
TOKENS = DRAW(size=(2, 4, 3)), np.array([[1, 1, 1, 0], [1, 1, 1, 1]]) > 0, DRAW(size=(2, 4, 3))
LAYERS = {"W": DRAW(size=(4, 5)), "V": DRAW(size=(5, 3))}
KERNELS = {"k1": DRAW(size=2), "k2": DRAW(size=2)}
WRONG = {
    "class weights left out, n for their sum": (
        weighted, (W, X, LABELS, CLASS_WEIGHTS), unweighted, ("ones stand for `weights` wherever it counts",),
    ),
    "two on one path to the only leaf": (
        squared, (W, X, TARGETS), neither_slope_nor_mean, ("6 = n times", "derivative of `jnp.tanh(X @ W)`"),
    ),
    "a reshape for a transpose": (windows, (DRAW(size=(2, 5)), X, DRAW(size=(6, 3, 5))), by_reshape, ("by a reshape",)),
    "a kernel that is turned": (
        twice_convolved, (KERNELS, X, DRAW(size=6)), kernel_turned, ("`P['k2']` is reversed along axis 0",),
    ),
    "the mask of an attention": (
        attention, (HEADS, *TOKENS), lambda *a: attended(*a, masked=False), ("p is the softmax of `q @ k.transpose(0, 2, 1)` as it is",),
    ),
    "scores not transposed": (
        attention, (HEADS, *TOKENS), lambda *a: attended(*a, turned=False), ("transposed once too often or too seldom",),
    ),
    "a mask moved by a constant": (masked_relu, (LAYERS, X, TARGETS), mask_moved, ("is masked by `X @ P['W']` > 0.5",)),
    "labels of -1 and 1": (
        signed, (W[:, 0], X, SIGNS), lambda w, X, y: -X.T @ (1 / (1 + np.exp(y * (X @ w)))) / len(y),
        ("`y` is left out of `-y`",),
    ),
    "a softmax of which the exponentials are written twice": (
        in_columns, (W.T, X.T, np.eye(3)[LABELS].T),
        lambda W, X, Y: (np.exp(W @ X) / np.exp(W @ X).sum(1, keepdims=True) - Y) @ X.T / X.shape[1],
        ("normalises over axis 1, not over axis 0",),
    ),
    "a factor left out for one parameter alone": (
        returns, ({"W": W, "b": W[0]}, X, LABELS, X[:, 0]), without_advantage, ("`advantage` is left out; so it is for ['b'] alone",),
    ),
    "a slope that takes what the other branch gives": (
        leaky, ({"W": W, "alpha": np.array([0.1, 0.2, 0.3])}, X, TARGETS), slope_from_both_sides,
        ("`P['alpha'] * z` is not masked: it goes there from the other branch, too; so it is for ['alpha'] alone",),
    ),
    "the other quantile": (
        pinball, (W[:, 0], X, 3 * TARGETS[:, 0]), lambda w, X, y: -X.T @ np.where(y > X @ w, 0.1, -0.9) / len(y),
        ("-0.9 stands for `0.9 - 1`, as where p and 1 - p are exchanged", "0.1 stands for"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_line_is_found_in_its_authors_own_convention(name):
    f, point, gradient, words = WRONG[name]
    found = jn.check_gradient(f, *point, gradient=gradient).causes
    said = " ".join(cause.sentence for cause in found).replace('"', "'")
    assert len(found) == len(words), said
    assert all(each in said for each in words), said
    assert all(cause.where.startswith("test_backward_search.py:") for cause in found)


def test_right_gradients_of_the_same_losses_are_right():
    assert jn.check_gradient(attention, HEADS, *TOKENS, gradient=attended).ok
    assert jn.check_gradient(weighted, W, X, LABELS, CLASS_WEIGHTS, gradient=jax.grad(weighted)).ok


def test_two_statements_that_are_quoted_together_stand_apart():
    def masked(W, X, Y, M):
        h = jax.nn.sigmoid(X @ W)
        d = h * M
        return jnp.sum((d - Y) ** 2)

    def mine(W, X, Y, M):
        return X.T @ (2 * (np.asarray(jax.nn.sigmoid(X @ W)) * M - Y))

    (cause,) = jn.check_gradient(masked, W, X, TARGETS, (TARGETS > -0.5) * 1.0, gradient=mine).causes
    assert cause.where.endswith(": h = jax.nn.sigmoid(X @ W); d = h * M")
