"""What goes wrong below the output: passing delta down through a hidden layer, and one layer's own gradients.

The formulas are written as NumPy with the numbers of the layer: W2, z1, a1, delta2; a0 is X.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from jaxnet.gradients.diagnosis.passes import Pass
from jaxnet.gradients.diagnosis.replay import Hypothesis, Step
from jaxnet.reference.operations import ACTIVATIONS, sigmoid

_Row = tuple[str, str, Callable[[Step], np.ndarray | None]]


def _hypotheses(rows: list[_Row]) -> list[Hypothesis]:
    return [Hypothesis(kind, text, of) for kind, text, of in rows]


def _same_width(value: np.ndarray, step: Step) -> np.ndarray | None:
    return value if value.shape[1] == step.run.z[step.layer].shape[1] else None


# --- down through the weights: matrices [H above, H]


def matrix_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the wrong matrices that delta may have gone down through to a layer."""
    rows: list[_Row] = [
        ("weight_not_transposed", "W instead of W.T", lambda s: _fits(s.run.w[s.layer + 1], s)),
        ("weight_reshaped", "W reshaped, not transposed", _reshaped),
        ("weight_missing", "without W", lambda s: _fits(np.eye(s.above.delta.shape[1]), s)),
        ("weight_missing", "summed, without W", lambda s: np.ones(s.run.w[s.layer + 1].T.shape)),
    ]
    for other in range(run.last + 1):
        if other != layer + 1:
            rows += [
                ("weight_of_another_layer", f"W{other + 1}.T", partial(_weights_of, other, transposed=True)),
                ("weight_of_another_layer", f"W{other + 1}", partial(_weights_of, other, transposed=False)),
            ]
    return _hypotheses(rows)


def _weights_of(layer: int, step: Step, *, transposed: bool) -> np.ndarray | None:
    w = step.run.w[layer]
    return _fits(w.T if transposed else w, step)


def _fits(matrix: np.ndarray, step: Step) -> np.ndarray | None:
    return matrix if matrix.shape == step.run.w[step.layer + 1].T.shape else None


def _reshaped(step: Step) -> np.ndarray | None:
    w = step.run.w[step.layer + 1]
    return w.reshape(w.shape[::-1]) if len(set(w.shape)) == 2 else None  # of a square matrix it is the matrix


def updated_weights(step_size: float) -> Hypothesis:
    """Weights of the layer above after a step: W - step size * gradient."""

    def of(step: Step) -> np.ndarray | None:
        above = step.above
        return (
            None
            if above is None or above.gradient is None
            else (step.run.w[above.layer] - step_size * above.gradient).T
        )

    return Hypothesis("weight_already_updated", f"{step_size:.6g}", of, factor=step_size)


def update_direction(step: Step) -> np.ndarray:
    """The change of ``updated_weights`` for a unit step."""
    return -step.above.gradient.T


# --- the activation's derivative: slopes [N, H]


def slope_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the wrong derivatives that delta may have been multiplied by in a hidden layer."""
    right = lambda s: s.run.activations[s.layer]
    z = lambda s: s.run.z[s.layer]
    a = lambda s: s.run.a[s.layer + 1]
    name = run.names[layer]
    rows: list[_Row] = [
        ("activation_derivative_missing", "1", lambda s: np.ones_like(z(s))),
        ("activation_derivative_part", "1 - a", lambda s: 1 - a(s)),
        ("activation_derivative_part", "a", a),
        ("activation_derivative_part", "1 - z", lambda s: 1 - z(s)),
        ("activation_derivative_part", "z", z),
        ("activation_derivative_part", "2 * a", lambda s: 2 * a(s)),
        ("activation_derivative_part", "a**2", lambda s: a(s) ** 2),
    ]
    if name != "relu":  # whose derivative is its own square
        rows += [("activation_derivative_twice", "its square", lambda s: right(s).slope(z(s)) ** 2)]
    if name not in ("relu", "leaky_relu"):  # where a has the sign of z
        rows += [("activation_derivative_at_a", "f'(a)", lambda s: right(s).slope(a(s)))]
    if name == "silu":
        rows += [("activation_derivative_part", "sigmoid(z)", lambda s: sigmoid(z(s)))]
    at_z = {"sigmoid": ("z * (1 - z)", lambda s: z(s) * (1 - z(s))), "tanh": ("1 - z**2", lambda s: 1 - z(s) ** 2)}
    at_a = {"sigmoid": ("a * (1 - a)", lambda s: a(s) * (1 - a(s))), "tanh": ("1 - a**2", lambda s: 1 - a(s) ** 2)}
    for function in ("sigmoid", "tanh"):
        kind = "activation_derivative_at_z" if function == name else "activation_derivative_other"
        rows += [(kind, *at_z[function])]
        if function != name:
            rows += [("activation_derivative_other", *at_a[function])]
    return _hypotheses([*rows, *_other_functions(run, layer), *_other_layers(run, layer), *_masks(run, layer)])


def _other_functions(run: Pass, layer: int) -> list[_Row]:
    slope = lambda name: lambda s: ACTIVATIONS[name].slope(s.run.z[s.layer])
    own = run.names[layer]
    same = {"sigmoid": "softplus"}.get(own or "")  # softplus' is the sigmoid: the activation itself, listed as a part
    names = [name for name in ACTIVATIONS if name not in (own, same, "identity")]
    return [("activation_derivative_other", f"{name}'(z)", slope(name)) for name in names]


def _other_layers(run: Pass, layer: int) -> list[_Row]:
    """This layer's or the other layer's function, at the other layer's weighted sums."""
    rows: list[_Row] = []
    for other in range(run.last):
        if other != layer:
            functions = {other} if run.names[other] == run.names[layer] else {other, layer}
            rows += [
                ("activation_derivative_other_layer", f"f{k + 1}'(z{other + 1})", partial(_slope_of, k, other))
                for k in sorted(functions)
            ]
    return rows


