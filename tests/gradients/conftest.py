"""Problems for the diagnosis: a network, an objective, parameters, data, and a gradient written by hand."""

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.leaves import flatten
from jaxnet.gradients.problem import Problem


@pytest.fixture(scope="session")
def pose():
    """(f, params, data, mine, function=True) -> Problem; ``mine(params, *data)`` returns a gradient like params."""
    compiled = {}

    def oracle_of(f):
        if f not in compiled:
            compiled[f] = jax.jit(jax.grad(f))
        return lambda params, *data: {
            path: np.asarray(leaf) for path, leaf in flatten(compiled[f](params, *data)).items()
        }

    def build(f, params, data, mine, *, function=True, noise=2.0**-44, eps=2.0**-53, network=None):
        oracle = oracle_of(f)
        true = oracle(params, *data)
        gradient = lambda params, *data: {k: np.asarray(v, float) for k, v in flatten(mine(params, *data)).items()}
        floor = {path: np.full(leaf.shape, noise * np.abs(leaf).max()) for path, leaf in true.items()}
        yours = gradient(params, *data)
        return Problem(
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
        shapes = list(zip(sizes, sizes[1:], strict=False))
        params = [{"w": random.normal(size=s) / np.sqrt(s[0]), "b": random.normal(size=s[1]) / 2} for s in shapes]
        X = random.normal(size=(n, sizes[0]))
        labels = random.permutation(np.arange(n) % sizes[-1])
        y = {"softmax": labels, "identity": random.normal(size=(n, sizes[-1]))}.get(output)
        y = random.integers(0, 2, (n, sizes[-1])).astype(float) if y is None else y
        return jn.objective(net, loss, l2), params, (X, y)

    return build
