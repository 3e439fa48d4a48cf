"""The loss that comes with a gradient: if it is not that of f, the gradient is that of another function."""

from typing import Any

from jaxnet.gradients.evidence import Cause
from jaxnet.gradients.example_axis import example_axis, example_count
from jaxnet.gradients.point import Point
from jaxnet.gradients.submission import Caller, other_loss
from jaxnet.gradients.truth.comparison import Truth
from jaxnet.gradients.truth.working_precision import unit_roundoff


def loss_fault(truth: Truth, loss_value: Any, *, given: Point, precision: float) -> list[Cause]:
    """Compare the loss that was handed in, a number or a function, with f."""
    point, oracle = truth.point, truth.oracle
    loss = Caller(loss_value, given)(*point)[0] if callable(loss_value) else loss_value
    yours, true = float(loss), oracle.value(*point)
    allowed = oracle.value_noise(*point, eps=unit_roundoff({"": loss})) + precision
    if abs(yours - true) <= allowed:
        return []
    return [other_loss(yours, true, counted_here(point))]


def counted_here(point: Point) -> int | None:
    """Count the examples, in rows or in columns."""
    return example_count(point[1:], example_axis(point[1:]))
