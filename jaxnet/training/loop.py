"""Training as one compiled program: update -> epoch -> run_program.

``run_program`` is a pure function of its state, its data and its key. What it is compiled for (``Program``: the
structure of objective and optimizer, the batch size) is static; every number (learning rate, momentum, l2, dropout,
patience, how many epochs) is traced, so changing one never recompiles, and ``vmap`` over them trains a population.
"""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxnet.accelerators import exact_products
from jaxnet.compilation_cache import saying_compiles
from jaxnet.identity import KeptPrograms, computing_key
from jaxnet.training import stopping
from jaxnet.training.batches import Examples, draw_order, take
from jaxnet.training.flat import flatten, layout_of, unflatten
from jaxnet.training.held_out_rows import logits_of
from jaxnet.training.hyperparameters import Skeleton, combine, refreshed
from jaxnet.training.meshes import everywhere, in_parts, in_place
from jaxnet.training.metric_values import metric_name, metric_values
from jaxnet.training.optimizer_extras import EXTRAS, extras_taken
from jaxnet.training.stopping import Best, Stop
from jaxnet.training.streamed import Streamed
from jaxnet.types import Array, Batch, Key, Metric, Pytree

CHUNK = 1024  # epochs that one call of the compiled program can record
UNROLLED = 4  # steps of a loop of known length: on an H100 a tenth faster than one at a time, and no slower than 32
PROGRAMS = 64  # compiled programs that are kept, at some 2 MiB each


class Program(NamedTuple):
    """What a training run is compiled for; hashable."""

    objective: Skeleton
    optimizer: Skeleton
    stop: Skeleton
    metrics: tuple[Metric, ...]
    batch_size: int
    tail: int  # rows of a short last batch that has a shape of its own
    shuffled: bool
    random: bool  # whether the objective draws random numbers (dropout)
    batches: int | None = None  # of an epoch, without the tail; None where their number is traced
    mesh: Any = None  # the devices that share a batch; None where one does all
    measured: Skeleton | None = None  # of the metrics, where their numbers are traced


class State(NamedTuple):
    """What a run carries from epoch to epoch."""

    params: Pytree
    optimizer: Pytree
    epoch: Array  # int32, counted from the very beginning, also over continued runs
    best: Best | None
    status: Array  # int32: RUNNING, CONVERGED or DIVERGED


class Data(NamedTuple):
    """All that a run looks at; ``orders`` [epochs, M] where the caller gives the order of the examples."""

    train: Examples
    validation: Batch | None
    orders: Array | None


class Parts(NamedTuple):
    """A program with its numbers in place: the functions that an epoch is made of."""

    objective: Any
    optimizer: optax.GradientTransformationExtraArgs
    extras: list[str]  # of EXTRAS, those that the optimizer takes
    stop: Stop | None
    program: Program
    metrics: tuple[Metric, ...] = ()


def run_program(
    program: Program, numbers: list[Any], state: State, data: Data, *, key: Key, epochs: Array
) -> tuple[State, dict[str, Array]]:
    """Train for ``epochs`` more epochs (at most CHUNK), or until the run stops or diverges, as one compiled call.

    ``epochs`` is an int32 without axes. Returns the new state and the history, name -> [CHUNK] in the dtype of the
    parameters, whose first entries (as many as epochs were run) are set.
    """
    with exact_products(), saying_compiles():
        state, history = _compiled(program)(numbers, state, data, key=key, epochs=epochs)
    return state, history


def program_key(program: Program) -> Hashable:
    """Return what two programs have in common that compute the same; metrics are the user's functions."""
    of_metric = computing_key if program.measured is None else metric_name
    return program._replace(metrics=()), tuple(map(of_metric, program.metrics))


def program_key_now(program: Program) -> Hashable:
    """Return the key that the program would have if it were described now, after the user's functions were called."""
    objective, optimizer, stop = map(refreshed, program[:3])
    measured = program.measured and refreshed(program.measured)
    return program_key(program._replace(objective=objective, optimizer=optimizer, stop=stop, measured=measured))


_programs: KeptPrograms[Callable[..., Any]] = KeptPrograms(PROGRAMS)


def _compiled(program: Program) -> Callable[..., Any]:
    """Return ``run_program`` for one program."""
    return _programs.get(program_key(program), lambda: _traced_on_demand(program))


def _traced_on_demand(program: Program) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        result = _run_program(program, *arguments, **options)
        _programs.also(program_key_now(program), compiled)  # here only while JAX traces
        return result

    compiled: Callable[..., Any] = jax.jit(run)
    return compiled


