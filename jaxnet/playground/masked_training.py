"""A frame of the playground as one compiled program: some steps of training, then everything that is drawn.

The steps are the training engine's own ``update``, in ``jn.fit``'s order of examples, with its keys; what the program
is compiled for is how many inputs and rows the data is padded to, and nothing that a control changes.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.accelerators import exact_products
from jaxnet.losses import squared_weights, weighted_mean
from jaxnet.playground.masked_network import (
    GOALS,
    MOST_OUTPUTS,
    SWITCHED,
    Structure,
    dropout_factors,
    layers_of,
    masked_layers,
    masked_losses,
    masked_predictions,
)
from jaxnet.playground.optimizer_slots import Slots, switched
from jaxnet.training.batches import Examples, draw_order
from jaxnet.training.hyperparameters import fixed
from jaxnet.training.loop import Parts, Program, Updated, update
from jaxnet.types import Array, Batch, Key

# the middle of a unit's colours, and how far from it they are full; of other activations that moves with the layer
COLOURED = {"sigmoid": (0.5, 0.5), "tanh": (0.0, 1.0)}
_FEW_ROWS = 32  # rows: up to that a step computes no more than these


class PlayNumbers(NamedTuple):
    """What may be set while it runs, each an array without axes and with a dtype, so that nothing compiles again."""

    rate: Any
    momentum: Any
    l2: Any
    dropout: Any
    batch: Any  # int32, examples an update
    optimizer: Any  # int32, a position in OPTIMIZERS_SHOWN


class Progressed(NamedTuple):
    """What a training carries from frame to frame."""

    flat: Any  # [P], the padded parameters
    slots: Slots
    epoch: Any  # int32: epochs that are done
    step: Any  # int32: updates of the epoch that has begun
    order: Any  # [M] int32, of the epoch that has begun
    summed: Any  # loss of the epoch's examples so far
    epoch_loss: Any  # of the last whole epoch, as jn.fit's history has it; NaN before the first
    finite: Any  # bool: False where the next update would leave numbers that are not finite


class Shown(NamedTuple):
    """What is looked at but not trained on."""

    held: Examples  # rows held out, x [T, D], y [T, MOST_OUTPUTS]
    grid: Any  # [G * G + 1, D]: points of the plane, row by row, and the chosen example behind them
    centre: Any  # of the outputs' colours
    spread: Any  # how far from it a colour is full; 0 is the largest distance that there is


class Picture(NamedTuple):
    """What a frame shows, besides its parameters; arrays of JAX or of NumPy."""

    units: Any  # uint8 [DEPTH, G * G, WIDTH]: the response of each unit over the plane, 128 is its middle
    outputs: Any  # uint8 [G * G, MOST_OUTPUTS]
    chosen: Any  # [DEPTH, WIDTH], the units of the chosen example
    answer: Any  # [MOST_OUTPUTS], its predictions
    losses: Any  # [2]: the mean loss of the training rows and of those held out
    right: Any  # [2]: how many of each are answered right
    answers: Any  # int32 [M]: the largest output of each training row
    scales: Any  # [DEPTH]: the distance from the middle at which a colour is full


@functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 1})
def frame(
    state: Progressed, structure: Structure, numbers: PlayNumbers, seen: tuple[Examples, Shown],
    *, key: Key, updates: Array,
) -> tuple[Progressed, Picture]:  # fmt: skip
    """Take ``updates`` (int32, 0 is allowed) steps, then draw; returns the new state and the picture.

    ``seen`` are the training rows, x [M, D], y [M, MOST_OUTPUTS] and weights that are 0 in the padding, and what is
    shown. A step that would leave numbers that are not finite is not taken, and ends the training.
    """
    examples, shown = seen

    def goes_on(carry: tuple[Progressed, Array]) -> Array:
        return (carry[1] < updates) & carry[0].finite

    def body(carry: tuple[Progressed, Array]) -> tuple[Progressed, Array]:
        return _stepped(carry[0], structure, numbers, examples, key=key), carry[1] + 1

    with exact_products():
        state, _ = jax.lax.while_loop(goes_on, body, (state, jnp.zeros((), jnp.int32)))
        return state, _picture(state.flat, structure, examples, shown)


def _stepped(
    state: Progressed, structure: Structure, numbers: PlayNumbers, examples: Examples, *, key: Key
) -> Progressed:
    # the engine's keys: an order and what is dropped come from the key and the epoch alone
    order_key, drop_key = jax.random.split(jax.random.fold_in(key, state.epoch))
    whole = numbers.batch >= examples.rows
    rows = jnp.arange(len(examples.x), dtype=jnp.int32)
    # a full batch is taken as it stands, and with a key that is folded no further
    order = jax.lax.cond(
        state.step > 0, lambda: state.order, lambda: jnp.where(whole, rows, draw_order(order_key, examples))
    )
    keys = [jax.random.key_data(key) for key in (drop_key, jax.random.fold_in(drop_key, state.step))]
    at = state.step * numbers.batch + rows
    taken = order[jnp.minimum(at, len(order) - 1)]
    within = (rows < numbers.batch) & (at < examples.rows)
    weight = within.astype(examples.x.dtype)
    batch = Batch(examples.x[taken], examples.y[taken], weight)
    before = Updated(state.flat, state.slots)
    step_key = jax.random.wrap_key_data(jnp.where(whole, keys[0], keys[1]))
    after, loss = update(_parts(structure, numbers), before, batch, step_key)
    finite = jnp.isfinite(loss) & jnp.all(jnp.isfinite(after.params))
    after = jax.tree.map(lambda new, old: jnp.where(finite, new, old), after, before)
    ended = (state.step + 1) * numbers.batch >= examples.rows
    summed = state.summed + loss * jnp.sum(weight)
    return Progressed(
        after.params,
        after.optimizer,
        epoch=state.epoch + (ended & finite),
        step=jnp.where(finite, jnp.where(ended, 0, state.step + 1), state.step),
        order=order,
        summed=jnp.where(ended, 0, summed),
        epoch_loss=jnp.where(ended, summed / examples.rows.astype(summed.dtype), state.epoch_loss),
        finite=finite,
    )


def _parts(structure: Structure, numbers: PlayNumbers) -> Parts:
    """Return what the engine's update is made of, for the masked network."""

    def f(flat: Array, x: Array, y: Array, *, weight: Array, key: Key) -> Array:
        params = layers_of(flat, x.shape[1])
        # for all rows, for the program is compiled sooner if it draws in one place
        factors = dropout_factors(jax.random.split(key, len(x)), numbers.dropout)

        def mean_of(size: int) -> Array:
            _, Z = masked_layers(params, structure, x[:size], factors[:, :size])
            return weighted_mean(masked_losses(structure, Z, y[:size]), weight[:size])

        small, size = min(_FEW_ROWS, len(x)), len(x)
        mean: Array = jax.lax.cond(numbers.batch <= small, lambda: mean_of(small), lambda: mean_of(size))
        return mean + numbers.l2 / 2 * squared_weights(params)

    nothing = fixed(None)
    program = Program(nothing, nothing, nothing, (), 0, 0, shuffled=True, random=True)
    return Parts(f, switched(numbers.optimizer, numbers.rate, numbers.momentum), [], None, program)


