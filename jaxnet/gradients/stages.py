"""Stage by stage: weighted sums z, activations a and deltas of every layer, held against those handed in."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.gradients import verdict
from jaxnet.gradients.evidence import Gradient
from jaxnet.gradients.point import Point, float64
from jaxnet.gradients.truth.rounding_noise import FACTOR

_DRAWS = 4  # of jittered parameters and data: their mean is taken, and FACTOR has room for what it misses
_STEP = 2.0**-40  # large against the rounding of float64, small enough for the response to be linear


def judge_stages(
    stages: Mapping[str, Any], network: Any, gradient: Callable[..., Gradient], point: Point, *, eps: float
) -> dict[str, verdict.LeafVerdict]:
    """Judge intermediate values of an MLP in the order in which backpropagation computes them.

    Args:
        stages: ``{"z1": [N, H], "a1": [N, H], "delta2": [N, H], ...}``, layers from 1 (next to the input) to L (the
            output); delta_l is the derivative by z_l of the loss of each example, or of their mean.
        network: has ``layers(params, x)`` -> [(z, a), ...] for one example.
        gradient: the true gradient of the mean of the examples' losses, (params, X, y) -> Gradient.
        point: (params, X, y).
        eps: unit roundoff of the precision of the stages.

    Raises ValueError for an unknown name. A stage counts as right within the noise that relative errors of ``eps`` in
    params and data give it.
    """
    checks.require(hasattr(network, "layers"), "stages", "a network= with layers(params, x), such as jn.MLP", network)
    checks.require(len(point) == 3, "stages", "data of two arguments, X and y", point[1:])
    known = true_stages(network, gradient, point)
    for name in stages:
        checks.choice("stages", name, known)
    rngs = map(np.random.default_rng, range(_DRAWS))
    move = lambda a, rng: a * (1 + _STEP * rng.choice([-1.0, 1.0], a.shape)) if a.dtype.kind == "f" else a
    moved = [true_stages(network, gradient, jax.tree.map(lambda a, r=rng: move(a, r), point)) for rng in rngs]
    mean = lambda name: np.mean([np.abs(each[name] - known[name]) for each in moved], axis=0)
    # a value computed from rounded terms is itself rounded once more
    noise = {name: FACTOR * eps * (mean(name) / _STEP + np.abs(known[name])) for name in stages}
    return {name: _judge(name, stages[name], known[name], noise[name]) for name in known if name in stages}


def true_stages(network: Any, gradient: Callable[..., Gradient], point: Point) -> dict[str, np.ndarray]:
    """Compute every z_l, a_l and delta_l [N, H] in the order of the computation: forward, then back."""
    params, X, y = point
    with float64():
        layers = jax.vmap(network.layers, (None, 0))(params, X)
    forward = {
        f"{letter}{i}": np.asarray(v) for i, zs in enumerate(layers, 1) for letter, v in zip("za", zs, strict=True)
    }
    # the derivative by a bias, of one example, is the derivative by the weighted sum
    each = [gradient(params, X[n : n + 1], y[n : n + 1]) for n in range(len(X))]
    backward = {f"delta{i}": np.stack([g[f"[{i - 1}]['b']"] for g in each]) for i in range(len(layers), 0, -1)}
    return forward | backward


def _judge(name: str, given: Any, true: np.ndarray, noise: np.ndarray) -> verdict.LeafVerdict:
    yours = np.asarray(given, np.float64)
    if yours.shape != true.shape:
        return verdict.unreadable(name, true.shape, f"{name} has shape {yours.shape}, expected {true.shape}.")
    judged = verdict.judge_leaf(name, yours, true, noise)
    if not judged.ok and name.startswith("delta"):
        mean = verdict.judge_leaf(name, yours, true / len(true), noise / len(true))
        return mean if mean.ok else judged
    return judged
