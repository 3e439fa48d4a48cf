"""Backpropagation in NumPy with every line a function of its own, so that a mistake is one line replaced.

Independent of jaxnet: nothing of the package is used here. Layer ``l`` takes ``a[l]`` (``a[0]`` is X), computes
``z[l] = a[l] @ w[l] + b[l]`` and hands ``a[l + 1]`` on; ``p`` is the prediction, ``t`` the target, both [N, K].
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np


def sigmoid(z):
    """1 / (1 + exp(-z)) without overflow."""
    return np.where(z >= 0, 1, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z)))


def softmax(z, axis=1):
    """exp(z) / sum exp(z) along an axis."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


VALUE = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.logaddexp(z, 0),
    "leaky_relu": lambda z: np.where(z >= 0, z, z / 100),
    "silu": lambda z: z * sigmoid(z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
}
SLOPE = {
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
    "tanh": lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2 if z.dtype == np.float64 else 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(z.dtype),
    "softplus": sigmoid,
    "leaky_relu": lambda z: np.where(z >= 0, 1, z.dtype.type(0.01)),
    "silu": lambda z: sigmoid(z) * (1 + z * sigmoid(-z)),
    "elu": lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
}
OUTPUT = {"identity": lambda z: z, "sigmoid": sigmoid, "softmax": softmax}


def dense(y, outputs, dtype):
    """Targets as [N, K]: labels become one-hot rows."""
    y = np.asarray(y)
    return np.eye(outputs, dtype=dtype)[y] if y.ndim == 1 and outputs > 1 else y.reshape(len(y), -1).astype(dtype)


def forward(problem, params, X, y):
    """Compute every layer and keep what the backward pass looks at."""
    w = [np.asarray(layer["w"]) for layer in params]
    b = [np.asarray(layer["b"]) for layer in params]
    a, z = [np.asarray(X, w[0].dtype)], []
    for l in range(len(w)):
        z.append(a[l] @ w[l] + b[l])
        if l < len(w) - 1:
            a.append(VALUE[problem.activations[l]](z[l]).astype(w[0].dtype, copy=False))
    t = dense(y, b[-1].size, w[0].dtype)
    return SimpleNamespace(
        problem=problem,
        w=w,
        b=b,
        a=a,
        z=z,
        p=OUTPUT[problem.output](z[-1]),
        t=t,
        n=len(t),
        k=t.shape[1],
        last=len(w) - 1,
        l2=problem.l2,
        delta={},
        above={},
        dw={},
        db={},
    )


def output_delta(s):
    """The loss's derivative at the logits: p - t where loss and output belong together."""
    error = s.p - s.t
    if s.problem.loss == "squared_error" and s.problem.output == "sigmoid":
        return error * s.p * (1 - s.p)
    if s.problem.loss == "mean_squared_error":
        return 2 * error / s.k
    return error


class Lines(NamedTuple):
    """The lines of the backward pass; each is given everything known so far, and the layer."""

    output: Callable = output_delta
    down: Callable = lambda s, l: s.delta[l + 1] @ s.w[l + 1].T
    slope: Callable = lambda s, l: SLOPE[s.problem.activations[l]](s.z[l])
    weight: Callable = lambda s, l: s.a[l].T @ s.delta[l] / s.n
    bias: Callable = lambda s, l: s.delta[l].sum(axis=0) / s.n
    weight_penalty: Callable = lambda s, l: s.w[l].dtype.type(s.l2) * s.w[l]
    bias_penalty: Callable = lambda s, l: s.b[l].dtype.type(0) * s.b[l]
    whole: Callable = lambda s, gradient: gradient


RIGHT = Lines()


def backpropagate(lines, problem, params, X, y):
    """Return the gradient [{"w": [D, H], "b": [H]}, ...] that these lines compute."""
    s = forward(problem, params, X, y)
    for l in reversed(range(s.last + 1)):
        if l == s.last:
            s.delta[l] = lines.output(s)
        else:
            s.above[l] = lines.down(s, l)
            s.delta[l] = s.above[l] * lines.slope(s, l)
        s.dw[l] = lines.weight(s, l) + lines.weight_penalty(s, l)
        s.db[l] = lines.bias(s, l) + lines.bias_penalty(s, l)
    gradient = [{"w": s.dw[l], "b": s.db[l]} for l in range(s.last + 1)]
    return lines.whole(s, gradient)


def with_mistakes(mistakes):
    """The right lines with those of each mistake put in their place, at its layer or at all."""
    lines = RIGHT._asdict()
    for mistake in mistakes:
        for name, wrong in mistake.lines.items():
            lines[name] = _replaced(name, lines[name], wrong, mistake.layer)
    return Lines(**lines)


def _replaced(name, before, wrong, layer):
    if name == "whole":
        return lambda s, gradient: wrong(s, before(s, gradient))
    if name == "output" or layer is None:
        return wrong
    return lambda s, l: wrong(s, l) if l == layer else before(s, l)
