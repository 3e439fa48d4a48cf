"""What goes wrong at the output: every known way to get delta at the logits wrong, and examples that do not count.

In the formulas p are the predictions, z the logits and Y the targets, all [N, K].
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.passes import Pass
from jaxnet.gradients.diagnosis.replay import Hypothesis, Step
from jaxnet.gradients.diagnosis.tolerances import SAME_FORMULA, WHOLE_WEIGHT
from jaxnet.gradients.diagnosis.written_lines import Row, hypotheses
from jaxnet.reference.losses import CANONICAL, LOSSES, OUTPUTS, logit_derivative, logit_derivative_line
from jaxnet.reference.operations import ACTIVATIONS, sigmoid

# the losses whose derivative at the logits is p - Y, with the output function that p stands for there
_OWN_OUTPUT = {loss: output for output, loss in CANONICAL.items() if not LOSSES[loss].on_predictions}
_DERIVED = "regression and output != 'identity'"
_SQUEEZED = "regression and output == 'sigmoid'"
_SOFTMAX, _CANCELLED = "output == 'softmax'", "cancels and output == 'sigmoid'"

_ROWS = (
    # the output function's derivative left out, added, squared, or taken elsewhere
    Row("output_derivative_missing", "p - Y", "error", when=_DERIVED),
    Row("output_derivative_twice", "the derivative twice", "back(p, back(p, error))", when=_DERIVED),
    Row("output_derivative_at_a", "(p - Y) * sigmoid'(p)", "error * slope(p)", when=_SQUEEZED),
    Row("output_derivative_at_z", "(p - Y) * z * (1 - z)", "error * z * (1 - z)", when=_SQUEEZED),
    Row("output_derivative_extra", "(p - Y) * p * (1 - p)", when="cancels and output in ('sigmoid', 'softmax')"),
    Row("output_derivative_missing", "(p - Y) / (p * (1 - p))", when=_CANCELLED),
    Row("output_derivative_twice", "(p - Y) * (p * (1 - p))**2", when=_CANCELLED),
    Row("output_derivative_missing", "1 - Y / p", when="cancels and output == 'exp'"),
    Row("output_derivative_extra", "(p - Y) * p", when="cancels and output == 'exp'"),
    # the softmax's Jacobian and its axis
    Row("softmax_diagonal", "(p - Y) * p * (1 - p)", "error * p * (1 - p)", when=f"{_SOFTMAX} and regression"),
    Row("softmax_diagonal", "-Y * (1 - p)", when=f"{_SOFTMAX} and not regression"),
    Row("softmax_jacobian_missing", "-Y / p", when=f"{_SOFTMAX} and not regression"),
    Row("softmax_axis", "softmax over the examples, axis=0", "after(softmax(z.T).T)", when=_SOFTMAX),
    Row(
        "softmax_axis",
        "softmax over the whole batch",
        "after(softmax(z.reshape(1, -1)).reshape(z.shape))",
        when=_SOFTMAX,
    ),
    Row("softmax_unnormalised", "exp(z) - Y", "after(np.exp(z))", when=_SOFTMAX),
    Row("softmax_unnormalised", "exp(z - max(z)) - Y", "after(np.exp(z - z.max(1, keepdims=True)))", when=_SOFTMAX),
    Row("softmax_twice", "softmax(softmax(z)) - Y", "after(softmax(p))", when=_SOFTMAX),
    # another output function than the network's
    Row("output_activation_missing", "z - Y", "c * (z - Y)", when="output != 'identity'"),
    Row(
        "output_activation_missing",
        "the derivative of p at p = z",
        "back(z, z - Y)",
        when="regression and output in ('sigmoid', 'softmax')",
    ),
    Row("output_activation_other", "sigmoid(z) - Y", "c * (sigmoid(z) - Y)", when="output != 'sigmoid'"),
    Row("output_activation_other", "softmax(z) - Y", "c * (softmax(z) - Y)", when="output != 'softmax'"),
    Row("output_activation_other", "tanh(z) - Y", "c * (np.tanh(z) - Y)"),
    Row("output_activation_other", "relu(z) - Y", "c * (np.maximum(z, 0) - Y)"),
    # the target, the prediction, or a term of the loss left out
    Row("prediction_missing", "-Y", "-c * Y"),
    Row("target_missing", "Y = 0", "delta(loss, 0 * Y)", when="loss not in (None, 'hinge')"),
    Row("loss_term_missing", "-Y * (1 - p)", "-Y * (1 - sigmoid(z))", when="loss == 'binary_cross_entropy'"),
    Row("loss_term_missing", "(1 - Y) * p", "(1 - Y) * sigmoid(z)", when="loss == 'binary_cross_entropy'"),
)
_OTHER_LOSSES = (
    Row("other_loss", "absolute error: sign(p - Y)", "np.sign(p - Y)"),
    Row("other_loss", "absolute error: sign(p - Y) through the output", "back(p, np.sign(p - Y))"),
    Row("other_loss", "the loss, not its derivative: (p - Y)**2", "(p - Y)**2"),
    Row("output_activation_other", "the decided class - Y, the perceptron's rule", "decided - Y"),
)


def output_mistakes(run: Pass) -> list[Hypothesis]:
    """List the wrong formulas for delta at the output that are possible for the loss and the output function."""
    loss = LOSSES.get(run.loss or "")
    regression, cancels = bool(loss and loss.on_predictions), run.loss in _OWN_OUTPUT
    facts = {"output": run.output, "loss": run.loss, "regression": regression, "cancels": cancels}
    found = hypotheses([*_ROWS, *_targets(run)], facts, _names)
    for each in hypotheses([*_losses(run), *_OTHER_LOSSES], facts, _names):
        found = _with_loss(found, each, Step(run, run.last))
    return found


def _with_loss(found: list[Hypothesis], loss: Hypothesis, step: Step) -> list[Hypothesis]:
    """Add another loss, or say it beside the mistake that it cannot be told from."""
    value = loss.of(step)
    for i, each in enumerate(found):
        if np.allclose(each.of(step), value, rtol=SAME_FORMULA, atol=0):
            if ", as for " in each.text:
                return found
            note = f"{each.text}, as for the loss {loss.text.partition(':')[0]}"
            return [*found[:i], dataclasses.replace(each, text=note), *found[i + 1 :]]
    return [*found, loss]


def _names(step: Step) -> dict[str, Any]:
    """What the formulas are made of: ``error`` is the loss's derivative at the predictions, ``c`` its constant, and
    ``after(P)`` what the loss makes of other predictions P."""
    run, loss = step.run, LOSSES.get(step.run.loss or "")
    p, z, y, back = run.a[-1], run.z[-1], run.y, OUTPUTS[run.output].backward
    c = 2 / y.shape[1] if run.loss == "mean_squared_error" else 1.0
    regression = loss is not None and loss.on_predictions
    return {
        "p": p, "z": z, "Y": y, "c": c, "back": back, "sigmoid": sigmoid, "softmax": OUTPUTS["softmax"].forward,
        "error": loss.derivative(p, y) if loss and regression else p - y, "slope": ACTIVATIONS["sigmoid"].slope,
        "after": lambda P: c * back(P, P - y) if regression else P - y,
        "decided": 1.0 * (p == p.max(axis=1, keepdims=True)) if p.shape[1] > 1 else 1.0 * (p > 0.5),
        "loss": run.loss, "delta": functools.partial(_delta, run), "shifted": _changes(),
    }  # fmt: skip


def _delta(run: Pass, loss: str, y: np.ndarray) -> np.ndarray:
    """Compute delta [N, K] as people write it: p - Y, also for targets of which cross-entropy has more to say.

    The true derivative of cross-entropy is p times the sum of a row of targets, less the row: for no target it is 0.
    """
    if loss in _OWN_OUTPUT:
        return OUTPUTS[_OWN_OUTPUT[loss]].forward(run.z[-1]) - y
    return logit_derivative(loss, run.output, run.z[-1], y)


def shifts(name: str, axis: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Targets of other examples as NumPy, along the axis of the examples: 0 for rows, -1 for columns."""
    return {
        f"np.roll({name}, -1, axis={axis})": lambda y: np.roll(y, -1, axis),
        f"np.roll({name}, 1, axis={axis})": lambda y: np.roll(y, 1, axis),
        f"{name}[::-1]" if axis == 0 else f"{name}[..., ::-1]": lambda y: np.flip(y, axis),
    }


