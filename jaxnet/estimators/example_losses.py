"""What the estimators lower: scikit-learn's losses, its penalty, and losses beyond them.

A loss is a function (logits [K], target [K]) -> scalar of one example. Those that scikit-learn has are computed as it
computes them: their derivative at the logits is prediction - target even where the value is clipped or averaged.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy

from jaxnet.losses import Objective, squared_weights, weighted_mean
from jaxnet.types import Array, ArrayLike, Batch, Key, Pytree

ExampleLoss = Callable[[Array, Array], Array]  # (logits [K], target [K]) -> scalar


@dataclasses.dataclass(frozen=True)
class BatchObjective(Objective):
    """Mean loss + l2 / 2 * the sum of squared weights / the sum of the batch's example weights.

    So the penalty weighs more in a step the smaller its batch is; that is scikit-learn's ``alpha``.
    """

    def __call__(
        self, params: Pytree, X: ArrayLike, y: ArrayLike, *, weight: ArrayLike | None = None, key: Key | None = None
    ) -> Array:
        """Compute the objective of a batch; a batch of weight 0 is neither fitted nor penalised."""
        batch = Batch(*self.checked(params, X, y, weight))
        mean = weighted_mean(self.examples(params, batch.x, batch.y, key), batch.weight)
        total = jnp.asarray(len(batch.x), batch.x.dtype) if batch.weight is None else jnp.sum(batch.weight)
        share = jnp.where(total == 0, 0, 1 / jnp.where(total == 0, 1, total))
        return mean + self.l2 / 2 * squared_weights(params) * share


def _descending(value: ExampleLoss, prediction: Callable[[Array], Array]) -> ExampleLoss:
    """Make a loss of a value whose derivative at the logits is prediction(logits) - target."""

    @jax.custom_jvp
    def loss(logits: Array, target: Array) -> Array:
        return value(logits, target)

    @loss.defjvp
    def derivative(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
        logits, target = primals
        return value(logits, target), jnp.sum((prediction(logits) - target) * tangents[0])

    return loss


def _log_loss(logits: Array, target: Array) -> Array:
    return -jnp.sum(xlogy(target, _clip(jax.nn.softmax(logits))))


def _binary_log_loss(logits: Array, target: Array) -> Array:
    p = _clip(jax.nn.sigmoid(logits))
    return -jnp.sum(xlogy(target, p) + xlogy(1 - target, 1 - p))


def _clip(probability: Array) -> Array:
    """Keep a probability one rounding unit away from 0 and 1, so a certain mistake costs at most 36 (16 in float32)."""
    unit = jnp.finfo(probability.dtype).eps
    return jnp.clip(probability, unit, 1 - unit)


def _half_mean_squared_error(logits: Array, target: Array) -> Array:
    return jnp.mean(jnp.square(target - logits)) / 2


def _half_poisson_deviance(logits: Array, target: Array) -> Array:
    return jnp.sum(xlogy(target, target) - target * logits - target + jnp.exp(logits))


log_loss = _descending(_log_loss, jax.nn.softmax)
binary_log_loss = _descending(_binary_log_loss, jax.nn.sigmoid)
# with several outputs scikit-learn reports their mean but descends their sum (its issue 8349)
reported_squared_error = _descending(_half_mean_squared_error, lambda logits: logits)
half_poisson_deviance = _descending(_half_poisson_deviance, jnp.exp)


def absolute_error(prediction: Array, target: Array) -> Array:
    """Sum over outputs of |prediction - target|, which the median minimises."""
    return jnp.sum(jnp.abs(prediction - target))


@dataclasses.dataclass(frozen=True)
class Quantile:
    """The pinball loss: sum over outputs of q e for e = target - prediction >= 0 and (q - 1) e below.

    It is lowest where a share ``level`` = q of the targets lies below the prediction (Koenker and Bassett 1978).
    """

    level: float

    def __call__(self, prediction: Array, target: Array) -> Array:
        """Compute the loss of one example."""
        error = target - prediction
        return jnp.sum(jnp.maximum(self.level * error, (self.level - 1) * error))
