"""What goes wrong at the output: every known way to get delta at the logits wrong, and examples that do not count.

In the formulas p are the predictions, z the logits and Y the targets, all [N, K].
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.passes import Pass
from jaxnet.gradients.diagnosis.replay import Hypothesis, Step
from jaxnet.gradients.diagnosis.tolerances import SAME_FORMULA, WHOLE_WEIGHT
from jaxnet.reference.losses import CANONICAL, LOSSES, OUTPUTS, Loss, logit_derivative, logit_derivative_line
from jaxnet.reference.operations import ACTIVATIONS, sigmoid

Formula = Callable[[Pass], np.ndarray]


def output_mistakes(run: Pass) -> list[Hypothesis]:
    """List the wrong formulas for delta at the output that are possible for the loss and the output function."""
    table = [*_derivative(run), *_softmax(run), *_predictions(run), *_terms(run), *_targets(run)]
    found = [Hypothesis(kind, text, _of_step(formula)) for kind, text, formula in table]
    for kind, text, formula in _losses(run):
        found = _with_loss(found, Hypothesis(kind, text, _of_step(formula)), Step(run, run.last))
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


def _of_step(formula: Formula) -> Callable[[Step], np.ndarray]:
    def of(step: Step) -> np.ndarray:
        with np.errstate(all="ignore"):
            return formula(step.run)

    return of


_Row = tuple[str, str, Formula]
# the losses whose derivative at the logits is p - Y, with the output function that p stands for there
_OWN_OUTPUT = {loss: output for output, loss in CANONICAL.items() if not LOSSES[loss].on_predictions}


def _regression(run: Pass) -> Loss | None:
    """The loss of a run if it is one on predictions."""
    loss = LOSSES.get(run.loss or "")
    return loss if loss and loss.on_predictions else None


def _written(loss: str, run: Pass, y: np.ndarray) -> np.ndarray:
    """Compute delta [N, K] as people write it: p - Y, also for targets of which cross-entropy has more to say.

    The true derivative of cross-entropy is p times the sum of a row of targets, less the row: for no target it is 0.
    """
    if loss in _OWN_OUTPUT:
        return OUTPUTS[_OWN_OUTPUT[loss]].forward(run.z[-1]) - y
    return logit_derivative(loss, run.output, run.z[-1], y)


def _constant(run: Pass) -> float:
    return 2 / run.y.shape[1] if run.loss == "mean_squared_error" else 1.0


def _error(run: Pass) -> np.ndarray:
    """The loss's derivative at the predictions, or their difference from the targets for a loss that takes logits."""
    loss, p = _regression(run), run.a[-1]
    return loss.derivative(p, run.y) if loss else p - run.y


def _bell(run: Pass) -> np.ndarray:
    return run.a[-1] * (1 - run.a[-1])


def _derivative(run: Pass) -> list[_Row]:
    """The output function's derivative left out, added, squared, or taken elsewhere."""
    rows: list[_Row] = []
    if _regression(run) and run.output != "identity":
        rows = [
            ("output_derivative_missing", "p - Y", _error),
            ("output_derivative_twice", "the derivative twice", lambda r: _through(r, _through(r, _error(r)))),
        ]
        if run.output == "sigmoid":
            rows += [
                ("output_derivative_at_a", "(p - Y) * sigmoid'(p)", lambda r: _error(r) * _slope("sigmoid", r.a[-1])),
                ("output_derivative_at_z", "(p - Y) * z * (1 - z)", lambda r: _error(r) * r.z[-1] * (1 - r.z[-1])),
            ]
    elif run.loss in _OWN_OUTPUT:
        if run.output in ("sigmoid", "softmax"):
            rows += [("output_derivative_extra", "(p - Y) * p * (1 - p)", lambda r: _error(r) * _bell(r))]
        if run.output == "sigmoid":
            rows += [
                ("output_derivative_missing", "(p - Y) / (p * (1 - p))", lambda r: _error(r) / _bell(r)),
                ("output_derivative_twice", "(p - Y) * (p * (1 - p))**2", lambda r: _error(r) * _bell(r) ** 2),
            ]
        if run.output == "exp":
            rows += [
                ("output_derivative_missing", "1 - Y / p", lambda r: 1 - r.y / r.a[-1]),
                ("output_derivative_extra", "(p - Y) * p", lambda r: _error(r) * r.a[-1]),
            ]
    return rows


def _through(run: Pass, error: np.ndarray) -> np.ndarray:
    return OUTPUTS[run.output].backward(run.a[-1], error)


