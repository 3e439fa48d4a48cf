"""Whether what was handed in is a gradient at all, asked before any arithmetic: shapes, missing leaves, dtypes, NaN."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.evidence import Cause, Gradient, by_path, within
from jaxnet.gradients.example_axis import example_axis, example_count
from jaxnet.gradients.point import Point, changed_places
from jaxnet.gradients.raised_at import place_of
from jaxnet.gradients.submission import Caller, Submission, receive
from jaxnet.gradients.truth.comparison import Comparison, Truth
from jaxnet.gradients.truth.working_precision import unit_roundoff
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


class HandedIn(NamedTuple):
    """What was handed in, as far as it can be compared, and what is wrong with its form.

    Attributes:
        usable: the leaves that can be compared, in their parameters' shapes; ``again``: those of a second call.
        dtypes: path of a leaf -> what has the dtype that it came in.
        faults: what is wrong with the form.
        caller: the function that was handed in, or None.
        said: what was taken for what.
    """

    usable: Gradient
    dtypes: dict[str, Any]
    faults: list[Cause]
    again: Gradient
    caller: Caller | None
    said: str = ""


def ask(gradient: Any, point: Point, given: Point) -> HandedIn:
    """Call the function twice, or take the arrays, and examine the form."""
    caller, changed, whole = None, [], gradient
    if callable(gradient):
        caller = Caller(gradient, given)
        try:
            whole, after = caller(*point)
            again, _ = caller(*point)  # state kept between calls, or chance, shows in the second one
        except Exception as error:  # whatever it is, it is the answer
            return HandedIn({}, {}, [_raised(error)], {}, caller)
        changed = _changes(changed_places(point, after))
    params, examples = point[0], _counted(point)
    submission = receive(params, whole)
    faults, usable = examine(submission, params, examples)
    repeated = examine(receive(params, again), params, examples)[1] if caller else usable
    return HandedIn(usable, submission.leaves, [*changed, *faults], repeated, caller, submission.said)


def _counted(point: Point) -> int | None:
    """Count the examples, in rows or in columns."""
    return example_count(point[1:], example_axis(point[1:]))


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


def _raised(error: Exception) -> Cause:
    """The function fails: at which line of the user's, and with what."""
    where = place_of(error)
    words = f"gradient raises {type(error).__name__}: {str(error).rstrip('.')}" + (f", at {where}" if where else "")
    return replace(fault("raises", f"{words}.", "call gradient(params, *data) by itself"), where=where or None)


def _changes(places: list[str]) -> list[Cause]:
    """The function changes these arguments in place."""
    sentence = f"gradient changes its arguments in place: {', '.join(places)}."
    return [fault("changes_arguments", sentence, "W = W - step * dW    # not W -= step * dW")] if places else []


def of_consequence(handed: HandedIn, compared: Comparison) -> list[Cause]:
    """The faults of form, but for the dtype of whole numbers that are right: nothing of them was lost."""
    true, noise = compared.true, compared.noise
    right = {path for path, leaf in handed.usable.items() if within(leaf, true[path], noise[path]).all()}
    return [each for each in handed.faults if each.kind != "dtype" or not right.issuperset(each.leaves)]


def does_not_repeat(handed: HandedIn, noise: Gradient) -> list[Cause]:
    """The function returns something else for the same arguments, by more than the noise."""
    repeats = lambda first, second, noise: (
        np.array_equal(first, second, equal_nan=True) or bool(within(first, second, noise).all())
    )
    first, again = handed.usable, handed.again
    paths = [path for path in first if path in again and not repeats(first[path], again[path], noise[path])]
    sentence = f"gradient does not repeat: called twice with the same arguments, it differs in {', '.join(paths)}."
    fix = "start from np.zeros_like(...) in every call; fix random seeds"
    return [fault("does_not_repeat", sentence, fix, *paths)] if paths else []


def loss_fault(truth: Truth, loss_value: Any, *, given: Point, precision: float) -> list[Cause]:
    """Compare the loss that was handed in, a number or a function, with f: else the gradient is of another function."""
    point, oracle = truth.point, truth.oracle
    loss = Caller(loss_value, given)(*point)[0] if callable(loss_value) else loss_value
    yours, true = float(loss), oracle.value(*point)
    allowed = oracle.value_noise(*point, eps=unit_roundoff({"": loss})) + precision
    return [] if abs(yours - true) <= allowed else [other_loss(yours, true, _counted(point))]


def other_loss(yours: float, true: float, examples: int | None) -> Cause:
    """The loss handed in is not that of f, so that the gradient may be that of another function."""
    ratio = yours / true if true else float("inf")
    known = {2.0: "twice", 0.5: "half"} | ({} if not examples else {float(examples): f"{examples} examples times"})
    near = next((f": {words}" for factor, words in known.items() if abs(ratio / factor - 1) < 1e-6), "")
    sentence = f"The loss given is {yours:.10g}, but f is {true:.10g} (ratio {ratio:.6g}{near}): look there first."
    return fault("other_loss_value", sentence, "loss = f(params, *data)")
