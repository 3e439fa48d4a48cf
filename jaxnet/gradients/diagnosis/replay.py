"""Backpropagation in NumPy with every line exchangeable: replaying a mistake is the proof that it was made.

A ``Hypothesis`` is one wrong line; ``Mistakes`` put some in the place of the right ones. The lines, by their slots:

    examples  output                      how each example counts; the derivative at the logits
    delta                                 delta itself, where no formula is known
    matrix  slope                         down through a hidden layer: delta = (delta above @ matrix) * slope
    left  right_w  right_b  bias          a layer's gradients: left.T @ right_w, and right_b summed over the batch
    scale_w penalty_w whole_w times_w     the finished leaf: times * whole(scale * data + penalty); the same with _b

Beside every value goes its ``size``, the same computation with absolute values: what rounding errors scale with.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.factors import ANYTHING, Counts
from jaxnet.gradients.diagnosis.passes import Pass
from jaxnet.gradients.diagnosis.tolerances import LOST_DIGITS, MOST_LOST


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """One wrong line.

    Attributes:
        kind: a name in ``KINDS``.
        text: the wrong formula, or what is peculiar to it; with ``kind`` it tells mistakes apart.
        of: computes the line from a ``Step`` (from ``LeafParts`` in the last slots); None where it makes no sense.
        cost: how far-fetched it is.
        factor: the constant, where the mistake is one.
    """

    kind: str
    text: str
    of: Callable[..., Any]
    cost: float = 1.0
    factor: float | None = None

    @property
    def habit(self) -> tuple[str, str]:
        """What makes it the same mistake when it is made in another layer."""
        return self.kind, self.text


def unknown_line(value: Any, text: str = "") -> Hypothesis:
    """What stands in the gradient under test, where no line is known that gives it."""
    return Hypothesis("unknown", text, lambda _: value, ANYTHING)


Slot = tuple[str, int]
Mistakes = dict[Slot, Hypothesis]
Window = tuple[np.ndarray, ...] | None  # rows [r, 1] and columns [1, c] of a weight matrix; None is all of it


@dataclasses.dataclass(frozen=True)
class Step:
    """One layer of a backward pass: what is known when its lines are computed, from above to below.

    ``above`` is the layer above, ``passed`` what came down from it through the matrix, ``slope`` what that was
    multiplied by, ``delta`` the product [N, H] and ``size`` its size; ``gradient`` is the gradient of the layer's
    weights. Lines are computed in this order, and each sees what is there by then; the rest is None.
    """

    run: Pass
    layer: int
    above: Any = None
    passed: Any = None
    slope: Any = None
    delta: Any = None
    size: Any = None
    gradient: Any = None


class LeafParts(NamedTuple):
    """The gradient of one leaf, or of a window of it, in its parts: the ``data`` term with its ``size``, and ``decay``
    times ``parameter``; ``norm`` is that of the whole parameter."""

    data: np.ndarray
    size: np.ndarray
    parameter: np.ndarray
    decay: float
    counts: Counts
    norm: float

    @property
    def expected(self) -> np.ndarray:
        """The gradient that these parts make."""
        return self.data + self.decay * self.parameter


def _right(of: Callable[..., Any]) -> Hypothesis:
    return Hypothesis("", "", of, 0.0)


RIGHT: Mapping[str, Hypothesis] = {
    "examples": _right(lambda step: np.ones(len(step.run.y))),
    "output": _right(lambda step: step.run.delta),
    "matrix": _right(lambda step: step.run.w[step.layer + 1].T),
    "slope": _right(lambda step: step.run.activations[step.layer].slope(step.run.z[step.layer])),
    "left": _right(lambda step: step.run.a[step.layer]),
    "right_w": _right(lambda step: step.delta),
    "right_b": _right(lambda step: step.delta),
    "bias": _right(lambda step: step.delta.sum(axis=0)),
    "scale_w": _right(lambda leaf: 1.0),
    "scale_b": _right(lambda leaf: 1.0),
    "penalty_w": _right(lambda leaf: leaf.decay * leaf.parameter),
    "penalty_b": _right(lambda leaf: leaf.decay * leaf.parameter),
    "times_w": _right(lambda leaf: 1.0),
    "times_b": _right(lambda leaf: 1.0),
    "whole_w": _right(lambda leaf: leaf.expected),
    "whole_b": _right(lambda leaf: leaf.expected),
}


def line_in(mistakes: Mistakes, slot: str, layer: int) -> Hypothesis:
    """The line in a slot: the wrong one, if there is one, or the right one."""
    return mistakes.get((slot, layer), RIGHT[slot])


def step_down(run: Pass, above: Step | None, mistakes: Mistakes) -> Step | None:
    """Compute delta one layer further down, or at the output when there is none above; None if a line does not fit."""
    if above is None:
        return _output_step(run, mistakes)
    step = pass_down(run, above, mistakes)
    return None if step is None else multiply_by_slope(step, mistakes)


def pass_down(run: Pass, above: Step, mistakes: Mistakes) -> Step | None:
    """Take delta down through the matrix: the first half of ``step_down`` in a hidden layer; ``size`` goes with it."""
    step = Step(run, above.layer - 1, above)
    matrix = line_in(mistakes, "matrix", step.layer).of(step)
    if matrix is None:
        return None
    return dataclasses.replace(step, passed=above.delta @ matrix, size=above.size @ np.abs(matrix))


def multiply_by_slope(step: Step, mistakes: Mistakes) -> Step | None:
    """Multiply what came down by the slope: the second half."""
    slope = line_in(mistakes, "slope", step.layer).of(step)
    if slope is None:
        return None
    size = step.size * np.abs(slope) * step.run.sensitivity[step.layer]
    return _unless_read(dataclasses.replace(step, slope=slope, delta=step.passed * slope, size=size), mistakes)


def _unless_read(step: Step, mistakes: Mistakes) -> Step | None:
    """Where delta was read from the gradient under test, that is what goes on; None for another batch."""
    if ("delta", step.layer) not in mistakes:
        return step
    delta = mistakes["delta", step.layer].of(step)
    if delta.shape != step.run.z[step.layer].shape:
        return None
    return dataclasses.replace(step, delta=delta, size=np.abs(delta) * step.run.sensitivity[step.layer])


def _output_step(run: Pass, mistakes: Mistakes) -> Step | None:
    step = Step(run, run.last)
    delta, weights = line_in(mistakes, "output", run.last).of(step), line_in(mistakes, "examples", run.last).of(step)
    if delta is None or weights is None:
        return None
    delta = delta * weights[:, None]
    # p - y loses digits where the two are close
    lost = (np.abs(run.a[-1]) + np.abs(run.y)) / np.maximum(np.abs(run.a[-1] - run.y), LOST_DIGITS)
    size = np.abs(delta) * np.clip(lost, 1, MOST_LOST) * run.sensitivity[-1]
    return _unless_read(dataclasses.replace(step, slope=np.ones_like(delta), delta=delta, size=size), mistakes)


def weight_leaf(step: Step, mistakes: Mistakes, window: Window = None) -> LeafParts | None:
    """The parts of a layer's weight gradient, or of a window of it: rows [r, 1] and columns [1, c]."""
    left, right = (line_in(mistakes, slot, step.layer).of(step) for slot in ("left", "right_w"))
    run = step.run
    if left is None or right is None:
        return None
    size = np.abs(right) if right is not step.delta else step.size
    w, norm = run.w[step.layer], run.norms[step.layer]
    if window is not None:
        rows, columns = (each.ravel() for each in window)
        left, right, size, w = left[:, rows], right[:, columns], size[:, columns], w[window]
    data, size = run.scale * left.T @ right, run.scale * np.abs(left).T @ size
    return LeafParts(data, size, w, run.decay[step.layer][0], run.counts, norm)


