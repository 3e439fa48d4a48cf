"""Where the first NaN arose: the epoch in which a run diverged, again, batch by batch.

A diverged run keeps its last finite state and its key, so the epoch can be taken again with the same rows in the same
order: by the very ``update`` of ``fit``, which is a function of them alone.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.accelerators import exact_products
from jaxnet.health.subject import Subject
from jaxnet.losses import Objective
from jaxnet.training.batches import draw_order, on_device, take
from jaxnet.training.loop import Program, Updated, assemble, update
from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.preparation import plan_fit
from jaxnet.training.run import fit
from jaxnet.training.training_recipe import TrainingRecipe
from jaxnet.types import Array, Batch, Key, Pytree


class FirstNaN(NamedTuple):
    """The first number that was not finite.

    Attributes:
        epoch: the epoch, from 1.
        step: the update of that epoch, from 1.
        operation: what was computed, in words, such as "the weighted sums of hidden layer 1".
        layer: of the network, from 1, the last being the output; None where it is no layer's number.
        unit: of that layer, from 0.
        example: the row of X, from 0, if it is one row's number.
        before: the largest number, in absolute value, in what was computed before.
        where: that in words.
    """

    epoch: int
    step: int
    operation: str
    layer: int | None
    unit: int | None
    example: int | None
    before: float
    where: str


def first_nan(subject: Subject) -> FirstNaN | None:
    """Replay the diverged epoch of a run; None where there is no recipe to do so by, or nothing was found."""
    recipe = subject.recipe
    if recipe is None or recipe.shuffle is None or not subject.diverged:
        return None
    epoch = len(subject.history["loss"])  # of this run; the last one, from 1
    before = _state_before(subject, recipe)
    data = tuple(part for part in subject.train if part is not None)
    plan = plan_fit(
        subject.f, before.params, data, optimizer=recipe.optimizer, epochs=1, batch_size=recipe.batch_size,
        shuffle=recipe.shuffle, key=recipe.key, optimizer_state=before.state, validation=None, stop=None, metrics=(),
    )  # fmt: skip
    order_key, drop_key = jax.random.split(jax.random.fold_in(plan.key, plan.state.epoch))
    order = draw_order(order_key, plan.data.train) if plan.program.shuffled else None
    trained = Updated(plan.state.params, plan.state.optimizer)
    rows = int(plan.data.train.rows)
    for i, size in _batches(plan.program, rows):
        start = i * plan.program.batch_size
        batch = take(plan.data.train, order, start, size)
        after, loss = replay_step(plan.program, plan.numbers, trained, batch=batch, key=jax.random.fold_in(drop_key, i))
        if not _finite((after.params, loss)):
            index = np.arange(rows) if order is None else np.asarray(order)
            place = _Place(epoch + int(recipe.optimizer_state.epoch), i + 1, index[start : start + size])
            return _examined(subject, trained, batch, place=place, after=after)
        trained = after
    return None


class _Before(NamedTuple):
    params: Pytree
    state: OptimizerState


class _Place(NamedTuple):
    epoch: int
    step: int
    rows: np.ndarray  # [B] of X


def _state_before(subject: Subject, recipe: TrainingRecipe) -> _Before:
    """Return the state before the diverged epoch: the last finite one, which a diverged run ends with, unless its
    best was restored; then the epochs before are trained again."""
    ended, done = subject.optimizer_state, len(subject.history["loss"]) - 1
    if ended is not None and not subject.restored:
        return _Before(subject.params, OptimizerState(ended.optax, on_device(int(ended.epoch) - 1, np.int32)))
    if done == 0:
        return _Before(recipe.params, recipe.optimizer_state)
    data = tuple(part for part in subject.train if part is not None)
    again = fit(
        subject.f, recipe.params, data, optimizer=recipe.optimizer, epochs=done, batch_size=recipe.batch_size,
        shuffle=bool(recipe.shuffle), key=recipe.key, optimizer_state=recipe.optimizer_state,
    )  # fmt: skip
    return _Before(again.params, again.optimizer_state)


def _batches(program: Program, rows: int) -> Iterator[tuple[int, int]]:
    """List the number and the size of the batches of an epoch."""
    size = program.batch_size
    whole = max(1, rows // size if program.tail else -(-rows // size))
    yield from ((i, size) for i in range(whole))
    if program.tail:
        yield whole, program.tail


def replay_step(
    program: Program, numbers: list[Any], trained: Updated, *, batch: Batch, key: Key
) -> tuple[Updated, Array]:
    """Take one step of a run, exactly as ``fit`` takes it; return what was trained and the loss before."""
    with exact_products():
        return _step(program)(numbers, trained, batch, key)


@functools.lru_cache(maxsize=16)
def _step(program: Program) -> Callable:
    return jax.jit(lambda numbers, trained, batch, key: update(assemble(program, numbers), trained, batch, key))


def _finite(tree: Pytree) -> bool:
    return all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(tree))


def _examined(subject: Subject, trained: Updated, batch: Batch, *, place: _Place, after: Updated) -> FirstNaN | None:
    """Go through what a step computes, in its order, until a number is not finite."""
    largest = 0.0
    for operation, layer, values, by_example in _stages(subject, trained, batch, after):
        values = np.asarray(values)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            at = tuple(int(i) for i in bad[0])
            example = int(place.rows[at[0]]) if by_example and at[0] < len(place.rows) else None
            unit = at[-1] if at and (values.ndim > 1 or not by_example) else None
            words = [f"epoch {place.epoch}, step {place.step}: {operation}"]
            words += [f"unit {unit}"] if unit is not None and layer is not None else []
            words += [f"example {example}"] if example is not None else []
            text = f"{', '.join(words)} became {values[at]}; the largest number before it was {largest:.4g}"
            return FirstNaN(place.epoch, place.step, operation, layer, unit, example, largest, text)
        largest = max(largest, float(np.abs(values).max(initial=0.0)))
    return None


def _stages(
    subject: Subject, trained: Updated, batch: Batch, after: Updated
) -> Iterator[tuple[str, int | None, Any, bool]]:
    """Yield what a step computes: (what it is, layer, values, whether the first axis is that of the examples)."""
    params, net = trained.params, subject.network
    for leaf in jax.tree.leaves(params):
        yield "the parameters before", None, leaf, False
    # rows of weight 0 fill up a batch and count for nothing
    real = slice(None) if batch.weight is None else np.flatnonzero(np.asarray(batch.weight) > 0)
    if net is not None:
        count = len(net.sizes) - 1
        for depth, (z, a) in enumerate(net.columns(params, batch.x.T), 1):
            name = "the output layer" if depth == count else f"hidden layer {depth}"
            yield f"the weighted sums of {name}", depth, z.T[real], True
            yield f"the activations of {name}", depth, a.T[real], True
    elif isinstance(subject.f, Objective):
        yield "the logits", None, subject.f.logits(params, batch.x)[real], True
    if isinstance(subject.f, Objective):
        yield "the loss of an example", None, subject.f.examples(params, batch.x, batch.y)[real], True
    extra = {} if batch.weight is None else {"weight": batch.weight}
    f = subject.f if isinstance(subject.f, Objective) else subject.plain()
    loss, gradient = jax.value_and_grad(lambda p: f(p, batch.x, batch.y, **extra))(params)
    yield "the loss", None, loss, False
    named = jax.tree_util.tree_leaves_with_path(gradient)
    layer_of = (lambda path: path[0].idx + 1) if net is not None else (lambda path: None)
    for path, leaf in reversed(named):  # from the output backwards, as they are computed
        yield f"the gradient of {jax.tree_util.keystr(path)}", layer_of(path), leaf, False
    for path, leaf in jax.tree_util.tree_leaves_with_path(after.params):
        yield f"the update of {jax.tree_util.keystr(path)}", layer_of(path), leaf, False