def _run_program(
    program: Program, numbers: list[Any], state: State, data: Data, *, key: Key, epochs: Array
) -> tuple[State, dict[str, Array]]:
    parts = assemble(program, numbers)
    first = state.epoch
    names = history_names(program.metrics, data.validation is not None)
    history = {name: jnp.full((CHUNK,), jnp.nan, _dtype(state.params)) for name in names}

    def goes_on(carry: tuple[State, dict[str, Array]]) -> Array:
        return (carry[0].epoch - first < epochs) & (carry[0].status == stopping.RUNNING)

    def body(carry: tuple[State, dict[str, Array]]) -> tuple[State, dict[str, Array]]:
        state, history = carry
        done = state.epoch - first
        state, values = one_epoch(parts, state, data, key=key, done=done)
        return state, {name: history[name].at[done].set(values[name].astype(history[name].dtype)) for name in names}

    state, history = jax.lax.while_loop(goes_on, body, (state, history))
    return in_place(program.mesh, state), everywhere(program.mesh, history)


def assemble(program: Program, numbers: list[Any]) -> Parts:
    """Put the numbers, as ``partition`` ordered them, back into objective, optimizer, stopping rule and metrics."""
    skeletons = program[:3] if program.measured is None else (*program[:3], program.measured)
    objective, optimizer, stop, *metrics = (combine(*pair) for pair in zip(skeletons, numbers, strict=True))
    optimizer = optax.with_extra_args_support(optimizer)
    return Parts(objective, optimizer, extras_taken(optimizer), stop, program, *(metrics or [program.metrics]))


def one_epoch(parts: Parts, state: State, data: Data, *, key: Key, done: Array) -> tuple[State, dict[str, Array]]:
    """Train one epoch and evaluate; a diverged epoch leaves the parameters as they were before it.

    ``done`` (int32) counts the epochs of this call. Returns the new state and the epoch's value of each name of the
    history.
    """
    # from the key and the epoch alone, so that a run that was cut draws what an uninterrupted one draws
    order_key, drop_key = jax.random.split(jax.random.fold_in(key, state.epoch))
    order = None
    if data.orders is not None:
        order = data.orders[done]
    elif parts.program.shuffled:
        order = draw_order(order_key, data.train)
    before = Updated(state.params, state.optimizer)
    after, loss = pass_over(parts, before, data.train, order=order, key=drop_key)
    values = {"loss": loss, **epoch_values(parts, after.params, data)}
    # one test of everything: a frozen run needs no branch, and lanes beside a diverged one keep their bits;
    # flat, so that looking at all parameters and choosing between two states is one kernel and not one a leaf
    kept, finite = (
        _finite_or_before(after, before, loss) if parts.program.mesh is None else _leaf_by_leaf(after, before, loss)
    )
    best, status = status_after(parts.stop, state, kept.params, values=values, finite=finite)
    return State(kept.params, kept.optimizer, state.epoch + 1, best, status), values


def _finite_or_before(after: Any, before: Any, loss: Array) -> tuple[Any, Array]:
    """Return what was trained where it is finite, else what was there before, and whether it is."""
    layout = layout_of(before, 0)
    new, old = flatten(layout, after), flatten(layout, before)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(after.params))  # they stand first
    finite = jnp.isfinite(loss) & jnp.all(jnp.isfinite(new[0][:parameters]))
    return unflatten(layout, tuple(jnp.where(finite, *both) for both in zip(new, old, strict=True))), finite


def _leaf_by_leaf(after: Any, before: Any, loss: Array) -> tuple[Any, Array]:
    """The same where leaves lie on several devices, which to lay them side by side would bring together."""
    finite = jnp.isfinite(loss)
    for leaf in jax.tree.leaves(after.params):
        finite &= jnp.all(jnp.isfinite(leaf))
    return jax.tree.map(lambda new, old: jnp.where(finite, new, old), after, before), finite


def status_after(
    stop: Stop | None, state: State, params: Pytree, *, values: dict[str, Array], finite: Array
) -> tuple[Best | None, Array]:
    """Return the best epoch so far (None without a rule) and the status, an int32: whether a run goes on.

    ``values`` are the epoch's, by the names of the history; ``finite`` (bool) says whether it left finite numbers.
    """
    status = jnp.where(finite, stopping.RUNNING, stopping.DIVERGED).astype(jnp.int32)
    if stop is None or state.best is None:
        return None, status
    best = stopping.watch(stop, state.best, params, epoch=state.epoch + 1, value=values[stop.monitor])
    converged = finite & (best.waited >= stop.patience)
    return best, jnp.where(converged, stopping.CONVERGED, status).astype(jnp.int32)


class Updated(NamedTuple):
    """What an update changes."""

    params: Pytree
    optimizer: Pytree


