"""The programs that a training is made of, traced one by one, so that what differs has a name.

Each is traced beside stand-ins that are the same for all: the objective with an optimizer that changes nothing, the
optimizer with an objective that is a sum of squares. What is traced is what training calls.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxnet.accelerators import exact_products
from jaxnet.identity import traced_program
from jaxnet.training.loop import Parts, Updated, update
from jaxnet.training.metric_values import metric_values
from jaxnet.types import Array, Batch, Key, Metric, Pytree


class TracedWith(NamedTuple):
    """What a training is traced with; of arrays only shapes and dtypes count.

    Attributes:
        numbers: what ``build`` is given; arrays that are traced.
        trained: parameters and the optimizer's state.
        train, validation: the examples [N, ...].
        sizes: rows of a batch, and of the last one where that has a shape of its own.
        key: of the random numbers.
    """

    numbers: Any
    trained: Updated
    train: Batch
    validation: Batch | None
    sizes: list[int]
    key: Key


def traced_training(build: Callable[[Any], Parts], given: TracedWith, metrics: tuple[Metric, ...]) -> dict[str, Any]:
    """Return the programs of a training, name -> ``Traced.as_json()``.

    ``build(numbers)`` makes objective and optimizer; callable metrics are programs of their own. Raises what the
    user's functions raise when they are traced.
    """
    identity, numbers, (params, state) = optax.identity(), given.numbers, given.trained
    alone = Updated(params, identity.init(params))
    learns = lambda parts: parts._replace(optimizer=optax.with_extra_args_support(identity), extras=[])
    steps = lambda parts: parts._replace(objective=_sum_of_squares)
    step = lambda kind: lambda numbers, trained, batch, key: update(kind(build(numbers)), trained, batch, key)
    calls: dict[str, Any] = {}
    for name, size in zip(("objective", "objective of the last batch"), given.sizes, strict=False):
        calls[name] = (step(learns), numbers, alone, _rows(given.train, size), given.key)
    calls["optimizer"] = (step(steps), numbers, Updated(params, state), _rows(given.train, given.sizes[0]), given.key)
    if given.validation is not None:
        calls["objective on validation"] = (_valued(build), numbers, params, given.validation)
    for metric in filter(callable, metrics):
        calls[f"metric {metric.__name__}"] = (_measured(build, metric), numbers, params, given.train)
        if given.validation is not None:
            calls[f"metric {metric.__name__} on validation"] = (
                *calls[f"metric {metric.__name__}"][:3],
                given.validation,
            )
    with exact_products():
        return {name: traced_program(*call).as_json() for name, call in calls.items()}


def _valued(build: Callable[[Any], Parts]) -> Any:
    def value(numbers: Any, params: Pytree, batch: Batch) -> Any:
        extra = {} if batch.weight is None else {"weight": batch.weight}
        return build(numbers).objective(params, batch.x, batch.y, **extra)

    return value


def _measured(build: Callable[[Any], Parts], metric: Metric) -> Any:
    def value(numbers: Any, params: Pytree, batch: Batch) -> Any:
        return metric_values(build(numbers).objective, params, batch, {"value": metric})

    return value


def _rows(batch: Batch, size: int) -> Batch:
    """Return the shapes of some rows of a batch."""
    cut: Batch = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((size, *leaf.shape[1:]), leaf.dtype), batch)
    return cut


def _sum_of_squares(params: Pytree, x: Array, y: Array, **extra: Any) -> Array:
    """Stand for an objective where it is not the one that is looked at."""
    return jnp.sum(jnp.stack([jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(params)]))
