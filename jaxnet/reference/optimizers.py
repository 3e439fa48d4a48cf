"""What to do with a gradient: each rule of descent, for one array of parameters at a time.

A rule takes the parameters w, the gradient g at them, what it remembers of earlier steps (``memory``, a tuple of arrays
of the shape of w) and the number t = 1, 2, ... of the step; it returns the new w and the new memory, of the same shape.
Names and default settings are those of optax, whose updates these are; where books differ, a comment says so. A setting
that is out of its range raises ValueError, naming it.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jaxnet.reference.operations import Array, Params
from jaxnet.reference.refusals import fraction, positive

Memory = tuple[Array, ...]


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """A rule, the numbers it is run with, and what its memory holds before the first step (one number an array)."""

    rule: Callable[..., tuple[Array, Memory]]
    settings: Mapping[str, Any]
    start: tuple[Any, ...]

    def remember(self, params: Params) -> list[dict[str, Memory]]:
        """Return the memory before the first step: for every array of ``params`` as many of its shape as ``start`` has
        numbers."""
        # not np.full: w may be balls, which are to stay balls
        return [{name: tuple(each + 0.0 * w for each in self.start) for name, w in layer.items()} for layer in params]

    def step(
        self, params: Params, gradient: Params, memory: list[dict[str, Memory]], t: int
    ) -> tuple[Params, list[dict[str, Memory]]]:
        """Apply the rule to every array of ``params`` in step t = 1, 2, ...; return the new parameters and memory.

        ``gradient`` and ``memory`` have the structure of ``params``.
        """
        moved = [
            {name: self.rule(w, g[name], m[name], t, **self.settings) for name, w in layer.items()}
            for layer, g, m in zip(params, gradient, memory, strict=True)
        ]
        params, memory = ([{name: pair[i] for name, pair in layer.items()} for layer in moved] for i in (0, 1))
        return params, memory


def sgd(learning_rate: float, *, momentum: float = 0.0, nesterov: bool = False) -> Optimizer:
    """Gradient descent, w <- w - η g; with momentum (Polyak 1964), or Nesterov's (1983), it keeps up its speed.

    Raises ValueError for a learning rate that is not above 0, and a momentum that is not from 0 to below 1.
    """
    settings = {"learning_rate": positive("learning_rate", learning_rate), "momentum": fraction("momentum", momentum)}
    return Optimizer(_nesterov if nesterov else _momentum, settings, start=(0.0,))


def _momentum(
    w: Array, g: Array, memory: Memory, t: int, *, learning_rate: float, momentum: float
) -> tuple[Array, Memory]:
    (v,) = memory
    v = g + momentum * v  # η is outside the sum; Polyak's v <- μ v - η g is the same unless η changes on the way
    return w - learning_rate * v, (v,)


def _nesterov(
    w: Array, g: Array, memory: Memory, t: int, *, learning_rate: float, momentum: float
) -> tuple[Array, Memory]:
    (v,) = memory
    v = g + momentum * v
    return w - learning_rate * (g + momentum * v), (v,)  # Sutskever's form, in terms of the point looked ahead to


def adam(learning_rate: float, *, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Optimizer:
    """Adam (Kingma and Ba 2015): a step of about η in every direction, mean gradient over root mean square.

    Raises ValueError for a number out of its range.
    """
    return adamw(learning_rate, b1=b1, b2=b2, eps=eps, weight_decay=0.0)


def adamw(
    learning_rate: float, *, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, weight_decay: float = 1e-4
) -> Optimizer:
    """AdamW (Loshchilov and Hutter 2019): Adam, and w shrinks by η · weight_decay beside the gradient's step.

    As in optax everything shrinks, biases too, and the decay is multiplied by η (the paper has a factor of its own).
    Raises ValueError for a number out of its range.
    """
    settings = {
        "learning_rate": positive("learning_rate", learning_rate), "b1": fraction("b1", b1), "b2": fraction("b2", b2),
        "eps": positive("eps", eps), "weight_decay": fraction("weight_decay", weight_decay),
    }  # fmt: skip
    return Optimizer(_adamw, settings, start=(0.0, 0.0))


def _adamw(
    w: Array, g: Array, memory: Memory, t: int, *,
    learning_rate: float, b1: float, b2: float, eps: float, weight_decay: float,
) -> tuple[Array, Memory]:  # fmt: skip
    m, v = memory
    m = (1 - b1) * g + b1 * m  # running mean of g
    v = (1 - b2) * np.square(g) + b2 * v  # running mean of g²
    # both started at 0, so after t steps they hold only 1 - bᵗ of the weight of a mean
    m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
    return w - learning_rate * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * w), (m, v)


def rmsprop(learning_rate: float, *, decay: float = 0.9, eps: float = 1e-8) -> Optimizer:
    """RMSprop (Tieleman and Hinton 2012): the gradient over its root mean square.

    Raises ValueError for a number out of its range.
    """
    settings = {
        "learning_rate": positive("learning_rate", learning_rate), "decay": fraction("decay", decay),
        "eps": positive("eps", eps),
    }  # fmt: skip
    return Optimizer(_rmsprop, settings, start=(0.0,))


def _rmsprop(
    w: Array, g: Array, memory: Memory, t: int, *, learning_rate: float, decay: float, eps: float
) -> tuple[Array, Memory]:
    (v,) = memory
    v = (1 - decay) * np.square(g) + decay * v
    return w - learning_rate * g / np.sqrt(v + eps), (v,)  # eps inside the root, as optax; PyTorch and Keras: outside


def adagrad(learning_rate: float, *, initial_accumulator_value: float = 0.1, eps: float = 1e-7) -> Optimizer:
    """Adagrad (Duchi et al. 2011): the gradient over the root of the sum of all its squares so far.

    Raises ValueError for a number that is not above 0.
    """
    start = positive("initial_accumulator_value", initial_accumulator_value)  # TensorFlow's 0.1; the paper has 0
    settings = {"learning_rate": positive("learning_rate", learning_rate), "eps": positive("eps", eps)}
    return Optimizer(_adagrad, settings, start=(start,))


def _adagrad(w: Array, g: Array, memory: Memory, t: int, *, learning_rate: float, eps: float) -> tuple[Array, Memory]:
    (total,) = memory
    total = np.square(g) + total
    return w - learning_rate * g / np.sqrt(total + eps), (total,)