def _picture(flat: Array, structure: Structure, examples: Examples, shown: Shown) -> Picture:
    X = jnp.concatenate([examples.x, shown.held.x, shown.grid])
    y = jnp.concatenate([examples.y, shown.held.y, jnp.zeros((len(shown.grid), MOST_OUTPUTS), examples.y.dtype)])
    units, Z = masked_layers(layers_of(flat, X.shape[1]), structure, X)
    outputs, losses = masked_predictions(structure, Z), masked_losses(structure, Z, y)
    right = _right(structure, Z, y)
    place = jnp.arange(len(X), dtype=jnp.int32)
    first, second = len(examples.x), len(examples.x) + len(shown.held.x)
    both = jnp.stack([place < examples.rows, (place >= first) & (place < first + shown.held.rows)])
    maps, scales = _colours(units[:, second:], structure)
    middle = outputs[second:-1] - shown.centre
    full = jnp.where(shown.spread > 0, shown.spread, jnp.max(jnp.abs(middle * structure.outputs[None, :])) + 1e-9)
    return Picture(
        units=maps[:, :-1],
        outputs=_bytes(middle / full),
        chosen=units[:, -1],
        answer=outputs[-1],
        losses=jnp.stack([weighted_mean(losses, part.astype(losses.dtype)) for part in both]),
        right=jnp.sum(both & right[None, :], axis=1, dtype=jnp.int32),
        answers=jnp.argmax(jnp.where(structure.outputs[None, :], Z, -jnp.inf), axis=1)[:first].astype(jnp.int32),
        scales=scales,
    )


def _right(structure: Structure, Z: Array, y: Array) -> Array:
    """Whether the answer is the target's: the largest output, or, of one output, the side of its middle."""
    one = jnp.sum(structure.outputs) == 1
    # of numbers that are to be 0 and 1 the middle is a half; of all other logits it is 0
    halves = np.array([0.5 if goal == ("identity", "squared_error") else 0 for goal in GOALS], np.float32)
    side = (Z[:, 0] > jnp.asarray(halves)[structure.goal]) == (y[:, 0] > 0.5)
    shown = jnp.where(structure.outputs[None, :], Z, -jnp.inf)
    return jnp.where(one, side, jnp.argmax(shown, axis=1) == jnp.argmax(y, axis=1))


def _colours(units: Array, structure: Structure) -> tuple[Array, Array]:
    """Turn responses [DEPTH, G * G + 1, WIDTH] into colours: those of sigmoid and tanh on a scale that never moves, so
    that saturation is seen; the others by the largest response of their layer."""
    known = np.array([COLOURED.get(name, (0.0, 0.0)) for name in SWITCHED], np.float32)
    centres, fixed_scales = jnp.asarray(known[:, 0])[structure.kind], jnp.asarray(known[:, 1])
    middle = units - centres[:, None, None]
    largest = jnp.max(jnp.abs(middle * structure.alive[:, None, :]), axis=(1, 2))
    scales = jnp.where(fixed_scales[structure.kind] > 0, fixed_scales[structure.kind], jnp.maximum(largest, 1e-9))
    return _bytes(middle / scales[:, None, None]), scales


def _bytes(values: Array) -> Array:
    return jnp.round(128 + 127 * jnp.clip(values, -1, 1)).astype(jnp.uint8)
