"""Right numbers in the wrong place: transposed, forced into shape, shifted, exchanged, given to the wrong entry."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.changed_pass import Change, Changes
from jaxnet.gradients.diagnosis.mutation import Mutation, Site, What, axis_orders, by_reshape, made, made_everywhere
from jaxnet.gradients.diagnosis.operation_rules import chosen_among, slope_of, to_chosen
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import Operation

_MOST_PARTS = 6  # of one array, that are exchanged two by two
_Of = Callable[[np.ndarray], np.ndarray]  # what comes back to a result -> what is taken for it


def _to_the_result(site: Site, what: What, of: Callable[[int], _Of], detail: Any) -> Mutation:
    """What comes back to the result of an operation is taken for something else, in all its operands."""
    taken: Any = lambda k, turn: lambda ct, right: site.back(k, turn, of(turn)(ct))
    return made_everywhere(site, what, taken, detail=detail)


def _turned(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to an array has two of its axes exchanged."""
    if not site.op.name.startswith(("reduce_", "conv", "dot_general", "gather")):
        return
    shape = site.out(0).shape
    for a, b in itertools.combinations(range(len(shape)), 2):
        if shape[a] == shape[b] > 1:
            said = f"what comes back to {names.value(site.op.outputs[0])} has its axes {a} and {b} exchanged"
            of: Any = lambda turn, a=a, b=b: lambda ct: ct.swapaxes(1 + a, 1 + b)
            yield _to_the_result(site, What("transposed", said, 0.7), of, (a, b))


def _forced(site: Site, names: PassNames) -> Iterator[Mutation]:
    """A transpose or a reshape that was undone by another one."""
    if site.op.name == "transpose":
        same = site.values(0)[0].shape == site.out(0).shape
        kind, said = ("transposed", "not undone") if same else ("transposed_and_reshaped", "undone by a reshape")
        of: Any = lambda turn: lambda ct, right: ct.reshape(right.shape)
        detail = said, site.op.eqn.params["permutation"], names.maker(site.op.inputs[0])
        yield made(site, 0, What(kind, f"the transpose is {said}", 0.6), of, detail=detail)
        for axes in axis_orders(len(site.values(0)[0].shape)):
            forced: Any = lambda turn, axes=axes: (
                lambda ct, right: site.back(0, turn, np.stack([by_reshape(one, axes) for one in ct]))
            )
            said = f"the axes of what comes back to it were put in the order {axes} by a reshape, not a transpose"
            yield made(site, 0, What("weight_reshaped", said, 0.8), forced)
    if site.op.name == "reshape" and min(len(site.values(0)[0].shape), site.out(0).ndim):
        said = "the reshape is undone column by column (order='F')"
        by_column: Any = lambda turn: lambda ct, right: np.stack([c.reshape(right.shape[1:], order="F") for c in ct])
        yield made(site, 0, What("fortran_order", said, 0.7), by_column)
    if site.op.name in ("rev", "cumsum"):
        said = "it is not reversed on the way back"
        straight: Any = lambda turn: (
            lambda ct, right: ct if site.op.name == "rev" else np.cumsum(ct, 1 + site.op.eqn.params["axis"])
        )
        yield made(site, 0, What("order_reversed", said, 0.6), straight)


