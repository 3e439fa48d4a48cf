"""The gradient that somebody writes on the page: run in a process with limits, as ``jaxnet grade`` runs it, and judged.

Only where the server was started with ``--allow-code``: limits of time and memory are no sandbox.
"""

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.grading.assignment import Assignment
from jaxnet.grading.feedback import feedback
from jaxnet.grading.grades import GradeOutcome, Work, grade
from jaxnet.grading.isolation import Limits
from jaxnet.losses import objective
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import Goal

MOST_WRITTEN = 20_000  # letters
_LIMITS = Limits(seconds=10.0, memory=1024)
_ROWS = 64  # of the training rows, at which it is judged
_ACTIVATIONS = {
    "identity": "{z}",
    "sigmoid": "1 / (1 + np.exp(-{z}))",
    "tanh": "np.tanh({z})",
    "relu": "np.maximum({z}, 0)",
    "leaky_relu": "np.where({z} >= 0, {z}, 0.01 * {z})",
    "elu": "np.where({z} > 0, {z}, np.expm1(np.minimum({z}, 0)))",
    "gelu": "0.5 * {z} * (1 + np.tanh(np.sqrt(2 / np.pi) * ({z} + 0.044715 * {z}**3)))",
    "silu": "{z} / (1 + np.exp(-{z}))",
    "softplus": "np.logaddexp(0, {z})",
    "selu": "1.0507009873554805 * np.where({z} > 0, {z}, 1.6732632423543773 * np.expm1(np.minimum({z}, 0)))",
    "mish": "{z} * np.tanh(np.logaddexp(0, {z}))",
}
_OUTPUTS = {
    "identity": ["P = {z}"],
    "sigmoid": ["P = 1 / (1 + np.exp(-{z}))"],
    "softmax": [
        "E = np.exp({z} - {z}.max(axis=1, keepdims=True))",
        "P = E / E.sum(axis=1, keepdims=True)",
    ],
}


def template(trainer: LiveTrainer) -> str:
    """Return a backward pass in NumPy that is begun, for the network that is shown: forward, and the way back as far as
    the last layer; what is left is the hidden layers', and the penalty."""
    net, goal = trainer.net, trainer.settings.goal
    lines = ["import numpy as np", "", "", "def backward(params, X, T):", "    A0 = X"]
    last = len(net.sizes) - 1
    for layer, name in enumerate([*net.activations, None], 1):
        lines += [f'    Z{layer} = A{layer - 1} @ params[{layer - 1}]["w"] + params[{layer - 1}]["b"]']
        if isinstance(name, str):
            lines += [f"    A{layer} = {_ACTIVATIONS[name].format(z=f'Z{layer}')}"]
    lines += [f"    {line.format(z=f'Z{last}')}" for line in _OUTPUTS[net.output]]
    canonical = goal in (
        Goal("softmax", "cross_entropy"), Goal("sigmoid", "binary_cross_entropy"), Goal("identity", "squared_error")
    )  # fmt: skip
    derive = "" if canonical else f"  # derive {goal.loss.replace('_', ' ')} here"
    lines += ["", "    gradient = [{} for _ in params]", f"    dZ{last} = (P - T) / len(X){derive}"]
    lines += [
        f'    gradient[{last - 1}]["w"] = A{last - 1}.T @ dZ{last}',
        f'    gradient[{last - 1}]["b"] = dZ{last}.sum(axis=0)',
    ]
    for layer in range(last - 1, 0, -1):
        lines += [
            f"    dZ{layer} = np.zeros_like(Z{layer})  # derive this from dZ{layer + 1}",
            f'    gradient[{layer - 1}]["w"] = A{layer - 1}.T @ dZ{layer}',
            f'    gradient[{layer - 1}]["b"] = dZ{layer}.sum(axis=0)',
        ]
    lines += [f"    # the penalty: {trainer.settings.l2!r} / 2 * sum of squared weights"] if trainer.settings.l2 else []
    return "\n".join([*lines, "    return gradient", ""])


def judge_written(trainer: LiveTrainer, text: Any) -> dict[str, Any]:
    """Judge the function ``backward(params, X, T)`` of a text as the gradient of the objective that is shown.

    Returns whether it is ``right``, what is to be said (``words``, lines), and the ``layers``, from 0, with a wrong
    leaf. Raises ValueError or TypeError for what is no text, or too long.
    """
    checks.require(isinstance(text, str), "code", "a text", text, TypeError)
    checks.require(len(text) <= MOST_WRITTEN, "code", f"at most {MOST_WRITTEN} letters", checks.Words(f"{len(text)}"))
    settings, data = trainer.settings, trainer.data
    net = trainer.net
    # without dropout, which draws anew with every call
    f = objective(net, settings.goal.loss, l2=settings.l2)
    rows = slice(0, _ROWS)
    params = [{leaf: layer[leaf].astype(np.float64) for leaf in layer} for layer in trainer.params]
    X, T = data.X[rows].astype(np.float64), data.dense(data.y, net.sizes[-1])[rows].astype(np.float64)
    assignment = Assignment(f, params, X, T, network=net, hidden=1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "backward.py")
        file.write_text(text, encoding="utf-8")
        found = grade(Work("yours", file), "backward", assignment, _LIMITS)
    layers = sorted({int(place) for name in found.wrong for place in re.findall(r"^\[(\d+)\]", name)})
    right = found.outcome is GradeOutcome.RIGHT
    return {"right": right, "words": list(feedback(found, 3, solutions=True)), "layers": layers}
