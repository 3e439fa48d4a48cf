"""The score that early stopping watches, computed inside the compiled run: accuracy, or R² as in scikit-learn."""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp

from jaxnet import metrics
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


def subset_accuracy(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute the share of examples all of whose labels are right; one label is a yes-no question."""
    right = jnp.all((predictions > 0.5) == (targets > 0.5), axis=1)
    return weighted_mean(right.astype(weight.dtype), weight)


def finite_r2(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute R², averaged over outputs; a target that does not vary scores 1 if it is met exactly, else 0."""
    return metrics.r2(predictions, targets, weight, force_finite=True)