def _shifted(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to a border, or to a part, is taken from another place."""
    params, shape = site.op.eqn.params, site.values(0)[0].shape if site.op.inputs else ()
    if site.op.name == "pad" and all(not inner and low >= 0 <= high for low, high, inner in params["padding_config"]):
        for word, at in (("end", 0), ("beginning", 1)):
            starts = [at * (low + high) for low, high, _ in params["padding_config"]]
            cut: Any = lambda turn, starts=starts: lambda ct, right: ct[_window(starts, right.shape[1:])]
            yield made(site, 0, What("shifted", f"the border is cut off at the {word} only", 0.6), cut)
    if site.op.name == "slice" and not params["strides"]:
        size = [b - a for a, b in zip(params["start_indices"], params["limit_indices"], strict=True)]
        for word, at in (("beginning", 0), ("end", 1)):
            begin = [at * (length - n) for length, n in zip(shape, size, strict=True)]
            if begin != list(params["start_indices"]):
                put: Any = lambda turn, begin=begin: lambda ct, right: _put(ct, right, begin)
                said = f"what comes back to this part is put at the {word} of {names.operand(site.op, 0)}"
                yield made(site, 0, What("shifted", said, 0.8), put)


def _cut_elsewhere(site: Site, names: PassNames) -> Iterator[Mutation]:
    """Of what comes back to arrays that were put together, as ones before an input, another part is taken."""
    if site.op.name != "concatenate":
        return
    axis, whole = 1 + site.op.eqn.params["dimension"], site.out(0).shape
    for k in site.operands():
        own = sum(v.shape[axis - 1] for v in site.values(0)[:k])
        for word, start in (("beginning", 0), ("end", whole[axis - 1] - site.values(0)[k].shape[axis - 1])):
            if start != own:
                cut: Any = lambda turn, end=word == "end": lambda ct, right: _part_of(ct, right.shape, axis, end)
                said = f"what comes back to {names.operand(site.op, k)} is cut off at the {word} of it"
                yield made(site, k, What("shifted", said, 0.6), cut)


def _part_of(ct: np.ndarray, shape: tuple[int, ...], axis: int, end: bool) -> np.ndarray:
    start = ct.shape[axis] - shape[axis] if end else 0
    return ct.take(range(start, start + shape[axis]), axis)


def _window(starts: list[int], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return (slice(None), *(slice(start, start + n) for start, n in zip(starts, shape, strict=True)))


def _put(ct: np.ndarray, right: np.ndarray, starts: list[int]) -> np.ndarray:
    result = np.zeros(right.shape)
    result[_window(starts, ct.shape[1:])] = ct
    return result


def _exchanged(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to two parts of an array, such as the gates of a cell, is exchanged."""
    parts = [part for op in names.readers.get(site.op.outputs[0], ()) for part in _parts(op, names)]
    for (said_one, one), (said_other, other) in itertools.combinations(parts[:_MOST_PARTS], 2):
        if [b - a for a, b in one] == [b - a for a, b in other] and one != other:
            swap: Any = lambda turn, one=one, other=other: lambda ct: _swapped(ct, one, other)
            said = f"what comes back to {said_one} and to {said_other} is exchanged"
            yield _to_the_result(site, What("parts_exchanged", said, 0.6), swap, (one, other))
    if site.op.name == "concatenate":
        for k, j in itertools.combinations(site.operands()[:_MOST_PARTS], 2):
            if site.values(0)[k].shape == site.values(0)[j].shape:
                yield _crossed(site, k, j, names)


def _crossed(site: Site, k: int, j: int, names: PassNames) -> Mutation:
    swapped: tuple[Change, ...] = ()
    for mine, other in ((k, j), (j, k)):
        swapped += site.change(mine, lambda turn, other=other: lambda ct, right: site.back(other, turn, ct))
    said = f"what comes back to {names.value(site.op.inputs[k])} and to {names.value(site.op.inputs[j])} is exchanged"
    key = ("parts_exchanged", site.op.site, k, j)
    return Mutation("parts_exchanged", site.op.place, said, 0.6, Changes(swapped), None, key)


def _parts(op: Operation, names: PassNames) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    """The parts that an operation takes of an array: what they are called, and where they begin and end."""
    params = op.eqn.params
    if op.name == "slice" and op.place and not params["strides"]:
        yield names.part(op), tuple(zip(params["start_indices"], params["limit_indices"], strict=True))
    if op.name == "split":
        ends = np.cumsum([0, *params["sizes"]]).tolist()
        shape = names.recorded.values[op.inputs[0]].shape
        for number, (begin, end) in enumerate(itertools.pairwise(ends)):
            where = tuple((begin, end) if axis == params["axis"] else (0, n) for axis, n in enumerate(shape))
            yield f"part {number + 1} of {names.part(op)}", where


def _swapped(ct: np.ndarray, first: Any, second: Any) -> np.ndarray:
    one, other = ((slice(None), *itertools.starmap(slice, entries)) for entries in (first, second))
    result = np.array(ct)
    result[one], result[other] = ct[other], ct[one]
    return result


def _chosen(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to a maximum goes to other entries than the largest; to a branch that was not taken."""
    among = chosen_among(site.op.eqn, site.values(0)[0].shape) if 0 in site.operands() else None
    for kind, said, cost, share in () if among is None else _shares(site.op.name.endswith("max")):
        of: Any = lambda turn, share=share: _shared(among, share, site.values(turn)[0])
        yield made(site, 0, What(kind, said, cost), of)
    if site.op.name in ("max", "min", "select_n") and len(site.op.inputs) < 4 and site.operands():
        said = "what comes back goes where the other branch was taken"
        other: Any = lambda k, turn: lambda ct, right: _other_way((site, k, turn), ct, right)
        yield made_everywhere(site, What("other_branch", said, 0.75), other)
    for k in site.operands() if site.op.name in ("max", "min", "select_n") else ():
        both: Any = lambda turn, k=k: lambda ct, right: right if ct.shape[1:] != right.shape[1:] else ct
        said = f"what comes back to {names.operand(site.op, k)} is not masked: it goes there from the other branch, too"
        yield made(site, k, What("other_branch", said, 0.75), both)
    if site.op.name in ("max", "min", "select_n") and len(site.operands()) > 1:
        yield from _one_branch(site, names)


def _one_branch(site: Site, names: PassNames) -> Iterator[Mutation]:
    """One branch is followed everywhere, and the others nowhere, as a square for an error that should be clipped."""
    for one in site.operands():
        of: Any = lambda k, turn, one=one: lambda ct, right: _whole(ct, right) if k == one else 0 * right
        said = f"{names.operand(site.op, one)} is followed everywhere, where another branch was taken as well"
        yield dataclasses.replace(made_everywhere(site, What("other_branch", said, 0.77), of), habit=None)


def _whole(ct: np.ndarray, right: np.ndarray) -> np.ndarray:
    return ct if ct.shape[1:] == right.shape[1:] else right


def _other_way(at: tuple[Site, int, int], ct: np.ndarray, right: np.ndarray) -> np.ndarray:
    site, k, turn = at
    out = site.out(turn)
    slope = slope_of(site.ops[turn].eqn, k, site.values(turn), out)
    return right if slope is None or ct.shape[1:] != right.shape[1:] else ct * (1 - slope)


def _shared(among: Any, share: _Of, x: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    shares = share(np.append(x.ravel(), np.nan)[among])
    return lambda ct, right: to_chosen(among, shares, ct, right.shape[1:])


def _shares(largest: bool) -> Iterator[tuple[str, str, float, _Of]]:
    """What comes back to a maximum is shared among the entries [*results, C] that it is the largest of, beyond: NaN."""
    this, other = ("largest", np.nanmin) if largest else ("smallest", np.nanmax)
    instead = "smallest" if largest else "largest"
    said = f"what comes back goes to every entry that is the {this}, to each of them in full"
    best = np.nanmax if largest else np.nanmin
    yield "other_branch", said, 0.6, lambda x: (x == best(x, -1, keepdims=True)) * 1.0
    yield "path_not_followed", f"what comes back goes to every entry, not to the {this} alone", 0.8, np.ones_like
    mean = "what comes back is shared by all entries, as of a mean"
    yield "average_pooling", mean, 0.7, lambda x: np.full(x.shape, 1 / x.shape[-1])
    hit = lambda x: (x == other(x, -1, keepdims=True)) * 1.0
    yield "other_branch", f"what comes back goes to the {instead} entry, not to the {this}", 0.7, hit
    for which, word in ((0, "first"), (-1, "last")):
        at: Any = lambda x, which=which: np.eye(x.shape[-1])[which] + 0 * np.nan_to_num(x)
        yield "other_branch", f"what comes back goes to the {word} entry, not to the {this}", 0.75, at


PLACEMENT_KINDS = (_turned, _forced, _shifted, _cut_elsewhere, _exchanged, _chosen)
