"""The point at which a gradient is judged: parameters and data in float64, apart from whatever is no array."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.types import Pytree

Point = tuple[Any, ...]  # (params, *data), the arguments of f


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """Compute in float64, and promote as NumPy does, whatever the surrounding program has set."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def checked_parameters(params: Pytree) -> Pytree:
    """Return ``params`` with NumPy float64 leaves; refuse none, other dtypes and numbers that are not finite."""
    pairs, structure = jax.tree_util.tree_flatten_with_path(params)
    checks.require(pairs, "params", "a pytree with at least one array", params)
    leaves = [_parameter(f"params{jax.tree_util.keystr(path)}", leaf) for path, leaf in pairs]
    return jax.tree_util.tree_unflatten(structure, leaves)


def _parameter(name: str, leaf: Any) -> np.ndarray:
    array = checks.real_array(name, leaf)
    whole = array.dtype.kind in "iub" and not isinstance(leaf, int | bool)
    checks.require(not whole, name, "floating-point numbers", array, TypeError)
    checks.finite(name, array)
    return np.array(array, np.float64)


def checked_data(values: Point) -> Point:
    """Return the data arguments with NumPy arrays: float64 for floating-point ones, the rest as it is."""
    return tuple(jax.tree.map(_datum, _as_array(value)) for value in values)


def _as_array(value: Any) -> Any:
    """Make an array of nested lists of numbers; leave every other container alone."""
    if isinstance(value, list | tuple) and all(isinstance(leaf, int | float) for leaf in jax.tree.leaves(value)):
        with contextlib.suppress(ValueError):
            return np.array(value)
    return value


def _datum(leaf: Any) -> Any:
    if not is_array(leaf) or jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf
    return np.array(leaf, np.float64) if jnp.issubdtype(leaf.dtype, jnp.floating) else np.array(leaf)


def is_array(leaf: Any) -> bool:
    """Whether JAX can trace it: an array of numbers, or keys."""
    return isinstance(leaf, jax.Array) or (isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind in "fiubVc")


class Arguments(NamedTuple):
    """Arguments taken apart: the arrays, and how everything else goes round them."""

    arrays: list[Any]
    structure: Any
    rest: Point  # None at the places of arrays

    def joined(self, arrays: list[Any]) -> Point:
        """Return the arguments with other arrays."""
        given = iter(arrays)
        leaves = [next(given) if leaf is None else leaf for leaf in self.rest]
        return jax.tree.unflatten(self.structure, leaves)


def split_arrays(arguments: Point) -> Arguments:
    """Take ``(params, *data)`` apart; the arrays of ``params`` come first."""
    leaves, structure = jax.tree.flatten(arguments)
    arrays = [leaf for leaf in leaves if is_array(leaf)]
    return Arguments(arrays, structure, tuple(None if is_array(leaf) else leaf for leaf in leaves))


def copied(arguments: Point, array: Any = np.array) -> Point:
    """Copy every array, as ``array(leaf)``, so that nobody can change the original."""
    return jax.tree.map(lambda leaf: array(leaf) if isinstance(leaf, np.ndarray) else leaf, arguments)


def changed_places(before: Point, after: Point) -> list[str]:
    """Name the places, such as ``params[0]['w']``, whose arrays are not what they were."""
    pairs = zip(_named(before), jax.tree.leaves(after), strict=True)
    return [name for (name, old), new in pairs if isinstance(old, np.ndarray) and not _same(old, new)]


def _named(arguments: Point) -> list[tuple[str, Any]]:
    pairs, _ = jax.tree_util.tree_flatten_with_path(arguments)
    whose = lambda place: "params" if place == 0 else f"data[{place - 1}]"
    return [(f"{whose(path[0].idx)}{jax.tree_util.keystr(path[1:])}", leaf) for path, leaf in pairs]


def _same(old: np.ndarray, new: Any) -> bool:
    return np.shape(old) == np.shape(new) and np.array_equal(old, np.asarray(new), equal_nan=old.dtype.kind == "f")
