"""Before any arithmetic: is what was handed in a gradient at all? Shapes, missing leaves, dtypes, NaN."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from jaxnet.gradients.leaves import flatten
from jaxnet.gradients.problem import Cause, Gradient
from jaxnet.gradients.submission import Submission
from jaxnet.types import Pytree

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
    for path, parameter in flatten(params).items():
        if path in submission.leaves:
            array, wrong = _leaf(path, submission.leaves[path], parameter.shape, examples)
            faults += wrong
            if array is not None:
                usable[path] = array
    return [*whole, *faults], usable


def _whole(submission: Submission, params: Pytree) -> Iterator[Cause]:
    given, expected = submission.whole, ", ".join(flatten(params))
    if given is None:
        yield fault("nothing_returned", "gradient returns None.", "return the gradient", *submission.missing)
        return
    if isinstance(given, tuple) and len(given) == 2 and np.ndim(_first(given)) == 0 and not submission.leaves:
        sentence = "gradient returns a pair (number, ...): the loss beside the gradient."
        yield fault("loss_beside_gradient", sentence, "return gradient    # not (loss, gradient)", *submission.missing)
        return
    for path in submission.missing:
        yield fault(
            "missing_leaf", f"{path} is missing.", f"return arrays in the structure of params: {expected}", path
        )
    for path in submission.extra:
        yield fault("extra_leaf", f"{path} is extra: params has no such leaf.", f"the leaves of params are {expected}")


def _first(pair: tuple) -> Any:
    return pair[0] if isinstance(pair[0], int | float) or hasattr(pair[0], "ndim") else pair


def _leaf(path: str, given: Any, shape: tuple, examples: int | None) -> tuple[np.ndarray | None, list[Cause]]:
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


def _shape(path: str, array: np.ndarray, shape: tuple, examples: int | None) -> tuple[Cause, np.ndarray]:
    """Say what probably happened to the shape; return the array as it was meant where that is sure."""
    got = f"{path} has shape {array.shape}, expected {shape}"
    batch = examples is not None and array.shape[:1] == (examples,)
    if array.shape == shape[::-1]:
        return fault("shape_transposed", f"{got}: it is transposed.", f"d{path} = d{path}.T", path), array.T
    if array.ndim == len(shape) + 1 and array.size == np.prod(shape) and 1 in array.shape:
        axis = array.shape.index(1)
        sentence = f"{got}: a sum with keepdims=True, or a row or column vector."
        return fault(
            "shape_kept_dimensions", sentence, f".sum(axis={axis})    # without keepdims", path
        ), array.reshape(shape)
    if batch and array.shape[1:] == shape:
        sentence = f"{got}: it is not summed over the batch of {examples} examples."
        return fault("shape_not_summed", sentence, ".sum(axis=0)    # over the examples", path), array
    if array.size == 1:
        sentence = f"{got}: it is summed over everything, or never filled."
        return fault("shape_summed_over_everything", sentence, ".sum(axis=0)    # over the examples only", path), array
    if array.size == np.prod(shape):
        sentence = f"{got}: it has as many entries in another shape."
        return fault("shape_reshaped", sentence, f".reshape({shape})", path), array.reshape(shape)
    return fault("shape", f"{got}.", f"d{path} has the shape of params{path}", path), array


def raised(error: Exception) -> Cause:
    """The function fails."""
    return fault(
        "raises", f"gradient raises {type(error).__name__}: {error}.", "call gradient(params, *data) by itself"
    )


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
