"""A learning rate over time, and other rates for some leaves: what good recipes do beside the optimizer itself."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxnet import checks


def coslog4(rate: float, steps: int, cycles: int = 4) -> Callable[[Any], jax.Array]:
    """Return the schedule rate (1 - cos(2 pi log2(1 + (2^cycles - 1) t))) / 2 for t = step / steps from 0 to 1.

    It rises and falls ``cycles`` times, each time twice as long as the time before: early cycles look for where to go,
    the last one settles. Source: Holzmueller et al. 2024 (RealMLP), whose coslog4 has four. Raises ValueError for a
    rate that is not above 0, and for less than one step or cycle.
    """
    rate = checks.number("rate", rate, above=0)
    steps, cycles = checks.integer("steps", steps, minimum=1), checks.integer("cycles", cycles, minimum=1)

    def schedule(step: Any) -> jax.Array:
        t = jnp.asarray(step, jnp.float32) / steps
        return rate * (1 - jnp.cos(2 * math.pi * jnp.log2(1 + (2**cycles - 1) * t))) / 2

    return schedule


def scale_by_leaf(factors: Mapping[str, float]) -> optax.GradientTransformation:
    """Return what multiplies the updates of leaves by the factor of their name, the last one of their path.

    ``optax.chain(optax.adam(0.01), scale_by_leaf({"b": 0.1}))`` lets biases learn at a tenth of the rate; a name that
    no leaf has is an error when the state is made. Raises ValueError for a factor below 0.
    """
    known = {name: checks.number(f"factors[{name!r}]", factor, minimum=0) for name, factor in factors.items()}

    def name_of(path: tuple[Any, ...]) -> Any:
        names = [entry.key for entry in path if isinstance(entry, jax.tree_util.DictKey)]
        return names[-1] if names else None

    def init(params: Any) -> optax.EmptyState:
        names = {name_of(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)}
        for name in known:
            checks.require(name in names, "factors", f"names of leaves, {sorted(map(str, names))}", name)
        return optax.EmptyState()

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        scaled = lambda path, leaf: leaf * jnp.asarray(known.get(name_of(path), 1.0), leaf.dtype)
        return jax.tree_util.tree_map_with_path(scaled, updates), state

    return optax.GradientTransformation(init, update)
