"""One forward pass of a network in NumPy with all that its backward pass needs, and how it is found out from the
oracle what the true backward pass is: which loss, averaged or summed, and which penalty.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.diagnosis.batch_words import averages
from jaxnet.gradients.diagnosis.factors import Counts
from jaxnet.gradients.diagnosis.tolerances import MOST_ONE_BY_ONE, NO_PENALTY, PLAIN_NUMBER, SAME_GRADIENT
from jaxnet.gradients.evidence import Evidence, by_path
from jaxnet.gradients.example_axis import examples_at
from jaxnet.reference.losses import LOSSES, OUTPUTS, Output, logit_derivative, logit_derivative_line
from jaxnet.reference.operations import ACTIVATIONS, Activation
from jaxnet.types import Pytree


@dataclasses.dataclass(frozen=True)
class Pass:
    """What a network computed for a batch of N examples; layers count from 0, ``a[0]`` is X and ``a[-1]`` the
    predictions.

    Attributes:
        w, b: weights [D, H] and biases [H] of every layer.
        z, a: weighted sums [N, H] of every layer; the inputs and every layer's activations.
        activations: value and derivative of each hidden layer's activation; ``names`` are their names, or None.
        output, loss: the output function's name; the loss's, or None.
        y: targets [N, K].
        delta: the true derivative of each example's loss at its logits [N, K].
        scale: what the sum over the examples is multiplied by: 1/N for a mean.
        decay: the penalty's coefficient for the weights and biases of every layer.
        sensitivity: by how many roundings each z is uncertain: 1 + |a| |W| + |b|, [N, H] a layer.
    """

    w: tuple[np.ndarray, ...]
    b: tuple[np.ndarray, ...]
    z: tuple[np.ndarray, ...]
    a: tuple[np.ndarray, ...]
    activations: tuple[Activation, ...]
    names: tuple[str | None, ...]
    output: str
    loss: str | None
    y: np.ndarray
    delta: np.ndarray
    scale: float
    decay: tuple[tuple[float, float], ...]
    sensitivity: tuple[np.ndarray, ...]

    @functools.cached_property
    def norms(self) -> tuple[float, ...]:
        """The Euclidean norm of every layer's weights."""
        return tuple(float(np.linalg.norm(w)) for w in self.w)

    @property
    def last(self) -> int:
        """The index of the output layer."""
        return len(self.w) - 1

    @property
    def counts(self) -> Counts:
        """What is countable here."""
        hidden = tuple(w.shape[1] for w in self.w[:-1])
        l2 = max((w for w, _ in self.decay), default=0.0)
        return Counts(len(self.y), self.w[0].shape[0], hidden, self.y.shape[1], l2)


@dataclasses.dataclass(frozen=True)
class NetworkModel:
    """How the true gradient comes about, so that its forward pass can be had for any batch.

    ``leaves`` are the paths of each layer's weights and biases; ``total`` is what an average over the examples is
    multiplied by, or a sum when not ``averaged``.
    """

    evidence: Evidence
    leaves: tuple[tuple[str, str], ...]
    loss: str | None
    total: float
    averaged: bool
    decay: tuple[tuple[float, float], ...]

    def forward(self, params: Pytree, *data: Any) -> Pass:
        """Compute the forward pass for parameters and a batch."""
        network: Any = self.evidence.network
        named = by_path(params)
        w, b = (tuple(np.asarray(named[path[i]], float) for path in self.leaves) for i in (0, 1))
        functions = tuple(_activation(f) for f in network.activations)
        z, a, sensitivity = _layers(np.asarray(data[0], float), w, b, (*functions, OUTPUTS[network.output]))
        y = dense(np.asarray(data[1]), len(a[0]), w[-1].shape[1])
        if self.loss is None:
            delta = _deltas_one_by_one(self, params, data)
        else:
            delta = logit_derivative(self.loss, network.output, z[-1], y)
        scale = self.total / len(y) if self.averaged else self.total
        names = tuple(f if isinstance(f, str) else None for f in network.activations)
        return Pass(w, b, z, a, functions, names, network.output, self.loss, y, delta, scale, self.decay, sensitivity)

    @property
    def delta_line(self) -> str:
        """The true derivative at the logits as a line of NumPy."""
        network: Any = self.evidence.network
        return logit_derivative_line(self.loss, network.output) if self.loss else "the loss's derivative at the logits"