def _slope(name: str, z: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[name].slope(z)


def _softmax(run: Pass) -> list[_Row]:
    """The softmax's Jacobian and its axis."""
    if run.output != "softmax":
        return []
    after = _after_softmax(run)
    axis: list[_Row] = [
        ("softmax_axis", "softmax over the examples, axis=0", lambda r: after(r, _softmax_over(r.z[-1], 0))),
        ("softmax_axis", "softmax over the whole batch", lambda r: after(r, _softmax_over(r.z[-1], None))),
        ("softmax_unnormalised", "exp(z) - Y", lambda r: after(r, np.exp(r.z[-1]))),
        (
            "softmax_unnormalised",
            "exp(z - max(z)) - Y",
            lambda r: after(r, np.exp(r.z[-1] - r.z[-1].max(1, keepdims=True))),
        ),
        ("softmax_twice", "softmax(softmax(z)) - Y", lambda r: after(r, OUTPUTS["softmax"].forward(r.a[-1]))),
    ]
    if _regression(run):
        return [("softmax_diagonal", "(p - Y) * p * (1 - p)", lambda r: _error(r) * _bell(r)), *axis]
    return [
        ("softmax_diagonal", "-Y * (1 - p)", lambda r: -r.y * (1 - r.a[-1])),
        ("softmax_jacobian_missing", "-Y / p", lambda r: -r.y / r.a[-1]),
        *axis,
    ]


def _softmax_over(z: np.ndarray, axis: int | None) -> np.ndarray:
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _after_softmax(run: Pass) -> Callable[[Pass, np.ndarray], np.ndarray]:
    """What the loss makes of other predictions: their difference from the targets, through the same Jacobian."""
    if _regression(run):
        return lambda r, p: _constant(r) * OUTPUTS[r.output].backward(p, p - r.y)
    return lambda r, p: p - r.y


def _predictions(run: Pass) -> list[_Row]:
    """Another output function than the network's."""
    rows: list[_Row] = []
    if run.output != "identity":
        rows += [("output_activation_missing", "z - Y", lambda r: _constant(r) * (r.z[-1] - r.y))]
    if run.output in ("sigmoid", "softmax") and _regression(run):
        rows += [
            (
                "output_activation_missing",
                "the derivative of p at p = z",
                lambda r: OUTPUTS[r.output].backward(r.z[-1], r.z[-1] - r.y),
            )
        ]
    others: dict[str, Callable[..., Any]] = {
        "sigmoid": sigmoid,
        "softmax": OUTPUTS["softmax"].forward,
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
    }
    for name, function in others.items():
        if name != run.output:
            rows += [("output_activation_other", f"{name}(z) - Y", _difference(function))]
    return rows


def _difference(function: Callable[[np.ndarray], np.ndarray]) -> Formula:
    return lambda r: _constant(r) * (function(r.z[-1]) - r.y)


def _delta_of(loss: str) -> Formula:
    return lambda r: _written(loss, r, r.y)


def _terms(run: Pass) -> list[_Row]:
    """The target, the prediction, or a term of the loss left out."""
    rows: list[_Row] = [("prediction_missing", "-Y", lambda r: -_constant(r) * r.y)]
    if run.loss is not None and run.loss != "hinge":
        rows += [("target_missing", "Y = 0", lambda r: _written(r.loss or "", r, 0 * r.y))]
    if run.loss == "binary_cross_entropy":
        rows += [
            ("loss_term_missing", "-Y * (1 - p)", lambda r: -r.y * (1 - sigmoid(r.z[-1]))),
            ("loss_term_missing", "(1 - Y) * p", lambda r: (1 - r.y) * sigmoid(r.z[-1])),
        ]
    return rows


def shifts(name: str, axis: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Targets of other examples as NumPy, along the axis of the examples: 0 for rows, -1 for columns."""
    return {
        f"np.roll({name}, -1, axis={axis})": lambda y: np.roll(y, -1, axis),
        f"np.roll({name}, 1, axis={axis})": lambda y: np.roll(y, 1, axis),
        f"{name}[::-1]" if axis == 0 else f"{name}[..., ::-1]": lambda y: np.flip(y, axis),
    }


def _targets(run: Pass) -> list[_Row]:
    """Targets of other examples, or in other columns."""
    if run.loss is None:
        return []
    changes = {
        **{("targets_shifted", text): change for text, change in shifts("Y", 0).items()},
        ("labels_shifted", "np.roll(Y, 1, axis=1)"): lambda y: np.roll(y, 1, axis=1),
        ("labels_shifted", "np.roll(Y, -1, axis=1)"): lambda y: np.roll(y, -1, axis=1),
    }
    with_targets = lambda change: lambda r: _written(r.loss or "", r, change(r.y))
    # with two rows or two columns some of these are the same change: the first says it
    told_apart = {change(run.y).tobytes(): (*said, with_targets(change)) for said, change in reversed(changes.items())}
    return list(reversed(told_apart.values()))


def _losses(run: Pass) -> list[_Row]:
    """The derivative of another loss."""
    rows: list[_Row] = []
    for loss in LOSSES:
        if loss != run.loss and {run.loss, loss} != {"squared_error", "mean_squared_error"}:
            text = f"{loss.replace('_', ' ')}: {logit_derivative_line(loss, run.output)}"
            rows += [("other_loss", text, _delta_of(loss))]
    rows += [
        ("other_loss", "absolute error: sign(p - Y)", lambda r: np.sign(r.a[-1] - r.y)),
        ("other_loss", "absolute error: sign(p - Y) through the output", lambda r: _through(r, np.sign(r.a[-1] - r.y))),
        ("other_loss", "the loss, not its derivative: (p - Y)**2", lambda r: (r.a[-1] - r.y) ** 2),
        ("output_activation_other", "the decided class - Y, the perceptron's rule", lambda r: _decided(r) - r.y),
    ]
    return rows


def _decided(run: Pass) -> np.ndarray:
    p = run.a[-1]
    return 1.0 * (p == p.max(axis=1, keepdims=True)) if p.shape[1] > 1 else 1.0 * (p > 0.5)


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
