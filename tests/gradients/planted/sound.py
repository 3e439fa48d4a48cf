"""Sound gradients of every awkward sort, of networks: none of them may be flagged."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .backpropagation import RIGHT, SLOPE, backpropagate, forward
from .problems import PROBLEMS, Problem


@dataclasses.dataclass(frozen=True)
class Sound:
    """What ``check_gradient`` is called with; the answer has to be yes."""

    name: str
    f: Callable
    params: Any
    data: tuple
    gradient: Any
    network: Any = None

    def __str__(self):
        return self.name


def cast(tree, dtype):
    """Every floating-point array in another precision; labels stay as they are."""
    return jax.tree.map(lambda v: np.asarray(v, dtype) if np.asarray(v).dtype.kind == "f" else np.asarray(v), tree)


def by(problem, lines=RIGHT, dtype=np.float64):
    """Backpropagation by these lines, computed in ``dtype`` whatever it is given."""
    return lambda params, X, y: backpropagate(lines, problem, cast(params, dtype), cast(X, dtype), y)


def summed(total):
    """Lines that sum over the examples in their own way: ``total`` takes a list of arrays, one an example."""
    return RIGHT._replace(
        weight=lambda s, l: total([np.outer(a, d) for a, d in zip(s.a[l], s.delta[l], strict=True)]) / s.n,
        bias=lambda s, l: total(list(s.delta[l])) / s.n,
    )


def one_by_one(terms):
    """A running sum, the way a loop adds."""
    total = np.zeros_like(terms[0])
    for term in terms:
        total += term
    return total


def pairwise(terms):
    """Halves added to halves."""
    half = len(terms) // 2
    return pairwise(terms[:half]) + pairwise(terms[half:]) if half else terms[0]


def exactly(terms):
    """Every sum correctly rounded."""
    stacked = np.stack(terms)
    sums = [math.fsum(column) for column in stacked.reshape(len(terms), -1).T.astype(float)]
    return np.array(sums, stacked.dtype).reshape(terms[0].shape)


def slope_from_a(s, l):
    """The slope written with the activation, as textbooks do: it cancels where the unit is saturated."""
    a = s.a[l + 1]
    textbook = {"sigmoid": a * (1 - a), "tanh": 1 - a**2, "softplus": -np.expm1(-a)}
    return textbook.get(s.problem.activations[l], SLOPE[s.problem.activations[l]](s.z[l]))


def example_by_example(problem):
    """The mean of the gradients of batches of one."""

    def gradient(params, X, y):
        each = [backpropagate(RIGHT, problem, params, X[i : i + 1], np.asarray(y)[i : i + 1]) for i in range(len(X))]
        return jax.tree.map(lambda *leaves: sum(leaves) / len(leaves), *each)

    return gradient


def in_jax(problem):
    """What JAX itself computes in float32."""
    compiled = jax.jit(jax.grad(problem.objective))

    def gradient(params, X, y):
        single = jax.tree.map(lambda v: jnp.asarray(v, jnp.float32), params)
        return compiled(single, jnp.asarray(X, jnp.float32), y)

    return gradient


SCALED_EARLY = RIGHT._replace(
    output=lambda s: RIGHT.output(s) / s.n,
    weight=lambda s, l: s.a[l].T @ s.delta[l],
    bias=lambda s, l: s.delta[l].sum(axis=0),
)
ORDERS = {
    "in a loop": summed(one_by_one),
    "in a loop from the end": summed(lambda terms: one_by_one(terms[::-1])),
    "pairwise": summed(pairwise),
    "correctly rounded": summed(exactly),
    "divided first": RIGHT._replace(weight=lambda s, l: (s.a[l] / s.n).T @ s.delta[l]),
    "by einsum": RIGHT._replace(weight=lambda s, l: np.einsum("ni,nj->ij", s.a[l], s.delta[l]) / s.n),
    "transposed twice": RIGHT._replace(weight=lambda s, l: (s.delta[l].T @ s.a[l]).T / s.n),
    "divided at the output": SCALED_EARLY,
    "slopes from a": RIGHT._replace(slope=slope_from_a),
}


def _ordered(problem):
    for name, lines in ORDERS.items():
        yield _of(problem, name, problem.params, problem.data, by(problem, lines))
    for name in ("in a loop", "divided at the output", "slopes from a"):
        yield _of(problem, f"{name}, float32", problem.params, problem.data, by(problem, ORDERS[name], np.float32))
    yield _of(problem, "example by example", problem.params, problem.data, example_by_example(problem))
    yield _of(problem, "in JAX, float32", problem.params, problem.data, in_jax(problem))


def _of(problem, name, params, data, gradient):
    return Sound(f"{name} ({problem.name})", problem.objective, params, data, gradient, problem.network)


def weights_times(factor):
    """The same network with weights scaled: saturated, or nearly constant, or constant."""
    return lambda problem: (
        [{"w": factor * layer["w"], "b": layer["b"]} for layer in problem.params],
        problem.data,
    )


def inputs_times(factor):
    """The same network on other inputs."""
    return lambda problem: (problem.params, (factor * problem.data[0], problem.data[1]))


def dead(problem):
    """Biases of -30 before every hidden unit: relu passes nothing, the others hardly anything."""
    hidden = [{"w": layer["w"], "b": layer["b"] - 30} for layer in problem.params[:-1]]
    return [*hidden, problem.params[-1]], problem.data


def certain(problem):
    """Output weights and biases times 1000: logits of a thousand and more."""
    *hidden, last = problem.params
    return [*hidden, {"w": 1000 * last["w"], "b": 1000 * last["b"]}], problem.data


def duplicated(problem):
    """Every row the same as the first."""
    X, y = problem.data
    return problem.params, (np.repeat(X[:1], len(X), axis=0), np.repeat(y[:1], len(y), axis=0))


def all_zero(problem):
    """Weights, biases and inputs of zero."""
    return jax.tree.map(np.zeros_like, problem.params), (np.zeros_like(problem.data[0]), problem.data[1])


def biases_zero(problem):
    """Biases of zero, as nearly every network starts."""
    return [{"w": layer["w"], "b": 0 * layer["b"]} for layer in problem.params], problem.data


CONDITIONS = {
    "weights times 100": weights_times(100),
    "weights times 1e-6": weights_times(1e-6),
    "weights of zero": weights_times(0),
    "inputs times 1e-12": inputs_times(1e-12),
    "inputs times 1e6": inputs_times(1e6),
    "inputs of zero": inputs_times(0),
    "dead units": dead,
    "certain outputs": certain,
    "rows all the same": duplicated,
    "everything zero": all_zero,
    "biases of zero": biases_zero,
}


def _awkward(problem):
    for name, condition in CONDITIONS.items():
        params, data = condition(problem)
        single = cast(params, np.float32), cast(data, np.float32)
        yield _of(problem, f"{name}, float64", params, data, by(problem))
        yield _of(problem, f"{name}, float32", *single, by(problem, dtype=np.float32))
    for name in ("weights times 100", "dead units", "certain outputs"):
        params, data = CONDITIONS[name](problem)
        yield _of(problem, f"{name}, slopes from a", params, data, by(problem, ORDERS["slopes from a"]))


def _stationary():
    """Where the gradient is nothing but rounding: a perfect fit, and a minimum that training has reached."""
    for name in ("regression", "three hidden", "sigmoid squares"):
        problem = dataclasses.replace(PROBLEMS[name], l2=0.0)
        X, y = problem.data
        fitted = forward(problem, problem.params, X, y).p
        for dtype in (np.float64, np.float32):
            yield _of(
                problem,
                f"a perfect fit, {dtype.__name__}",
                problem.params,
                (X, fitted),
                by(problem, dtype=dtype),
            )
    for name in ("logistic regression", "softplus"):
        problem = PROBLEMS[name]
        params = _trained(problem)
        for dtype in (np.float64, np.float32):
            yield _of(
                problem,
                f"trained to the end, {dtype.__name__}",
                params,
                problem.data,
                by(problem, dtype=dtype),
            )


def _trained(problem, steps=3000):
    params = problem.params
    for _ in range(steps):
        gradient = backpropagate(RIGHT, problem, params, *problem.data)
        params = jax.tree.map(lambda p, g: p - 0.5 * g, params, gradient)
    return params


def _kinks():
    """Whole numbers, so that some pre-activations are exactly 0: each convention for relu'(0) is a subgradient."""
    for name in ("relu classifier", "square relu"):
        problem = PROBLEMS[name]
        whole = [{key: np.rint(leaf) for key, leaf in layer.items()} for layer in problem.params]
        data = (np.rint(problem.data[0]), problem.data[1])
        for convention in (0.0, 0.5, 1.0):
            lines = RIGHT._replace(slope=lambda s, l, at=convention: np.heaviside(s.z[l], s.z[l].dtype.type(at)))
            for dtype in (np.float64, np.float32):
                yield _of(
                    problem,
                    f"relu'(0) = {convention}, {dtype.__name__}",
                    whole,
                    data,
                    by(problem, lines, dtype),
                )
            zeros = all_zero(problem)
            yield _of(problem, f"everything at the kink, relu'(0) = {convention}", *zeros, by(problem, lines))


