"""What was handed in: a gradient, found leaf by leaf in the containers it came in, or a function that returns one."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.evidence import Gradient, by_path
from jaxnet.gradients.own_names import find_by_name
from jaxnet.gradients.point import Point, copied, float64
from jaxnet.types import Pytree


class Submission(NamedTuple):
    """A gradient as it was handed in.

    Attributes:
        leaves: path of a parameter -> what stands at its place, as it came.
        missing: paths of parameters without a gradient.
        extra: places in what was handed in that belong to no parameter.
        whole: what was handed in.
        said: what was taken for what where names or containers are the author's own, or "".
    """

    leaves: dict[str, Any]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    whole: Any
    said: str = ""


def receive(params: Pytree, whole: Any) -> Submission:
    """Find the gradient of every parameter: by keys and positions; lists may be tuples, arrays nested lists.

    Where they are not all there, it is looked for under its author's own names and containers.
    """
    pairs, _ = jax.tree_util.tree_flatten_with_path(params)
    leaves, missing = {}, []
    for path, _ in pairs:
        try:
            leaves[jax.tree_util.keystr(path)] = _at(whole, path)
        except (LookupError, AttributeError, TypeError):
            missing.append(jax.tree_util.keystr(path))
    misshapen = all(
        np.shape(parameter) != _shape_of(leaves.get(jax.tree_util.keystr(path))) for path, parameter in pairs
    )
    found = find_by_name(params, whole) if missing or misshapen else None
    if found is not None:
        return Submission(dict(found.leaves), (), (), whole, found.said)
    known = [tuple(map(_token, path)) for path, _ in pairs]
    given, _ = jax.tree_util.tree_flatten_with_path(whole)
    extra = [p for p, _ in given if not any(tuple(map(_token, p))[: len(k)] == k for k in known)]
    return Submission(leaves, tuple(missing), tuple(map(jax.tree_util.keystr, extra)), whole)


def _shape_of(leaf: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(leaf)
    except ValueError:  # lists of different lengths have none
        return None


def _at(node: Any, path: Point) -> Any:
    for key in path:
        token = _token(key)
        if isinstance(node, dict) or (isinstance(node, list | tuple) and isinstance(token, int)):
            node = node[token]
        elif token in getattr(node, "_fields", ()) or isinstance(key, jax.tree_util.GetAttrKey):
            node = getattr(node, token)
        else:
            raise KeyError(token)
    if node is None:
        raise KeyError(path)
    return node


def _token(key: Any) -> Any:
    """The key, position or name of one step of a path, whatever the container."""
    return next(getattr(key, name) for name in ("key", "idx", "name") if hasattr(key, name))


class Caller:
    """The user's function on copies of its arguments: the first way of calling it that works is kept.

    It is called with NumPy float64 arrays; if that fails, with JAX arrays, and then with arrays of the dtypes given.
    """

    def __init__(self, function: Callable[..., Any], given: Point) -> None:
        self.function, self.given = function, given
        self._ways: list[Callable[[Point], Point]] = [copied, lambda a: copied(a, jnp.array), lambda a: _like(a, given)]

    def __call__(self, *args: Any) -> tuple[Any, Point]:
        """Return what the function returned and the copies of its arguments as it left them.

        Raises what the function raised the first way, when no way works.
        """
        failure: Exception | None = None
        for way in self._ways:
            copies = way(args)
            try:
                with float64():
                    result = self.function(*copies)
            except Exception as error:
                failure = failure or error  # NumPy float64 is what most people write for: its failure tells most
            else:
                self._ways = [way]
                return result, copies
        raise failure or RuntimeError("no way of calling the function")

    def gradient(self, params: Pytree, *data: Any) -> Gradient:
        """Return the function's gradient by path, in float64; raises KeyError for what is missing."""
        result, _ = self(params, *data)
        found = receive(params, result).leaves
        return {path: np.array(found[path], np.float64).reshape(leaf.shape) for path, leaf in by_path(params).items()}


def _like(args: Point, given: Point) -> Point:
    """Copy ``args`` in the containers' array types and dtypes of ``given``."""

    def one(leaf: Any, model: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        return jnp.array(leaf, model.dtype) if isinstance(model, jax.Array) else np.array(leaf, np.asarray(model).dtype)

    leaves, structure = jax.tree.flatten(args)
    models = jax.tree.leaves(given)
    if len(models) != len(leaves):
        return args
    return jax.tree.unflatten(structure, [one(leaf, model) for leaf, model in zip(leaves, models, strict=True)])
