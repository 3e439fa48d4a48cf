"""The article's Part 2: a 4-2-2 network from its published initial weights, by full-batch steps of 0.1.

Pixels are raw, 0 to 255, and the outputs are (stairs, something else). The weights come from R: ``set.seed(1)``, then
``runif(min = -0.01, max = 0.01)`` for W1 (5 x 2) and W2 (3 x 2), column by column, the bias row first. Source:
``classify_stairs_nnet_from_scratch.R`` in github.com/ben519/MLPB.
"""

import jax.numpy as jnp
import numpy as np

from jaxnet.network import MLP
from jaxnet.stairs.r_random import seeded
from jaxnet.types import Params

SEED, HALF_WIDTH = 1, 0.01
STEP, EPOCHS = 0.1, 1500
REPRODUCIBLE = 25  # epochs; beyond them rounding decides (see the section "descent")
ACCURACY_RANGE = (0.83, 0.90)  # test accuracy after 1500 epochs, over 30 runs perturbed by 1e-15


def worked_example() -> tuple[MLP, Params]:
    """Return the network of the worked example and its published initial weights.

    4 raw intensities, 2 sigmoid hidden units, 2 softmax outputs (stairs, something else): train it with targets
    [y, 1 - y], which ``Images.targets`` gives, full batch, step 0.1. Parameters are float64 where x64 is enabled, else
    float32, in which losses agree with the published ones to 1e-5 only for the first 11 epochs: for the printed
    digits, call it inside ``with jax.enable_x64(True)``, or use ``exact``.
    """
    net, params = exact()
    return net, [{leaf: jnp.asarray(value, float) for leaf, value in layer.items()} for layer in params]


def exact() -> tuple[MLP, list[dict[str, np.ndarray]]]:
    """Return the same as ``worked_example`` with float64 NumPy parameters, whatever JAX computes in."""
    net = MLP((4, 2, 2), activation="sigmoid", output="softmax")
    return net, [{"w": weights[1:], "b": weights[0]} for weights in initial_weights()]


def initial_weights() -> tuple[np.ndarray, np.ndarray]:
    """Return W1 [5, 2] and W2 [3, 2] in float64 as the article has them: the bias is the first row."""
    generator = seeded(SEED)
    draw = lambda rows: generator.uniform(rows * 2, -HALF_WIDTH, HALF_WIDTH).reshape(2, rows).T
    return draw(5), draw(3)
