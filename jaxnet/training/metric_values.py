"""The metrics of a training: which may be named, and their values for one set of examples."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from jaxnet import checks
from jaxnet.losses import Objective
from jaxnet.metrics import METRICS
from jaxnet.types import Array, Batch, Metric, ObjectiveFunction, Pytree


def check_metrics(metrics: Sequence[Metric], f: ObjectiveFunction | None = None) -> tuple[Metric, ...]:
    """Return the metrics; raises ValueError for an unknown name, TypeError for what is no list of names and callables.

    Where the objective ``f`` is known and no ``jn.objective``, it has no logits, and what needs them is refused.
    """
    checks.require(isinstance(metrics, tuple | list), "metrics", "a list of names or callables", metrics, TypeError)
    for metric in metrics:
        if not callable(metric):
            checks.choice("metrics", metric, METRICS)
            expected = "callables (params, X, y) -> scalar, for names need a jn.objective"
            checks.require(f is None or isinstance(f, Objective), "metrics", expected, metric)
        elif f is not None and not isinstance(f, Objective):
            named = [name for name in ("logits", "network") if names_argument(metric, name)]
            expected = "callables (params, X, y) -> scalar, for logits= and network= need a jn.objective"
            checks.require(not named, "metrics", expected, metric)
    return tuple(metrics)


def metric_values(f: Any, params: Pytree, batch: Batch, metrics: dict[str, Metric]) -> dict[str, Array]:
    """Compute the metrics, history's name -> metric, of N examples by the objective that is trained: a scalar each.

    A callable is given ``weight``, ``logits`` [N, K] and ``network`` where it names them.
    """
    x, y, weight = batch
    values: dict[str, Any] = {}
    logits = functools.cache(lambda: f.logits(params, x))  # of all metrics once, and only where one wants them
    for name, metric in metrics.items():
        if not callable(metric):
            values[name] = METRICS[metric](logits(), y, weight)
            continue
        extra = {} if weight is None or not names_argument(metric, "weight") else {"weight": weight}
        extra |= {"logits": logits()} if names_argument(metric, "logits") else {}
        extra |= {"network": f.network} if names_argument(metric, "network") else {}
        values[name] = metric(params, x, y, **extra)
    return values


def names_argument(f: Callable[..., Any], name: str) -> bool:
    """Whether an objective or a metric takes ``weight=`` or ``key=``."""
    return name in inspect.signature(f).parameters
