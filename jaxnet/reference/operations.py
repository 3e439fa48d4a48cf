"""Each operation beside its derivative, derived by hand: where backpropagation gets its numbers.

The whole of backpropagation is the chain rule, read from the end. Write ``dZ`` for the derivative of the loss at Z: an
array of the shape of Z that says how much the loss rises for each unit that an entry of Z rises. Every operation here
answers one question: *given the derivative at my result, what is the derivative at what went into me?*

An activation works on each number alone, a = f(z), so its answer is a product: dz = da · f'(z). Where f'(z) can be had
from the value a that the forward pass has computed already, it is: no exponential is computed twice. z, a and f'(z)
have one shape, any that there is: in a network [N, H]. Everything here computes in the dtype of what it is given.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

Array = Any  # an np.ndarray, or a balls.Ball: the formulas are the same
Params = list[dict[str, Array]]  # [{"w": [D, H], "b": [H]}, ...], one dict a layer


def affine(A: Array, layer: Mapping[str, Array]) -> Array:
    """Weigh and add: Z = A W + b, for inputs A [N, D], weights W [D, H], biases b [H] and weighted sums Z [N, H]."""
    return A @ layer["w"] + layer["b"]


def affine_backward(dZ: Array, A: Array, layer: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
    """Hand dZ [N, H] back through Z = A W + b: return dA [N, D] and {"w": dW [D, H], "b": db [H]}.

    z_nh = sum_d a_nd w_dh + b_h, so a rise of a_nd raises every z_nh by w_dh, a rise of w_dh raises z_nh by a_nd for
    every example n, and a rise of b_h raises z_nh by 1 for every example:

        dA_nd = sum_h dz_nh w_dh  = (dZ Wᵀ)_nd
        dW_dh = sum_n a_nd dz_nh  = (Aᵀ dZ)_dh
        db_h  = sum_n dz_nh
    """
    return dZ @ layer["w"].T, {"w": A.T @ dZ, "b": np.sum(dZ, axis=0)}


class Activation(NamedTuple):
    """A function of each number alone: a = ``forward(z)``, and da/dz = ``derivative(z, a)``, all of one shape.

    ``line`` says the derivative as one would write it in NumPy, with {z} and {a} for the names of the two arrays.
    """

    forward: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    line: str

    def slope(self, z: Array) -> Array:
        """Return da/dz, in the shape of z, where only z is at hand."""
        return self.derivative(z, self.forward(z))


def identity(z: Array) -> Array:
    """a = z."""
    return z


def identity_derivative(z: Array, a: Array) -> Array:
    """da/dz = 1."""
    return np.ones(z.shape)


def sigmoid(z: Array) -> Array:
    """a = 1 / (1 + e⁻ᶻ), written with e^-|z| <= 1, which cannot overflow."""
    e = np.exp(-np.abs(z))
    # for z below 0 it is eᶻ / (1 + eᶻ): the same fraction, multiplied by eᶻ above and below
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_derivative(z: Array, a: Array) -> Array:
    """da/dz = e⁻ᶻ / (1 + e⁻ᶻ)² = a (1 - a): from the value (the article's challenge 1)."""
    return a * (1.0 - a)


def tanh(z: Array) -> Array:
    """a = (eᶻ - e⁻ᶻ) / (eᶻ + e⁻ᶻ)."""
    return np.tanh(z)


def tanh_derivative(z: Array, a: Array) -> Array:
    """da/dz = 1 - a² = (1 + a)(1 - a): from the value; as a product, which keeps its digits where a is near ±1."""
    return (1.0 + a) * (1.0 - a)


def relu(z: Array) -> Array:
    """a = max(z, 0)."""
    return np.maximum(z, 0.0)


def relu_derivative(z: Array, a: Array) -> Array:
    """da/dz = 1 for z > 0, else 0; at the kink itself any slope between would do, and 0 is the custom."""
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu(z: Array) -> Array:
    """a = z for z >= 0, else z / 100 (Maas et al. 2013)."""
    return np.where(z >= 0, z, 0.01 * z)


def leaky_relu_derivative(z: Array, a: Array) -> Array:
    """da/dz = 1 for z >= 0, else 0.01."""
    return np.where(z >= 0, 1.0, 0.01)


def elu(z: Array) -> Array:
    """a = z for z > 0, else eᶻ - 1 (Clevert et al. 2016)."""
    # the branch that is not taken is computed too, and must not overflow; expm1 keeps the digits of a small z
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0.0)))


