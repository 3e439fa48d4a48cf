"""One network for every structure: fixed arrays, in which units, layers, activations and outputs are data.

A layer that is used multiplies its units by a mask *after* the activation, for sigmoid(0) is .5; one that is not used
hands on what it was given. Every number that is padding then has a gradient of exactly 0, so momentum, Adam and a
penalty leave it 0, and the network that is left is ``jn.MLP``'s to rounding.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.losses import LOSSES
from jaxnet.network import ACTIVATIONS, OUTPUTS
from jaxnet.network.mlp import drop_units
from jaxnet.network.padded_mlp import layers_cut_out, layers_in_zeros
from jaxnet.types import Array, Key, Params

DEPTH, WIDTH, MOST_OUTPUTS = 4, 16, 10  # hidden layers, units of one, outputs: what any structure is padded to
SWITCHED = tuple(ACTIVATIONS)  # an activation is its position here
_ABSENT = -1e30  # a logit: a softmax gives it 0, and no loss below is infinite or NaN there


class Goal(NamedTuple):
    """What the outputs are and what training lowers, as names of ``OUTPUTS`` and ``LOSSES``."""

    output: str
    loss: str


GOALS = (
    Goal("softmax", "cross_entropy"),
    Goal("softmax", "squared_error"),
    Goal("sigmoid", "binary_cross_entropy"),
    Goal("sigmoid", "squared_error"),
    Goal("identity", "hinge"),
    Goal("identity", "squared_error"),
    Goal("identity", "huber"),
)


class Structure(NamedTuple):
    """Which part of the fixed arrays is a network, and of which functions: data, not a shape."""

    alive: Any  # [DEPTH, WIDTH], 1 for a unit that is there and 0 for one that is not
    used: Any  # [DEPTH] bool; the used layers come first
    kind: Any  # [DEPTH] int32, positions in SWITCHED
    outputs: Any  # [MOST_OUTPUTS] bool
    goal: Any  # int32, a position in GOALS


def structure_of(sizes: tuple[int, ...], activations: tuple[str, ...], goal: Goal) -> Structure:
    """Return the structure of ``jn.MLP(sizes, activation=activations, output=goal.output)``, at most DEPTH hidden
    layers of WIDTH units and MOST_OUTPUTS outputs."""
    *hidden, outputs = sizes[1:]
    alive, kind = np.zeros((DEPTH, WIDTH), np.float32), np.zeros(DEPTH, np.int32)
    for depth, (units, name) in enumerate(zip(hidden, activations, strict=True)):
        alive[depth, :units], kind[depth] = 1, SWITCHED.index(name)
    places = np.arange(MOST_OUTPUTS) < outputs
    return Structure(alive, np.arange(DEPTH) < len(hidden), kind, places, np.int32(GOALS.index(goal)))


def _shapes(inputs: int) -> list[tuple[int, int]]:
    return [(inputs, WIDTH), *[(WIDTH, WIDTH)] * (DEPTH - 1), (max(inputs, WIDTH), MOST_OUTPUTS)]


def flat_params(padded: Any) -> np.ndarray:
    """Lay the fixed arrays side by side, float32 [P]: what is done to all of them then is one kernel to compile."""
    return np.concatenate([np.ravel(layer[leaf]) for layer in padded for leaf in ("w", "b")])


def layers_of(flat: Any, inputs: int) -> list[dict[str, Any]]:
    """Cut the fixed arrays, those of NumPy or of JAX, out of flat ones: the inverse of ``flat_params``."""
    return layers_of_shapes(flat, _shapes(inputs))


def layers_of_shapes(flat: Any, shapes: Iterable[tuple[int, int]]) -> list[dict[str, Any]]:
    """Cut layers whose weights have these shapes out of flat parameters [P], as ``flat_params`` lays them."""
    layers, at = [], 0
    for rows, columns in shapes:
        middle, end = at + rows * columns, at + (rows + 1) * columns
        layers.append({"w": flat[at:middle].reshape(rows, columns), "b": flat[middle:end]})
        at = end
    return layers


def padded_params(params: Any, inputs: int) -> list[dict[str, np.ndarray]]:
    """Return an MLP's parameters in the fixed arrays for ``inputs`` padded inputs: DEPTH hidden layers, the first
    [inputs, WIDTH], and the output layer, which takes the last hidden layer, or the inputs where there is none."""
    in_numpy = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), params)
    padded: Any = layers_in_zeros(in_numpy, _shapes(inputs))
    return padded


def true_params(padded: Any, sizes: tuple[int, ...]) -> list[dict[str, np.ndarray]]:
    """Take an MLP's parameters out of the fixed arrays again: the inverse of ``padded_params``."""
    cut: Any = layers_cut_out(jax.tree.map(np.array, padded), sizes)
    return cut


