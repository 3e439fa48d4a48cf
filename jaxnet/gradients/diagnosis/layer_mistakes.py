"""What goes wrong below the output: passing delta down through a hidden layer, and one layer's own gradients.

The formulas are written as NumPy with the numbers of the layer: W2, z1, a1, delta2; a0 is X.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.passes import Pass
from jaxnet.gradients.diagnosis.replay import Hypothesis, Step
from jaxnet.gradients.diagnosis.written_lines import Row, hypotheses
from jaxnet.reference.operations import ACTIVATIONS, sigmoid


def _if_shaped(shape: tuple[int, ...], value: np.ndarray) -> np.ndarray | None:
    return value if value.shape == shape else None


# --- down through the weights: matrices [H above, H]

_MATRICES = (
    Row("weight_not_transposed", "W instead of W.T", "fit(W)"),
    Row("weight_reshaped", "W reshaped, not transposed", "W.reshape(W.shape[::-1])", when="not square"),
    Row("weight_missing", "without W", "fit(np.eye(W.shape[1]))"),
    Row("weight_missing", "summed, without W", "np.ones(W.T.shape)"),
)


def matrix_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the wrong matrices that delta may have gone down through to a layer."""
    others = [k for k in range(run.last + 1) if k != layer + 1]
    rows = [
        Row("weight_of_another_layer", f"W{k + 1}{turned}", f"fit(w[{k}]{turned})")
        for k in others
        for turned in (".T", "")
    ]
    square = run.w[layer + 1].shape[0] == run.w[layer + 1].shape[1]
    return hypotheses([*_MATRICES, *rows], {"square": square}, _matrices)


def _matrices(step: Step) -> Mapping[str, Any]:
    W = step.run.w[step.layer + 1]
    return {"W": W, "w": step.run.w, "fit": functools.partial(_if_shaped, W.T.shape)}


def updated_weights(step_size: float) -> Hypothesis:
    """Weights of the layer above after a step: W - step size * gradient."""

    def of(step: Step) -> np.ndarray | None:
        above = step.above
        return None if above.gradient is None else (step.run.w[above.layer] - step_size * above.gradient).T

    return Hypothesis("weight_already_updated", f"{step_size:.6g}", of, factor=step_size)


def update_direction(step: Step) -> np.ndarray:
    """The change of ``updated_weights`` for a unit step."""
    return -step.above.gradient.T


# --- the activation's derivative: slopes [N, H]

_MASKED = "name in ('relu', 'leaky_relu', 'elu')"
_SLOPES = (
    Row("activation_derivative_missing", "1", "np.ones_like(z)"),
    Row("activation_derivative_part", "1 - a"),
    Row("activation_derivative_part", "a"),
    Row("activation_derivative_part", "1 - z"),
    Row("activation_derivative_part", "z"),
    Row("activation_derivative_part", "2 * a"),
    Row("activation_derivative_part", "a**2"),
    # a relu's derivative is its own square, and its a has the sign of z
    Row("activation_derivative_twice", "its square", "slope(z)**2", when="name != 'relu'"),
    Row("activation_derivative_at_a", "f'(a)", "slope(a)", when="name not in ('relu', 'leaky_relu')"),
    Row("activation_derivative_part", "sigmoid(z)", when="name == 'silu'"),
    Row("activation_derivative_at_z", "z * (1 - z)", when="name == 'sigmoid'"),
    Row("activation_derivative_other", "z * (1 - z)", when="name != 'sigmoid'"),
    Row("activation_derivative_other", "a * (1 - a)", when="name != 'sigmoid'"),
    Row("activation_derivative_at_z", "1 - z**2", when="name == 'tanh'"),
    Row("activation_derivative_other", "1 - z**2", when="name != 'tanh'"),
    Row("activation_derivative_other", "1 - a**2", when="name != 'tanh'"),
)


def slope_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the wrong derivatives that delta may have been multiplied by in a hidden layer."""
    rows = [*_SLOPES, *_other_functions(run, layer), *_other_layers(run, layer), *_masks(run, layer)]
    return hypotheses(rows, {"name": run.names[layer]}, _slopes)


def _slopes(step: Step) -> Mapping[str, Any]:
    run, layer = step.run, step.layer
    fit = functools.partial(_if_shaped, run.z[layer].shape)
    slopes = {name: activation.slope for name, activation in ACTIVATIONS.items()}
    return {
        "z": run.z[layer], "a": run.a[layer + 1], "zs": run.z, "X": run.a[0], "passed": step.passed, "fit": fit,
        "slope": run.activations[layer].slope, "own": run.activations, "slopes": slopes, "sigmoid": sigmoid,
    }  # fmt: skip


def _other_functions(run: Pass, layer: int) -> list[Row]:
    own = run.names[layer]
    same = {"sigmoid": "softplus"}.get(own or "")  # softplus' is the sigmoid: the activation itself, listed as a part
    names = [name for name in ACTIVATIONS if name not in (own, same, "identity")]
    return [Row("activation_derivative_other", f"{name}'(z)", f"slopes[{name!r}](z)") for name in names]


def _other_layers(run: Pass, layer: int) -> list[Row]:
    """This layer's or the other layer's function, at the other layer's weighted sums."""
    others = [other for other in range(run.last) if other != layer]
    functions = lambda other: {other} if run.names[other] == run.names[layer] else {other, layer}
    pairs = [(k, other) for other in others for k in sorted(functions(other))]
    kind = "activation_derivative_other_layer"
    return [Row(kind, f"f{k + 1}'(z{other + 1})", f"fit(own[{k}].slope(zs[{other}]))") for k, other in pairs]


