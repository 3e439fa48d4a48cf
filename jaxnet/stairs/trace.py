"""One step of gradient descent in the article's own matrices, every intermediate kept.

The article writes the bias as a first column of ones: X1 is [1, pixels] and W1's first row holds the biases. NumPy in
float64, so the printed digits do not depend on JAX's settings.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxnet.reference.losses import softmax
from jaxnet.reference.operations import sigmoid


class Trace(NamedTuple):
    """All matrices of one step, named as in the article; N examples, 4 pixels, 2 hidden units, 2 outputs."""

    X1: np.ndarray  # [N, 5] ones and pixels
    W1: np.ndarray  # [5, 2]
    Z1: np.ndarray  # [N, 2] = X1 W1
    X2: np.ndarray  # [N, 3] ones and sigmoid(Z1)
    W2: np.ndarray  # [3, 2]
    Z2: np.ndarray  # [N, 2] = X2 W2
    Yhat: np.ndarray  # [N, 2] = softmax(Z2)
    Y: np.ndarray  # [N, 2] = (stairs, something else)
    loss: float  # mean over examples of -sum(Y log Yhat)
    d1: np.ndarray  # [N, 2] = dloss/dZ2, for each example
    gradient_W2: np.ndarray  # [3, 2] = X2' d1 / N
    d2: np.ndarray  # [N, 2] = dloss/dX2, without the column of the bias
    d3: np.ndarray  # [N, 2] = dloss/dZ1
    gradient_W1: np.ndarray  # [5, 2] = X1' d3 / N
    new_W1: np.ndarray  # [5, 2] = W1 - step gradient_W1
    new_W2: np.ndarray  # [3, 2]

    @property
    def accuracy(self) -> float:
        """The share of examples whose larger output is the right one, before the step."""
        return float(np.mean(self.Yhat.argmax(axis=1) == self.Y.argmax(axis=1)))


def one_step(weights: tuple[np.ndarray, np.ndarray], x: np.ndarray, Y: np.ndarray, step: float) -> Trace:
    """Go forward and backward through the network once and step down the gradient.

    ``weights`` are W1 [D + 1, H] and W2 [H + 1, K] with the bias row first, ``x`` [N, D], ``Y`` [N, K]. Both gradients
    come from the *old* weights; passing the error back through the W2 that was already updated is a classical
    mistake.
    """
    W1, W2 = weights
    X1 = _with_ones(x.astype(np.float64))
    Z1 = X1 @ W1
    X2 = _with_ones(sigmoid(Z1))
    Z2 = X2 @ W2
    Yhat = softmax(Z2)
    loss = float(np.mean(-np.sum(Y * np.log(Yhat), axis=1)))
    d1 = Yhat - Y
    gradient_W2 = X2.T @ d1 / len(x)
    d2 = d1 @ W2[1:].T
    d3 = d2 * X2[:, 1:] * (1 - X2[:, 1:])
    gradient_W1 = X1.T @ d3 / len(x)
    new = W1 - step * gradient_W1, W2 - step * gradient_W2
    return Trace(X1, W1, Z1, X2, W2, Z2, Yhat, Y, loss, d1, gradient_W2, d2, d3, gradient_W1, *new)


def steps(weights: tuple[np.ndarray, np.ndarray], x: np.ndarray, Y: np.ndarray, step: float) -> Iterator[Trace]:
    """Take one step after another without end; a trace's loss is the one before its step."""
    while True:
        trace = one_step(weights, x, Y, step)
        yield trace
        weights = trace.new_W1, trace.new_W2


def _with_ones(values: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(values)), values])