LARGE = Problem("large batch", (4, 5, 2), ("tanh",), "softmax", "cross_entropy", 0.0, 4096)
DEEP = Problem("six hidden", (4, 5, 5, 5, 5, 5, 5, 2), ("sigmoid",) * 6, "identity", "squared_error", 0.0, 8)
SINGLES = {
    name: dataclasses.replace(PROBLEMS[name], examples=1) for name in ("the article's", "softplus", "regression")
}


def _sized():
    for name in ("in a loop", "pairwise", "by einsum", "divided at the output"):
        for dtype in (np.float64, np.float32):
            gradient = by(LARGE, ORDERS[name], dtype)
            yield _of(LARGE, f"{name}, {dtype.__name__}", LARGE.params, LARGE.data, gradient)
    for dtype in (np.float64, np.float32):
        yield _of(DEEP, f"vanishing, {dtype.__name__}", *weights_times(0.1)(DEEP), by(DEEP, dtype=dtype))
        for problem in SINGLES.values():
            yield _of(
                problem,
                f"a batch of one, {dtype.__name__}",
                problem.params,
                problem.data,
                by(problem, dtype=dtype),
            )


def _other_activations():
    for name in ("leaky_relu", "silu", "elu"):
        problem = dataclasses.replace(PROBLEMS["regression"], name=name, activations=(name,))
        for dtype in (np.float64, np.float32):
            yield _of(problem, f"{dtype.__name__}", problem.params, problem.data, by(problem, dtype=dtype))


SOUND = (
    # problem by problem, because the checker compiles its programs once a problem
    *(sound for problem in PROBLEMS.values() for sound in (*_ordered(problem), *_awkward(problem))),
    *_stationary(),
    *_kinks(),
    *_sized(),
    *_other_activations(),
)