def elu_derivative(z: Array, a: Array) -> Array:
    """da/dz = 1 for z > 0, else eᶻ = a + 1: from the value."""
    return np.where(z > 0, 1.0, a + 1.0)


def softplus(z: Array) -> Array:
    """a = log(1 + eᶻ) = max(z, 0) + log(1 + e^-|z|), which cannot overflow."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def softplus_derivative(z: Array, a: Array) -> Array:
    """da/dz = eᶻ / (1 + eᶻ) = e^(z - a), because 1 + eᶻ = eᵃ: the sigmoid, from the value."""
    return np.exp(z - a)


def silu(z: Array) -> Array:
    """a = z s with s = sigmoid(z) (Hendrycks and Gimpel 2016)."""
    return z * sigmoid(z)


def silu_derivative(z: Array, a: Array) -> Array:
    """da/dz = s + z s (1 - s), by the product rule."""
    s = sigmoid(z)
    return s + z * sigmoid_derivative(z, s)


GELU_SCALE = float(np.sqrt(2 / np.pi))  # a Python number, which leaves float32 as it is
GELU_CUBIC = 0.044715


def gelu(z: Array) -> Array:
    """a = z (1 + tanh(u)) / 2 with u = sqrt(2/π) (z + 0.044715 z³) (Hendrycks and Gimpel 2016, the approximation)."""
    return z * (0.5 * (1.0 + np.tanh(GELU_SCALE * (z + GELU_CUBIC * z**3))))


def gelu_derivative(z: Array, a: Array) -> Array:
    """da/dz = (1 + t)/2 + z/2 (1 + t)(1 - t) du/dz with t = tanh(u) and du/dz = sqrt(2/π) (1 + 3 · 0.044715 z²)."""
    t = np.tanh(GELU_SCALE * (z + GELU_CUBIC * z**3))
    inner = GELU_SCALE * (1.0 + 3 * GELU_CUBIC * z**2)
    return 0.5 * (1.0 + t) + 0.5 * z * tanh_derivative(z, t) * inner


SELU_SCALE = 1.0507009873554804934  # with these two a layer keeps mean 0 and variance 1
SELU_ALPHA = 1.6732632423543772848


def selu(z: Array) -> Array:
    """a = 1.0507 z for z > 0, else 1.0507 · 1.6733 (eᶻ - 1) (Klambauer et al. 2017)."""
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


def selu_derivative(z: Array, a: Array) -> Array:
    """da/dz = 1.0507 for z > 0, else 1.0507 · 1.6733 eᶻ = a + 1.0507 · 1.6733: from the value."""
    return np.where(z > 0, SELU_SCALE, a + SELU_SCALE * SELU_ALPHA)


def mish(z: Array) -> Array:
    """a = z t with t = tanh(log(1 + eᶻ)) (Misra 2020)."""
    return z * np.tanh(softplus(z))


def mish_derivative(z: Array, a: Array) -> Array:
    """da/dz = t + z (1 + t)(1 - t) sigmoid(z), by the product rule and that of the chain."""
    t = np.tanh(softplus(z))
    return t + z * tanh_derivative(z, t) * sigmoid(z)


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "identity": Activation(identity, identity_derivative, "1"),
        "sigmoid": Activation(sigmoid, sigmoid_derivative, "{a} * (1 - {a})"),
        "tanh": Activation(tanh, tanh_derivative, "(1 - {a}**2)"),
        "relu": Activation(relu, relu_derivative, "({z} > 0)"),
        "leaky_relu": Activation(leaky_relu, leaky_relu_derivative, "np.where({z} >= 0, 1, 0.01)"),
        "elu": Activation(elu, elu_derivative, "np.exp(np.minimum({z}, 0))"),
        "gelu": Activation(gelu, gelu_derivative, "gelu_derivative({z})"),
        "silu": Activation(silu, silu_derivative, "sigmoid({z}) * (1 + {z} * (1 - sigmoid({z})))"),
        "softplus": Activation(softplus, softplus_derivative, "(1 / (1 + np.exp(-{z})))"),
        "selu": Activation(
            selu,
            selu_derivative,
            "np.where({z} > 0, 1.0507009873554805, 1.7580993408473766 * np.exp(np.minimum({z}, 0)))",
        ),
        "mish": Activation(
            mish,
            mish_derivative,
            "(np.tanh(np.logaddexp(0, {z})) + {z} * sigmoid({z}) / np.cosh(np.logaddexp(0, {z}))**2)",
        ),
    }
)
