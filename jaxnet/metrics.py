"""What people look at while a network trains: metrics of a batch, from its logits."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp

from jaxnet.losses import weighted_mean


def accuracy(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute the share of examples whose most likely class is the target's.

    ``logits`` [N, K]; ``y`` labels [N] or one-hot [N, K]. With one output the class is 1 where the logit is positive.
    """
    if logits.shape[-1] == 1:
        right = (logits[:, 0] > 0) == (y.reshape(len(logits)) > 0.5)
    else:
        labels = y.astype(jnp.int32) if y.ndim == 1 else jax.lax.argmax(y, 1, jnp.int32)
        right = jax.lax.argmax(logits, 1, jnp.int32) == labels
    return weighted_mean(right.astype(logits.dtype), weight)


def r2(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute 1 - residual variance / variance of the target, averaged over outputs; 0 is as good as the mean."""
    target = y.reshape(logits.shape).astype(logits.dtype)
    mean = jax.vmap(weighted_mean, (1, None))
    residual = mean(jnp.square(target - logits), weight)
    centred = target - jnp.expand_dims(mean(target, weight), 0)
    return jnp.mean(1 - residual / mean(jnp.square(centred), weight))


METRICS: Mapping[str, Callable[..., jax.Array]] = MappingProxyType({"accuracy": accuracy, "r2": r2})
