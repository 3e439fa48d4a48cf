"""Before a run: every argument of ``fit`` is checked and brought into the form that the compiled program takes."""

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet import checks
from jaxnet.accelerators import platform
from jaxnet.losses import Objective
from jaxnet.network.threefry import typed_key, words_of_seed
from jaxnet.training.batches import Examples, on_device, pad, whole
from jaxnet.training.hyperparameters import Skeleton, combine, fixed, partition
from jaxnet.training.loop import Data, Program, State, history_names
from jaxnet.training.metric_values import check_metrics, names_argument
from jaxnet.training.stopping import RUNNING, Stop, first_best
from jaxnet.types import Array, Batch, Key, Pytree

# What an optimizer raises that looks at a number in Python: by a comparison, as a length, or through NumPy.
LOOKED_AT = (
    jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError, jax.errors.TracerIntegerConversionError
)  # fmt: skip


class OptimizerState(NamedTuple):
    """What, beside the parameters, a run needs to go on exactly: optax's state and the number of epochs behind it."""

    optax: Pytree
    epoch: Array


class Orders:
    """Orders of the examples that the caller gives, one an epoch, handed to the program in blocks of one shape."""

    def __init__(self, orders: Iterable, rows: int, padded: int) -> None:
        self._orders: Iterator = iter(orders)
        self._rows, self._padded, self._given = rows, padded, 0

    def skip(self, count: int) -> None:
        """Pass over the orders of epochs that an interrupted run has behind it."""
        for _ in range(count):
            self._next()

    def next_block(self, count: int, block: int) -> Array:
        """Return the next ``count`` orders as [block, M], the rows beyond them unused."""
        orders = np.zeros((block, self._padded), np.int32)
        orders[:, self._rows :] = np.arange(self._rows, self._padded)
        for i in range(count):
            orders[i, : self._rows] = self._next()
        return on_device(orders, np.int32)

    def _next(self) -> np.ndarray:
        name = f"shuffle[{self._given}]"
        try:
            order = np.asarray(next(self._orders))
        except StopIteration:
            checks.refuse("shuffle", "one order an epoch", checks.Words(f"only {self._given} orders"))
        self._given += 1
        fits = order.shape == (self._rows,) and order.dtype.kind in "iu"
        fits = fits and np.array_equal(np.sort(order), np.arange(self._rows))
        checks.require(fits, name, f"a permutation of 0..{self._rows - 1}", order)
        return order


class FitPlan(NamedTuple):
    """A run that has passed every check: what ``run_program`` will be called with."""

    program: Program
    numbers: list
    state: State
    data: Data
    key: Key
    epochs: int
    orders: Orders | None
    described: tuple  # objective, optimizer and stopping rule as they were given


def plan_fit(f: Callable, params: Pytree, data: Any, *, epochs: int, key: Key | None, **options: Any) -> FitPlan:
    """Turn the arguments of ``fit`` into a plan; raises ValueError or TypeError for bad ones."""
    checks.require(callable(f), "f", "an objective (params, x, y) -> scalar such as jn.objective(net)", f, TypeError)
    dtype = checks.parameters("params", params)
    params = jax.tree.map(_own, params)
    epochs = checks.integer("epochs", epochs, minimum=1)
    batch = examples_of(f, params, data, "data")
    validation = options["validation"]
    if validation is not None:
        validation = Batch(*whole(examples_of(f, params, validation, "validation"))[:3])
    metrics = check_metrics(options["metrics"], f)
    stop = check_stop(options["stop"], history_names(metrics, validation is not None))
    optimizer = check_optimizer(options["optimizer"])

    size, examples, tail = cut(f, batch, options["batch_size"], metrics)
    shuffled, orders = check_shuffle(options["shuffle"], examples, mini=size < len(batch.x))
    random = draws(f)
    source = "dropout" if isinstance(f, Objective) else "an objective that names key="
    key = check_key(key, {"shuffle=True with mini-batches": shuffled, source: random})
    check_scalar(f, params, jax.tree.map(lambda leaf: leaf[:size], batch), random)

    described = (f, optimizer, stop)
    (a, b, c), numbers = zip(*map(partition, described), strict=True)
    program = Program(a, b, c, metrics, size, tail, shuffled, random, known_batches([len(batch.x)], size, tail))
    state = first_state(optimizer, params, options["optimizer_state"], first_best(stop, params, dtype))
    return FitPlan(program, list(numbers), state, Data(examples, validation, None), key, epochs, orders, described)


def _own(leaf: Any) -> Array:
    """Put an array of the caller's on the device; one of NumPy's is copied, for it may be changed."""
    # neither compiles, as jnp.array would for each shape
    return leaf if isinstance(leaf, Array) else jax.device_put(np.array(leaf))