def pass_over(
    parts: Parts, trained: Updated, examples: Examples, *, order: Array | None, key: Key
) -> tuple[Updated, Array]:
    """Update once a batch [B, ...]; return what was trained and the mean loss of the examples before each update.

    ``order`` [M] says which rows make a batch; None is as they stand.
    """
    size, tail = parts.program.batch_size, parts.program.tail
    if size == len(examples.x):
        return update(parts, trained, in_parts(parts.program.mesh, Batch(*examples[:3])), key)

    def step(i: Array, carry: tuple[Updated, Array]) -> tuple[Updated, Array]:
        trained, total = carry
        batch = in_parts(parts.program.mesh, take(examples, order, i * size, size))
        trained, loss = update(parts, trained, batch, jax.random.fold_in(key, i))
        rows = jnp.minimum(size, examples.rows - i * size)
        return trained, total + loss * rows.astype(loss.dtype)

    full: Any = parts.program.batches
    unroll = None if full is None else min(UNROLLED, full)
    if full is None:  # traced: padding adds batches of weight 0, which are never run
        # lax.div, for // would compile four kernels to see to signs
        full = jax.lax.div(examples.rows + (0 if tail else size - 1), jnp.asarray(size, jnp.int32))
    start = trained, jnp.zeros((), _dtype(trained.params))
    trained, total = jax.lax.fori_loop(0, full, step, start, unroll=unroll)
    if tail:
        batch = take(examples, order, full * size, tail)
        trained, loss = update(parts, trained, batch, jax.random.fold_in(key, full))
        total = total + loss * tail
    return trained, total / examples.rows.astype(total.dtype)


def update(parts: Parts, trained: Updated, batch: Batch, key: Key) -> tuple[Updated, Array]:
    """Take one step of the optimizer on one batch [B, ...]; return what it changed and the loss before it, a scalar."""
    extra = {} if batch.weight is None else {"weight": batch.weight}
    if parts.program.random:
        extra["key"] = key

    def loss_of(params: Pytree) -> Array:
        loss: Array = parts.objective(params, batch.x, batch.y, **extra)
        return loss

    params, state = trained
    loss, gradient = jax.value_and_grad(loss_of)(params)
    # optax mixes integer counters with floats, which strict promotion refuses
    with jax.numpy_dtype_promotion("standard"):
        offered = dict(zip(EXTRAS, (loss, gradient, loss_of), strict=True))  # line searches and Polyak steps need them
        extras = {name: offered[name] for name in parts.extras}
        updates, state = parts.optimizer.update(gradient, state, params, **extras)
        params = optax.apply_updates(params, updates)
    return Updated(params, _strong(state)), loss.astype(_dtype(params))


def _dtype(params: Pytree) -> Any:
    return jax.tree.leaves(params)[0].dtype


def _strong(state: Pytree) -> Pytree:
    """Make every leaf keep its dtype by itself, for a weakly typed one would be traced again."""
    # astype would keep the weak type where the dtype is the same already
    return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype), state)


def epoch_values(parts: Parts, params: Pytree, data: Data) -> dict[str, Array]:
    """Compute the metrics of the training data, and loss and metrics of the validation data, after an epoch: a scalar
    for every name of the history but "loss"."""
    both = [metric for metric in parts.metrics if not metric_name(metric).startswith("validation_")]
    f = parts.objective
    values = metric_values(f, params, Batch(*data.train[:3]), {metric_name(metric): metric for metric in both})
    return values if data.validation is None else values | held_out_values(parts, params, data.validation)


def held_out_values(parts: Parts, params: Pytree, held: Batch) -> dict[str, Array]:
    """Compute loss and metrics of rows that are held out, in memory or on disk."""
    f, logits = parts.objective, None
    if isinstance(held.x, Streamed):
        logits, y, weight = logits_of(f, params, held.x)
        held, loss = held._replace(y=y, weight=weight), f.of_logits(params, logits, y, weight)
    else:
        loss = f(params, held.x, held.y, **({} if held.weight is None else {"weight": held.weight}))
    metrics = {_validation_name(metric_name(metric)): metric for metric in parts.metrics}
    return {"validation_loss": loss, **metric_values(f, params, held, metrics, logits=logits)}


def history_names(metrics: tuple[Metric, ...], validated: bool) -> list[str]:
    """List the names of a history in the order in which they are reported."""
    names = ["loss", *map(metric_name, metrics)]
    training = [name for name in names if not name.startswith("validation_")]
    return training + ([_validation_name(name) for name in names] if validated else [])


def _validation_name(name: str) -> str:
    return name if name.startswith("validation_") else f"validation_{name}"
