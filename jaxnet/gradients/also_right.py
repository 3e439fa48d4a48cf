"""A gradient that is not JAX's and right all the same: at ties of a maximum, or but for a small constant in the loss.

At a tie every convex combination of the tied entries is a subgradient, and JAX takes the mean of them. A constant such
as 1e-8 within a logarithm keeps the loss finite, and is left out where gradients are derived.
"""

import collections
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, changed_gradients
from jaxnet.gradients.diagnosis.operation_rules import chosen_among, to_chosen
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass
from jaxnet.gradients.diagnosis.source_places import places_of
from jaxnet.gradients.diagnosis.tolerances import OTHER_LEAF_ROUNDINGS
from jaxnet.gradients.evidence import Gradient, agrees
from jaxnet.gradients.point import Point, split_arrays
from jaxnet.gradients.truth import tracing
from jaxnet.gradients.truth.comparison import Comparison

_SMALL = 1e-4  # a constant below this, or as near to 1, is there for safety only
_NEXT_TO_NOTHING = 1e-300
_NEARLY = 1e-2  # relative: further off, no small constant is the reason
_MOST_TIED = 4  # entries at one maximum that are told apart
_SLACK = 1e-9  # of a weight that is solved for


def also_right(f: Callable[..., Any], point: Point, yours: Gradient, compared: Comparison) -> Comparison:
    """Return the comparison with the truth that the gradient is of, and a note; as it is if there is no such one."""
    if compared.right or yours.keys() != compared.true.keys():
        return compared
    try:
        with np.errstate(all="ignore"):
            for way in (_at_ties, _without_constants):
                for true, note in way(f, point, yours, compared):
                    noise = _noise(true, compared)
                    if agrees(yours, true, noise):
                        notes = (*compared.notes, note)
                        return dataclasses.replace(compared, true=true, noise=noise, right=True, notes=notes)
    except Exception:  # whatever code that is not JAX's may raise: then it is judged by JAX's own rules alone
        return compared
    return compared


def _noise(true: Gradient, compared: Comparison) -> Gradient:
    # an entry that is exactly 0 in JAX's convention has no noise there, and is rounded like its leaf in another
    other = lambda path, leaf: bool((leaf != compared.true[path]).any())
    rounded = {p: OTHER_LEAF_ROUNDINGS * compared.eps * np.abs(leaf).max(initial=0.0) for p, leaf in true.items()}
    return {p: noise + (rounded[p] if other(p, true[p]) else 0.0) for p, noise in compared.noise.items()}


def _named(like: Gradient, flat: np.ndarray) -> Gradient:
    ends = np.cumsum([leaf.size for leaf in like.values()])[:-1]
    return {path: part.reshape(like[path].shape) for path, part in zip(like, np.split(flat, ends), strict=True)}


def _at_ties(f: Callable[..., Any], point: Point, yours: Gradient, compared: Comparison) -> Iterator[Any]:
    """The convex combination of what comes back to the tied entries of maxima that comes nearest."""
    recorded = RecordedPass(f, point)
    found = [ways for index in range(len(recorded.operations)) if len(ways := list(_tied(recorded, index))) > 1]
    if not found:
        return
    every = [change for ways in found for _, change in ways]
    right, *rows = changed_gradients(recorded, [(), *((Changes((change,)),) for change in every)])
    moved = {id(change): row - right for change, row in zip(every, rows, strict=True)}
    # all to the first of the tied entries, and from there to the others
    first = right + sum(moved[id(ways[0][1])] for ways in found)
    others = [
        ((place, tied), moved[id(change)] - moved[id(ways[0][1])])
        for place, ways in enumerate(found)
        for tied, change in ways[1:]
    ]
    basis = np.stack([each for _, each in others])
    goal = np.concatenate([leaf.ravel() for leaf in yours.values()])
    weights, *_ = np.linalg.lstsq(basis.T, goal - first, rcond=None)
    total = collections.Counter[tuple[int, int]]()
    for (group, _), weight in zip(others, weights, strict=True):
        total[group] += weight
    if (weights >= -_SLACK).all() and max(total.values()) <= 1 + _SLACK:
        name = recorded.operations[every[0].operation].name.removeprefix("reduce_").removeprefix("window_")
        note = f"f has a tie here: several entries are the {name}; any convex combination of theirs is right."
        yield _named(yours, first + weights @ basis), note


