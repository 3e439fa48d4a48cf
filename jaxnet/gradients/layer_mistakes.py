"""What goes wrong below the output: passing delta down through a hidden layer, and one layer's own gradients.

The formulas are written as NumPy with the numbers of the layer: W2, z1, a1, delta2; a0 is X.
"""

from collections.abc import Callable

import numpy as np

from jaxnet.gradients.formulas import ACTIVATIONS, sigmoid
from jaxnet.gradients.passes import Pass
from jaxnet.gradients.replay import Hypothesis, Step

Row = tuple[str, str, Callable[[Step], np.ndarray | None]]


def _hypotheses(rows: list[Row]) -> list[Hypothesis]:
    return [Hypothesis(kind, text, of) for kind, text, of in rows]


def _same_width(value: np.ndarray, step: Step) -> np.ndarray | None:
    return value if value.shape[1] == step.run.z[step.layer].shape[1] else None


# --- down through the weights: matrices [H above, H]


def matrix_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the wrong matrices that delta may have gone down through to a layer."""
    rows: list[Row] = [
        ("weight_not_transposed", "W instead of W.T", lambda s: _fits(s.run.w[s.layer + 1], s)),
        ("weight_reshaped", "W reshaped, not transposed", _reshaped),
        ("weight_missing", "without W", lambda s: _fits(np.eye(s.above.delta.shape[1]), s)),
        ("weight_missing", "summed, without W", lambda s: np.ones(s.run.w[s.layer + 1].T.shape)),
    ]
    for other in range(run.last + 1):
        if other != layer + 1:
            rows += [
                ("weight_of_another_layer", f"W{other + 1}.T", lambda s, k=other: _fits(s.run.w[k].T, s)),
                ("weight_of_another_layer", f"W{other + 1}", lambda s, k=other: _fits(s.run.w[k], s)),
            ]
    return _hypotheses(rows)


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
    return -step.above.gradient.T  # type: ignore[union-attr]


# --- the activation's derivative: slopes [N, H]


def slope_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the wrong derivatives that delta may have been multiplied by in a hidden layer."""
    right = lambda s: s.run.activations[s.layer]  # noqa: E731
    z = lambda s: s.run.z[s.layer]  # noqa: E731
    a = lambda s: s.run.a[s.layer + 1]  # noqa: E731
    name = run.names[layer]
    rows: list[Row] = [
        ("activation_derivative_missing", "1", lambda s: np.ones_like(z(s))),
        ("activation_derivative_twice", "its square", lambda s: right(s).slope(z(s)) ** 2),
        ("activation_derivative_at_a", "f'(a)", lambda s: right(s).slope(a(s))),
        ("activation_derivative_part", "1 - a", lambda s: 1 - a(s)),
        ("activation_derivative_part", "a", a),
        ("activation_derivative_part", "1 - z", lambda s: 1 - z(s)),
        ("activation_derivative_part", "z", z),
        ("activation_derivative_part", "2 * a", lambda s: 2 * a(s)),
        ("activation_derivative_part", "a**2", lambda s: a(s) ** 2),
    ]
    if name == "silu":
        rows += [("activation_derivative_part", "sigmoid(z)", lambda s: sigmoid(z(s)))]
    formulas = {"sigmoid": ("{} * (1 - {})", lambda v: v * (1 - v)), "tanh": ("1 - {}**2", lambda v: 1 - v**2)}
    for function, (text, of) in formulas.items():
        kind = "activation_derivative_at_z" if function == name else "activation_derivative_other"
        rows += [(kind, text.replace("{}", "z"), lambda s, of=of: of(z(s)))]
        if function != name:
            rows += [("activation_derivative_other", text.replace("{}", "a"), lambda s, of=of: of(a(s)))]
    return _hypotheses([*rows, *_other_functions(run, layer), *_other_layers(run, layer), *_masks(run, layer)])


def _other_functions(run: Pass, layer: int) -> list[Row]:
    slope = lambda name: lambda s: ACTIVATIONS[name].slope(s.run.z[s.layer])  # noqa: E731
    own = run.names[layer]
    same = {"sigmoid": "softplus"}.get(own or "")  # softplus' is the sigmoid: the activation itself, listed as a part
    names = [name for name in ACTIVATIONS if name not in (own, same, "identity")]
    return [("activation_derivative_other", f"{name}'(z)", slope(name)) for name in names]