@functools.cache
def _changes() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Targets of other examples, or in other columns."""
    columns = {f"np.roll(Y, {by}, axis=1)": functools.partial(np.roll, shift=by, axis=1) for by in (1, -1)}
    return {**shifts("Y", 0), **columns}


def _targets(run: Pass) -> list[Row]:
    if run.loss is None:
        return []
    # with two rows or two columns some of these are the same change: the first says it
    told_apart = {change(run.y).tobytes(): text for text, change in reversed(_changes().items())}
    kind = lambda text: "labels_shifted" if "axis=1" in text else "targets_shifted"
    return [Row(kind(text), text, f"delta(loss, shifted[{text!r}](Y))") for text in reversed(told_apart.values())]


def _losses(run: Pass) -> list[Row]:
    """The derivative of another loss."""
    others = [
        loss for loss in LOSSES if loss != run.loss and {run.loss, loss} != {"squared_error", "mean_squared_error"}
    ]
    text = lambda loss: f"{loss.replace('_', ' ')}: {logit_derivative_line(loss, run.output)}"
    return [Row("other_loss", text(loss), f"delta({loss!r}, Y)") for loss in others]


def example_mistakes(run: Pass) -> list[Hypothesis]:
    """List the ways in which a batch is commonly cut short; those that divide by what is left are marked so."""
    n = len(run.y)
    if n < 2:
        return []
    masks: dict[str, Callable[[int], np.ndarray]] = {
        "only the first example counts": lambda n: np.arange(n) == 0,
        "only the last example counts": lambda n: np.arange(n) == n - 1,
        "the first example does not count": lambda n: np.arange(n) > 0,
        "the last example does not count": lambda n: np.arange(n) < n - 1,
        "only the first half of the examples counts": lambda n: np.arange(n) < (n + 1) // 2,
        "only the second half of the examples counts": lambda n: np.arange(n) >= n // 2,
        "only every other example counts": lambda n: np.arange(n) % 2 == 0,
    }
    return [
        hypothesis
        for text, mask in masks.items()
        for hypothesis in (
            _masked(text, mask, kept=False),
            _masked(f"{text}, divided by their number", mask, kept=True),
        )
    ]


def _masked(text: str, mask: Callable[[int], np.ndarray], *, kept: bool) -> Hypothesis:
    def of(step: Step) -> np.ndarray:
        weights = 1.0 * mask(len(step.run.y))
        return weights * len(weights) / max(weights.sum(), 1) if kept else weights

    return Hypothesis("examples_dropped", text, of)


def weighted_examples(weights: np.ndarray) -> tuple[Hypothesis, ...]:
    """Examples that count by given weights, for a batch of just this size; 1 is what is right.

    A weight that is neither 1 nor divided by the number of examples left is a factor beside, so both are offered.
    """
    largest = float(weights.max())
    dropped = np.abs(weights) < WHOLE_WEIGHT
    if not dropped.any() or np.abs(weights[~dropped] - largest).max() > WHOLE_WEIGHT:
        odd = [int(i) for i in np.flatnonzero(np.abs(weights - 1) > WHOLE_WEIGHT)]
        shown = ", ".join(f"{i} ({weights[i]:.4g} times)" for i in odd[:5])
        text = f"examples {shown}{', ...' if len(odd) > 5 else ''} count otherwise"
        return (_fixed("examples_reweighted", text, weights, 1.1),)
    text = f"examples {_shown([int(i) for i in np.flatnonzero(dropped)])} do not count"
    if abs(largest - 1) < WHOLE_WEIGHT:
        return (_fixed("examples_dropped", text, weights, 1.1),)
    plain = abs(largest - len(weights) / np.sum(~dropped)) < WHOLE_WEIGHT
    scaled = _fixed("examples_dropped", f"{text}, the others {largest:.4g} times", weights, 1.1 if plain else 2.5)
    return scaled, _fixed("examples_dropped", text, 1.0 * ~dropped, 1.1)


def _fixed(kind: str, text: str, weights: np.ndarray, cost: float) -> Hypothesis:
    # dearer than a named part of the batch that is the same
    return Hypothesis(kind, text, lambda step: weights if len(step.run.y) == len(weights) else None, cost)


def _shown(indices: list[int]) -> str:
    start = ", ".join(map(str, indices[:6]))
    return start if len(indices) <= 6 else f"{start}, ... ({len(indices)} of them)"
