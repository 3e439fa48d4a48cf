"""Two arrays, yours and what it should be: a constant factor, a rearrangement, parts never written, clipping.

Everything that can be seen without knowing where a gradient comes from.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.factors import SEEN, UNFAMILIAR
from jaxnet.gradients.diagnosis.penalty import LeafMistakes, Tolerance, factors, fits, linear_mistakes
from jaxnet.gradients.diagnosis.replay import Hypothesis, LeafParts
from jaxnet.gradients.diagnosis.tolerances import LARGEST_SHARE, SAME_NORM


def finishes(
    target: np.ndarray,
    leaf: LeafParts,
    tolerance: Tolerance,
    key: str,
    *,
    whole: bool = True,
    known: Sequence[LeafMistakes] = (),
) -> list[LeafMistakes]:
    """Explain how a leaf's parts become the target: no wrong line at all, or the lists of wrong lines that do it.

    ``key`` is "w" or "b"; ``whole`` says whether rearrangements, gaps and clipping are looked for; ``known`` are wrong
    lines of other leaves, which this one may have beside others of its own.
    """
    allowed = tolerance.of(leaf.size + np.abs(leaf.decay * leaf.parameter))
    if fits(target, leaf.expected, allowed):
        return [{}]
    found = list(linear_mistakes(target, leaf, tolerance, key))
    if fits(target, leaf.data * leaf.parameter + leaf.decay * leaf.parameter, allowed):
        found.append({"scale": Hypothesis("times_parameter", "", lambda leaf: leaf.parameter)})
    habits = {each.habit for lines in known for each in lines.values()}
    found = [{slot: _seen(each) if each.habit in habits else each for slot, each in lines.items()} for lines in found]
    if not any(habits & {each.habit for each in lines.values()} for lines in found):
        found += [lines for each in known for lines in _beside(target, leaf, tolerance, key, known=each, whole=whole)]
    plain = [lines for lines in found if familiar(lines)]
    if plain or not whole:
        return plain or found
    rescaled = _rescaled(target, leaf, tolerance, key)
    return [*found, *({"whole": each} for each in whole_mistakes(target, leaf.expected, allowed)), *rescaled]


def familiar(lines: Mapping[Any, Hypothesis]) -> bool:
    """Whether wrong lines are known mistakes, with known numbers."""
    return all(each.cost < UNFAMILIAR for each in lines.values())


def _seen(mistake: Hypothesis) -> Hypothesis:
    return dataclasses.replace(mistake, cost=min(mistake.cost, SEEN))


def _beside(
    target: np.ndarray, leaf: LeafParts, tolerance: Tolerance, key: str, *, known: LeafMistakes, whole: bool
) -> Iterator[LeafMistakes]:
    """Explain a leaf with a wrong line that other leaves have, and with others on top of it."""
    (slot, mistake), *_ = known.items()
    mistake = _seen(mistake)
    if slot == "whole":
        if fits(target, mistake.of(leaf._replace(data=leaf.expected, decay=0.0)), tolerance.of(leaf.size)):
            yield {slot: mistake}
    elif slot == "penalty":
        changed = leaf._replace(data=leaf.data + mistake.of(leaf), decay=0.0)
        more = finishes(target, changed, tolerance, key, whole=whole)
        yield from ({slot: mistake, **lines} for lines in more if lines.keys() <= {"whole"})
    elif mistake.factor:
        factor = mistake.factor
        scaled = Tolerance(tolerance.noise / abs(factor), tolerance.roundings)
        more = finishes(target / factor, leaf, scaled, key, whole=whole)
        yield from ({"times": mistake, **lines} for lines in more if "times" not in lines)


def _rescaled(target: np.ndarray, leaf: LeafParts, tolerance: Tolerance, key: str) -> Iterator[LeafMistakes]:
    """A leaf whose entries stand in another order, times a familiar factor: their norms tell it."""
    mine, true = float(np.linalg.norm(target)), float(np.linalg.norm(leaf.expected))
    if not 0 < mine < np.inf or not true:
        return
    error = SAME_NORM * mine / true
    for sign in (1, -1):
        for factor in factors(sign * mine / true, error, leaf):
            if factor.cost < UNFAMILIAR and factor.factor:
                scaled = tolerance.of(leaf.size) / abs(factor.factor)
                orders = rearrangements(target / factor.factor, leaf.expected, float(scaled.max()))
                yield from ({"times": factor, "whole": order} for order in orders)


def whole_mistakes(target: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> Iterator[Hypothesis]:
    """Yield what makes the finished leaf into the target, the plainest explanation first."""
    if not target.any():
        yield Hypothesis("zero", "", lambda leaf: 0 * leaf.expected)
        return
    rearranged = list(rearrangements(target, expected, float(allowed.max())))
    yield from rearranged
    if not rearranged:
        clipped = list(_clipped(target, expected, allowed))
        yield from clipped or _partly_wrong(target, expected, allowed)


def rearrangements(target: np.ndarray, expected: np.ndarray, allowed: float) -> Iterator[Hypothesis]:
    """Yield the orders in which the entries of ``expected`` are the target: one, or two layouts of a matrix."""
    fitting = lambda ways: (way for way in ways if fits(target, way[2](expected), allowed))
    found = list(itertools.islice(fitting(_laid_out(expected.shape)), 2 if target.ndim == 2 else 1))
    for kind, text, of in found or itertools.islice(fitting(_permuted(target, expected)), 1):
        yield Hypothesis(kind, text, lambda leaf, of=of: of(leaf.expected))


_Way = tuple[str, str, Callable[[np.ndarray], np.ndarray]]  # a kind, what is said, and what puts entries so


def _laid_out(shape: tuple[int, ...]) -> Iterator[_Way]:
    """The ways in which a matrix, or kernels of three axes and more, are turned over or laid out otherwise."""
    if len(shape) == 2 and min(shape) > 1:
        if shape[0] == shape[1]:
            yield "transposed", "", np.transpose
        else:
            yield "transposed_and_reshaped", "", lambda e: e.T.reshape(e.shape)
            yield "fortran_order", "", lambda e: e.ravel().reshape(e.shape, order="F")
    axes = range(len(shape)) if len(shape) > 2 else ()
    for a, b in itertools.combinations(axes, 2):
        if shape[a] == shape[b] > 1:
            yield "transposed", f"axes {a} and {b} are exchanged", functools.partial(np.swapaxes, axis1=a, axis2=b)
    for some in [each for n in (1, 2, 3) for each in itertools.combinations(axes, n)]:
        if all(shape[a] > 1 for a in some):
            said = f"reversed along axis {' and '.join(map(str, some))}"
            yield "permuted_entries", said, functools.partial(np.flip, axis=some)
    for split in axes[1:]:
        matrix = int(np.prod(shape[:split])), -1
        by_column: Any = lambda e, matrix=matrix: e.reshape(matrix).reshape(shape, order="F")
        yield "fortran_order", "", by_column


def _permuted(target: np.ndarray, expected: np.ndarray) -> Iterator[_Way]:
    kinds = {0: (), 2: ("permuted_rows", "permuted_columns")}.get(target.ndim, ("permuted_entries",))
    for axis, kind in enumerate(kinds):
        order = _order(target, expected, axis)
        yield kind, _named_order(order), functools.partial(np.take, indices=order, axis=axis)


def _order(target: np.ndarray, expected: np.ndarray, axis: int) -> np.ndarray:
    """The order of rows (or columns) of ``expected`` that the target has, if it has one: matched by a random sum."""
    flat = [np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for array in (target, expected)]
    direction = np.random.default_rng(0).normal(size=flat[0].shape[1])
    mine, theirs = (np.argsort(rows @ direction, kind="stable") for rows in flat)
    order = np.empty(len(mine), int)
    order[mine] = theirs
    return order


def _named_order(order: np.ndarray) -> str:
    count = len(order)
    if (order == np.arange(count)[::-1]).all():
        return "in reverse"
    shift = int(order[0])
    if (order == np.roll(np.arange(count), -shift)).all():
        return f"rolled by {count - shift}"
    return "in the order " + ", ".join(map(str, order[:8])) + (", ..." if count > 8 else "")


def _clipped(target: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> Iterator[Hypothesis]:
    limit = float(np.abs(target).max())
    at_limit = int(np.sum(np.abs(np.abs(target) - limit) <= allowed))
    familiar = 1 < at_limit < target.size or limit == float(f"{limit:.2g}")
    if familiar and fits(target, np.clip(expected, -limit, limit), allowed):
        yield Hypothesis(
            "clipped_by_value", f"{limit:.6g}", lambda leaf: np.clip(leaf.expected, -limit, limit), factor=limit
        )


def _partly_wrong(target: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> Iterator[Hypothesis]:
    """A part of the leaf left at zero, or a few entries that are wrong."""
    wrong = ~(np.abs(target - expected) <= allowed)  # NaN is wrong, too
    if wrong.all():
        return
    if not target[wrong].any():
        yield Hypothesis("unfilled", _place(wrong), lambda leaf: np.where(wrong, 0, leaf.expected))
    elif wrong.sum() <= max(1, LARGEST_SHARE * wrong.size) and wrong.size > 2:
        yield Hypothesis("entries", _place(wrong), lambda leaf: np.where(wrong, target, leaf.expected))


def _place(wrong: np.ndarray) -> str:
    """Say where entries are: whole rows, whole columns, or single indices."""
    if wrong.ndim == 2:
        for axis, name in ((0, "row"), (1, "column")):
            lines = np.flatnonzero(wrong.all(axis=1 - axis))
            if len(lines) * wrong.shape[1 - axis] == wrong.sum():
                return f"{name}{'s' * (len(lines) > 1)} {_listed(lines)}"
    places = np.argwhere(wrong)
    return f"entr{'ies' if len(places) > 1 else 'y'} {_listed(places)}"


def _listed(items: np.ndarray) -> str:
    return ", ".join(map(str, items[:5].tolist())) + (f", ... ({len(items)} of them)" if len(items) > 5 else "")
