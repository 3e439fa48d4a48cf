"""Wrong sums: what goes with a broadcast, a sum, a maximum or a convolution is taken over something else."""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.mutation import Mutation, Site, What, axes_named, made
from jaxnet.gradients.diagnosis.operation_rules import slope_of
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import Operation

_MOST_PARTLY = 6  # sets of axes along which one entry is taken
_Axes = tuple[int, ...]
_Broadcast = Callable[[np.ndarray, np.ndarray, _Axes], Any]  # of what comes back, what should, the axes summed over
_entries = lambda ct, axes: float(np.prod([ct.shape[a] for a in axes]))


def _sums(site: Site, names: PassNames) -> Iterator[Mutation]:
    """A sum that goes with a broadcast taken otherwise; a maximum whose gradient goes to every entry."""
    for k in site.operands():
        quoted, name = names.operand(site.op, k), site.op.name
        if name == "reduce_sum":
            axes = tuple(1 + a for a in site.op.eqn.params["axes"])
            yield from _reduced(site, k, axes)
        if name.startswith("conv") and k == 1:
            for which, word in ((0, "first"), (-1, "last")):
                spatial = tuple(1 + a for a in site.op.eqn.params["dimension_numbers"].out_spec[2:])
                of: Any = lambda turn, which=which, spatial=spatial: (
                    lambda ct, right: site.back(1, turn, _kept(ct, spatial, which))
                )
                said = f"only the {word} place counts to which {quoted} is applied"
                yield made(site, k, What("accumulation_overwritten", said, 0.8), of)
        axes = _axes(site, k, 0)
        for kind, said, instead in (*_broadcasts(), *_partly(axes)) if axes else ():
            at = functools.partial(_summed_otherwise, site, k, instead)
            yield made(site, k, What(kind, said.replace("{it}", quoted), 0.8), at)
        yield from _one_of_many(site, k, quoted)


def _one_of_many(site: Site, k: int, quoted: str) -> Iterator[Mutation]:
    """Of all uses of an operand, as of a row that is looked up or of a weight, those of one example or place count."""
    op, ndim = site.op, site.out(0).ndim
    if op.name == "dot_general" and not any(op.eqn.params["dimension_numbers"][1]):
        free = len(site.values(0)[0].shape) - len(op.eqn.params["dimension_numbers"][0][0])
        summed = range(free, ndim) if k == 0 else range(free)
    elif op.name == "gather" and k == 0:
        summed = range(ndim - 1)
    else:
        return
    for axis in summed:
        for which, word in ((0, "first"), (-1, "last")):
            of: Any = lambda turn, axis=axis, which=which: (
                lambda ct, right: site.back(k, turn, _kept(ct, (1 + axis,), which))
            )
            said = f"of what comes back to {quoted} only the {word} along axis {axis} counts"
            yield made(site, k, What("counted_once", said, 0.85), of)


def _partly(axes: tuple[int, ...]) -> Iterator[tuple[str, str, _Broadcast]]:
    """A sum over several axes that takes one entry along some of them; one over entries that count differently."""
    few = [each for n in range(1, len(axes)) for each in itertools.combinations(axes, n)]
    for some in few[:_MOST_PARTLY]:
        for which, word in ((0, "first"), (-1, "last")):
            along = axes_named(tuple(axis - 1 for axis in some))  # whose axis 0 is the pass
            said = f"of what comes back to {{it}} the {word} along {along} stands for the sum"
            kind = "bias_not_summed" if some == (1,) else "counted_once"
            first: Any = lambda ct, right, axes, some=some, which=which: _kept(ct, some, which).sum(axes)
            yield kind, said, first
    said = "of the equal terms that come back to {it} one counts, however many they are"
    yield "hinge_count", said, lambda ct, right, axes: np.full(right.shape, _term(ct))
    yield "hinge_count", "one term more comes back to {it} than there are", lambda ct, right, axes: right + _term(ct)
    every: _Broadcast = lambda ct, right, axes: np.full(right.shape, _term(ct) * _entries(ct, axes))
    yield "hinge_count", "all terms come back to {it}, those as well that are 0", every


