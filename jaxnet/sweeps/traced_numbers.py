"""Which numbers of a training are traced: those of jaxnet and optax always, and those in what users define wherever it
does not look at them in Python."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxnet.network import MLP
from jaxnet.sweeps.configuration import Training, TrainingSpec
from jaxnet.sweeps.keys_as_words import has_keys, with_keys_as_words
from jaxnet.training.hyperparameters import Skeleton, combine, fixed, partition
from jaxnet.training.metric_values import metric_values
from jaxnet.training.preparation import draws
from jaxnet.types import Batch, Metric, Pytree


class Parting:
    """Parts the trainings of a plan into skeletons and numbers; each skeleton is tried once.

    A description that branches on a number of its own, or makes a size of it, keeps it: it is a program for itself.
    """

    def __init__(self, spec: TrainingSpec) -> None:
        self._spec = spec
        self._sound: dict[Skeleton, bool] = {}
        self._drawing: dict[Skeleton, bool] = {}

    def settled(self, training: Training) -> Training:
        """Return a training as programs carry it: with a state of its optimizer that is of numbers alone."""
        if self._spec.optimizer is None:
            return training
        skeleton, _ = partition(training.optimizer, own=True)  # of many configurations one: to trace each takes ms
        if skeleton not in self._drawing:
            with jax.numpy_dtype_promotion("standard"):
                params = jax.eval_shape(training.network.init, jax.random.key(0))
                self._drawing[skeleton] = has_keys(training.optimizer, params)
        if not self._drawing[skeleton]:
            return training
        return training._replace(optimizer=with_keys_as_words(training.optimizer))

    def __call__(self, training: Training) -> tuple[tuple[Skeleton, ...], list[list[float]]]:
        """Return the skeletons of objective, optimizer and stopping rule, and the numbers of each."""
        parts = [
            self._parted(training.objective, lambda f: self._objective(training, f)),
            self._parted(training.optimizer, lambda optimizer: self._optimizer(training, optimizer)),
            partition(training.stop),
        ]
        skeletons, numbers = zip(*parts, strict=True)
        return skeletons, list(numbers)

    def _parted(self, description: Any, use: Callable[[Any], Any]) -> tuple[Skeleton, list[float]]:
        if not self._spec.own_functions:
            return partition(description)
        for own in (True, False):
            skeleton, numbers = partition(description, own=own)
            if skeleton not in self._sound:
                numbered = functools.partial(_used, use, skeleton)
                self._sound[skeleton] = _traces(numbered, len(numbers), self._spec.dtype)
            if self._sound[skeleton]:
                return skeleton, numbers
        return fixed(description), []

    def _objective(self, training: Training, f: Any) -> Any:
        params, x, y = self._shapes(training)
        key = {"key": jax.random.key(0)} if draws(training.objective) else {}
        return jax.grad(f)(params, x, y, **key)

    def _optimizer(self, training: Training, optimizer: Any) -> Any:
        params, *_ = self._shapes(training)
        with jax.numpy_dtype_promotion("standard"):
            optimizer.init(params)  # where first states are drawn its numbers are traced, too
            state = training.optimizer.init(params)
            after = optimizer.update(params, state, params)[1]
        kinds = lambda tree: [(jnp.shape(leaf), jnp.result_type(leaf)) for leaf in jax.tree.leaves(tree)]
        if kinds(after) != kinds(state):  # of numbers that are no Python's something else may come
            raise TypeError("its state does not stay what it begins as")
        return after

    def _shapes(self, training: Training) -> tuple[Any, jax.Array, jax.Array]:
        """Return parameters and two examples, of which only shapes and dtypes count."""
        dtypes = (self._spec.dtype,) if isinstance(training.network, MLP) else ()
        params = training.network.init(jax.random.key(0), *dtypes)
        dtype = next(leaf.dtype for leaf in jax.tree.leaves(params))
        targets = self._spec.targets
        labels = jax.dtypes.canonicalize_dtype(targets.dtype)  # of 32 bits where JAX has no others
        y = jnp.zeros((2, *targets.shape[1:]), labels if labels.kind in "iub" else dtype)
        return params, jnp.zeros((2, *self._spec.example), dtype), y


def metrics_parted(
    metrics: tuple[Metric, ...], f: Any, params: Pytree, batch: Batch
) -> tuple[Skeleton | None, list[float]]:
    """Return the skeleton of metrics and their numbers; None where no number of theirs can be traced."""
    parts, numbers, dtype = [], [], next(leaf.dtype for leaf in jax.tree.leaves(params))
    for metric in metrics:
        skeleton, own = partition(metric, own=True)
        use = lambda made: metric_values(f, params, batch, {"value": made})
        sound = callable(metric) and own and _traces(functools.partial(_used, use, skeleton), len(own), dtype)
        parts.append(skeleton if sound else fixed(metric))
        numbers += own if sound else []
    return (Skeleton(tuple, tuple(parts), metrics), numbers) if numbers else (None, [])


def _used(use: Callable[[Any], Any], skeleton: Skeleton, numbers: list[Any]) -> Any:
    return use(combine(skeleton, numbers))


def _traces(function: Callable[[list[Any]], Any], count: int, dtype: Any) -> bool:
    """Whether a function of so many numbers can be traced: it looks at none of them."""
    try:
        jax.eval_shape(function, [jax.ShapeDtypeStruct((), dtype)] * count)
    except Exception:  # whatever is raised, with its own numbers it may not be, and then it is said when it is used
        return False
    return True
