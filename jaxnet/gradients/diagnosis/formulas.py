"""Activations, output functions and the losses' derivatives at the logits, in NumPy, each beside its line of code."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Elementwise = Callable[[np.ndarray], np.ndarray]


class Activation(NamedTuple):
    """A function z -> a with its derivative at z; ``line`` is the derivative in NumPy, written with {z} and {a}."""

    value: Elementwise
    slope: Elementwise
    line: str


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), by tanh, which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def softmax(z: np.ndarray, axis: int | None = 1) -> np.ndarray:
    """exp(z) / sum(exp(z)) along an axis, or over everything."""
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _gelu_slope(z: np.ndarray) -> np.ndarray:
    scale, cubic = math.sqrt(2 / math.pi), 0.044715
    t = np.tanh(scale * (z + cubic * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * scale * (1 + 3 * cubic * z**2)


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "identity": Activation(lambda z: z, np.ones_like, "1"),
        "sigmoid": Activation(sigmoid, lambda z: sigmoid(z) * sigmoid(-z), "{a} * (1 - {a})"),
        "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, "(1 - {a}**2)"),
        "relu": Activation(lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0), "({z} > 0)"),
        "leaky_relu": Activation(
            lambda z: np.where(z >= 0, z, 0.01 * z),
            lambda z: np.where(z >= 0, 1, 0.01),
            "np.where({z} >= 0, 1, 0.01)",
        ),
        "elu": Activation(
            lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
            lambda z: np.exp(np.minimum(z, 0)),
            "np.exp(np.minimum({z}, 0))",
        ),
        "gelu": Activation(
            lambda z: 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
            _gelu_slope,
            "gelu_derivative({z})",
        ),
        "silu": Activation(
            lambda z: z * sigmoid(z),
            lambda z: sigmoid(z) * (1 + z * sigmoid(-z)),
            "sigmoid({z}) * (1 + {z} * (1 - sigmoid({z})))",
        ),
        "softplus": Activation(lambda z: np.logaddexp(z, 0), sigmoid, "(1 / (1 + np.exp(-{z})))"),
    }
)
OUTPUTS: Mapping[str, Elementwise] = MappingProxyType(
    {"identity": lambda z: z, "sigmoid": sigmoid, "softmax": softmax, "exp": np.exp}
)


def activation(function: str | Callable) -> Activation:
    """Look an activation up by name; the derivative of a callable comes from JAX, in float64."""
    if isinstance(function, str):
        return ACTIVATIONS[function]
    called = function

    def value(z: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(called(jnp.asarray(z)))

    def slope(z: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            at = jnp.asarray(z)
            return np.asarray(jax.jvp(called, (at,), (jnp.ones_like(at),))[1])

    return Activation(value, slope, f"{getattr(function, '__name__', 'activation')}_derivative({{z}})")


def through_output(output: str, p: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Turn a derivative at the predictions into one at the logits: the transposed Jacobian of the output function."""
    if output == "sigmoid":
        return error * p * (1 - p)
    if output == "softmax":
        return p * (error - np.sum(error * p, axis=1, keepdims=True))
    return error * p if output == "exp" else error


def loss_delta(loss: str, output: str, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute a loss's derivative at the logits ``z`` [N, K] for dense targets ``y`` [N, K], one row an example."""
    p = OUTPUTS[output](z)
    if loss in REGRESSION:
        error = np.clip(p - y, -1, 1) if loss == "huber" else p - y
        constant = 2 / z.shape[1] if loss == "mean_squared_error" else 1
        return constant * through_output(output, p, error)
    if loss == "hinge":
        side = 2 * y - 1
        return -side * (side * z < 1)
    return OUTPUTS[CANONICAL[loss]](z) - y


REGRESSION = ("squared_error", "mean_squared_error", "huber")
CANONICAL: Mapping[str, str] = MappingProxyType(
    {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid", "poisson": "exp"}
)
LOSSES = (*CANONICAL, *REGRESSION, "hinge")


def delta_line(loss: str, output: str, y: str = "Y") -> str:
    """Write ``loss_delta`` as a line of NumPy, with p for the predictions."""
    if loss not in REGRESSION:
        return f"p - {y}" if loss in CANONICAL else "-s * (s * z < 1)"
    error = f"(p - {y})" if loss != "huber" else f"np.clip(p - {y}, -1, 1)"
    error = f"2 / K * {error}" if loss == "mean_squared_error" else error
    jacobian = {
        "identity": error.removeprefix("(").removesuffix(")") if error.startswith("(") else error,
        "exp": f"{error} * p",
        "sigmoid": f"{error} * p * (1 - p)",
        "softmax": f"p * ({error} - ({error} * p).sum(axis=1, keepdims=True))",
    }
    return jacobian[output]
