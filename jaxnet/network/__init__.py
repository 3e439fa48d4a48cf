"""Networks as pure functions of one example; read activations, threefry, initializers, width_scaling, then mlp,
padded_mlp and parametrized; description for files."""

from jaxnet.network.activations import ACTIVATIONS, OUTPUTS, activation
from jaxnet.network.description import describe_network, described_network
from jaxnet.network.initializers import Normal, Uniform, initializer
from jaxnet.network.mlp import MLP, LayerValues
from jaxnet.network.parametrized import Parametrized
from jaxnet.network.width_scaling import PARAMETRIZATIONS

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "OUTPUTS",
    "PARAMETRIZATIONS",
    "LayerValues",
    "Normal",
    "Parametrized",
    "Uniform",
    "activation",
    "describe_network",
    "described_network",
    "initializer",
]
