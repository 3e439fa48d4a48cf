"""Before a run: every argument of ``fit`` is checked and brought into the form that the compiled program takes."""

import functools
import inspect
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet import checks
from jaxnet.accelerators import platform
from jaxnet.data import StoredArray
from jaxnet.losses import Objective
from jaxnet.network.threefry import typed_key, words_of_seed
from jaxnet.training.batches import Examples, Orders, on_device, pad, streamed, whole
from jaxnet.training.held_out_rows import held_out
from jaxnet.training.hyperparameters import fixed, partition
from jaxnet.training.loop import Data, Program, State, history_names
from jaxnet.training.meshes import check_mesh, put_data, put_key, several_processes
from jaxnet.training.metric_values import check_metrics, metric_name, names_argument
from jaxnet.training.optimizer_state import first_state
from jaxnet.training.stopping import Stop, first_best
from jaxnet.training.streamed import Streamed, checked_in_blocks, in_memory, stored_data
from jaxnet.types import Array, Batch, Key, Metric, ObjectiveFunction, Pytree


class FitPlan(NamedTuple):
    """A run that has passed every check: what ``run_program`` will be called with."""

    program: Program
    numbers: list[list[float]]  # those of objective, optimizer and stopping rule
    state: State
    data: Data
    key: Key
    epochs: int
    orders: Orders | None
    described: tuple[Any, ...]  # objective, optimizer and stopping rule as they were given


def plan_fit(
    f: ObjectiveFunction, params: Pytree, data: Any, *, epochs: int, key: Key | None, **options: Any
) -> FitPlan:
    """Turn the arguments of ``fit`` into a plan; raises ValueError or TypeError for bad ones, naming the argument."""
    checks.require(callable(f), "f", "an objective (params, x, y) -> scalar such as jn.objective(net)", f, TypeError)
    dtype = checks.parameters("params", params)
    params = jax.tree.map(_own, params)
    epochs = checks.countable("epochs", epochs)
    batch = examples_of(f, params, data, "data")
    validation = options["validation"]
    if validation is not None:
        validation = stored_data(validation, "validation")
        validation = validation if isinstance(batch.x, StoredArray) else in_memory(validation)
        validation = examples_of(f, params, validation, "validation")
        check_keyless(f, "f")
    metrics = check_metrics(options["metrics"], f)
    check_measured(metrics, batch, options["batch_size"], validated=validation is not None)
    stop = check_stop(options["stop"], history_names(metrics, validation is not None))
    optimizer = check_optimizer(options["optimizer"])

    size, examples, tail = cut(f, batch, options["batch_size"], metrics)
    shuffled, orders = check_shuffle(options["shuffle"], examples, mini=size < len(batch.x))
    random = draws(f)
    source = "dropout" if isinstance(f, Objective) else "an objective that names key="
    key = check_key(key, {"shuffle=True with mini-batches": shuffled, source: random})
    check_scalar(f, params, batch, size)

    # a program is compiled for the skeletons; the numbers are handed to it with every call
    described = (f, optimizer, stop)
    (a, b, c), numbers = zip(*map(partition, described), strict=True)
    program = Program(a, b, c, metrics, size, tail, shuffled, random, known_batches([len(batch.x)], size, tail))
    held = None if validation is None else _on_device(held_out(f, validation, metrics))
    state = first_state(optimizer, params, options["optimizer_state"], first_best(stop, params, dtype))
    return FitPlan(program, list(numbers), state, Data(examples, held, None), key, epochs, orders, described)


def _on_device(batch: Batch) -> Batch:
    """Put rows that are held out on the device, where they are in memory."""
    return batch if isinstance(batch.x, Streamed) else Batch(*whole(batch)[:3])


def _own(leaf: Any) -> Array:
    """Put an array of the caller's on the device; one of NumPy's is copied, for it may be changed."""
    # neither compiles, as jnp.array would for each shape
    return leaf if isinstance(leaf, Array) else on_device(np.array(leaf), leaf.dtype)


def on_mesh(plan: FitPlan, mesh: Any, out: Any) -> FitPlan:
    """Lay what a run looks at onto the devices of a mesh; its state follows when it begins.

    Raises TypeError or ValueError for what is no mesh, or does not fit, and for a folder of several processes.
    """
    size, examples = plan.program.batch_size, plan.data.train
    expected = "data in memory with a mesh, np.asarray(X)"
    checks.require(not isinstance(examples.x, Streamed), "data", expected, checks.Words("data on disk"))
    mesh = check_mesh(mesh, size, int(examples.rows))
    alone = out is None or not several_processes(mesh)
    checks.require(alone, "out", "no folder with a mesh of several processes", out)
    data = put_data(mesh, plan.data, full_batch=size == len(examples.x))
    return plan._replace(program=plan.program._replace(mesh=mesh), data=data, key=put_key(mesh, plan.key))


