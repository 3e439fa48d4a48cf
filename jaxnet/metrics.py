"""What people look at while a network trains: metrics of a batch, from its logits."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp

from jaxnet.losses import weighted_mean


def accuracy(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute the share of examples whose most likely class is the target's, weighed by ``weight`` [N].

    ``logits`` [N, K]; ``y`` labels [N] or one-hot [N, K]. With one output the class is 1 where the logit is positive.
    """
    if logits.shape[-1] == 1:  # a probability above 1/2 is a logit above 0
        right = (logits[:, 0] > 0) == (y.reshape(len(logits)) > 0.5)
    else:
        labels = y.astype(jnp.int32) if y.ndim == 1 else jax.lax.argmax(y, 1, jnp.int32)
        right = jax.lax.argmax(logits, 1, jnp.int32) == labels
    return weighted_mean(right.astype(logits.dtype), weight)


def r2(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None, *, force_finite: bool = False) -> jax.Array:
    """Compute 1 - residual variance / variance of the target, averaged over outputs; 0 is as good as the mean.

    ``logits`` [N, K]; ``y`` [N, K], or [N] for one output. A target that does not vary has no R²: NaN where it is met
    exactly and -inf where it is missed; with ``force_finite``, as in ``sklearn.metrics.r2_score``, 1 and 0.
    """
    target = y.reshape(logits.shape).astype(logits.dtype)
    mean = jax.vmap(weighted_mean, (1, None))
    residual = mean(jnp.square(target - logits), weight)
    centred = target - jnp.expand_dims(mean(target, weight), 0)
    variance = mean(jnp.square(centred), weight)
    if not force_finite:
        return jnp.mean(1 - residual / variance)
    constant = jnp.where(residual == 0, 1.0, 0.0).astype(target.dtype)
    return jnp.mean(jnp.where(variance == 0, constant, 1 - residual / jnp.where(variance == 0, 1, variance)))


METRICS: Mapping[str, Callable[..., jax.Array]] = MappingProxyType({"accuracy": accuracy, "r2": r2})
# between which the values of a metric lie, whatever the data; of one that is not named nothing is known
BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType({"accuracy": (0.0, 1.0), "r2": (-math.inf, 1.0)})


def metric_bounds(name: str) -> tuple[float, float]:
    """Return the bounds of what a history records under a name, "validation_" or "test_" before it or not."""
    plain = name.removeprefix("validation_").removeprefix("test_")
    return BOUNDS.get(plain, (-math.inf, math.inf))
