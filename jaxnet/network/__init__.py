"""Networks as pure functions of one example; read activations, threefry, initializers, then mlp and padded_mlp;
description for files."""

from jaxnet.network.activations import ACTIVATIONS, OUTPUTS, activation
from jaxnet.network.description import describe_network, described_network
from jaxnet.network.initializers import Normal, Uniform, initializer
from jaxnet.network.mlp import MLP, LayerValues

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "OUTPUTS",
    "LayerValues",
    "Normal",
    "Uniform",
    "activation",
    "describe_network",
    "described_network",
    "initializer",
]
