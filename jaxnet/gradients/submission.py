"""What was handed in: a gradient, found leaf by leaf in the containers it came in, or a function that returns one.

Before any arithmetic it is asked whether it is a gradient at all: shapes, missing leaves, dtypes, NaN.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.evidence import Cause, Gradient, by_path
from jaxnet.gradients.own_names import find_by_name
from jaxnet.gradients.point import Point, copied, float64
from jaxnet.gradients.raised_at import place_of
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


# what is no line of the user's: this package, and whatever is installed or belongs to Python

FORMS: Mapping[str, str] = MappingProxyType(
    {
        "raises": "the function fails",
        "nothing_returned": "the function returns nothing",
        "loss_beside_gradient": "the loss is returned beside the gradient",
        "missing_leaf": "a parameter has no gradient",
        "extra_leaf": "there is a gradient of no parameter",
        "dtype": "the numbers are of a kind that no gradient has",
        "shape_transposed": "the leaf is transposed",
        "shape_kept_dimensions": "a sum has kept its dimension",
        "shape_not_summed": "the leaf still has one gradient an example",
        "shape_summed_over_everything": "the leaf is summed to one number",
        "shape_reshaped": "the leaf has the right entries in another shape",
        "shape": "the leaf has another shape",
        "not_finite": "the leaf holds NaN or infinity",
        "changes_arguments": "the function changes its arguments in place",
        "does_not_repeat": "the function returns something else when called again",
        "other_loss_value": "the loss given is not that of f",
    }
)


UNRELIABLE = {"changes_arguments", "does_not_repeat", "dtype"}  # what the values say then is no evidence


def fault(kind: str, sentence: str, fix: str, *leaves: str) -> Cause:
    """A cause that needs no arithmetic."""
    return Cause(kind, (), leaves, None, sentence, fix, 1.0)


def examine(submission: Submission, params: Pytree, examples: int | None) -> tuple[list[Cause], Gradient]:
    """Return what is wrong with the form, and the leaves that can be compared, in their parameters' shapes.

    A leaf that only needs to be transposed or reshaped is compared as what it should be.
    """
    whole = list(_whole(submission, params))
    faults, usable = [], {}
    for path, parameter in by_path(params).items():
        if path in submission.leaves:
            array, wrong = _leaf(path, submission.leaves[path], parameter.shape, examples)
            faults += wrong
            if array is not None:
                usable[path] = array
    return [*whole, *faults], usable


def _whole(submission: Submission, params: Pytree) -> Iterator[Cause]:
    given, expected = submission.whole, ", ".join(by_path(params))
    if given is None:
        yield fault("nothing_returned", "gradient returns None.", "return the gradient", *submission.missing)
        return
    if isinstance(given, tuple) and len(given) == 2 and _is_number(given[0]) and not submission.leaves:
        sentence = "gradient returns a pair (number, ...): the loss beside the gradient."
        yield fault("loss_beside_gradient", sentence, "return gradient    # not (loss, gradient)", *submission.missing)
        return
    for path in submission.missing:
        yield fault(
            "missing_leaf", f"{path} is missing.", f"return arrays in the structure of params: {expected}", path
        )
    for path in submission.extra:
        yield fault("extra_leaf", f"{path} is extra: params has no such leaf.", f"the leaves of params are {expected}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or getattr(value, "ndim", None) == 0


def _leaf(path: str, given: Any, shape: Point, examples: int | None) -> tuple[np.ndarray | None, list[Cause]]:
    try:
        array = np.asarray(given)
    except ValueError:
        return None, [fault("dtype", f"{path} holds rows of different lengths.", "one array of numbers", path)]
    if array.dtype.kind not in "fiub" and str(array.dtype) != "bfloat16":
        sentence = f"{path} has dtype {array.dtype}; a gradient holds floating-point numbers."
        return None, [fault("dtype", sentence, "one array of floating-point numbers", path)]
    faults = []
    if array.dtype.kind in "iub":
        sentence = f"{path} has the integer dtype {array.dtype}: what it was assigned lost its fraction."
        faults.append(fault("dtype", sentence, f"np.zeros_like(params{path}, dtype=float)", path))
    array = array.astype(np.float64)
    if array.shape != shape:
        wrong, array = _shape(path, array, shape, examples)
        faults.append(wrong)
    if not np.isfinite(array).all():
        faults.append(_not_finite(path, array))
    return (array if array.shape == shape else None), faults


def _not_finite(path: str, array: np.ndarray) -> Cause:
    bad = np.argwhere(~np.isfinite(array))
    first = tuple(int(i) for i in bad[0])
    sentence = f"{path} holds {array[first]} at index {list(first)}" + (
        f" and {len(bad) - 1} more." if len(bad) > 1 else "."
    )
    return fault("not_finite", sentence, "look for a division by 0, log(0) or an overflowing exp", path)


def _shape(path: str, array: np.ndarray, shape: Point, examples: int | None) -> tuple[Cause, np.ndarray]:
    """Say what probably happened to the shape; return the array as it was meant where that is sure."""
    got = f"{path} has shape {array.shape}, expected {shape}"
    if array.shape == shape[::-1] and 1 in shape:
        fix = f"sum over the examples, with keepdims=True; if it is, d{path} = d{path}.T"
        return fault("shape_transposed", f"{got}: it is transposed, or summed over the units.", fix, path), array.T
    if array.shape == shape[::-1]:
        return fault("shape_transposed", f"{got}: it is transposed.", f"d{path} = d{path}.T", path), array.T
    counted = [axis for axis, size in enumerate(array.shape) if size == examples]
    kept = [axis for axis in counted if (*array.shape[:axis], 1, *array.shape[axis + 1 :]) == shape]
    if examples != 1 and kept:
        sentence = f"{got}: it is not summed over the batch of {examples} examples."
        fix = f".sum(axis={kept[0]}, keepdims=True)    # over the examples"
        return fault("shape_not_summed", sentence, fix, path), array
    if array.ndim == len(shape) + 1 and array.size == np.prod(shape) and 1 in array.shape:
        axis = array.shape.index(1)
        sentence = f"{got}: a sum with keepdims=True, or a row or column vector."
        return fault(
            "shape_kept_dimensions", sentence, f".sum(axis={axis})    # without keepdims", path
        ), array.reshape(shape)
    along = [axis for axis in counted if (*array.shape[:axis], *array.shape[axis + 1 :]) == shape]
    if along:
        sentence = f"{got}: it is not summed over the batch of {examples} examples."
        return fault("shape_not_summed", sentence, f".sum(axis={along[0]})    # over the examples", path), array
    if array.size == 1:
        sentence = f"{got}: it is summed over everything, or never filled."
        return fault("shape_summed_over_everything", sentence, "sum over the examples only", path), array
    if array.size == np.prod(shape):
        sentence = f"{got}: it has as many entries in another shape."
        return fault("shape_reshaped", sentence, f".reshape({shape})", path), array.reshape(shape)
    return fault("shape", f"{got}.", f"d{path} has the shape of params{path}", path), array


def raised(error: Exception) -> Cause:
    """The function fails: at which line of the user's, and with what."""
    where = place_of(error)
    words = f"gradient raises {type(error).__name__}: {str(error).rstrip('.')}" + (f", at {where}" if where else "")
    return replace(fault("raises", f"{words}.", "call gradient(params, *data) by itself"), where=where or None)


def changes(places: list[str]) -> list[Cause]:
    """The function changes these arguments in place."""
    sentence = f"gradient changes its arguments in place: {', '.join(places)}."
    return [fault("changes_arguments", sentence, "W = W - step * dW    # not W -= step * dW")] if places else []


def does_not_repeat(paths: list[str]) -> Cause:
    """The function returns something else for the same arguments."""
    sentence = f"gradient does not repeat: called twice with the same arguments, it differs in {', '.join(paths)}."
    return fault("does_not_repeat", sentence, "start from np.zeros_like(...) in every call; fix random seeds", *paths)


def other_loss(yours: float, true: float, examples: int | None) -> Cause:
    """The loss handed in is not that of f, so that the gradient may be that of another function."""
    ratio = yours / true if true else float("inf")
    known = {2.0: "twice", 0.5: "half"} | ({} if not examples else {float(examples): f"{examples} examples times"})
    near = next((f": {words}" for factor, words in known.items() if abs(ratio / factor - 1) < 1e-6), "")
    sentence = f"The loss given is {yours:.10g}, but f is {true:.10g} (ratio {ratio:.6g}{near}): look there first."
    return fault("other_loss_value", sentence, "loss = f(params, *data)")