def with_fixed_numbers(plan: FitPlan) -> FitPlan:
    """Compile the optimizer's numbers in: for one that decides in Python by their values."""
    program = plan.program._replace(optimizer=fixed(plan.described[1]))
    return plan._replace(program=program, numbers=[plan.numbers[0], [], plan.numbers[2]])


def check_keyless(f: ObjectiveFunction, argument: str) -> None:
    """Refuse, by raising TypeError, an objective that cannot look at rows that are held out, where nothing is drawn."""
    key = None if isinstance(f, Objective) else inspect.signature(f).parameters.get("key")
    got = checks.Words("one that needs a key for them")
    fits = key is None or key.default is not inspect.Parameter.empty
    checks.require(fits, argument, "an objective with key=None by default, for rows that are held out", got, TypeError)


def draws(f: ObjectiveFunction) -> bool:
    """Whether an objective needs a key a step: one of jaxnet's for dropout, another where it names ``key``."""
    return f.random if isinstance(f, Objective) else names_argument(f, "key")


def unpack(data: Any, argument: str) -> tuple[Any, Any, Any]:
    """Return X [N, ...], y [N, ...] and weight [N] (or None) as they were given: as (X, y), as (X, y, weight), or as an
    object's x and y.

    Raises TypeError for anything else; whoever asks checks the parts.
    """
    if hasattr(data, "x") and hasattr(data, "y"):
        return data.x, data.y, getattr(data, "weight", None)
    expected = "(X, y), (X, y, weight) or an object with x and y"
    fits = isinstance(data, tuple | list) and len(data) in (2, 3)
    checks.require(fits, argument, expected, checks.Words(type(data).__name__), TypeError)
    x, y, *weight = data
    return x, y, weight[0] if weight else None


def examples_of(f: ObjectiveFunction, params: Pytree, data: Any, argument: str) -> Batch:
    """Return (X, y), (X, y, weight) or an object with ``x`` and ``y`` as a checked ``Batch`` of all N examples.

    Raises ValueError or TypeError for what the objective does not take: other shapes or dtypes, NaN, weights that it
    does not name.
    """
    x, y, weight = unpack(data, argument)
    takes = weight is None or names_argument(f, "weight")
    checks.require(takes, argument, "no weights, for this objective does not name weight=", checks.Words("weights"))
    dtype = checks.parameters("params", params)

    def check(x: Any, y: Any) -> tuple[Any, Any]:
        if isinstance(f, Objective):
            return f.checked(params, x, y, None)[:2]
        x = checks.examples("X", x, None, dtype)
        return x, checks.targets("y", y, len(x), dtype)

    if isinstance(x, StoredArray):
        of_x = str(dtype), getattr(getattr(f, "network", None), "sizes", (None,))[0]
        x, y = checked_in_blocks(check, x, y, of_x=of_x)
    else:
        x, y = check(x, y)
    return Batch(x, y, None if weight is None else checks.weights("weight", weight, len(x), dtype))


def check_measured(metrics: tuple[Metric, ...], batch: Batch, batch_size: Any, *, validated: bool) -> None:
    """Refuse, by raising ValueError, metrics of data that are not there: of validation data that were not given, and of
    training data that are looked at a batch at a time."""
    names = [metric_name(metric) for metric in metrics]
    of_validation = [name for name in names if name.startswith("validation_")]
    checks.require(validated or not of_validation, "validation", f"(X, y) for the metric {of_validation[:1]}", None)
    others = [name for name in names if name not in of_validation]
    held = not isinstance(batch.x, StoredArray) or batch_size in (None, len(batch.x))
    expected = "names such as 'validation_accuracy' while data stay on disk (np.asarray(X) holds them in memory)"
    checks.require(held or not others, "metrics", expected, checks.Words(", ".join(others)))


def cut(
    f: ObjectiveFunction, batch: Batch, batch_size: int | None, metrics: tuple[Metric, ...]
) -> tuple[int, Examples, int]:
    """Return the batch size B, the examples [M], padded or not, and the rows of a last batch with a shape of its own.

    Raises ValueError or TypeError for a batch size that is no integer from 1 to N.
    """
    rows = len(batch.x)
    size = rows if batch_size is None else batch_size
    size = checks.integer("batch_size", size, minimum=1, maximum=rows, note="the number of examples")
    if size == rows:
        return size, whole(Batch(*in_memory(tuple(batch)))), 0
    # rows of weight 0 may be added only where everything that sees them heeds the weight
    unweighted = [metric for metric in metrics if callable(metric) and not names_argument(metric, "weight")]
    weighted = names_argument(f, "weight") and not unweighted
    if isinstance(batch.x, StoredArray):
        return size, streamed(batch, size, weighted=weighted), 0 if weighted else rows % size
    return size, pad(batch, size) if weighted else whole(batch), 0 if weighted else rows % size