def with_fixed_numbers(plan: FitPlan) -> FitPlan:
    """Compile the optimizer's numbers in: for one that decides in Python by their values."""
    program = plan.program._replace(optimizer=fixed(plan.described[1]))
    return plan._replace(program=program, numbers=[plan.numbers[0], [], plan.numbers[2]])


def draws(f: Callable) -> bool:
    """Whether an objective needs a key a step: one of jaxnet's for dropout, another where it names ``key``."""
    return f.random if isinstance(f, Objective) else names_argument(f, "key")


def unpack(data: Any, argument: str) -> tuple[Any, Any, Any]:
    """Return X, y and weight (or None) as they were given: as (X, y), as (X, y, weight), or as an object's x and y.

    Raises TypeError for anything else; whoever asks checks the parts.
    """
    if hasattr(data, "x") and hasattr(data, "y"):
        return data.x, data.y, getattr(data, "weight", None)
    expected = "(X, y), (X, y, weight) or an object with x and y"
    fits = isinstance(data, tuple | list) and len(data) in (2, 3)
    checks.require(fits, argument, expected, checks.Words(type(data).__name__), TypeError)
    x, y, *weight = data
    return x, y, weight[0] if weight else None


def examples_of(f: Callable, params: Pytree, data: Any, argument: str) -> Batch:
    """Return (X, y), (X, y, weight) or an object with ``x`` and ``y`` as a checked ``Batch``."""
    x, y, weight = unpack(data, argument)
    takes = weight is None or names_argument(f, "weight")
    checks.require(takes, argument, "no weights, for this objective does not name weight=", checks.Words("weights"))
    if isinstance(f, Objective):
        return Batch(*f.checked(params, x, y, weight))
    dtype = checks.parameters("params", params)
    x = checks.examples("X", x, None, dtype)
    y = checks.targets("y", y, len(x), dtype)
    return Batch(x, y, None if weight is None else checks.weights("weight", weight, len(x), dtype))


def cut(f: Callable, batch: Batch, batch_size: int | None, metrics: tuple) -> tuple[int, Examples, int]:
    """Return the batch size, the padded examples, and the rows of a last batch with a shape of its own."""
    rows = len(batch.x)
    size = rows if batch_size is None else batch_size
    size = checks.integer("batch_size", size, minimum=1, maximum=rows, note="the number of examples")
    if size == rows:
        return size, whole(batch), 0
    unweighted = [metric for metric in metrics if callable(metric) and not names_argument(metric, "weight")]
    if names_argument(f, "weight") and not unweighted:
        return size, pad(batch, size), 0
    return size, whole(batch), rows % size


def operations_a_step(params: Any, data: Any, batch_size: Any) -> float:
    """Estimate the floating-point operations of a step: a product and a sum a weight and example forwards, twice as
    many backwards. 0 for arguments that are yet to be refused."""
    weights = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params) if len(getattr(leaf, "shape", ())) >= 2)
    x = data[0] if isinstance(data, tuple | list) and data else getattr(data, "x", ())
    rows = batch_size if isinstance(batch_size, int) else len(x) if hasattr(x, "__len__") else 0
    return 6.0 * weights * rows


def known_batches(rows: Sequence[int], size: int, tail: int) -> int | None:
    """Return how many whole batches an epoch of these numbers of rows has, where the program should know.

    On an accelerator it should: a traced number is read by the host before every step. On a CPU data sets of nearly
    the same size share a program instead; and folds of several lengths share one everywhere.
    """
    counts = {each // size if tail else -(-each // size) for each in rows}
    return counts.pop() if platform() != "cpu" and len(counts) == 1 else None


def check_stop(stop: Any, names: list[str]) -> Stop | None:
    """Refuse what is not a ``Stop``, and one that monitors what the history will not have."""
    if stop is None:
        return None
    checks.require(isinstance(stop, Stop), "stop", "a Stop such as Stop('loss')", stop, TypeError)
    held_out = stop.monitor.startswith(("val_", "validation_"))
    if held_out and not any(name.startswith("validation_") for name in names):
        got = checks.Words(f"{stop.monitor!r} (give validation=(X, y), and it is called 'validation_...')")
        checks.refuse("stop.monitor", f"one of {', '.join(names)}", got)
    checks.choice("stop.monitor", stop.monitor, names)
    return stop


def check_optimizer(optimizer: Any) -> optax.GradientTransformation:
    """Refuse what is not an optax optimizer."""
    name = optimizer.lower() if isinstance(optimizer, str) else "sgd"
    expected = f"an optax optimizer such as optax.{name if hasattr(optax, name) else 'sgd'}(0.1)"
    checks.require(isinstance(optimizer, optax.GradientTransformation), "optimizer", expected, optimizer, TypeError)
    return optimizer


def check_shuffle(shuffle: Any, examples: Examples, *, mini: bool) -> tuple[bool, Orders | None]:
    """Say whether orders are drawn, and return the given ones."""
    if isinstance(shuffle, bool | np.bool_):
        return bool(shuffle) and mini, None
    expected = "True, False, or orders of the examples, one an epoch"
    checks.require(
        isinstance(shuffle, Iterable) and not isinstance(shuffle, str), "shuffle", expected, shuffle, TypeError
    )
    return False, Orders(shuffle, int(examples.rows), len(examples.x))


def check_key(key: Any, needs: dict[str, bool]) -> Key:
    """Refuse a missing key where something is drawn."""
    if key is None:
        needed = [reason for reason, holds in needs.items() if holds]
        expected = f"a key such as jax.random.key(0), for {' and '.join(needed)}"
        checks.require(not needed, "key", expected, key, TypeError)
        return typed_key(words_of_seed(0))
    return checks.random_key("key", key)


def check_scalar(f: Callable, params: Pytree, batch: Batch, random: bool) -> None:
    """Refuse an objective that is not a floating-point scalar; jaxnet's own always is."""
    if isinstance(f, Objective):
        return
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), (params, batch))
    leaves, structure = jax.tree.flatten(shapes)
    value = _shape_of(f, structure, tuple(leaves), random)
    expected = "an objective (params, x, y) -> floating-point scalar"
    scalar = getattr(value, "shape", None) == () and jnp.issubdtype(value.dtype, jnp.floating)
    checks.require(scalar, "f", expected, checks.Words(f"one that returns {value}"), TypeError)