def masked_layers(params: Params, structure: Structure, X: Array, factors: Array | None = None) -> tuple[Array, Array]:
    """Compute the units [DEPTH, B, WIDTH] and the logits [B, MOST_OUTPUTS] of examples ``X`` [B, D].

    ``factors`` are what dropout multiplies the units by. Units that are not there are 0; outputs that are not there
    have a logit that costs nothing.
    """

    def layer(below: Array, leaf: Any) -> Array:
        w, b, alive, kind, *factor = leaf
        functions = [ACTIVATIONS[name] for name in SWITCHED]
        a = jax.lax.switch(kind, functions, below @ w + b[None, :]) * alive[None, :]
        return a * factor[0] if factor else a

    def deeper(below: Array, leaf: Any) -> tuple[Array, Array]:
        *own, used = leaf
        units = layer(below, own)
        return jnp.where(used, units, below), units

    first, *rest, last = params
    dropped = [] if factors is None else [factors]
    each = [structure.alive, structure.kind, *dropped]
    lowest = layer(X, (first["w"], first["b"], *[leaf[0] for leaf in each]))
    stacked = [jnp.stack([layer[leaf] for layer in rest]) for leaf in ("w", "b")]
    leaves = (*stacked, *[leaf[1:] for leaf in each], structure.used[1:])
    # a loop over layers of one shape is compiled once, and not once a layer
    top, units = jax.lax.scan(deeper, lowest, leaves)
    width = last["w"].shape[0]
    wide = [jnp.pad(values, ((0, 0), (0, width - values.shape[1]))) for values in (top, X)]
    below = jnp.where(structure.used[0], wide[0], wide[1])
    Z = below @ last["w"] + last["b"][None, :]
    return jnp.concatenate([lowest[None], units]), jnp.where(structure.outputs[None, :], Z, _absent(structure.goal))


def dropout_factors(keys: Key, rate: Array) -> Array:
    """Draw what dropout multiplies the units by, [DEPTH, B, WIDTH], with a key for each example [B], as MLP does."""

    def of(depth: Array) -> Array:
        return drop_units(jnp.ones((WIDTH, len(keys)), jnp.float32), rate, keys, depth).T

    def drawn() -> Array:
        return jax.vmap(of)(jnp.arange(DEPTH, dtype=jnp.int32))

    # most runs drop nothing, and then nothing is to be drawn
    return jax.lax.cond(rate > 0, drawn, lambda: jnp.ones((DEPTH, len(keys), WIDTH), jnp.float32))


def _absent(goal: Array) -> Array:
    # a missing output that is compared with its target, 0, must be 0
    zero = np.array([each.output == "identity" and each.loss != "hinge" for each in GOALS])
    return jnp.where(jnp.asarray(zero)[goal], 0, jnp.asarray(_ABSENT, jnp.float32))


def masked_predictions(structure: Structure, logits: Array) -> Array:
    """Compute what the output makes of logits [B, MOST_OUTPUTS]: probabilities, or numbers."""
    return jax.lax.switch(structure.goal, [lambda Z, of=OUTPUTS[goal.output]: of(Z.T).T for goal in GOALS], logits)


def masked_losses(structure: Structure, logits: Array, targets: Array) -> Array:
    """Compute the loss of every example [B] of logits and dense targets, both [B, MOST_OUTPUTS]."""

    def of(goal: Goal, Z: Array, T: Array) -> Array:
        loss = LOSSES[goal.loss]
        return loss.of(OUTPUTS[goal.output](Z.T) if loss.on_predictions else Z.T, T.T)

    return jax.lax.switch(structure.goal, [lambda Z, T, goal=goal: of(goal, Z, T) for goal in GOALS], logits, targets)
