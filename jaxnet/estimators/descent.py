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
from jaxnet.training import batches, stopping
from jaxnet.training.hyperparameters import partition
from jaxnet.training.loop import Data, Program, State
from jaxnet.training.preparation import Orders, Plan
from jaxnet.training.run import chunks
from jaxnet.training.stopping import Best, Stop
from jaxnet.types import Batch, Key, Pytree

History = dict[str, np.ndarray]


class Task(NamedTuple):
    """What a stochastic solver is asked to do.

    Attributes:
        objective: what to lower.
        params: where to start.
        train: the examples, in NumPy.
        validation: examples to score after every epoch, or None.
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
    train: Batch
    validation: Batch | None
    batch_size: int
    optimizer: Callable[[float], optax.GradientTransformation]
    rate: float
    lowered: Callable[[float], float | None]
    optimizer_state: Pytree
    stop: Stop
    best: Best
    metrics: tuple[Callable, ...]
    orders: Shuffles | None
    seed: int


class Progress(NamedTuple):
    """Where a descent is after some epochs: the state, what the new epochs recorded, the learning rate."""

    state: State
    history: History
    rate: float
    waited: bool  # nothing has improved for long enough
    ended: bool  # and there is no lower rate to go on with
    last: bool


def descend(task: Task, epochs: int, judge: Callable[[State, History], State] | None = None) -> Iterator[Progress]:
    """Run up to ``epochs`` epochs, and say after every chunk of them how things are.

    ``judge`` looks at the state after every single epoch, on the host, and says when nothing improves any more.
    """
    plan, rate, done = plan_of(task, epochs), task.rate, 0
    while True:
        for state, history in chunks(plan._replace(epochs=1 if judge else epochs - done)):
            after = judge(state, history) if judge else state
            done += len(history["loss"])
            waited = int(after.status) == stopping.CONVERGED
            lowered = task.lowered(rate) if waited else rate
            ended = lowered is None
            following = rate if lowered is None else lowered
            last = ended or done == epochs or int(after.status) == stopping.DIVERGED
            yield Progress(after, history, following, waited, ended, last)
        if last:
            return
        plan = plan._replace(state=_going_on(after))
        if following != rate:
            plan, rate = _with_rate(plan, task, following, done), following


class Start(NamedTuple):
    """A task in the form of the compiled program: what it is compiled for, its numbers and its state."""

    program: Program
    numbers: list
    state: State
    described: tuple


def start_of(task: Task) -> Start:
    """Bring a task into the program's form; every array is NumPy's, so nothing compiles on the way."""
    optimizer = task.optimizer(task.rate)
    described = (task.objective, optimizer, task.stop)
    (a, b, c), numbers = zip(*map(partition, described), strict=True)
    rows = len(task.train.x)
    size = task.batch_size if task.batch_size < rows else batches.padded_size(rows, batches.FEWEST_ROWS)
    program = Program(a, b, c, task.metrics, size, 0, False, task.objective.random)
    state = task.optimizer_state
    if state is None:
        with jax.numpy_dtype_promotion("standard"):
            state = optimizer.init(task.params)
    first = State(task.params, state, int32(0), task.best, int32(stopping.RUNNING))
    return Start(program, list(numbers), first, described)


def data_of(task: Task) -> Data:
    """Pad the examples to whole batches, or a full batch to one of few sizes."""
    if task.batch_size < len(task.train.x):
        examples = batches.pad(task.train, task.batch_size)
    else:
        examples = batches.Examples(*batches.pad_full_batch(task.train), rows=int32(len(task.train.x)))
    return Data(examples, None if task.validation is None else batches.pad_full_batch(task.validation), None)


def orders_of(task: Task, data: Data, done: int = 0) -> Orders | None:
    """Return the orders of the epochs after ``done`` others."""
    if task.orders is None:
        return None
    return Orders(task.orders.after(done), len(task.train.x), len(data.train.x))


def plan_of(task: Task, epochs: int) -> Plan:
    """Return what ``train`` is called with."""
    start, data = start_of(task), data_of(task)
    data = data if epochs == 1 else jax.device_put(data)  # a single call hands its arguments over by itself, faster
    orders = orders_of(task, data)
    return Plan(start.program, start.numbers, start.state, data, key_of(task.seed), epochs, orders, start.described)


def _going_on(state: State) -> State:
    """Begin a new wait for an improvement."""
    if int(state.status) != stopping.CONVERGED or state.best is None:
        return state
    return state._replace(best=state.best._replace(waited=int32(0)), status=int32(stopping.RUNNING))


def _with_rate(plan: Plan, task: Task, rate: float, done: int) -> Plan:
    optimizer = task.optimizer(rate)
    numbers = [plan.numbers[0], partition(optimizer)[1], plan.numbers[2]]
    described = (plan.described[0], optimizer, plan.described[2])
    return plan._replace(numbers=numbers, described=described, orders=orders_of(task, plan.data, done))


@functools.lru_cache(maxsize=256)
def key_of(seed: int) -> Key:
    """Return ``jax.random.key(seed)`` for a seed below 2^32; kept, and wrapped here, for making one compiles twice."""
    data: Any = np.array([0, seed], np.uint32)
    return jax.random.wrap_key_data(data, impl="threefry2x32")