def operations_a_step(params: Any, data: Any, batch_size: Any) -> float:
    """Estimate the floating-point operations of a step: a product and a sum a weight and example forwards, twice as
    many backwards. 0 for arguments that are yet to be refused."""
    matrices = [leaf.shape for leaf in jax.tree.leaves(params) if len(getattr(leaf, "shape", ())) >= 2]
    weights = sum(map(math.prod, matrices))
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
    """Return the rule; raises TypeError for what is not a ``Stop``, ValueError for one that monitors what the history,
    whose names are given, will not have."""
    if stop is None:
        return None
    if not isinstance(stop, Stop):
        checks.refuse("stop", "a Stop such as Stop('loss')", stop, TypeError)
    held_out = stop.monitor.startswith(("val_", "validation_"))
    if held_out and not any(name.startswith("validation_") for name in names):
        got = checks.Words(f"{stop.monitor!r} (give validation=(X, y), and it is called 'validation_...')")
        checks.refuse("stop.monitor", f"one of {', '.join(names)}", got)
    checks.choice("stop.monitor", stop.monitor, names)
    return stop


def check_optimizer(optimizer: Any) -> optax.GradientTransformation:
    """Return the optimizer; raises TypeError for what is not one of optax's kind."""
    name = optimizer.lower() if isinstance(optimizer, str) else "sgd"
    expected = f"an optax optimizer such as optax.{name if hasattr(optax, name) else 'sgd'}(0.1)"
    checks.require(isinstance(optimizer, optax.GradientTransformation), "optimizer", expected, optimizer, TypeError)
    return optimizer


def check_shuffle(shuffle: Any, examples: Examples, *, mini: bool) -> tuple[bool, Orders | None]:
    """Say whether orders are drawn, and return the given ones; raises TypeError for anything else."""
    if isinstance(shuffle, bool | np.bool_):
        return bool(shuffle) and mini, None
    expected = "True, False, or orders of the examples, one an epoch"
    checks.require(
        isinstance(shuffle, Iterable) and not isinstance(shuffle, str), "shuffle", expected, shuffle, TypeError
    )
    return False, Orders(shuffle, int(examples.rows), len(examples.x))


def check_key(key: Any, needs: dict[str, bool]) -> Key:
    """Return the key, any where nothing is drawn; raises TypeError where it is missing and one of ``needs`` holds."""
    if key is None:
        needed = [reason for reason, holds in needs.items() if holds]
        expected = f"a key such as jax.random.key(0), for {' and '.join(needed)}"
        checks.require(not needed, "key", expected, key, TypeError)
        return typed_key(words_of_seed(0))
    return checks.random_key("key", key)


def check_scalar(f: ObjectiveFunction, params: Pytree, batch: Batch, size: int) -> None:
    """Raise TypeError for an objective whose value for ``size`` examples is no floating-point scalar."""
    if isinstance(f, Objective):  # whose value always is
        return
    # shapes alone: to cut the arrays would compile a program for each of them
    cut_to = jax.tree.map(lambda array: ((size, *array.shape[1:]), array.dtype), batch)
    leaves, structure = jax.tree.flatten(params)
    shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    value = _shape_of(f, structure, shapes, tuple(cut_to))
    expected = "an objective (params, x, y) -> floating-point scalar"
    scalar = getattr(value, "shape", None) == () and jnp.issubdtype(value.dtype, jnp.floating)
    checks.require(scalar, "f", expected, checks.Words(f"one that returns {value}"), TypeError)


_Shape: TypeAlias = tuple[tuple[int, ...], Any]  # and dtype


@functools.lru_cache(maxsize=256)
def _shape_of(
    f: ObjectiveFunction, structure: Any, params: tuple[_Shape, ...], batch: tuple[_Shape | None, ...]
) -> Any:
    leaves = [jax.ShapeDtypeStruct(*each) for each in params]
    x, y, weight = (None if each is None else jax.ShapeDtypeStruct(*each) for each in batch)
    extra: dict[str, Any] = {"key": jax.random.key(0)} if draws(f) else {}
    if weight is not None:
        extra["weight"] = weight
    return jax.eval_shape(f, jax.tree.unflatten(structure, leaves), x, y, **extra)
