"""scikit-learn's update rules, as optax transformations: Adam, and descent with momentum.

They differ from optax's own. Adam's epsilon is added before the bias is corrected; the learning rate is inside the
velocity, so a rate that changes does not rescale the steps already taken.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet.types import Array, Pytree


@dataclasses.dataclass(frozen=True)
class RateSchedule:
    """The learning rate of ``sgd_rule``, which changes from epoch to epoch where ``power`` is not 0.

    Attributes:
        now: the rate of the first epoch of a call.
        initial: the rate that is scaled down.
        power: the rate of a later epoch is initial / (t + 1)^power after t examples.
        seen: examples seen before the call.
        rows: examples an epoch.
        steps: updates an epoch.
    """

    now: float
    initial: float
    power: float
    seen: float
    rows: float
    steps: float

    def of(self, epoch: Array) -> Array:
        """Return the rate of the ``epoch``-th epoch of the call, from 0."""
        examples = self.seen + self.rows * epoch
        return jnp.where(epoch == 0, self.now, self.initial / (examples + 1) ** self.power)


class Momentum(NamedTuple):
    """The state of ``sgd_rule``: a velocity a parameter, and which update of which epoch of the call comes next."""

    velocity: Pytree
    step: Array
    epoch: Array


def sgd_rule(rate: RateSchedule, *, momentum: float, nesterov: bool) -> optax.GradientTransformation:
    """Descend with momentum: v = momentum v - rate g, and with Nesterov's look ahead momentum v - rate g once more.

    Source: Sutskever et al. 2013, as in scikit-learn's ``SGDOptimizer``.
    """

    def init(params: Pytree) -> Momentum:
        return Momentum(_zeros(params), int32(0), int32(0))

    def update(gradient: Pytree, state: Momentum, params: Pytree = None) -> tuple[Pytree, Momentum]:
        now = rate.of(state.epoch)
        move = lambda v, g: momentum * v - now * g
        velocity = jax.tree.map(move, state.velocity, gradient)
        updates = jax.tree.map(move, velocity, gradient) if nesterov else velocity
        last = state.step + 1 >= rate.steps
        step, epoch = jnp.where(last, 0, state.step + 1), state.epoch + last
        return updates, Momentum(velocity, step.astype(jnp.int32), epoch.astype(jnp.int32))

    return optax.GradientTransformation(init, update)


class Moments(NamedTuple):
    """The state of ``adam_rule``: updates so far, and the running means of gradients and of their squares."""

    step: Array
    mean: Pytree
    square: Pytree


def adam_rule(rate: float, *, beta_1: float, beta_2: float, epsilon: float) -> optax.GradientTransformation:
    """Adam with epsilon before the bias correction: -rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon).

    Source: Kingma and Ba 2015, section 2 ("epsilon hat"), as in scikit-learn's ``AdamOptimizer``.
    """

    def init(params: Pytree) -> Moments:
        return Moments(int32(0), _zeros(params), _zeros(params))

    def update(gradient: Pytree, state: Moments, params: Pytree = None) -> tuple[Pytree, Moments]:
        step = state.step + 1
        mean = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, state.mean, gradient)
        square = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * (g * g), state.square, gradient)
        t = step.astype(jax.tree.leaves(gradient)[0].dtype)
        now = rate * jnp.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        updates = jax.tree.map(lambda m, v: -now * m / (jnp.sqrt(v) + epsilon), mean, square)
        return updates, Moments(step, mean, square)

    return optax.GradientTransformation(init, update)


def _zeros(params: Pytree) -> Pytree:
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), params)


def int32(value: int) -> Any:
    """Return a whole number as a compiled program keeps it: of a dtype of its own, so it is not traced again."""
    return np.asarray(value, np.int32)
