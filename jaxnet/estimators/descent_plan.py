"""The stochastic solvers: scikit-learn's descent as a plan for the very program that ``jn.fit`` runs.

scikit-learn has checked the data by now, so the plan is made here from NumPy arrays, without a small compilation a
shape. Everything that differs from run to run (weights, orders, numbers) is data of one compiled program.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from jaxnet.estimators.drawing import Shuffles
from jaxnet.estimators.rules import int32
from jaxnet.losses import Objective
from jaxnet.training import stopping
from jaxnet.training.batches import FEWEST_ROWS, Orders, pad, pad_full_batch, padded_size
from jaxnet.training.hyperparameters import partition
from jaxnet.training.loop import Data, Program, State
from jaxnet.training.preparation import FitPlan
from jaxnet.training.run import chunks
from jaxnet.training.stopping import Best, Stop
from jaxnet.types import Key, Pytree

RunHistory = dict[str, np.ndarray]  # name -> [epochs]


class Descent(NamedTuple):
    """What a stochastic solver is asked to do with examples.

    Attributes:
        objective: what to lower.
        params: where to start.
        batch_size: examples an update.
        optimizer: rate -> the optimizer with this learning rate.
        rate: the learning rate to begin with.
        lowered: rate -> the rate to go on with where nothing improves any more, None to end.
        optimizer_state: of an earlier call, to continue it; None for a new one.
        stop: when nothing improves any more.
        best: the best value so far.
        metrics: computed after every epoch.
        orders: the orders of the examples, one an epoch; None leaves them as they are, and a full batch has none.
        seed: for dropout.
    """

    objective: Objective
    params: Pytree
    batch_size: int
    optimizer: Callable[[float], optax.GradientTransformation]
    rate: float
    lowered: Callable[[float], float | None]
    optimizer_state: Pytree
    stop: Stop
    best: Best
    metrics: tuple[Callable[..., Any], ...]
    orders: Shuffles | None
    seed: int


class DescentChunk(NamedTuple):
    """Where a descent is after some epochs: the state, what the new epochs recorded, the learning rate."""

    state: State
    history: RunHistory
    rate: float
    waited: bool  # nothing has improved for long enough
    ended: bool  # and there is no lower rate to go on with
    last: bool


class ProgramInputs(NamedTuple):
    """A descent in the form of the compiled program: what it is compiled for, its numbers and its state."""

    program: Program
    numbers: list[list[float]]
    state: State
    described: tuple[Any, ...]  # objective, optimizer and stopping rule


def run_descent(
    descent: Descent, data: Data, epochs: int, monitor: Callable[[State, RunHistory], State] | None = None
) -> Iterator[DescentChunk]:
    """Run up to ``epochs`` epochs over unpadded examples, and say after every chunk of them how things are.

    ``monitor`` looks at the state after every single epoch, on the host, and says when nothing improves any more.
    """
    rows, rate, done = len(data.train.x), descent.rate, 0
    start = inputs_of(descent, rows)
    train = pad_full_batch(data.train) if descent.batch_size >= rows else pad(data.train, descent.batch_size)
    orders = orders_of(descent, rows, padded=len(train.x))
    data = Data(train, data.validation and pad_full_batch(data.validation), None)
    data = data if epochs == 1 else jax.device_put(data)  # a single call hands its arguments over by itself, faster
    plan = FitPlan(
        start.program, start.numbers, start.state, data, key_of(descent.seed), epochs, orders, start.described
    )
    while True:
        for state, history in chunks(plan._replace(epochs=1 if monitor else epochs - done)):
            after = monitor(state, history) if monitor else state
            done += len(history["loss"])
            waited = int(after.status) == stopping.CONVERGED
            lowered = descent.lowered(rate) if waited else rate
            ended = lowered is None
            following = rate if lowered is None else lowered
            last = ended or done == epochs or int(after.status) == stopping.DIVERGED
            yield DescentChunk(after, history, following, waited, ended, last)
        if last:
            return
        if waited and after.best is not None:  # where a lower rate goes on, a new wait for an improvement begins
            after = after._replace(best=after.best._replace(waited=int32(0)), status=int32(stopping.RUNNING))
        plan = plan._replace(state=after)
        if following != rate:
            rate = following
            objective, _, stop = plan.described
            optimizer = descent.optimizer(rate)
            # a chunk that ended early has drawn orders that no epoch used: the stream is taken up where they stopped
            orders = orders_of(descent, rows, padded=len(train.x), done=done)
            numbers = [plan.numbers[0], partition(optimizer)[1], plan.numbers[2]]
            plan = plan._replace(numbers=numbers, described=(objective, optimizer, stop), orders=orders)


def inputs_of(descent: Descent, rows: int) -> ProgramInputs:
    """Bring a descent into the program's form; every array is NumPy's, so nothing compiles on the way."""
    described = (descent.objective, descent.optimizer(descent.rate), descent.stop)
    (objective, optimizer, stop), numbers = zip(*map(partition, described), strict=True)
    size = descent.batch_size if descent.batch_size < rows else padded_size(rows, FEWEST_ROWS)
    program = Program(objective, optimizer, stop, descent.metrics, size, 0, False, descent.objective.random)
    state = descent.optimizer_state
    if state is None:
        with jax.numpy_dtype_promotion("standard"):  # which optax needs
            state = described[1].init(descent.params)
    first = State(descent.params, state, int32(0), descent.best, int32(stopping.RUNNING))
    return ProgramInputs(program, list(numbers), first, described)


def orders_of(descent: Descent, rows: int, *, padded: int, done: int = 0) -> Orders | None:
    """Return the orders of the epochs after ``done`` others, for so many rows, padded to so many."""
    return None if descent.orders is None else Orders(descent.orders.after(done), rows, padded)


@functools.lru_cache(maxsize=256)
def key_of(seed: int) -> Key:
    """Return ``jax.random.key(seed)`` for a seed below 2^32; kept, and wrapped here, for making one compiles twice."""
    data: Any = np.array([0, seed], np.uint32)
    return jax.random.wrap_key_data(data, impl="threefry2x32")