def _tied(recorded: RecordedPass, index: int) -> Iterator[tuple[int, Change]]:
    """What comes back goes to the first of tied entries; then, where so many are tied, to another of them."""
    op = recorded.operations[index]
    value = recorded.values[op.inputs[0]] if op.inputs else np.zeros(0)
    among = chosen_among(op.eqn, value.shape) if op.inputs and op.inputs[0] in recorded.moving else None
    if among is None:
        return
    last = np.append(value.ravel(), np.nan)[among] == recorded.values[op.outputs[0]][..., None]
    counted = np.cumsum(last, -1) * last  # 1 for the first of the tied entries, 2 for the second, ...
    tied = counted.max(-1, keepdims=True)
    to = lambda chosen: Change(index, 0, lambda ct, right: to_chosen(among, chosen.astype(float), ct, right.shape[1:]))
    yield 1, to(counted == 1)
    for count in range(2, min(int(tied.max(initial=0)), _MOST_TIED) + 1):
        for which in range(2, count + 1) if (tied == count).any() else ():
            yield count, to(np.where(tied == count, counted == which, counted == 1))


def _without_constants(f: Callable[..., Any], point: Point, yours: Gradient, compared: Comparison) -> Iterator[Any]:
    """The gradient of f without the small constants that are added, or that bound a clip."""
    size = lambda leaf: float(np.linalg.norm(leaf))
    if any(size(leaf - compared.true[path]) > _NEARLY * size(compared.true[path]) for path, leaf in yours.items()):
        return
    taken, found = split_arrays(point), dict[float, str]()
    without = lambda *args: _evaluated(f, args, found)
    (flat,) = changed_gradients(RecordedPass(without, point), [()])
    if found and taken.arrays:
        constants = " and ".join(f"the {value:g}{where}" for value, where in found.items())
        yield _named(yours, flat), f"right but for {constants} of f: without it all leaves agree."


def _evaluated(f: Callable[..., Any], args: Point, found: dict[float, str]) -> Any:
    """Compute f operation by operation, small constants being 0, and those near 1 being 1."""
    taken = split_arrays(args)
    closed = tracing.trace(lambda arrays: f(*taken.joined(arrays)), taken.arrays)
    constant = lambda array: (array, True)

    def rule(eqn: core.JaxprEqn, values: list[tuple[Any, bool]]) -> list[tuple[Any, bool]]:
        held = tracing.inside(eqn, custom=False)
        if held is not None:
            return tracing.walk(held, values, rule, constant)
        fixed = all(is_constant for _, is_constant in values)
        arrays = [array for array, _ in values]
        if not fixed and eqn.primitive.name in ("add", "sub", "max", "min", "clamp"):
            arrays = [_plain(a, eqn, found) if is_constant else a for a, is_constant in values]
        return [(result, fixed) for result in tracing.apply(eqn, arrays)]

    return tracing.walk(closed, [(a, False) for a in taken.arrays], rule, constant)[0][0]


def _plain(array: Any, eqn: core.JaxprEqn, found: dict[float, str]) -> Any:
    if jnp.ndim(array) or not tracing.floating(array):
        return array
    value = float(array)
    nearest = float(value > 0.5)
    if not 0 < abs(value - nearest) <= _SMALL:
        return array
    place = places_of(eqn)
    found[value] = f" in line {place[-1].line}" if place else ""
    # where the rest is 0, as on the diagonal of a table of shares, 0 would be no number: 0 * log(0)
    return jnp.asarray(nearest or _NEXT_TO_NOTHING, jnp.result_type(array))
