"""How the layers of a network are scaled by their width, so that one learning rate suits every width: NTK and muP.

A layer computes z = f x w + b with a fixed factor f, and draws w from N(0, s²):

    standard                              f = 1               w as the network's initialiser says
    ntk  (Jacot et al. 2018)              f = 1 / sqrt(D)     s = 1
    mup  (Yang et al. 2022, for Adam)     first layer as ntk; f = 1 / D elsewhere, s = sqrt(D) in hidden layers, else 1
"""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxnet.types import Params

PARAMETRIZATIONS = ("standard", "ntk", "mup")


def width_factor(parametrization: str, depth: int, inputs: Any) -> Any:
    """Return the factor f of layer ``depth``, from 0, of so many inputs: an int, or a number that may be traced."""
    if parametrization == "standard":
        return 1.0
    if parametrization == "mup" and depth:
        return 1 / inputs
    return 1 / (math.sqrt(inputs) if isinstance(inputs, int) else jnp.sqrt(inputs))


def first_spread(parametrization: str, depth: int, sizes: tuple[int, ...]) -> float:
    """Return the deviation s from which layer ``depth`` of a network that is not "standard" draws its weights."""
    hidden = 0 < depth < len(sizes) - 2
    return math.sqrt(sizes[depth]) if parametrization == "mup" and hidden else 1.0


def scaled_layers(params: Params, factors: Sequence[float]) -> Params:
    """Return layers whose weights are multiplied by a factor each, in their dtype."""
    return [
        {"w": layer["w"] * np.asarray(factor, layer["w"].dtype), "b": layer["b"]}
        for layer, factor in zip(params, factors, strict=True)
    ]
