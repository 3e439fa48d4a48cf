"""The end of a network, where the backward pass begins: outputs and losses, each beside its derivative.

An output function takes the logits Z [N, K] to predictions P [N, K], and its derivative takes dP to dZ, both [N, K].
A loss compares V, the logits or the predictions, with the targets T, both [N, K], and gives one number an example [N];
its derivative is [N, K] as V is. For the three canonical pairs (softmax with cross-entropy, sigmoid with binary
cross-entropy, identity with squared error) it is the same short formula, prediction - target.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from jaxnet.reference.operations import Array, identity, sigmoid, sigmoid_derivative, softplus, softplus_derivative


class Output(NamedTuple):
    """What a network does to its logits: P = ``forward(Z)``, and dZ = ``backward(P, dP)``, all [N, K].

    ``line`` says dZ as one would write it in NumPy, with p for P and {dp} for dP.
    """

    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array], Array]
    line: str


def identity_backward(P: Array, dP: Array) -> Array:
    """dZ = dP."""
    return dP


def sigmoid_backward(P: Array, dP: Array) -> Array:
    """dZ = dP · P (1 - P), each output alone."""
    return dP * sigmoid_derivative(None, P)


def softmax(Z: Array) -> Array:
    """p_k = e^(z_k) / sum_j e^(z_j): positive, summing to 1, each row of Z [N, K] by itself."""
    # the largest logit is taken off against overflow: a common factor of numerator and denominator
    E = np.exp(Z - np.max(Z, axis=1, keepdims=True))
    return E / np.sum(E, axis=1, keepdims=True)


def softmax_backward(P: Array, dP: Array) -> Array:
    """dz_k = p_k dp_k - p_k sum_j p_j dp_j, because dp_j/dz_k = p_k [j = k] - p_k p_j: outputs share their sum."""
    return P * dP - P * np.sum(P * dP, axis=1, keepdims=True)


def exp(Z: Array) -> Array:
    """p = eᶻ, a rate."""
    return np.exp(Z)


def exp_backward(P: Array, dP: Array) -> Array:
    """dZ = dP · P: the exponential is its own derivative."""
    return dP * P


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {
        "identity": Output(identity, identity_backward, "{dp}"),
        "sigmoid": Output(sigmoid, sigmoid_backward, "{dp} * p * (1 - p)"),
        "softmax": Output(softmax, softmax_backward, "p * ({dp} - ({dp} * p).sum(axis=1, keepdims=True))"),
        "exp": Output(exp, exp_backward, "{dp} * p"),
    }
)


class Loss(NamedTuple):
    """A loss ``of(V, T) -> [N]`` and its derivative at V, ``derivative(V, T) -> [N, K]``; V are the logits or, where
    there are no ``outputs`` that it is for, the predictions of any.

    ``line`` says the derivative as one would write it in NumPy, with p for the predictions, Y for the targets and s for
    the sides of the hinge; ``target`` names what T may hold.
    """

    of: Callable[[Array, Array], Array]
    derivative: Callable[[Array, Array], Array]
    line: str
    target: str
    outputs: tuple[str, ...] = ()

    @property
    def on_predictions(self) -> bool:
        """Whether V are the predictions."""
        return not self.outputs


def cross_entropy(Z: Array, T: Array) -> Array:
    """-sum_k t_k log p_k with p = softmax(z), where log p_k = z_k - log sum_j e^(z_j)."""
    shifted = Z - np.max(Z, axis=1, keepdims=True)
    # not the logarithm of softmax, which is -inf where a probability was rounded to 0
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(T * log_p, axis=1)


def cross_entropy_derivative(Z: Array, T: Array) -> Array:
    """p - t: d(log sum_j e^(z_j))/dz_k = p_k counts once for each unit of target, and these sum to 1."""
    return softmax(Z) * np.sum(T, axis=1, keepdims=True) - T


def binary_cross_entropy(Z: Array, T: Array) -> Array:
    """sum_k -t log p - (1 - t) log(1 - p) with p = sigmoid(z); because log p = z - softplus(z) and
    log(1 - p) = -softplus(z), that is sum_k softplus(z) - z t, finite at any logit."""
    return np.sum(softplus(Z) - Z * T, axis=1)


def binary_cross_entropy_derivative(Z: Array, T: Array) -> Array:
    """p - t, with the sigmoid p as the derivative of softplus."""
    return softplus_derivative(Z, softplus(Z)) - T


def squared_error(P: Array, T: Array) -> Array:
    """sum_k (p - t)² / 2."""
    return np.sum(np.square(P - T), axis=1) / 2.0


def squared_error_derivative(P: Array, T: Array) -> Array:
    """p - t."""
    return P - T


def mean_squared_error(P: Array, T: Array) -> Array:
    """sum_k (p - t)² / K."""
    return np.sum(np.square(P - T), axis=1) / float(P.shape[1])


def mean_squared_error_derivative(P: Array, T: Array) -> Array:
    """2 (p - t) / K."""
    return 2.0 * (P - T) / float(P.shape[1])


def huber(P: Array, T: Array) -> Array:
    """sum_k e²/2 for |e| <= 1 and |e| - 1/2 beyond, with e = p - t (Huber 1964)."""
    error = np.abs(P - T)
    return np.sum(np.where(error <= 1, np.square(error) / 2.0, error - 0.5), axis=1)


def huber_derivative(P: Array, T: Array) -> Array:
    """e, held between -1 and 1: far away a row pulls no harder than at distance 1."""
    return np.minimum(np.maximum(P - T, -1.0), 1.0)


def hinge(Z: Array, T: Array) -> Array:
    """sum_k max(0, 1 - s z) with the side s = 2 t - 1."""
    return np.sum(np.maximum(1.0 - (2.0 * T - 1.0) * Z, 0.0), axis=1)


def hinge_derivative(Z: Array, T: Array) -> Array:
    """-s while the margin s z is below 1, else 0."""
    side = 2.0 * T - 1.0
    return np.where(1.0 - side * Z > 0, -side, 0.0)


def poisson(Z: Array, T: Array) -> Array:
    """sum_k eᶻ - t z: the negative log-likelihood of counts t with log-rates z, but for log t!."""
    return np.sum(np.exp(Z) - T * Z, axis=1)


def poisson_derivative(Z: Array, T: Array) -> Array:
    """eᶻ - t: the rate less the count."""
    return np.exp(Z) - T


LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        "cross_entropy": Loss(cross_entropy, cross_entropy_derivative, "p - Y", "distribution", ("softmax",)),
        "binary_cross_entropy": Loss(
            binary_cross_entropy, binary_cross_entropy_derivative, "p - Y", "probability", ("sigmoid",)
        ),
        "squared_error": Loss(squared_error, squared_error_derivative, "(p - Y)", "real"),
        "mean_squared_error": Loss(mean_squared_error, mean_squared_error_derivative, "2 / K * (p - Y)", "real"),
        "huber": Loss(huber, huber_derivative, "np.clip(p - Y, -1, 1)", "real"),
        "hinge": Loss(hinge, hinge_derivative, "-s * (s * z < 1)", "probability", ("identity", "sigmoid")),
        "poisson": Loss(poisson, poisson_derivative, "p - Y", "count", ("exp",)),
    }
)
CANONICAL: Mapping[str, str] = MappingProxyType(
    {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "identity": "squared_error", "exp": "poisson"}
)


def logit_derivative(loss: str, output: str, Z: Array, T: Array) -> Array:
    """Return the derivative [N, K] of a loss at the logits Z [N, K] for targets T [N, K], each example by itself; loss
    and output are names. Raises KeyError for one that is not known."""
    known, last = LOSSES[loss], OUTPUTS[output]
    if not known.on_predictions:
        return known.derivative(Z, T)
    P = last.forward(Z)
    return last.backward(P, known.derivative(P, T))


def logit_derivative_line(loss: str, output: str) -> str:
    """Return ``logit_derivative`` as a line of NumPy; raises KeyError for a name that is not known."""
    known = LOSSES[loss]
    if not known.on_predictions:
        return known.line
    # a whole line needs no parentheses round it, a factor does
    bare = known.line[1:-1] if output == "identity" and known.line.startswith("(") else known.line
    return OUTPUTS[output].line.format(dp=bare)
