"""Problems for the diagnosis: a network, an objective, parameters, data, and a gradient written by hand."""

import itertools

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.evidence import Evidence, by_path


@pytest.fixture(scope="session")
def pose():
    """(f, params, data, mine, function=True) -> Evidence; ``mine(params, *data)`` returns a gradient like params."""
    compiled = {}

    def oracle_of(f):
        if f not in compiled:
            compiled[f] = jax.jit(jax.grad(f))
        return lambda params, *data: {
            path: np.asarray(leaf) for path, leaf in by_path(compiled[f](params, *data)).items()
        }

    def build(f, params, data, mine, *, function=True, noise=2.0**-44, eps=2.0**-53, network=None):
        oracle = oracle_of(f)
        true = oracle(params, *data)
        gradient = lambda params, *data: {k: np.asarray(v, float) for k, v in by_path(mine(params, *data)).items()}
        floor = {path: np.full(leaf.shape, noise * np.abs(leaf).max()) for path, leaf in true.items()}
        yours = gradient(params, *data)
        return Evidence(
            objective=f, params=params, data=data, yours=yours, true=true, noise=floor,
            gradient=gradient if function else None, oracle=oracle, network=network or getattr(f, "network", None),
            loss=getattr(f, "loss", None), l2=getattr(f, "l2", 0.0), eps=eps,
        )  # fmt: skip

    return build


@pytest.fixture(scope="session")
def example():
    """(sizes, n, activation=, output=, loss=, l2=) -> (objective, params, (X, y)): a small network, drawn at random."""

    def build(sizes=(5, 4, 3, 2), n=7, *, activation="tanh", output="softmax", loss=None, l2=0.0, seed=0):
        random = np.random.default_rng(seed)
        net = jn.MLP(sizes, activation=activation, output=output)
        shapes = list(itertools.pairwise(sizes))
        params = [{"w": random.normal(size=s) / np.sqrt(s[0]), "b": random.normal(size=s[1]) / 2} for s in shapes]
        X = random.normal(size=(n, sizes[0]))
        labels = random.permutation(np.arange(n) % sizes[-1])
        y = {"softmax": labels, "identity": random.normal(size=(n, sizes[-1]))}.get(output)
        y = random.integers(0, 2, (n, sizes[-1])).astype(float) if y is None else y
        return jn.objective(net, loss, l2), params, (X, y)

    return build


@pytest.fixture(scope="session")
def derive():
    """(l2=, **wrong lines) -> the gradient of a tanh network with softmax and cross-entropy, derived by hand.

    Layers count from 0; every line gets the namespace of what is known so far and the layer.
    """

    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    right = {
        "output": lambda s: s["p"] - s["t"],
        "down": lambda s, l: s["delta"][l + 1] @ s["w"][l + 1].T,
        "slope": lambda s, l: 1 - s["a"][l + 1] ** 2,
        "weight": lambda s, l: s["a"][l].T @ s["delta"][l] / s["n"],
        "bias": lambda s, l: s["delta"][l].sum(axis=0) / s["n"],
        "penalty": lambda s, l: s["l2"] * s["w"][l],
        "finish": lambda gradient, s: gradient,
    }

    def derived(l2=0.0, **wrong):
        line = right | wrong

        def mine(params, X, y):
            w, b = [p["w"] for p in params], [p["b"] for p in params]
            a, z, last = [X], [], len(w) - 1
            for l in range(last + 1):
                z.append(a[l] @ w[l] + b[l])
                a.append(np.tanh(z[l]) if l < last else softmax(z[l]))
            s = {"w": w, "b": b, "a": a, "z": z, "p": a[-1], "t": np.eye(a[-1].shape[1])[y], "n": len(X), "l2": l2}
            s |= {"delta": {}, "passed": {}, "dw": {}}
            gradient = [{} for _ in w]
            for l in reversed(range(last + 1)):
                if l == last:
                    s["delta"][l] = line["output"](s)
                else:
                    s["passed"][l] = line["down"](s, l)
                    s["delta"][l] = s["passed"][l] * line["slope"](s, l)
                s["dw"][l] = line["weight"](s, l) + line["penalty"](s, l)
                gradient[l] = {"w": s["dw"][l], "b": line["bias"](s, l)}
            return line["finish"](gradient, s)

        return mine

    return derived
