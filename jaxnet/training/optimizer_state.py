"""What a run starts from: the optimizer's state before the first step, or that of an earlier run, checked."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet import checks
from jaxnet.random_keys import of_words, words_of
from jaxnet.training.batches import on_device
from jaxnet.training.hyperparameters import Skeleton, combine, partition
from jaxnet.training.loop import State
from jaxnet.training.stopping import RUNNING, Best
from jaxnet.types import Array, Pytree

# What an optimizer raises that looks at a number in Python: by a comparison, as a length, or through NumPy.
LOOKED_AT = (
    jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError, jax.errors.TracerIntegerConversionError
)  # fmt: skip


class OptimizerState(NamedTuple):
    """What, beside the parameters, a run needs to go on exactly: optax's state and the number of epochs behind it."""

    optax: Pytree
    epoch: Array  # int32, without axes


def first_state(
    optimizer: optax.GradientTransformation, params: Pytree, given: OptimizerState | None, best: Best | None
) -> State:
    """Return the state before the first epoch: new, or continued from the one ``given``.

    Raises TypeError for what is no ``OptimizerState``, and ValueError for that of another optimizer or other shapes.
    """
    if given is None:
        given = OptimizerState(_first_optimizer_state(optimizer, params), on_device(0, np.int32))
    else:
        given = _checked_state(optimizer, params, given)
    # a weakly typed leaf, as optax's init makes of a Python number, would be another program than the next call's
    strong = jax.tree.map(lambda leaf: jnp.asarray(leaf, leaf.dtype), given.optax)
    return State(params, strong, on_device(given.epoch, np.int32), best, on_device(RUNNING, np.int32))


def _first_optimizer_state(optimizer: optax.GradientTransformation, params: Pytree) -> Pytree:
    """Return ``optimizer.init(params)`` from one program, where JAX would compile one for each shape of a leaf."""
    skeleton, numbers = partition(optimizer)
    leaves, structure = jax.tree.flatten(params)
    shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    program = _first_states(skeleton, len(numbers), structure, shapes)
    if program is not None:
        return program(params)
    with jax.numpy_dtype_promotion("standard"):
        return optimizer.init(params)


@functools.lru_cache(maxsize=256)
def _first_states(
    skeleton: Skeleton, count: int, structure: Any, shapes: tuple[tuple[tuple[int, ...], Any], ...]
) -> Callable[[Pytree], Pytree] | None:
    """Return the program, or None for an optimizer that writes its own numbers, or what follows from them, down."""

    def init(numbers: list[float], params: Pytree) -> Pytree:
        with jax.numpy_dtype_promotion("standard"):
            state = combine(skeleton, numbers).init(params)
        return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, jnp.asarray(leaf).dtype), state)

    params = jax.tree.unflatten(structure, [jax.ShapeDtypeStruct(*each) for each in shapes])
    try:
        traced, state = jax.make_jaxpr(init, return_shape=True)([0.0] * count, params)
    except LOOKED_AT:
        return None
    # numbers that nothing reads may be anything: one program serves them all
    read = {id(variable) for equation in traced.jaxpr.eqns for variable in equation.invars}
    read |= {id(variable) for variable in traced.jaxpr.outvars}
    if any(id(variable) in read for variable in traced.jaxpr.invars[:count]):
        return None
    if not jax.tree.leaves(state):  # as of plain gradient descent: nothing is to be computed
        return lambda params: state
    return jax.jit(functools.partial(init, [0.0] * count))


def _checked_state(optimizer: optax.GradientTransformation, params: Pytree, given: Any) -> OptimizerState:
    """Return the state of an earlier run in the structure of this optimizer's; that of a file has names alone."""
    expected = "run.optimizer_state of a run with this kind of optimizer and these shapes"
    checks.require(isinstance(given, OptimizerState), "optimizer_state", expected, given, TypeError)
    with jax.numpy_dtype_promotion("standard"):  # optax mixes integer counters with floats
        fresh = jax.eval_shape(optimizer.init, params)
    named = {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(fresh)}
    if isinstance(given.optax, dict) and given.optax.keys() == named.keys():
        leaves = [_of_file(given.optax[name], leaf) for name, leaf in named.items()]
        given = given._replace(optax=jax.tree.unflatten(jax.tree.structure(fresh), leaves))
    describe = lambda tree: (jax.tree.structure(tree), [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)])
    same = describe(fresh) == describe(given.optax)
    checks.require(same, "optimizer_state", expected, checks.Words("that of another run"))
    return given


def _of_file(leaf: Any, fresh: Any) -> Any:
    words = words_of(fresh)  # of a key a file has its words
    return of_words(leaf, fresh) if (leaf.shape, leaf.dtype) == (words.shape, words.dtype) else leaf
