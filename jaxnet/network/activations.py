"""What a perceptron does to its weighted sum: activations by name, from ``jax.nn``, or any callable."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax

from jaxnet import checks


def identity(z: jax.Array) -> jax.Array:
    """Return ``z`` itself: with it any stack of layers equals one perceptron."""
    return z


ACTIVATIONS: Mapping[str, Callable[[jax.Array], jax.Array]] = MappingProxyType(
    {
        "identity": identity,
        "sigmoid": jax.nn.sigmoid,
        "tanh": jax.numpy.tanh,
        "relu": jax.nn.relu,
        "leaky_relu": jax.nn.leaky_relu,
        "elu": jax.nn.elu,
        "gelu": jax.nn.gelu,
        "silu": jax.nn.silu,
        "softplus": jax.nn.softplus,
    }
)

OUTPUTS: Mapping[str, Callable[[jax.Array], jax.Array]] = MappingProxyType(
    {
        "identity": identity,
        "sigmoid": jax.nn.sigmoid,
        "softmax": jax.nn.softmax,
        "exp": jax.numpy.exp,
    }
)


def activation(name: str | Callable) -> Callable[[jax.Array], jax.Array]:
    """Look an activation up by its name; a callable is returned as it is."""
    if callable(name):
        return name
    return ACTIVATIONS[checks.choice("activation", name, ACTIVATIONS)]
