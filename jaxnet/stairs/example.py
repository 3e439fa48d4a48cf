"""The article's Part 2: a 4-2-2 network from its published weights, one step of descent in the article's own matrices.

Pixels are raw, 0 to 255, and the outputs are (stairs, something else); steps are full batch, of .1. The weights come
from R: ``set.seed(1)``, then ``runif(min = -0.01, max = 0.01)`` for W1 (5 x 2) and W2 (3 x 2), column by column, the
bias row first. The article writes the bias as a first column of ones: X1 is [1, pixels] and W1's first row holds the
biases. Source: ``classify_stairs_nnet_from_scratch.R`` in github.com/ben519/MLPB.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import jax.numpy as jnp
import numpy as np

from jaxnet.network import MLP
from jaxnet.reference.losses import softmax
from jaxnet.reference.operations import sigmoid
from jaxnet.stairs.r_random import seeded
from jaxnet.types import Params

ARTICLE_STEP, ARTICLE_EPOCHS = 0.1, 1500
REPRODUCIBLE = 25  # epochs; beyond them rounding decides (see the section "descent")
ACCURACY_RANGE = (0.83, 0.90)  # test accuracy after 1500 epochs, over 30 runs perturbed by 1e-15
_SEED, _HALF_WIDTH = 1, 0.01

Weights: TypeAlias = tuple[np.ndarray, np.ndarray]  # W1 [D + 1, H] and W2 [H + 1, K], the bias row first


def worked_example() -> tuple[MLP, Params]:
    """Return the network of the worked example and its published initial weights.

    4 raw intensities, 2 sigmoid hidden units, 2 softmax outputs (stairs, something else): train it with targets
    [y, 1 - y], which ``Images.targets`` gives, full batch, step 0.1. Parameters are float64 where x64 is enabled, else
    float32, in which losses agree with the published ones to 1e-5 only for the first 11 epochs: for the printed
    digits, call it inside ``with jax.enable_x64(True)``, or use ``initial_weights``, which NumPy keeps in float64.
    """
    net = MLP((4, 2, 2), activation="sigmoid", output="softmax")
    return net, [{"w": jnp.asarray(W[1:], float), "b": jnp.asarray(W[0], float)} for W in initial_weights()]


def initial_weights() -> Weights:
    """Return W1 [5, 2] and W2 [3, 2] in float64 as the article has them: the bias is the first row."""
    generator = seeded(_SEED)
    # R fills a matrix column by column, NumPy row by row
    draw = lambda rows: generator.uniform(rows * 2, -_HALF_WIDTH, _HALF_WIDTH).reshape(2, rows).T
    return draw(5), draw(3)


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
    def losses(self) -> np.ndarray:
        """The loss of every example [N], of which ``loss`` is the mean."""
        return np.asarray(-np.sum(self.Y * np.log(self.Yhat), axis=1))

    @property
    def accuracy(self) -> float:
        """The share of examples whose larger output is the right one, before the step."""
        return float(np.mean(self.Yhat.argmax(axis=1) == self.Y.argmax(axis=1)))


def one_step(weights: Weights, x: np.ndarray, Y: np.ndarray, step: float) -> Trace:
    """Go forward and backward through the network once and step down the gradient.

    ``weights`` are W1 [D + 1, H] and W2 [H + 1, K] with the bias row first, ``x`` [N, D], ``Y`` [N, K]. NumPy in
    float64, so the printed digits do not depend on JAX's settings.
    """
    W1, W2 = weights
    with_ones = lambda values: np.column_stack([np.ones(len(values)), values])
    X1 = with_ones(x.astype(np.float64))
    Z1 = X1 @ W1
    X2 = with_ones(sigmoid(Z1))
    Z2 = X2 @ W2
    Yhat = softmax(Z2)
    loss = float(np.mean(-np.sum(Y * np.log(Yhat), axis=1)))
    # the cross-entropy's slope through the softmax: its exponentials and the logarithm cancel
    d1 = Yhat - Y
    gradient_W2 = X2.T @ d1 / len(x)
    # back through the *old* W2, without its bias row, which no hidden unit feeds; taking the updated W2 here is a
    # classical mistake
    d2 = d1 @ W2[1:].T
    d3 = d2 * X2[:, 1:] * (1 - X2[:, 1:])
    gradient_W1 = X1.T @ d3 / len(x)
    new = W1 - step * gradient_W1, W2 - step * gradient_W2
    return Trace(X1, W1, Z1, X2, W2, Z2, Yhat, Y, loss, d1, gradient_W2, d2, d3, gradient_W1, *new)


def steps(weights: Weights, x: np.ndarray, Y: np.ndarray, step: float) -> Iterator[Trace]:
    """Take one step after another without end; a trace's loss is the one before its step."""
    while True:
        trace = one_step(weights, x, Y, step)
        yield trace
        weights = trace.new_W1, trace.new_W2
