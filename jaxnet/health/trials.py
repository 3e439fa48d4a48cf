"""Short populations: the recipe of a run, tried again side by side with one thing changed in each lane.

A lane is trained by the very ``one_epoch`` of ``fit``, as in a sweep, but lanes may differ in everything that is no
shape: parameters, numbers (rate, penalty), rows. So "scaled inputs", "a tenth of the rate" and "another start" are
lanes of one compiled program, and beside them stands the recipe unchanged, with which each is compared.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet.accelerators import exact_products
from jaxnet.health.subject import NumpyRows
from jaxnet.training import stopping
from jaxnet.training.batches import Examples
from jaxnet.training.loop import Data, Program, State, assemble, one_epoch
from jaxnet.training.optimizer_state import LOOKED_AT, OptimizerState
from jaxnet.training.preparation import FitPlan, plan_fit
from jaxnet.types import Array, Key, Pytree

_PROGRAMS = 32  # compiled populations that are kept


class Unpopulated(Exception):
    """Of what was to be trained side by side no population can be made."""


class Trial(NamedTuple):
    """One lane: a name, and what is trained by it."""

    name: str
    f: Callable
    params: Pytree
    train: NumpyRows
    held: NumpyRows
    rate: float = 1.0  # factor on every update, hence on the learning rate
    state: OptimizerState | None = None


class Conditions(NamedTuple):
    """What all lanes of a population share: optimizer, batch size, key, epochs."""

    optimizer: optax.GradientTransformation
    batch_size: int | None
    shuffle: bool
    key: Key
    epochs: int


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """What came of the lanes, each by its place: losses without penalty on the rows trained on and held out, [P],
    infinite for those that diverged; parameters [P, ...] leaf by leaf."""

    names: tuple[str, ...]
    train: np.ndarray
    held: np.ndarray
    params: Pytree

    def params_of(self, name: str) -> Pytree:
        """Return the parameters of a lane."""
        at = self.names.index(name)
        return jax.tree.map(lambda leaf: leaf[at], self.params)


def run_trials(trials: Sequence[Trial], conditions: Conditions, plain: Callable) -> Outcomes:
    """Train all lanes for the recipe's epochs and judge each by ``plain``, the objective without penalty.

    Raises ``Unpopulated`` for an optimizer that looks at its own numbers, of which no population can be made.
    """
    plans = [_plan(trial, conditions) for trial in trials]
    program = plans[0].program
    starts, numbers = _side_by_side(plans)
    rows = _stacked([_judged_rows(trial) for trial in trials])
    train = _stacked([plan.data.train[:3] for plan in plans])
    count = plans[0].data.train.rows
    try:
        with exact_products():
            state, losses = _compiled(program, plain)(
                _Lanes(starts, numbers, train, rows), count=count, key=plans[0].key,
                epochs=np.asarray(conditions.epochs, np.int32),
            )  # fmt: skip
    except LOOKED_AT as error:
        raise Unpopulated("the optimizer looks at its own numbers") from error
    bad = np.asarray(state.status) == stopping.DIVERGED
    ended, held = np.where(bad, np.inf, np.asarray(losses, np.float64))
    names = tuple(trial.name for trial in trials)
    return Outcomes(names, ended, held, jax.tree.map(np.asarray, state.params))


def _stacked(trees: Sequence[Pytree]) -> Pytree:
    """Stack the leaves of trees in NumPy, where JAX would compile a program for each shape."""
    return jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *trees)


def _plan(trial: Trial, conditions: Conditions) -> FitPlan:
    train = trial.train if trial.train.weight is not None else trial.train[:2]
    scaled = optax.chain(conditions.optimizer, optax.scale(float(trial.rate)))
    state = trial.state
    if state is not None:  # that of the optimizer, beside the nothing that a factor has to remember
        state = OptimizerState((state.optax, optax.scale(1.0).init(trial.params)), state.epoch)
    return plan_fit(
        trial.f, trial.params, tuple(train), optimizer=scaled, epochs=1, batch_size=conditions.batch_size,
        shuffle=conditions.shuffle, key=conditions.key, optimizer_state=state, validation=None, stop=None, metrics=(),
    )  # fmt: skip


def _judged_rows(trial: Trial) -> dict[str, tuple]:
    part = lambda rows: tuple(np.asarray(each) for each in rows if each is not None)
    return {"train": part(trial.train), "held": part(trial.held)}


def _side_by_side(plans: Sequence[FitPlan]) -> tuple[State, list]:
    """Stack the states and numbers of all lanes; numbers get the dtype of the weights, which a strong one would
    change."""
    dtype = jax.tree.leaves(plans[0].state.params)[0].dtype
    states = _stacked([plan.state for plan in plans])
    number = lambda *values: np.asarray(values, dtype if isinstance(values[0], float) else np.int32)
    return states, jax.tree.map(number, *(plan.numbers for plan in plans))


@functools.lru_cache(maxsize=_PROGRAMS)
def _compiled(program: Program, plain: Callable) -> Callable:
    return jax.jit(functools.partial(_run, program, plain))


class _Lanes(NamedTuple):
    """Where all lanes start, and what each is given: leaves [P, ...]."""

    states: State
    numbers: list[Any]
    train: tuple[Any, ...]
    rows: dict[str, tuple[Any, ...]]


def _run(
    program: Program, plain: Callable[..., Array], all: _Lanes, *, count: Array, key: Key, epochs: Array
) -> tuple[State, Array]:
    """Train all lanes, and judge them at the end: losses [2, P], of the rows trained on and of those held out."""

    def epoch(state: State, numbers: list, examples: tuple) -> State:
        x, y, weight = examples
        data = Data(Examples(x, y, weight, count), None, None)
        after, _ = one_epoch(assemble(program, numbers), state, data, key=key, done=jnp.zeros((), jnp.int32))
        going = state.status == stopping.RUNNING
        return jax.tree.map(lambda new, old: jnp.where(going, new, old), after, state)

    def judge(params: Pytree, rows: tuple) -> Array:
        extra = {"weight": rows[2]} if len(rows) > 2 else {}
        return plain(params, rows[0], rows[1], **extra)

    one = lambda _, states: jax.vmap(epoch)(states, all.numbers, all.train)
    states = jax.lax.fori_loop(0, epochs, one, all.states)
    return states, jnp.stack([jax.vmap(judge)(states.params, all.rows[part]) for part in ("train", "held")])
