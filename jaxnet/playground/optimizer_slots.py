"""The optimizers of the playground as one: which of optax's is meant is a number, and their states share their places.

Each of them remembers at most a count and two numbers a parameter, so one state of that form serves all.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxnet.types import Array, Pytree

OPTIMIZERS_SHOWN: dict[str, Callable[[Any, Any], optax.GradientTransformation]] = {
    "sgd": lambda rate, momentum: optax.sgd(rate, momentum=momentum),
    "nesterov": lambda rate, momentum: optax.sgd(rate, momentum=momentum, nesterov=True),
    "adam": lambda rate, momentum: optax.adam(rate),
    "rmsprop": lambda rate, momentum: optax.rmsprop(rate),
    "adagrad": lambda rate, momentum: optax.adagrad(rate),
}


class Slots(NamedTuple):
    """What any of the optimizers remembers: a count (int32) and two numbers a parameter, both [P]."""

    count: Any
    first: Any
    second: Any


def empty_slots(name: str, flat: Array) -> Slots:
    """Return the state of an optimizer in ``OPTIMIZERS_SHOWN`` before its first step, for flat parameters [P]."""
    return slots_of(OPTIMIZERS_SHOWN[name](0.1, 0.9).init(flat), flat)


def slots_of(state: Pytree, flat: Array) -> Slots:
    """Put the state of one of optax's optimizers into the shared places; unused ones are 0."""
    leaves = jax.tree.leaves(state)
    counts = [leaf for leaf in leaves if not leaf.ndim]
    zeros = jnp.zeros_like(flat)
    first, second = [*[leaf for leaf in leaves if leaf.ndim], zeros, zeros][:2]
    return Slots(counts[0] if counts else jnp.zeros((), jnp.int32), first, second)


def state_from(optimizer: optax.GradientTransformation, slots: Slots, flat: Array) -> Pytree:
    """Take the state of one of optax's optimizers out of the shared places: the inverse of ``slots_of``."""
    leaves, structure = jax.tree.flatten(jax.eval_shape(optimizer.init, flat))
    arrays = iter(slots[1:])
    return jax.tree.unflatten(structure, [next(arrays) if leaf.ndim else slots.count for leaf in leaves])


def switched(which: Array, rate: Array, momentum: Array) -> optax.GradientTransformation:
    """Return the optimizer at a traced position in ``OPTIMIZERS_SHOWN``, with its numbers traced, too."""

    def update(gradient: Any, slots: Any, flat: Any = None) -> tuple[Any, Any]:
        def by(name: str) -> tuple[Array, Slots]:
            optimizer = OPTIMIZERS_SHOWN[name](rate, momentum)
            updates, state = optimizer.update(gradient, state_from(optimizer, slots, flat), flat)
            return updates, slots_of(state, flat)

        return jax.lax.switch(which, [lambda name=name: by(name) for name in OPTIMIZERS_SHOWN])

    # it is never begun by optax: a run starts with the empty slots of the optimizer that is meant
    return optax.GradientTransformation(lambda flat: empty_slots("sgd", flat), update)