def _term(ct: np.ndarray) -> float:
    """The value of all entries that are not 0, where they have one; else NaN, and the line was not written."""
    value = float(ct.flat[np.argmax(np.abs(ct))]) if ct.size else np.nan
    return value if np.isin(np.round(ct / value, 9), (0, 1)).all() else np.nan


def _summed_otherwise(site: Site, k: int, of: _Broadcast, turn: int) -> Any:
    axes, out = _axes(site, k, turn), site.out(turn)
    local = slope_of(site.op.eqn, k, site.values(turn), out)
    slope = 1.0 if local is None else local
    if not axes:  # in this turn nothing is broadcast
        return None
    return lambda ct, right: np.reshape(of(ct * slope, right, axes), right.shape)


def _reduced(site: Site, k: int, axes: tuple[int, ...]) -> Iterator[Mutation]:
    for which, word in ((0, "first"), (-1, "last")):
        kept = lambda turn, which=which: lambda ct, right: _kept(right, axes, which)
        yield made(
            site,
            k,
            What("bias_not_summed", f"what comes back reaches only the {word} of the terms that are summed", 0.9),
            kept,
        )


def _broadcasts() -> Iterator[tuple[str, str, _Broadcast]]:
    """What may stand for the sum over the axes along which a value was broadcast."""
    for which, word in ((0, "first"), (-1, "last")):
        one: Any = lambda ct, right, axes, which=which: _kept(ct, axes, which).sum(axes)
        many: Any = lambda ct, right, axes, one=one: _entries(ct, axes) * one(ct, right, axes)
        said = f"the {word} of what comes back to {{it}} stands for the sum"
        yield "bias_not_summed", said, one
        yield "bias_not_summed", f"{said}, and is not averaged", many
    total: _Broadcast = lambda ct, right, axes: np.broadcast_to(
        ct.reshape(len(ct), *[1] * (right.ndim - 1), -1).sum(-1), right.shape
    )
    yield "bias_summed_over_everything", "what comes back to {it} is summed over everything", total
    mean: _Broadcast = lambda ct, right, axes: ct.mean(axes)
    yield "batch_mean_twice", "what comes back to {it} is averaged where it is to be summed", mean
    yield "bias_wrong_axis", "what comes back to {it} is summed over the wrong axis", _other_axis
    yield "counted_once", "of what comes back to {it} one entry counts where all are summed", _largest


def _axes(site: Site, k: int, turn: int) -> tuple[int, ...]:
    values = site.recorded.values
    return _stretched(site.ops[turn], values[site.ops[turn].inputs[k]].shape, values[site.ops[turn].outputs[0]].shape)


def _stretched(op: Operation, shape: tuple[int, ...], wide: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of what comes back, its passes being axis 0, that are summed on the way through an operand."""
    if op.name == "broadcast_in_dim":
        into = op.eqn.params["broadcast_dimensions"]
        return tuple(1 + i for i in range(len(wide)) if wide[i] > 1 and (i not in into or shape[into.index(i)] == 1))
    if not shape and wide and op.name in ("add", "sub", "mul", "div"):
        return tuple(range(1, 1 + len(wide)))
    if len(shape) == len(wide) and op.name in ("add", "sub", "mul", "div"):
        return tuple(1 + i for i in range(len(wide)) if shape[i] == 1 < wide[i])
    return ()


def _kept(right: np.ndarray, axes: tuple[int, ...], which: int) -> np.ndarray:
    mask = np.zeros(right.shape)
    where: list[Any] = [slice(None)] * right.ndim
    for axis in axes:
        where[axis] = which
    mask[tuple(where)] = 1
    return right * mask


def _largest(ct: np.ndarray, right: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    most, least = ct.max(axes), ct.min(axes)
    return np.where(np.abs(most) >= np.abs(least), most, least)


def _other_axis(ct: np.ndarray, right: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    summed = ct.sum(tuple(a for a in range(1, ct.ndim) if a not in axes))
    return summed if summed.size == right.size else right


SUM_KINDS = (_sums,)