def bias_leaf(step: Step, mistakes: Mistakes) -> LeafParts | None:
    """The parts of a layer's bias gradient."""
    right = line_in(mistakes, "right_b", step.layer).of(step)
    if right is None:
        return None
    summed = line_in(mistakes, "bias", step.layer).of(dataclasses.replace(step, delta=right))
    if summed is None:
        return None
    run, assumed = step.run, np.abs(right) if right is not step.delta else step.size
    size = np.maximum(assumed.sum(axis=0), np.abs(summed))
    b = run.b[step.layer]
    norm = float(np.linalg.norm(b))
    return LeafParts(run.scale * summed, run.scale * size, b, run.decay[step.layer][1], run.counts, norm)


def finish_leaf(leaf: LeafParts, mistakes: Mistakes, layer: int, key: str) -> np.ndarray:
    """Put the parts of a leaf together; ``key`` is ``"w"`` or ``"b"``."""
    scaled = line_in(mistakes, f"scale_{key}", layer).of(leaf) * leaf.data
    penalty = line_in(mistakes, f"penalty_{key}", layer).of(leaf)
    # what is rearranged is the sum, so it is handed on as data without a penalty
    whole = line_in(mistakes, f"whole_{key}", layer).of(leaf._replace(data=scaled + penalty, decay=0.0))
    return line_in(mistakes, f"times_{key}", layer).of(leaf) * whole


def replay(run: Pass, mistakes: Mistakes) -> dict[tuple[int, str], np.ndarray] | None:
    """Compute the whole gradient, (layer, "w" or "b") -> array; None if a line does not fit this batch."""
    gradient, step = {}, None
    for layer in reversed(range(run.last + 1)):
        step = step_down(run, step, mistakes)
        if step is None:
            return None
        for key, part in (("w", weight_leaf(step, mistakes)), ("b", bias_leaf(step, mistakes))):
            if part is None:
                return None
            gradient[layer, key] = finish_leaf(part, mistakes, layer, key)
        step = dataclasses.replace(step, gradient=gradient[layer, "w"])
    return gradient


def total_cost(mistakes: Mistakes) -> float:
    """How far-fetched mistakes are together: one that is made in several layers counts once."""
    habits: dict[tuple[str, str], float] = {}
    for each in mistakes.values():
        habits[each.habit] = min(each.cost, habits.get(each.habit, each.cost))
    return sum(habits.values())
