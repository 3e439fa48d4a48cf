"""Backpropagation: forward through the layers, and the derivative back through them.

Forward, a network of L layers is a network of L - 1 layers feeding some perceptrons: the first layer makes the input of
the rest. Backward, the same sentence is read from its end: the last layer takes the derivative at its weighted sums,
turns it into the gradient of its own parameters, and hands to the network of L - 1 layers before it the derivative at
*their* weighted sums. Nothing is computed twice: every layer reuses the derivative that the layer after it handed down
(``dZ``) and the numbers that the forward pass left behind (``Values``).

For one hidden layer and shares of 1/N that is the article's worked example:

    Z1 = X W1 + b1                          dZ2 = (P - T) / N
    A1 = sigmoid(Z1)                        dW2 = A1ᵀ dZ2        db2 = column sums of dZ2
    Z2 = A1 W2 + b2                         dZ1 = (dZ2 W2ᵀ) · A1 (1 - A1)
    P  = softmax(Z2)                        dW1 = Xᵀ dZ1         db1 = column sums of dZ1
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.reference.losses import LOSSES, OUTPUTS
from jaxnet.reference.operations import ACTIVATIONS, Array, Params, affine, affine_backward
from jaxnet.reference.refusals import (
    ReferenceInput,
    check_examples,
    check_network,
    check_params,
    check_problem,
    factors_of,
)


class Values(NamedTuple):
    """What a hidden layer leaves behind for the way back: weighted sums ``Z`` and activations ``A``, both [N, H]."""

    Z: Array
    A: Array


def forward(params: Params, activations: Sequence[str], X: Array) -> tuple[list[Values], Array]:
    """Return the values of every hidden layer, and the logits [N, K], of examples X [N, D]."""
    first, *rest = params
    Z = affine(X, first)
    if not rest:
        return [], Z
    here = Values(Z, ACTIVATIONS[activations[0]].forward(Z))
    hidden, logits = forward(rest, activations[1:], here.A)
    return [here, *hidden], logits


def backward(params: Params, activations: Sequence[str], X: Array, hidden: list[Values], *, dZ: Array) -> Params:
    """Return the gradient of every layer, in the structure of ``params``, from ``dZ`` at the logits [N, K]."""
    *before, last = params
    A = hidden[-1].A if before else X
    dA, gradient = affine_backward(dZ, A, last)
    if not before:
        return [gradient]
    dZ_before = dA * ACTIVATIONS[activations[-1]].derivative(*hidden[-1])
    return [*backward(before, activations[:-1], X, hidden[:-1], dZ=dZ_before), gradient]


def loss_at_logits(problem: ReferenceInput, Z: Array) -> tuple[Array, Array]:
    """Return the mean loss of the examples, and its derivative at the logits [N, K].

    The mean is sum_n share_n loss_n, with equal shares 1/N or, given example weights, share_n = w_n / sum(w); so an
    example's derivative is its loss's derivative times its share.
    """
    loss, output = LOSSES[problem.loss], OUTPUTS[problem.output]
    # the mean's derivative is taken here, once: from here on nothing knows how many examples there are
    share = shares(problem)
    V = output.forward(Z) if loss.on_predictions else Z
    dV = loss.derivative(V, problem.T) * share[:, None]
    return np.sum(share * loss.of(V, problem.T)), output.backward(V, dV) if loss.on_predictions else dV


def shares(problem: ReferenceInput) -> Array:
    """Return how much of the mean each example is, [N]; 0 for all where all weights are 0."""
    if problem.weight is None:
        return np.full(len(problem.X), 1 / len(problem.X))
    # as jaxnet's mean: a batch of weights 0 counts for nothing, and must not be 0/0
    total = np.sum(problem.weight)
    return problem.weight / np.where(total > 0, total, 1.0)


def objective_and_gradient(problem: ReferenceInput, params: Params) -> tuple[Array, Params]:
    """Return the objective, mean loss + l2/2 · sum of squared weights, a scalar, and its gradient, [{"w": [D, H], "b":
    [H]}, ...] as ``params``."""
    layers = with_factors(params, problem.factors)
    hidden, Z = forward(layers, problem.activations, problem.X)
    loss, dZ = loss_at_logits(problem, Z)
    # z = f x w + b: the derivative at w is f times that at f w
    gradient = with_factors(backward(layers, problem.activations, problem.X, hidden, dZ=dZ), problem.factors)
    penalty = sum(np.sum(np.square(layer["w"])) for layer in params)
    # d(l2/2 · w²)/dw = l2 · w; biases are not penalised
    with_penalty = [
        {"w": g["w"] + problem.l2 * layer["w"], "b": g["b"]} for g, layer in zip(gradient, params, strict=True)
    ]
    return loss + problem.l2 / 2.0 * penalty, with_penalty


def with_factors(params: Params, factors: Sequence[Any] | None) -> Params:
    """Return layers with their weights, or the derivatives at them, times the factor f of each: z = f x w + b."""
    if factors is None:
        return params
    return [{"w": factor * layer["w"], "b": layer["b"]} for layer, factor in zip(params, factors, strict=True)]


def predict(net: Any, params: Any, X: Any) -> np.ndarray:
    """Compute the predictions [N, K] of a network for examples X [N, D], in float64.

    ``net`` is anything with ``sizes``, ``activations`` (one name a hidden layer) and ``output``. Raises ValueError for
    what has no derivation here and for arrays of wrong shapes.
    """
    check_network(net)
    _, Z = forward(with_factors(check_params(net, params), factors_of(net)), net.activations, check_examples(net, X))
    P: np.ndarray = OUTPUTS[net.output].forward(Z)
    return P


def loss_and_gradient(
    net: Any, params: Any, X: Any, y: Any, *, loss: str | None = None, l2: float = 0.0, weight: Any = None
) -> tuple[float, Params]:
    """Compute the objective and its gradient by backpropagation, in float64.

    Args:
        net: anything with ``sizes``, ``activations`` (one name a hidden layer) and ``output``.
        params: [{"w": [D, H], "b": [H]}, ...], one dict a layer.
        X: examples [N, D].
        y: targets [N, K]; or labels [N] for classes; or numbers [N] for one output.
        loss: a name in ``LOSSES``; by default the canonical one of the output.
        l2: the penalty's factor: l2/2 times the sum of squared weights is added.
        weight: [N], how much each example counts: the mean is sum(w loss) / sum(w).

    Returns the objective and its gradient in the structure of ``params``. Raises ValueError, naming the argument, for
    wrong shapes, labels out of range, NaN, and whatever has no derivation here (callables, dropout).

    >>> from types import SimpleNamespace
    >>> perceptron = SimpleNamespace(sizes=(2, 1), activations=(), output="identity")
    >>> loss, gradient = loss_and_gradient(perceptron, [{"w": [[2.0], [-1.0]], "b": [0.5]}], [[3.0, 4.0]], [1.0])
    >>> loss, gradient[0]["w"].tolist(), gradient[0]["b"].tolist()
    (1.125, [[4.5], [6.0]], [1.5])
    """
    problem = check_problem(net, X, y, loss=loss, l2=l2, weight=weight)
    value, gradient = objective_and_gradient(problem, check_params(net, params))
    return float(value), gradient
