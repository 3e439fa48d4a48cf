"""What is said of a corner of f: which operation of the user's has it, and which slope there was taken."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.point import Point

_OF_JAX = {"relu": "0", "abs": "0", "maximum": "1/2", "minimum": "1/2"}  # of a comparison it is that of its branch


def corner_note(f: Callable[..., Any], point: Point, slope: float) -> str:
    """Say where f has its corner and that ``slope``, from 0 of the lower side to 1 of the upper, was taken there."""
    name, line = _corner(f, point)
    where = f"{name} at exactly 0" if name in ("relu", "abs") else f"{name} of equal values" if name else "a tie"
    taken = f"you take slope {2 * slope - 1 if name == 'abs' else slope:.3g}"
    if name in _OF_JAX:
        taken += f", JAX {_OF_JAX[name]} for {name}"
    return f"f has a corner here ({where}{line}): {taken}; any between those of the two sides is right."


def _corner(f: Callable[..., Any], point: Point) -> tuple[str, str]:
    """The name of the first operation that is at its corner, and its line; "" where f cannot be written down."""
    try:
        recorded = RecordedPass(f, point)
    except Exception:  # whatever tracing raises for code that was not written for JAX
        return "", ""
    for op in recorded.operations:
        if name := _name(recorded, op):
            return name, f" in line {op.place[-1].line}" if op.place else ""
    return "", ""


def _name(recorded: RecordedPass, op: Operation) -> str:
    if not any(i in recorded.moving for i in op.inputs):
        return ""
    values = [recorded.values[i] for i in op.inputs]
    if op.name == "abs" and (values[0] == 0).any():
        return "abs"
    if op.name in ("max", "min") and np.equal(*values).any():
        zero = any(i not in recorded.moving and not recorded.values[i].any() for i in op.inputs)
        return "relu" if op.name == "max" and zero else f"{op.name}imum"
    if op.name in ("gt", "ge", "lt", "le") and np.equal(*values).any():
        return "comparison"
    return ""
