"""The score that early stopping watches, computed inside the compiled run: accuracy, or R² as in scikit-learn."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxnet.losses import weighted_mean
from jaxnet.network import MLP
from jaxnet.types import Array, Pytree


@dataclasses.dataclass(frozen=True)
class ValidationScore:
    """A metric of the validation data: ``of(predictions [N, K], targets [N, K], weight [N])``."""

    network: MLP
    of: Callable[[Array, Array, Array], Array]

    __name__ = "validation_score"

    def __call__(self, params: Pytree, X: Array, y: Array, *, weight: Array) -> Array:
        """Compute the score; NaN where a prediction is not finite."""
        predictions = self.network.columns(params, X.T)[-1].a.T
        finite = jnp.all(jnp.isfinite(predictions))
        return jnp.where(finite, self.of(predictions, y, weight), jnp.nan)


def accuracy(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute the share of examples whose most likely class is the target's one-hot class."""
    right = jax.lax.argmax(predictions, 1, jnp.int32) == jax.lax.argmax(targets, 1, jnp.int32)
    return weighted_mean(right.astype(weight.dtype), weight)


def subset_accuracy(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute the share of examples all of whose labels are right; one label is a yes-no question."""
    right = jnp.all((predictions > 0.5) == (targets > 0.5), axis=1)
    return weighted_mean(right.astype(weight.dtype), weight)


def r2(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute R², averaged over outputs; a target that does not vary scores 1 if it is met exactly, else 0."""
    mean = jax.vmap(weighted_mean, (1, None))
    residual = mean(jnp.square(targets - predictions), weight)
    variance = mean(jnp.square(targets - jnp.expand_dims(mean(targets, weight), 0)), weight)
    constant = jnp.where(residual == 0, 1.0, 0.0).astype(targets.dtype)
    return jnp.mean(jnp.where(variance == 0, constant, 1 - residual / jnp.where(variance == 0, 1, variance)))