def _other_layers(run: Pass, layer: int) -> list[Row]:
    """This layer's or the other layer's function, at the other layer's weighted sums."""
    rows: list[Row] = []
    for other in range(run.last):
        if other != layer:
            theirs = lambda s, k=other: _same_width(s.run.activations[k].slope(s.run.z[k]), s)
            ours = lambda s, k=other: _same_width(s.run.activations[s.layer].slope(s.run.z[k]), s)
            rows += [("activation_derivative_other_layer", f"f{other + 1}'(z{other + 1})", theirs)]
            if run.names[other] != run.names[layer]:
                rows += [("activation_derivative_other_layer", f"f{layer + 1}'(z{other + 1})", ours)]
    return rows


def _masks(run: Pass, layer: int) -> list[Row]:
    if run.names[layer] not in ("relu", "leaky_relu", "elu"):
        return []
    rows: list[Row] = [
        ("relu_mask", "what came down > 0", lambda s: 1.0 * (s.passed > 0)),
        ("relu_mask", "z < 0", lambda s: 1.0 * (s.run.z[s.layer] < 0)),
    ]
    for other in range(run.last + 1):
        if other != layer:
            mask = lambda s, k=other: _same_width(1.0 * (s.run.z[k] > 0), s)
            rows += [("relu_mask", f"z{other + 1} > 0", mask)]
    return [*rows, ("relu_mask", "X > 0", lambda s: _same_width(1.0 * (s.run.a[0] > 0), s))]


# --- one layer's gradients: left [N, D] and right [N, H] of the outer product, and the bias's sum [H]


def left_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the arrays that may stand for a layer's inputs in the outer product."""
    fits = lambda value, s: value if value.shape == s.run.a[s.layer].shape else None  # noqa: E731
    rows: list[Row] = [
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
            rows += [("input_of_another_layer", name, lambda s, k=other: fits(s.run.a[k], s))]
        if 0 < other != layer:
            rows += [("input_of_another_layer", f"z{other}", lambda s, k=other: fits(s.run.z[k - 1], s))]
    return _hypotheses(rows)


def right_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the arrays that may stand for a layer's own delta in its gradients."""
    if layer == run.last:
        return []
    rows: list[Row] = [
        ("delta_before_derivative", f"delta{layer + 2} @ W{layer + 2}.T", lambda s: s.passed),
        ("delta_of_another_layer", f"delta{layer + 2}", lambda s: _same_width(s.above.delta, s)),
        ("activation_derivative_twice", "once more in the product", lambda s: s.delta * s.slope),
    ]
    # dearer by a little: in both leaves it is what a missing derivative does, where nothing is below to tell
    return [Hypothesis(kind, text, of, 1.1) for kind, text, of in rows]


def bias_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the ways in which a bias gradient is not the sum of delta over the examples (averaged where that is)."""
    n = len(run.y)
    rows: list[Row] = [
        ("bias_summed_over_everything", "delta.sum()", lambda s: np.full_like(s.delta[0], s.delta.sum())),
        ("bias_summed_over_everything", "delta.mean()", lambda s: np.full_like(s.delta[0], s.delta.mean() / s.run.scale)),
        ("bias_wrong_axis", "delta.sum(axis=1)", lambda s: _square(s.delta.sum(axis=1), s)),
        ("bias_from_weights", f"dW{layer + 1}.sum(axis=0)", _weight_gradient_summed),
    ]  # fmt: skip
    if n > 1:
        for name, index in (("first", 0), ("last", -1)):
            rows += [
                ("bias_not_summed", f"the {name} example's", lambda s, i=index: s.delta[i] / s.run.scale),
                ("bias_not_summed", f"the {name} example's, divided by n", lambda s, i=index: s.delta[i]),
            ]
    return _hypotheses(rows)


def _weight_gradient_summed(step: Step) -> np.ndarray:
    run, layer = step.run, step.layer
    data = (run.a[layer].T @ step.delta).sum(axis=0)
    return data + run.decay[layer][0] / run.scale * run.w[layer].sum(axis=0)


def _square(summed: np.ndarray, step: Step) -> np.ndarray | None:
    return summed if len(summed) == step.delta.shape[1] else None