@functools.lru_cache(maxsize=256)
def _shape_of(f: Callable, structure: Any, leaves: tuple, random: bool) -> Any:
    params, (x, y, weight) = jax.tree.unflatten(structure, leaves)
    extra = {"key": jax.random.key(0)} if random else {}
    if weight is not None:
        extra["weight"] = weight
    return jax.eval_shape(f, params, x, y, **extra)


def first_state(optimizer: optax.GradientTransformation, params: Pytree, given: Any, best: Any) -> State:
    """Return the state before the first epoch, new or continued."""
    if given is None:
        given = OptimizerState(_first_optimizer_state(optimizer, params), on_device(0, np.int32))
    else:
        _check_optimizer_state(optimizer, params, given)
    strong = jax.tree.map(lambda leaf: jnp.asarray(leaf, leaf.dtype), given.optax)
    return State(params, strong, on_device(given.epoch, np.int32), best, on_device(RUNNING, np.int32))


def _first_optimizer_state(optimizer: optax.GradientTransformation, params: Pytree) -> Pytree:
    """Return ``optimizer.init(params)`` from one program, where JAX would compile one for each shape of a leaf."""
    skeleton, numbers = partition(optimizer)
    leaves, structure = jax.tree.flatten(
        jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), params)
    )
    program = _first_states(skeleton, len(numbers), structure, tuple(leaves))
    if program is not None:
        return program(params)
    with jax.numpy_dtype_promotion("standard"):
        return optimizer.init(params)


@functools.lru_cache(maxsize=256)
def _first_states(skeleton: Skeleton, count: int, structure: Any, leaves: tuple) -> Callable[[Pytree], Pytree] | None:
    """Return the program, or None for an optimizer that writes its own numbers, or what follows from them, down."""

    def init(numbers: list, params: Pytree) -> Pytree:
        with jax.numpy_dtype_promotion("standard"):
            state = combine(skeleton, numbers).init(params)
        return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, jnp.asarray(leaf).dtype), state)

    params = jax.tree.unflatten(structure, leaves)
    try:
        traced, state = jax.make_jaxpr(init, return_shape=True)([0.0] * count, params)
    except LOOKED_AT:
        return None
    read = {id(variable) for equation in traced.jaxpr.eqns for variable in equation.invars}
    read |= {id(variable) for variable in traced.jaxpr.outvars}
    if any(id(variable) in read for variable in traced.jaxpr.invars[:count]):
        return None
    if not jax.tree.leaves(state):  # as of plain gradient descent: nothing is to be computed
        return lambda params: state
    return jax.jit(functools.partial(init, [0.0] * count))


def _check_optimizer_state(optimizer: optax.GradientTransformation, params: Pytree, given: Any) -> None:
    expected = "run.optimizer_state of a run with this kind of optimizer and these shapes"
    checks.require(isinstance(given, OptimizerState), "optimizer_state", expected, given, TypeError)
    with jax.numpy_dtype_promotion("standard"):  # optax mixes integer counters with floats
        fresh = jax.eval_shape(optimizer.init, params)
    describe = lambda tree: (jax.tree.structure(tree), [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)])
    same = describe(fresh) == describe(given.optax)
    checks.require(same, "optimizer_state", expected, checks.Words("that of another run"))