_Layers = tuple[np.ndarray, ...]  # an array a layer


def _layers(
    x: np.ndarray, w: _Layers, b: _Layers, functions: tuple[Activation | Output, ...]
) -> tuple[_Layers, _Layers, _Layers]:
    """Run forward through every layer, the output function last: z, a with x before, and sensitivity."""
    z, a, sensitivity = [], [x], []
    for weights, bias, function in zip(w, b, functions, strict=True):
        z.append(a[-1] @ weights + bias)
        sensitivity.append(1 + np.abs(a[-1]) @ np.abs(weights) + np.abs(bias))
        a.append(function.forward(z[-1]))
    return tuple(z), tuple(a), tuple(sensitivity)


def _activation(function: str | Callable[..., Any]) -> Activation:
    """Look an activation up by name; the derivative of a callable comes from JAX, in float64."""
    if isinstance(function, str):
        return ACTIVATIONS[function]

    def forward(z: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(function(jnp.asarray(z)))

    def derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            at = jnp.asarray(z)
            return np.asarray(jax.jvp(function, (at,), (jnp.ones_like(at),))[1])

    return Activation(forward, derivative, f"{getattr(function, '__name__', 'activation')}_derivative({{z}})")


def dense(y: np.ndarray, examples: int, outputs: int) -> np.ndarray:
    """Return targets as [N, K]: labels become one-hot rows."""
    if y.ndim == 1 and outputs > 1 and y.dtype.kind in "iub":
        return np.eye(outputs)[y.astype(int)]
    return np.asarray(y, float).reshape(examples, outputs)


def _deltas_one_by_one(model: NetworkModel, params: Pytree, data: tuple[Any, ...]) -> np.ndarray:
    bias = model.leaves[-1][1]
    penalty = model.decay[-1][1] * by_path(params)[bias]
    singles = [examples_at(data, 0, [i]) for i in range(len(data[0]))]
    return np.stack([model.evidence.oracle(params, *one)[bias] - penalty for one in singles]) / model.total


def model_of(evidence: Evidence) -> NetworkModel | None:
    """Find out how the true gradient comes about; None when the network and the data do not tell.

    The last layer's true gradient is compared with that of every known loss; a loss without a name is read from the
    oracle example by example. Whoever uses the model has to see that it reproduces the true gradient.
    """
    leaves = _layer_leaves(evidence)
    if isinstance(leaves, list):
        return None
    blank = NetworkModel(evidence, leaves, None, 1.0, True, tuple((0.0, 0.0) for _ in leaves))
    for loss in [evidence.loss] if evidence.loss in LOSSES else LOSSES:
        model = _fit_last_layer(dataclasses.replace(blank, loss=loss))
        if model is not None:
            return model
    nameless = len(evidence.data[0]) <= MOST_ONE_BY_ONE
    return _fit_last_layer(blank) if nameless else None


def unused(evidence: Evidence) -> list[str]:
    """Say why the network that was named cannot be the one whose loss f is; empty where it can, or none was named."""
    leaves = _layer_leaves(evidence) if evidence.network is not None else ()
    return leaves if isinstance(leaves, list) else []


def _layer_leaves(evidence: Evidence) -> tuple[tuple[str, str], ...] | list[str]:
    """The paths of each layer's weights and biases; or, in a list of sentences, why there are none."""
    network: Any = evidence.network
    if not all(hasattr(network, name) for name in ("sizes", "activations", "output")):
        return [_not_used("it has no sizes, activations and output")]
    if unknown := _not_known(network):
        return unknown
    sizes, shapes = list(itertools.pairwise(network.sizes)), {p: a.shape for p, a in by_path(evidence.params).items()}
    given, found = list(shapes.values()), []
    if all(size[::-1] in given for size in sizes) and not all(size in given for size in sizes):
        return [_not_used("your weights are [outputs, inputs], its are [inputs, outputs]")]
    for size in sizes:
        pair = []
        for shape, whose in ((size, "weights"), (size[1:], "biases")):
            path = next((path for path, other in shapes.items() if other == shape), None)
            if path is None:
                return [_not_used(f"no parameter is left that has the shape {shape} of its {whose}")]
            pair.append(path)
            del shapes[path]
        found.append((pair[0], pair[1]))
    if shapes:
        return [_not_used(f"it has {2 * len(sizes)} parameters, you have {len(given)}")]
    if len(network.activations) != len(sizes) - 1:
        return [_not_used(f"it has {len(network.activations)} activations for {len(sizes) - 1} hidden layers")]
    misfit = _misfit(evidence.data, network.sizes[0], network.sizes[-1])
    return [_not_used(misfit)] if misfit else tuple(found)


def _not_used(because: str) -> str:
    return f"network= was not used, for {because}: the backward pass of f itself was read instead."


def _not_known(network: Any) -> list[str]:
    """The names of a network that the reference has no derivative for: no backward pass can be replayed without it."""
    known = lambda f: callable(f) or (isinstance(f, str) and f in ACTIVATIONS)
    because = "of network is not known here, so every leaf is explained by itself"
    said = [
        f"the activation {f!r} {because}; give the callable in its place." for f in network.activations if not known(f)
    ]
    if not (isinstance(network.output, str) and network.output in OUTPUTS):
        said.append(f"the output {network.output!r} {because}; known are {', '.join(OUTPUTS)}.")
    return list(dict.fromkeys(said))


def _misfit(data: tuple[Any, ...], inputs: int, outputs: int) -> str:
    """Why data are not X [N, inputs] and y, labels [N] or [N, outputs]; "" where they are."""
    if len(data) != 2:
        return f"it is read with the data X and y, and f takes {len(data)} arguments"
    if np.ndim(data[0]) != 2 or np.shape(data[0])[1] != inputs:
        return f"the data have the shape {np.shape(data[0])}, not [examples, {inputs}]"
    y, examples = np.asarray(data[1]), len(data[0])
    labels = y.shape == (examples,) and (outputs == 1 or y.dtype.kind in "iub")
    return "" if labels or y.shape == (examples, outputs) else f"the targets have the shape {y.shape}"


def _fit_last_layer(model: NetworkModel) -> NetworkModel | None:
    """Find scale and penalty coefficient of the weights of the last layer; None when this loss does not fit."""
    evidence = model.evidence
    run = model.forward(evidence.params, *evidence.data)
    true = evidence.true[model.leaves[-1][0]]
    term = run.a[-2].T @ run.delta / len(run.y)
    if not np.isfinite(term).all():  # a loss that overflows here is not the one
        return None
    if evidence.l2 or evidence.loss:
        (total,), decay = _least_squares(true - evidence.l2 * run.w[-1], [term]), evidence.l2
    else:
        total, decay = _least_squares(true, [term, run.w[-1]])
    fits = (
        np.abs(total * term + decay * run.w[-1] - true)
        <= SAME_GRADIENT * np.abs(true).max() + evidence.noise[model.leaves[-1][0]]
    )
    if not fits.all() or total == 0:
        return None
    total, decay = _rounded(total), _rounded(decay) if abs(decay) > NO_PENALTY * np.abs(true).max() else 0.0
    averaged = bool(evidence.loss) or averages(evidence, 0, model.leaves[-1][1:])
    total = total if averaged else total / len(run.y)
    return dataclasses.replace(
        model, total=_rounded(total), averaged=averaged, decay=tuple((decay, 0.0) for _ in model.leaves)
    )


def _least_squares(target: np.ndarray, terms: list[np.ndarray]) -> tuple[float, ...]:
    matrix = np.stack([term.ravel() for term in terms], axis=1)
    return tuple(float(c) for c in np.linalg.lstsq(matrix, target.ravel(), rcond=None)[0])


def _rounded(value: float) -> float:
    """Remove what the last digits of a fit add to a number such as 2 or 0.1."""
    return float(f"{value:.9g}") if abs(float(f"{value:.9g}") - value) < PLAIN_NUMBER * abs(value) else value
