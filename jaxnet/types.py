"""Names for the things every other file speaks of, and the letters of their axes.

One letter an axis, in every docstring of the package:

    N examples   D inputs   H hidden units   K outputs   B examples of a batch   P members of a population

A network is a pure function of **one example**, ``apply(params, x [D]) -> logits [K]``; its parameters live
outside it, in a pytree.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias

import jax
import numpy as np

Array: TypeAlias = jax.Array
ArrayLike: TypeAlias = jax.Array | np.ndarray | list[Any] | tuple[Any, ...] | int | float | bool
Key: TypeAlias = jax.Array
Layer: TypeAlias = dict[str, jax.Array]  # {"w": [D, H], "b": [H]}
Params: TypeAlias = list[Layer]  # one Layer a layer, from the input to the output
Pytree: TypeAlias = Any  # any nesting of lists, tuples and dicts of arrays


class Batch(NamedTuple):
    """Examples that are looked at together: ``x`` [B, D], ``y`` [B] or [B, K], ``weight`` [B] or None."""

    x: jax.Array
    y: jax.Array
    weight: jax.Array | None = None


class Network(Protocol):
    """Whatever has ``init(key) -> params`` and ``apply(params, x [D]) -> logits [K]`` is a network."""

    def init(self, key: Key) -> Pytree: ...

    def apply(self, params: Pytree, x: jax.Array) -> jax.Array: ...


ObjectiveFunction: TypeAlias = Callable[..., jax.Array]  # (params, X [N, D], y) -> scalar
Metric: TypeAlias = str | Callable[..., Any]  # a name in METRICS, or (params, X [N, D], y) -> scalar