def _slope_of(function: int, layer: int, step: Step) -> np.ndarray | None:
    return _same_width(step.run.activations[function].slope(step.run.z[layer]), step)


def _masks(run: Pass, layer: int) -> list[_Row]:
    if run.names[layer] not in ("relu", "leaky_relu", "elu"):
        return []
    rows: list[_Row] = [
        ("relu_mask", "what came down > 0", lambda s: 1.0 * (s.passed > 0)),
        ("relu_mask", "z < 0", lambda s: 1.0 * (s.run.z[s.layer] < 0)),
    ]
    for other in range(run.last + 1):
        if other != layer and (other == run.last or run.names[other] != "relu"):  # those of relu are derivatives
            rows += [("relu_mask", f"z{other + 1} > 0", partial(_mask_of, other))]
    return [*rows, ("relu_mask", "X > 0", lambda s: _same_width(1.0 * (s.run.a[0] > 0), s))]


def _mask_of(layer: int, step: Step) -> np.ndarray | None:
    return _same_width(1.0 * (step.run.z[layer] > 0), step)


# --- one layer's gradients: left [N, D] and right [N, H] of the outer product, and the bias's sum [H]


def left_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the arrays that may stand for a layer's inputs in the outer product."""
    rows: list[_Row] = [
        ("input_missing", "ones", lambda s: np.ones_like(s.run.a[s.layer])),
        ("input_shifted", "the next example's", lambda s: np.roll(s.run.a[s.layer], -1, axis=0)),
        ("input_shifted", "the previous example's", lambda s: np.roll(s.run.a[s.layer], 1, axis=0)),
        ("input_reshaped", "reshaped, not transposed", lambda s: s.run.a[s.layer].reshape(-1, len(s.run.y)).T),
    ]
    if layer:
        rows += [("input_pre_activation", f"z{layer}", lambda s: s.run.z[s.layer - 1])]
    for other in range(run.last + 2):
        if other != layer:
            name = f"a{other}" if other else "X"
            rows += [("input_of_another_layer", name, partial(_input_of, other))]
        if 0 < other != layer:
            rows += [("input_of_another_layer", f"z{other}", partial(_input_of, other, before=True))]
    return _hypotheses(rows)


def _input_of(layer: int, step: Step, *, before: bool = False) -> np.ndarray | None:
    value = step.run.z[layer - 1] if before else step.run.a[layer]
    return value if value.shape == step.run.a[step.layer].shape else None


def right_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the arrays that may stand for a layer's own delta in its gradients."""
    if layer == run.last:
        return []
    rows: list[_Row] = [
        ("delta_before_derivative", f"delta{layer + 2} @ W{layer + 2}.T", lambda s: s.passed),
        ("delta_of_another_layer", f"delta{layer + 2}", lambda s: _same_width(s.above.delta, s)),
        ("activation_derivative_twice", "once more in the product", lambda s: s.delta * s.slope),
    ]
    # dearer by a little: in both leaves it is what a missing derivative does, where nothing is below to tell
    return [Hypothesis(kind, text, of, 1.1) for kind, text, of in rows]


def bias_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the ways in which a bias gradient is not the sum of delta over the examples (averaged where that is)."""
    n = len(run.y)
    rows: list[_Row] = [
        ("bias_summed_over_everything", "delta.sum()", lambda s: np.full(s.delta.shape[1], s.delta.sum())),
        ("bias_summed_over_everything", "delta.mean()", _mean_of_everything),
        ("bias_wrong_axis", "delta.sum(axis=1)", lambda s: _square(s.delta.sum(axis=1), s)),
        ("bias_from_weights", f"dW{layer + 1}.sum(axis=0)", _weight_gradient_summed),
    ]  # fmt: skip
    if n > 1:
        for name, index in (("first", 0), ("last", -1)):
            rows += [
                ("bias_not_summed", f"the {name} example's", partial(_one_example, index)),
                ("bias_not_summed", f"the {name} example's, divided by n", partial(_one_example, index, divided=True)),
            ]
    return _hypotheses(rows)


def _mean_of_everything(step: Step) -> np.ndarray:
    return np.full(step.delta.shape[1], step.delta.mean() / step.run.scale)


def _one_example(index: int, step: Step, *, divided: bool = False) -> np.ndarray:
    return step.delta[index] if divided else step.delta[index] / step.run.scale


def _weight_gradient_summed(step: Step) -> np.ndarray:
    run, layer = step.run, step.layer
    data = (run.a[layer].T @ step.delta).sum(axis=0)
    return data + run.decay[layer][0] / run.scale * run.w[layer].sum(axis=0)


def _square(summed: np.ndarray, step: Step) -> np.ndarray | None:
    return summed if len(summed) == step.delta.shape[1] else None
