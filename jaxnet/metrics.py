"""What people look at while a network trains: metrics of a batch, by name, from its logits.

Classes are decided as the loss has taught: labels [N], and rows that sum to 1, are one class an example, the one of the
largest logit; one output, and rows [N, K] for outputs that are no softmax, are answers of their own, yes where the
logit is positive. An example of weight 0 counts for nothing, not even for which classes occur. Where scikit-learn has a
metric the value is its value; what it has no value for is NaN.
"""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxnet import checks
from jaxnet.losses import LOSSES, weighted_mean
from jaxnet.network import OUTPUTS
from jaxnet.targets import Target, dense_targets


def accuracy(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute the share of examples whose most likely class is the target's, weighed by ``weight`` [N].

    ``logits`` [N, K]; ``y`` labels [N] or one-hot [N, K]. With one output the class is 1 where the logit is positive.
    """
    if logits.shape[-1] == 1:  # a probability above 1/2 is a logit above 0
        right = (logits[:, 0] > 0) == (y.reshape(len(logits)) > 0.5)
    else:
        right = jax.lax.argmax(logits, 1, jnp.int32) == _labels(y)
    return weighted_mean(right.astype(logits.dtype), weight)


def balanced_accuracy(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute the mean over the classes that occur of the share of their examples that is found: a class in 100 counts
    as much as the other 99. Arguments as for ``accuracy``."""
    found, truth = _one_of_two(logits, y) if logits.shape[-1] == 1 else _one_of_many(logits, y)
    size, hit = _mass(truth, weight), _mass(truth & found, weight)
    return _mean_where(size > 0, hit, size)


def f1(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None, *, output: str = "softmax") -> jax.Array:
    """Compute 2 hits / (found + there): of two classes for class 1, of more the mean over the classes that are found or
    there; of K independent answers the mean over all K. 0 where nothing is found and nothing there.

    ``logits`` [N, K], ``y`` [N] or [N, K], ``weight`` [N].
    """
    outputs = logits.shape[-1]
    if outputs == 1:
        found, truth = (each[:, 1:] for each in _one_of_two(logits, y))
    elif _independent(y, output):
        found, truth = logits > 0, y > 0.5
    else:
        found, truth = (each[:, 1:] if outputs == 2 else each for each in _one_of_many(logits, y))
    both = _mass(found, weight) + _mass(truth, weight)
    counted = (both > 0) | (outputs <= 2 or _independent(y, output))
    return _mean_where(counted, 2 * _mass(found & truth, weight), both)


def auc(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None, *, output: str = "softmax") -> jax.Array:
    """Compute the area under the ROC curve: how often an example of a class has a higher probability of it than one of
    another, ties half; of more than two classes the mean of each against the rest, of those that have both.

    ``logits`` [N, K], ``y`` [N] or [N, K], ``weight`` [N]. NaN where no class has both.
    """
    outputs, dtype = logits.shape[-1], logits.dtype
    if outputs == 1 or _independent(y, output):
        score, truth = logits, y.reshape(logits.shape) > 0.5
    else:
        truth = _one_of_many(logits, y)[1]
        score = _log_odds(logits) if output == "softmax" else logits
        score, truth = (each[:, 1:] if outputs == 2 else each for each in (score, truth))
    mass = jnp.ones(len(logits), dtype) if weight is None else weight
    areas, pairs = jax.vmap(_area, (1, 1, None))(score, truth, mass)
    area = _mean_where(pairs > 0, areas, pairs)
    return jnp.where(jnp.any(pairs > 0) & ~jnp.any(jnp.isnan(logits)), area, jnp.nan)


def mean_log_loss(
    logits: jax.Array, y: jax.Array, weight: jax.Array | None = None, *, output: str = "softmax"
) -> jax.Array:
    """Compute the mean of -log of the probability that was given to what is there, whatever loss was trained: for
    softmax outputs that of the class, for sigmoid outputs that of each answer, averaged over them.

    ``logits`` [N, K], ``y`` [N] or [N, K], ``weight`` [N].
    """
    name, target = ("cross_entropy", Target.DISTRIBUTION) if output == "softmax" else _EACH
    outputs = logits.shape[-1]
    losses = LOSSES[name].of(logits.T, dense_targets(target, y, outputs, logits.dtype).T)
    return weighted_mean(losses if output == "softmax" else losses / outputs, weight)


_EACH = ("binary_cross_entropy", Target.PROBABILITY)


def top_k_accuracy(logits: jax.Array, y: jax.Array, weight: jax.Array | None = None, *, k: int) -> jax.Array:
    """Compute the share of examples whose class is among the ``k`` of the largest logits; of equal ones the first.

    Arguments as for ``accuracy``, with K above ``k``.
    """
    labels = jnp.expand_dims(_labels(y), 1)
    own = jnp.take_along_axis(logits, labels, 1)
    before = jnp.arange(logits.shape[1], dtype=labels.dtype)[None] < labels
    ahead = (logits > own) | ((logits == own) & before)
    return weighted_mean((ahead.sum(1) < k).astype(logits.dtype), weight)


def r2(
    predictions: jax.Array, y: jax.Array, weight: jax.Array | None = None, *, force_finite: bool = False
) -> jax.Array:
    """Compute 1 - residual variance / variance of the target, averaged over outputs; 0 is as good as the mean.

    ``predictions`` [N, K]; ``y`` [N, K], or [N] for one output. A target that does not vary has no R²: NaN where it is
    met exactly and -inf where it is missed; with ``force_finite``, as in ``sklearn.metrics.r2_score``, 1 and 0.
    """
    target = _targets(y, predictions)
    residual = _each_mean(jnp.square(target - predictions), weight)
    centred = target - jnp.expand_dims(_each_mean(target, weight), 0)
    variance = _each_mean(jnp.square(centred), weight)
    if not force_finite:
        return jnp.mean(1 - residual / variance)
    constant = jnp.where(residual == 0, 1.0, 0.0).astype(target.dtype)
    return jnp.mean(jnp.where(variance == 0, constant, 1 - residual / jnp.where(variance == 0, 1, variance)))


def mean_absolute_error(predictions: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute the mean of |prediction - target| over examples and outputs; arguments as for ``r2``."""
    return jnp.mean(_each_mean(jnp.abs(_targets(y, predictions) - predictions), weight))


def root_mean_squared_error(predictions: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Compute the root of the mean of (prediction - target)², averaged over outputs; arguments as for ``r2``."""
    return jnp.mean(jnp.sqrt(_each_mean(jnp.square(_targets(y, predictions) - predictions), weight)))


class NamedMetric(NamedTuple):
    """A metric that has a name: how it is computed, which way is better, and between which values it lies.

    ``of`` takes the logits [N, K], or the predictions where it is a measure of numbers; then ``y`` and ``weight``, and
    ``output`` where what the outputs are matters. ``classes`` says whether it is refused where numbers are learnt, and
    ``outputs`` which outputs it has a meaning for; () is any.
    """

    of: Callable[..., jax.Array]
    goal: str
    bounds: tuple[float, float]
    on_predictions: bool = False
    by_output: bool = False
    classes: bool = True
    outputs: tuple[str, ...] = ()


_SHARE, _POSITIVE = (0.0, 1.0), (0.0, math.inf)
METRICS: Mapping[str, NamedMetric] = MappingProxyType(
    {
        # a margin above 0 is a decision whatever was learnt
        "accuracy": NamedMetric(accuracy, "max", _SHARE, classes=False),
        "balanced_accuracy": NamedMetric(balanced_accuracy, "max", _SHARE),
        "f1": NamedMetric(f1, "max", _SHARE, by_output=True),
        "auc": NamedMetric(auc, "max", _SHARE, by_output=True),
        "log_loss": NamedMetric(mean_log_loss, "min", _POSITIVE, by_output=True, outputs=("softmax", "sigmoid")),
        "r2": NamedMetric(r2, "max", (-math.inf, 1.0), on_predictions=True, classes=False),
        "mean_absolute_error": NamedMetric(mean_absolute_error, "min", _POSITIVE, on_predictions=True, classes=False),
        "root_mean_squared_error": NamedMetric(
            root_mean_squared_error, "min", _POSITIVE, on_predictions=True, classes=False
        ),
    }
)
_TOP_K = re.compile(r"top_([1-9]\d{0,5})_accuracy")
EXAMPLE_TOP_K = "top_5_accuracy"  # of a family of names, the one that messages list


def named_metric(argument: str, name: object) -> NamedMetric:
    """Return the metric of a name in ``METRICS``, or of "top_5_accuracy" with any number in it.

    Raises ValueError, with the nearest known name, for another; TypeError for what is no text.
    """
    top = _TOP_K.fullmatch(name) if isinstance(name, str) else None
    if top:
        return NamedMetric(lambda logits, y, weight: top_k_accuracy(logits, y, weight, k=int(top[1])), "max", _SHARE)
    return METRICS[checks.choice(argument, name, (*METRICS, EXAMPLE_TOP_K))]


def output_taught(loss: object, network: object) -> str:
    """Return what makes predictions of the logits: the network's ``output``, or of a network of one's own without one
    what the loss has taught."""
    known = LOSSES[loss].outputs if isinstance(loss, str) else ()
    return getattr(network, "output", (*known, "identity")[0])


def check_metric(name: str, *, loss: object, output: str, outputs: int | None) -> None:
    """Refuse, by raising ValueError, a metric by name that has no meaning for a network that ``loss`` trains and
    ``output`` makes predictions of; ``outputs`` is K, or None where that is not known."""
    known = named_metric("metrics", name)
    of_numbers = (Target.REAL, Target.COUNT)
    numbers = isinstance(loss, str) and LOSSES[loss].target in of_numbers and output in ("identity", "exp")
    got = checks.Words(f"{name!r} for loss={loss!r} of {output} outputs")
    checks.require(not (known.classes and numbers), "metrics", "a metric of numbers, for no classes are learnt", got)
    checks.require(output in (known.outputs or (output,)), "metrics", "one that probabilities are not needed for", got)
    top = _TOP_K.fullmatch(name)
    if top and outputs is not None:
        expected = f"a number below the {outputs} outputs in top_<number>_accuracy"
        checks.require(int(top[1]) < outputs, "metrics", expected, name)


def metric_value(name: str, logits: jax.Array, y: jax.Array, weight: jax.Array | None, *, output: str) -> jax.Array:
    """Compute a metric by name of logits [N, K] and y [N] or [N, K], weighed by ``weight`` [N]: a scalar."""
    known = named_metric("metrics", name)
    values = OUTPUTS[output](logits.T).T if known.on_predictions else logits
    return known.of(values, y, weight, **({"output": output} if known.by_output else {}))


def metric_bounds(name: str) -> tuple[float, float]:
    """Return the bounds of what a history records under a name, "validation_" or "test_" before it or not."""
    known = _of_history(name)
    return (-math.inf, math.inf) if known is None else known.bounds


def metric_goal(name: str) -> str:
    """Return "max" where what a history records under a name is better the higher it is, else "min"."""
    known = _of_history(name)
    return "min" if known is None else known.goal


def is_metric(name: object) -> bool:
    """Whether there is a metric of this name."""
    return isinstance(name, str) and (name in METRICS or _TOP_K.fullmatch(name) is not None)


def _of_history(name: str) -> NamedMetric | None:
    plain = name.removeprefix("validation_").removeprefix("test_")
    return named_metric("metric", plain) if is_metric(plain) else None


def _labels(y: jax.Array) -> jax.Array:
    """Return the classes [N] of labels [N], or of rows [N, K] the class of the largest entry."""
    return y.astype(jnp.int32) if y.ndim == 1 else jax.lax.argmax(y, 1, jnp.int32)


def _targets(y: jax.Array, predictions: jax.Array) -> jax.Array:
    if y.ndim == 1 and predictions.shape[-1] > 1:  # labels
        return dense_targets(Target.DISTRIBUTION, y, predictions.shape[-1], predictions.dtype)
    return y.reshape(predictions.shape).astype(predictions.dtype)


def _independent(y: jax.Array, output: str) -> bool:
    """Whether K outputs are answers of their own: rows of a softmax sum to 1, those of others need not."""
    return y.ndim == 2 and output != "softmax"


def _one_of_two(logits: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return which class is found and which is there, [N, 2] and [N, 2], of one output."""
    found, there = logits[:, 0] > 0, y.reshape(len(logits)) > 0.5
    return jnp.stack([~found, found], 1), jnp.stack([~there, there], 1)


def _one_of_many(logits: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return which class is found and which is there, [N, K] and [N, K]."""
    classes = jnp.arange(logits.shape[1], dtype=jnp.int32)[None]
    is_of = lambda labels: jnp.expand_dims(labels, 1) == classes
    return is_of(jax.lax.argmax(logits, 1, jnp.int32)), is_of(_labels(y))


def _mass(chosen: jax.Array, weight: jax.Array | None) -> jax.Array:
    """Sum the weights, or count, of what is chosen of [N, C], for each column."""
    if weight is None:
        return jnp.sum(chosen, 0).astype(jnp.zeros(()).dtype)
    return jnp.sum(jnp.where(chosen, jnp.expand_dims(weight, 1), 0), 0)


def _each_mean(values: jax.Array, weight: jax.Array | None) -> jax.Array:
    """Compute the weighted mean of each column of [N, C]."""
    return jax.vmap(weighted_mean, (1, None))(values, weight)


def _mean_where(counted: jax.Array, parts: jax.Array, wholes: jax.Array) -> jax.Array:
    """Compute the mean of parts / wholes over the counted of [C], 0 where a whole is 0."""
    shares = jnp.where(counted & (wholes > 0), parts / jnp.where(wholes > 0, wholes, 1), 0)
    return jnp.sum(shares) / jnp.maximum(jnp.sum(counted.astype(shares.dtype)), 1)


def _log_odds(logits: jax.Array) -> jax.Array:
    """Compute log p / (1 - p) [N, K] of softmax probabilities, which rises with p but does not round to 1 as p does."""
    up, down = (jax.lax.cumlogsumexp(logits, 1, reverse=reverse) for reverse in (False, True))
    none = jnp.full((len(logits), 1), -jnp.inf, logits.dtype)
    others = jnp.logaddexp(jnp.concatenate([none, up[:, :-1]], 1), jnp.concatenate([down[:, 1:], none], 1))
    return logits - others


def _area(score: jax.Array, truth: jax.Array, mass: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the weight of the pairs of a yes and a no [N] of which the yes has the higher score, ties half, and the
    weight of all pairs."""
    order = jnp.argsort(score)
    ranked = score[order]
    no = jnp.where(truth, 0, mass)
    below = jnp.concatenate([jnp.zeros(1, mass.dtype), jnp.cumsum(no[order])])
    beaten = below[jnp.searchsorted(ranked, score)] + below[jnp.searchsorted(ranked, score, side="right")]
    yes = jnp.where(truth, mass, 0)
    return jnp.sum(yes * beaten) / 2, jnp.sum(yes) * jnp.sum(no)
