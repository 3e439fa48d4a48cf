"""What a unit computes, with the numbers of the chosen example filled in, in the letters of ``jaxnet stairs``.

Forward, layer l takes X1, X2, ... and makes Z1, Z2, ...; backward, d1 is the loss's derivative at the last Z, d2 that
at the values before it, d3 that at the Z before these, and so on. All in float64, by the NumPy reference; beside the
gradient over all rows stands the one on the screen, which JAX computed in float32, with the rounding bound.
"""

import dataclasses
import functools
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.network import MLP
from jaxnet.playground.compiled_programs import compiled
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import Goal
from jaxnet.reference import ACTIVATIONS, OUTPUTS
from jaxnet.reference.balls import Ball, Precision
from jaxnet.reference.network import Values, forward, loss_at_logits, objective_and_gradient
from jaxnet.reference.refusals import check_problem
from jaxnet.stairs.writing import decimal, products

_MOST_TERMS = 6  # of a sum that is written out
_MINUS = "Yhat - Y"
_CANONICAL = {
    Goal("softmax", "cross_entropy"): _MINUS,
    Goal("sigmoid", "binary_cross_entropy"): _MINUS,
    Goal("identity", "squared_error"): _MINUS,
}


@dataclasses.dataclass(frozen=True)
class _Pass:
    """One example, forward and, where its target is known, backward: values by layer, from 0, each [H]."""

    net: MLP
    params: list[dict[str, np.ndarray]]
    X: list[np.ndarray]  # what each layer takes
    Z: list[np.ndarray]
    answer: np.ndarray
    target: np.ndarray | None
    dZ: list[np.ndarray]
    dX: list[np.ndarray]  # dX[l] at what layer l takes; of the inputs nothing is asked


def explain(trainer: LiveTrainer, layer: int, unit: int) -> dict[str, Any]:
    """Explain a unit of a layer, from 0, the last being the outputs; raises ValueError for one that is not there.

    Returns lines for ``forward`` and ``backward``, what each input contributes (``why``: name, weight times value, the
    largest first), and ``gradient``: a row for the bias and each weight with the screen's, the reference's, and the
    bound.
    """
    done = _pass(trainer)
    layer = checks.integer("layer", layer, maximum=len(done.params) - 1)
    unit = checks.integer("unit", unit, maximum=done.net.sizes[layer + 1] - 1)
    return {
        "layer": layer,
        "unit": unit,
        "name": unit_name(trainer, layer, unit),
        "forward": _forward_lines(done, layer, unit),
        "backward": _backward_lines(trainer, done, layer, unit),
        "why": _contributions(trainer, done, layer, unit),
        "gradient": _gradients(trainer, layer, unit),
    }


def unit_name(trainer: LiveTrainer, layer: int, unit: int) -> str:
    """Name a unit of a layer, from 0: h1 to h16 of a hidden layer, an output by its class."""
    if layer < len(trainer.net.sizes) - 2:
        return f"layer {layer + 1}, unit {unit + 1}"
    classes = trainer.data.classes
    if trainer.net.sizes[-1] == 1:
        return f"output: {classes[1]}" if classes else "output"
    return f"output: {classes[unit]}"


def _pass(trainer: LiveTrainer) -> _Pass:
    net = dataclasses.replace(trainer.net, dropout=0.0)
    params = [{leaf: layer[leaf].astype(np.float64) for leaf in ("w", "b")} for layer in trainer.params]
    names: Any = net.activations
    x = trainer.point.astype(np.float64)[None]
    hidden, Z = forward(params, names, x)
    target, dZ = None, None
    if trainer.chosen is not None:
        held, row = trainer.chosen
        y = (trainer.data.held_y if held else trainer.data.y)[row : row + 1]
        target = trainer.data.dense(y, net.sizes[-1]).astype(np.float64)
        problem = check_problem(net, x, target, loss=trainer.settings.goal.loss, l2=0.0, weight=None)
        dZ = loss_at_logits(problem, Z)[1]
    at_Z, at_X = _backward(params, names, hidden, dZ)
    return _Pass(
        net, params, [x[0], *[values.A[0] for values in hidden]], [*[values.Z[0] for values in hidden], Z[0]],
        OUTPUTS[net.output].forward(Z)[0], None if target is None else target[0], at_Z, at_X,
    )  # fmt: skip


