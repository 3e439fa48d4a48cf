"""The article's networks whose weights were set by hand, from Part 1.

Each is written as the article writes it: a unit's weights for x1 to x4 and its bias. They look at raw intensities, 0
to 255. Sources: the article's formulas; ``logistic_figure`` from ``intro_to_nnets_article_materials.R``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.network import MLP
from jaxnet.types import Params


class Unit(NamedTuple):
    """One perceptron: its name in the article, a weight for each input, a bias."""

    name: str
    weights: tuple[float, ...]
    bias: float


class HandSetNetwork(NamedTuple):
    """A hand-set network: what it looks for, its hidden units (sigmoid) if any, its output unit.

    ``output`` is identity (the answer is yes above 0) or sigmoid (yes above .5, so again where the weighted sum is
    above 0).
    """

    looks_for: str
    hidden: tuple[Unit, ...]
    out: Unit
    output: str


def _mirrored(unit: Unit, name: str) -> Unit:
    # the same unit looking at the image in a mirror: left and right columns change places
    x1, x2, x3, x4 = unit.weights
    return Unit(name, (x2, x1, x4, x3), unit.bias)


_LEFT = Unit("left", (0.002, -0.05, 0.012, 0.012), -0.05)
_SHADED_X1 = Unit("shaded x1", (0.06, -0.4, 0.0, 0.0), -1.5)
_DARK_X1 = Unit("dark x1", (0.06, -0.4, 0.0, 0.0), -3.5)

HAND_SET: Mapping[str, HandSetNetwork] = MappingProxyType(
    {
        "perceptron": HandSetNetwork(
            "a light top row and a dark bottom row, in a straight line",
            (),
            Unit("stairs", (-0.0019, -0.0016, 0.0020, 0.0023), 0.0003),
            "identity",
        ),
        "logistic": HandSetNetwork(
            "the same, as a probability", (), Unit("stairs", (-0.140, -0.145, 0.121, 0.092), -0.008), "sigmoid"
        ),
        "logistic_figure": HandSetNetwork(
            "the same, with the weights of the article's figure",
            (),
            Unit("stairs", (-0.196, -0.189, 0.136, 0.109), -0.006),
            "sigmoid",
        ),
        "left_right": HandSetNetwork(
            "left stairs or right stairs",
            (_LEFT, _mirrored(_LEFT, "right")),
            Unit("stairs", (3.0, 3.0), -1.0),
            "sigmoid",
        ),
        "bottom_and_top": HandSetNetwork(
            "a dark bottom row, and a top row with one dark pixel",
            (
                Unit("dark bottom", (0.0, 0.0, 0.2, 0.2), -0.5),
                Unit("dark x1", (0.1, -0.1, 0.0, 0.0), -0.05),
                # .01 as the article prints it, though .1 would be the mirror of the unit above
                Unit("dark x2", (-0.1, 0.01, 0.0, 0.0), -0.05),
            ),
            Unit("stairs", (3.0, 3.0, 3.0), -4.0),
            "sigmoid",
        ),
        "light_stairs": HandSetNetwork(
            "stairs that are shaded, but not dark",
            (
                Unit("shaded bottom", (0.0, 0.0, 0.06, 0.06), -3.0),
                _SHADED_X1,
                _mirrored(_SHADED_X1, "shaded x2"),
                Unit("dark bottom", (0.0, 0.0, 0.06, 0.06), -10.0),
                _DARK_X1,
                _mirrored(_DARK_X1, "dark x2"),
            ),
            Unit("light stairs", (8.0, 1.0, 1.0, -8.0, -1.0, -1.0), -2.0),
            "sigmoid",
        ),
        # not the article's: none of its own networks shows what its argument for hidden layers asks for
        "interaction": HandSetNetwork(
            "a dark bottom row, and exactly one dark pixel in the top row",
            (
                Unit("dark bottom", (0.0, 0.0, 0.1, 0.1), -20.0),
                Unit("dark x1", (0.1, -0.1, 0.0, 0.0), -5.0),
                Unit("dark x2", (-0.1, 0.1, 0.0, 0.0), -5.0),
            ),
            Unit("stairs", (6.0, 6.0, 6.0), -9.0),
            "sigmoid",
        ),
    }
)


def hand_set(name: str) -> tuple[MLP, Params]:
    """Return a network of the article whose weights were set by hand, and its parameters.

    Args:
        name: perceptron, logistic, logistic_figure, left_right, bottom_and_top or light_stairs; or interaction, which
            is not the article's but shows what it asks of a hidden layer.

    The network takes raw intensities [4] from 0 to 255 and has one output: ``perceptron`` a number that means stairs
    above 0, the others a probability of stairs. Parameters are float64 where x64 is enabled, else float32. Raises
    ValueError for another name, with the nearest known one.
    """
    net, params = hand_set_float64(name)
    return net, [{leaf: jnp.asarray(value, float) for leaf, value in layer.items()} for layer in params]


def hand_set_float64(name: str) -> tuple[MLP, list[dict[str, np.ndarray]]]:
    """Return the same as ``hand_set`` with float64 NumPy parameters, whatever JAX computes in."""
    network = HAND_SET[checks.choice("name", name, HAND_SET)]
    layers = [units for units in (network.hidden, (network.out,)) if units]
    sizes = (4, *(len(units) for units in layers))
    params = [
        {"w": np.array([unit.weights for unit in units]).T, "b": np.array([unit.bias for unit in units])}
        for units in layers
    ]
    return MLP(sizes, activation="sigmoid", output=network.output), params


# the article's own images for ``light_stairs``: two light stairs among them, and two that are too dark
LIGHT_IMAGES = np.array(
    [[15, 10, 5, 20], [5, 30, 30, 30], [50, 0, 50, 50], [250, 0, 250, 250], [0, 20, 20, 0], [0, 100, 75, 125]],
    dtype=np.uint8,
)
LIGHT_LABELS = np.array([0, 1, 1, 1, 0, 1], dtype=np.int32)
LIGHT_STAIRS = np.array([0, 1, 1, 0, 0, 0], dtype=bool)  # of those, the stairs that are light: what the network is for