def _masks(run: Pass, layer: int) -> list[Row]:
    # the masks of other layers of relu are their derivatives
    others = [k for k in range(run.last + 1) if k != layer and (k == run.last or run.names[k] != "relu")]
    return [
        Row("relu_mask", "what came down > 0", "1.0 * (passed > 0)", when=_MASKED),
        Row("relu_mask", "z < 0", "1.0 * (z < 0)", when=_MASKED),
        *(Row("relu_mask", f"z{k + 1} > 0", f"fit(1.0 * (zs[{k}] > 0))", when=_MASKED) for k in others),
        Row("relu_mask", "X > 0", "fit(1.0 * (X > 0))", when=_MASKED),
    ]


# --- one layer's gradients: left [N, D] and right [N, H] of the outer product, and the bias's sum [H]

_LEFT = (
    Row("input_missing", "ones", "np.ones_like(a)"),
    Row("input_shifted", "the next example's", "np.roll(a, -1, axis=0)"),
    Row("input_shifted", "the previous example's", "np.roll(a, 1, axis=0)"),
    Row("input_reshaped", "reshaped, not transposed", "a.reshape(-1, len(a)).T"),
)
_RIGHT = (
    Row("delta_before_derivative", "delta{above} @ W{above}.T", "passed"),
    Row("delta_of_another_layer", "delta{above}", "fit(above.delta)"),
    Row("activation_derivative_twice", "once more in the product", "delta * slope"),
)
_BIAS = (
    Row("bias_summed_over_everything", "delta.sum()", "np.full(width, delta.sum())"),
    Row("bias_summed_over_everything", "delta.mean()", "np.full(width, delta.mean() / share)"),
    Row("bias_wrong_axis", "delta.sum(axis=1)", "delta.sum(axis=1) if len(delta) == width else None"),
    Row("bias_from_weights", "dW{layer}.sum(axis=0)", "(a.T @ delta).sum(axis=0) + penalty / share"),
    Row("bias_not_summed", "the first example's", "delta[0] / share", when="n > 1"),
    Row("bias_not_summed", "the first example's, divided by n", "delta[0]", when="n > 1"),
    Row("bias_not_summed", "the last example's", "delta[-1] / share", when="n > 1"),
    Row("bias_not_summed", "the last example's, divided by n", "delta[-1]", when="n > 1"),
)


def left_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the arrays that may stand for a layer's inputs in the outer product."""
    before = [Row("input_pre_activation", f"z{layer}", f"zs[{layer - 1}]")] if layer else []
    others = [
        Row("input_of_another_layer", said, formula)
        for k in range(run.last + 2)
        for said, formula in ((f"a{k}" if k else "X", f"fit(acts[{k}])"), (f"z{k}", f"fit(zs[{k - 1}])"))[: 1 + (k > 0)]
        if k != layer
    ]
    return hypotheses([*_LEFT, *before, *others], {}, _inputs)


def right_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the arrays that may stand for a layer's own delta in its gradients."""
    rows = [row._replace(said=row.said.format(above=layer + 2)) for row in _RIGHT] if layer < run.last else []
    # dearer by a little: in both leaves it is what a missing derivative does, where nothing is below to tell
    return hypotheses(rows, {}, _deltas, cost=1.1)


def bias_mistakes(run: Pass, layer: int) -> list[Hypothesis]:
    """List the ways in which a bias gradient is not the sum of delta over the examples (averaged where that is)."""
    rows = [row._replace(said=row.said.format(layer=layer + 1)) for row in _BIAS]
    return hypotheses(rows, {"n": len(run.y)}, _sum)


def _inputs(step: Step) -> Mapping[str, Any]:
    a = step.run.a[step.layer]
    return {"a": a, "zs": step.run.z, "acts": step.run.a, "fit": functools.partial(_if_shaped, a.shape)}


def _deltas(step: Step) -> Mapping[str, Any]:
    fit = functools.partial(_if_shaped, step.delta.shape)
    return {"above": step.above, "passed": step.passed, "delta": step.delta, "slope": step.slope, "fit": fit}


def _sum(step: Step) -> Mapping[str, Any]:
    run, layer = step.run, step.layer
    penalty = run.decay[layer][0] * run.w[layer].sum(axis=0)
    width = step.delta.shape[1]
    return {"a": run.a[layer], "delta": step.delta, "share": run.scale, "penalty": penalty, "width": width}