def _backward(params: Any, names: Any, hidden: list[Values], dZ: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    if dZ is None:
        return [], []
    at_Z, at_X = [dZ], []
    for layer, name, values in zip(params[:0:-1], names[::-1], hidden[::-1], strict=True):
        at_X.append(at_Z[-1] @ layer["w"].T)
        at_Z.append(at_X[-1] * ACTIVATIONS[name].derivative(values.Z, values.A))
    return [each[0] for each in at_Z[::-1]], [np.zeros(0), *[each[0] for each in at_X[::-1]]]


def _forward_lines(done: _Pass, layer: int, unit: int) -> list[str]:
    number, w = layer + 1, done.params[layer]
    weights = np.concatenate([w["b"][unit : unit + 1], w["w"][:, unit]])
    values = np.concatenate([[1.0], done.X[layer]])
    z = decimal(done.Z[layer][unit])
    lines = [f"Z{number}[{unit + 1}] = {_sum(weights, values)} = {z}"]
    if layer < len(done.params) - 1:
        name = done.net.activations[layer]
        return [*lines, f"X{number + 1}[{unit + 1}] = {name}({z}) = {decimal(done.X[number][unit])}"]
    of = f"{done.net.output}({z})" if len(done.answer) == 1 or done.net.output != "softmax" else _softmax(done, unit)
    return [*lines, f"Yhat[{unit + 1}] = {of} = {decimal(done.answer[unit])}"]


def _softmax(done: _Pass, unit: int) -> str:
    powers = [f"exp({decimal(z)})" for z in done.Z[-1][:_MOST_TERMS]]
    more = " + ..." if len(done.Z[-1]) > _MOST_TERMS else ""
    return f"exp({decimal(done.Z[-1][unit])}) / ({' + '.join(powers)}{more})"


def _backward_lines(trainer: LiveTrainer, done: _Pass, layer: int, unit: int) -> list[str]:
    """Write the derivatives at a unit's value and at its weighted sum, and how its weights are to move."""
    if done.target is None:
        return ["an example that was edited has no target, so nothing is passed back"]
    behind = len(done.params) - 1 - layer  # layers behind this one
    number, u = 2 * behind + 1, unit + 1
    d = decimal(done.dZ[layer][unit], 6)
    if not behind:
        goal = trainer.settings.goal
        if goal in _CANONICAL:
            how = f"Yhat[{u}] - Y[{u}] = {decimal(done.answer[unit])} - {decimal(done.target[unit])}"
        else:
            how = f"the derivative of {goal.loss.replace('_', ' ')} at Z{layer + 1}[{u}]"
        lines = [f"d1[{u}] = {how} = {d}"]
    else:
        above, a = done.params[layer + 1]["w"][unit], done.X[layer + 1][unit]
        passed = decimal(done.dX[layer + 1][unit], 6)
        name: Any = done.net.activations[layer]
        factor = ACTIVATIONS[name].line.format(z=decimal(done.Z[layer][unit]), a=decimal(a))
        lines = [
            f"d{number - 1}[{u}] = {_sum(done.dZ[layer + 1], above, 6)} = {passed}",
            f"d{number}[{u}] = {passed} · {factor} = {d}",
        ]
    first = decimal(done.X[layer][0])
    slope = decimal(done.dZ[layer][unit] * done.X[layer][0], 6)
    return [*lines, f"this example's gradient of W{layer + 1}[1,{u}] = {first} · {d} = {slope}"]


def _sum(weights: np.ndarray, values: np.ndarray, digits: int = 4) -> str:
    return products(weights, values, _MOST_TERMS, digits)


def _contributions(trainer: LiveTrainer, done: _Pass, layer: int, unit: int) -> list[list[Any]]:
    """Say what each input adds to the weighted sum; of one of several outputs, how much more than to the others'."""
    w, b = done.params[layer]["w"], done.params[layer]["b"]
    column, bias = w[:, unit], b[unit]
    if layer == len(done.params) - 1 and w.shape[1] > 1:
        others = [at for at in range(w.shape[1]) if at != unit]
        column, bias = column - w[:, others].mean(axis=1), bias - b[others].mean()
    names = trainer.data.inputs if layer == 0 else [f"layer {layer}, unit {i + 1}" for i in range(len(column))]
    rows: list[list[Any]] = [["bias", float(bias)]]
    rows += [[str(n), float(each)] for n, each in zip(names, column * done.X[layer], strict=True)]
    return sorted(rows, key=lambda row: -abs(row[1]))[: 2 * _MOST_TERMS]


def _gradients(trainer: LiveTrainer, layer: int, unit: int) -> list[list[Any]]:
    """List bias and weights of a unit: name, the screen's gradient over all rows, the reference's, the bound."""
    if not compiled(trainer.bucket):
        return []
    ours, theirs = trainer.gradient()[layer], reference_gradient(trainer)[layer]
    names = trainer.data.inputs if layer == 0 else [f"unit {i + 1}" for i in range(len(ours["w"]))]
    rows = [["bias", ours["b"][unit], theirs["b"].value[unit], theirs["b"].radius[unit]]]
    both = zip(names, ours["w"][:, unit], theirs["w"].value[:, unit], theirs["w"].radius[:, unit], strict=True)
    rows += [list(row) for row in both]
    return [[str(row[0]), *map(float, row[1:])] for row in rows]


def reference_gradient(trainer: LiveTrainer) -> list[dict[str, Ball]]:
    """Return the gradient over all training rows by the NumPy reference, each number with the bound within which the
    screen's, in float32, has to be."""
    net, data = dataclasses.replace(trainer.net, dropout=0.0), trainer.data
    lift = functools.partial(Ball.of, precision=Precision.of(np.float32))
    y = data.dense(data.y, net.sizes[-1])
    problem = check_problem(net, data.X, y, loss=trainer.settings.goal.loss, l2=trainer.settings.l2, weight=None)
    problem = problem._replace(X=lift(problem.X), T=lift(problem.T), l2=lift(problem.l2))
    params: Any = jax.tree.map(lambda leaf: lift(leaf.astype(np.float64)), trainer.params)
    gradient: Any = objective_and_gradient(problem, params)[1]
    return gradient
