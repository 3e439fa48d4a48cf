"""The metrics of a training: which may be named, and their values for one set of examples."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from jaxnet import checks
from jaxnet.losses import Objective
from jaxnet.metrics import check_metric, metric_value, named_metric, output_taught
from jaxnet.types import Array, Batch, Metric, ObjectiveFunction, Pytree


def check_metrics(metrics: Sequence[Metric], f: ObjectiveFunction | None = None) -> tuple[Metric, ...]:
    """Return the metrics, each once; raises ValueError for an unknown name and for two of one name, TypeError for what
    is no list of names and callables.

    Where the objective ``f`` is known, what has no meaning for it is refused; one that is no ``jn.objective`` has no
    logits.
    """
    checks.require(isinstance(metrics, tuple | list), "metrics", "a list of names or callables", metrics, TypeError)
    for metric in metrics:
        if not callable(metric):
            metric = metric.removeprefix("validation_") if isinstance(metric, str) else metric
            named_metric("metrics", metric)
            expected = "callables (params, X, y) -> scalar, for names need a jn.objective"
            checks.require(f is None or isinstance(f, Objective), "metrics", expected, metric)
            if isinstance(f, Objective):
                outputs = (*getattr(f.network, "sizes", ()), None)[-2:][0]
                check_metric(metric, loss=f.loss, output=output_taught(f.loss, f.network), outputs=outputs)
        elif f is not None and not isinstance(f, Objective):
            named = [name for name in ("logits", "network") if names_argument(metric, name)]
            expected = "callables (params, X, y) -> scalar, for logits= and network= need a jn.objective"
            checks.require(not named, "metrics", expected, metric)
    found: dict[str, Metric] = {}
    for metric in metrics:
        other = found.setdefault(metric_name(metric), metric)
        twice = (
            isinstance(metric, str) and metric.startswith("validation_") and metric[11:] in map(metric_name, metrics)
        )
        checks.require(not twice, "metrics", "a metric of both data or of validation data alone", metric)
        expected = "metrics of different names, each a curve of its own"
        checks.require(other is metric or other == metric, "metrics", expected, checks.Words(metric_name(metric)))
    return tuple(found.values())


def metric_name(metric: Metric) -> str:
    """Return the name of a metric in the history: of a callable its own, of a ``functools.partial`` that of what it
    calls, of an object without a name that of its class."""
    if isinstance(metric, str):
        return metric
    if isinstance(metric, functools.partial):
        return metric_name(metric.func)
    return str(getattr(metric, "__name__", type(metric).__name__))


def metric_values(
    f: Any, params: Pytree, batch: Batch, metrics: dict[str, Metric], *, logits: Array | None = None
) -> dict[str, Array]:
    """Compute the metrics, history's name -> metric, of N examples by the objective that is trained: a scalar each.

    A callable is given ``weight``, ``logits`` [N, K] and ``network`` where it names them; ``logits`` are computed
    unless they are known.
    """
    x, y, weight = batch
    values: dict[str, Any] = {}
    # of all metrics once, and only where one wants them
    known = functools.cache(lambda: f.logits(params, x) if logits is None else logits)
    for name, metric in metrics.items():
        if not callable(metric):
            plain, output = metric.removeprefix("validation_"), output_taught(f.loss, f.network)
            values[name] = metric_value(plain, known(), y, weight, output=output)
            continue
        extra = {} if weight is None or not names_argument(metric, "weight") else {"weight": weight}
        extra |= {"logits": known()} if names_argument(metric, "logits") else {}
        extra |= {"network": f.network} if names_argument(metric, "network") else {}
        value = jnp.asarray(metric(params, x, y, **extra))  # 0.0, where nothing of it is computed
        checks.require(value.shape == (), "metrics", f"a scalar from {metric_name(metric)}", value)
        values[name] = value
    return values


def names_argument(f: Callable[..., Any], name: str) -> bool:
    """Whether an objective or a metric takes ``weight=`` or ``key=``."""
    return name in inspect.signature(f).parameters
