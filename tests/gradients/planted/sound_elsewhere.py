"""Sound gradients of objectives that are no jaxnet network: other pytrees, other functions, NumPy alone."""

import jax
import jax.numpy as jnp
import numpy as np

from .backpropagation import sigmoid, softmax
from .sound import Sound

_RANDOM = np.random.default_rng(0)
_X, _Y = _RANDOM.normal(size=(8, 4)), np.array([0.0, 1, 1, 0, 1, 0, 0, 1])
_A = _RANDOM.normal(size=(4, 4))
_V = _RANDOM.normal(size=4)


def rosenbrock(v):
    return jnp.sum(100 * (v[1:] - v[:-1] ** 2) ** 2 + (1 - v[:-1]) ** 2)


def rosenbrock_gradient(v):
    gradient = np.zeros_like(v)
    gradient[:-1] = -400 * v[:-1] * (v[1:] - v[:-1] ** 2) - 2 * (1 - v[:-1])
    gradient[1:] += 200 * (v[1:] - v[:-1] ** 2)
    return gradient


def logistic(params, X, y):
    z = X @ params["slope"] + params["intercept"]
    return jnp.mean(jax.nn.softplus(z) - y * z)


def logistic_gradient(params, X, y):
    error = sigmoid(X @ params["slope"] + params["intercept"]) - y
    return {"slope": X.T @ error / len(y), "intercept": error.mean()}


def logistic_numpy(params, X, y):
    z = X @ np.asarray(params["slope"]) + np.asarray(params["intercept"])
    return np.mean(np.logaddexp(0, z) - y * z)


def learner(params, X, y):
    """A network with names of its own: W1, b1, W2, b2 in a dict."""
    hidden = jnp.tanh(X @ params["W1"] + params["b1"][None])
    return jnp.mean(jnp.square(hidden @ params["W2"] + params["b2"][None] - y[:, None]))


def learner_gradient(params, X, y):
    hidden = np.tanh(X @ params["W1"] + params["b1"])
    error = 2 * (hidden @ params["W2"] + params["b2"] - y[:, None]) / len(y)
    below = error @ params["W2"].T * (1 - hidden**2)
    return {"W1": X.T @ below, "b1": below.sum(0), "W2": hidden.T @ error, "b2": error.sum(0)}


def learner_numpy(params, X, y):
    hidden = np.tanh(X @ params["W1"] + params["b1"][None])
    return np.mean(np.square(hidden @ params["W2"] + params["b2"][None] - y[:, None]))


def attention(params, x):
    q, k, v = params
    return jnp.sum(jax.nn.softmax((x @ q) @ (x @ k).T, axis=1) @ (x @ v))


def attention_gradient(params, x):
    q, k, v = params
    p = softmax((x @ q) @ (x @ k).T)
    upstream = np.ones((len(x), v.shape[1])) @ (x @ v).T
    d = p * (upstream - (upstream * p).sum(axis=1, keepdims=True))
    return x.T @ d @ (x @ k), x.T @ d.T @ (x @ q), x.T @ p.T @ np.ones((len(x), v.shape[1]))


_LOGISTIC = {"slope": _V, "intercept": np.array(0.3)}
_LEARNER = {
    "W1": _RANDOM.normal(size=(4, 3)),
    "b1": _RANDOM.normal(size=3),
    "W2": _RANDOM.normal(size=(3, 1)),
    "b2": np.array([0.1]),
}
_ATTENTION = tuple(_RANDOM.normal(size=(4, 3)) / 2 for _ in range(3))
_QUADRATIC = (lambda v: v @ _A @ v, lambda v: (_A + _A.T) @ v)


def _scaled(f, gradient, factor):
    return lambda *a: factor * f(*a), lambda *a: jax.tree.map(lambda leaf: factor * leaf, gradient(*a))


_CALLS = (
    ("Rosenbrock", rosenbrock, _V, (), rosenbrock_gradient),
    ("Rosenbrock at its minimum", rosenbrock, np.ones(5), (), rosenbrock_gradient),
    ("Rosenbrock of arrays", rosenbrock, _V, (), rosenbrock_gradient(_V)),
    ("a quadratic form", _QUADRATIC[0], _V, (), _QUADRATIC[1]),
    ("a quadratic form times 1e-12", _V, *_scaled(*_QUADRATIC, 1e-12)),
    ("a quadratic form times 1e12", _V, *_scaled(*_QUADRATIC, 1e12)),
    ("a quadratic form times 1e-200", _V, *_scaled(*_QUADRATIC, 1e-200)),
    ("a constant", lambda v: jnp.float64(3) + 0 * v[0], _V, (), np.zeros_like),
    ("a sum", jnp.sum, _V, (), np.ones_like),
    ("log sum exp", jax.nn.logsumexp, _V, (), lambda v: softmax(v[None])[0]),
    ("log sum exp of a thousand", jax.nn.logsumexp, 1000 * _V, (), lambda v: softmax(v[None])[0]),
    ("log determinant", lambda m: jnp.linalg.slogdet(m)[1], _A + 4 * np.eye(4), (), lambda m: np.linalg.inv(m).T),
    ("a deviation from the mean", lambda v: jnp.var(v), _V, (), lambda v: 2 * (v - v.mean()) / v.size),
    ("a variance of equal numbers", lambda v: jnp.var(v), np.full(4, 0.1), (), lambda v: 2 * (v - v.mean()) / v.size),
    ("a variance about a million", lambda v: jnp.var(v), 1e6 + _V, (), lambda v: 2 * (v - v.mean()) / v.size),
    ("a scalar", jnp.sin, np.array(0.7), (), np.cos),
    ("a norm", jnp.linalg.norm, _V, (), lambda v: v / np.linalg.norm(v)),
    ("an absolute value off its kink", lambda v: jnp.sum(jnp.abs(v)), _V, (), np.sign),
    ("attention", attention, _ATTENTION, (_X,), attention_gradient),
    ("logistic regression by hand", logistic, _LOGISTIC, (_X, _Y), logistic_gradient),
    ("logistic regression in NumPy alone", logistic_numpy, _LOGISTIC, (_X, _Y), logistic_gradient),
    ("logistic regression, arrays", logistic, _LOGISTIC, (_X, _Y), logistic_gradient(_LOGISTIC, _X, _Y)),
    ("a learner's dict", learner, _LEARNER, (_X, _Y), learner_gradient),
    ("a learner's dict in NumPy alone", learner_numpy, _LEARNER, (_X, _Y), learner_gradient),
    (
        "nested containers",
        lambda p: jnp.sum(p["a"][0] ** 2) + p["a"][1]["b"] ** 3,
        {"a": (_V, {"b": np.array(2.0)})},
        (),
        lambda p: {"a": (2 * p["a"][0], {"b": 3 * p["a"][1]["b"] ** 2})},
    ),
    ("a tuple for a list", lambda p: p[0] @ p[1], [_V, _V + 1], (), lambda p: (p[1], p[0])),
    ("lists for an array", jnp.sum, _V, (), lambda v: [1.0] * 4),
    ("a kink in NumPy alone", lambda v: np.sum(np.maximum(v, 0)), np.array([1.0, -1, 2]), (), lambda v: (v > 0) * 1.0),
)


def _sound(name, *call):
    if not callable(call[0]):
        params, f, gradient = call
        return Sound(name, f, params, (), gradient)
    f, params, data, gradient = call
    return Sound(name, f, params, data, gradient)


ELSEWHERE = tuple(_sound(*call) for call in _CALLS)
