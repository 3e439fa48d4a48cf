"""Wrong lines about data: others stand for them wherever they count, in what comes back alone or everywhere."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.changed_pass import Change, Changes
from jaxnet.gradients.diagnosis.mutation import Mutation
from jaxnet.gradients.diagnosis.operation_rules import MOVES, back_through
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.source_places import SourcePlace
from jaxnet.gradients.truth.operation_values import UNARY, value_of

_MOST_IGNORED = 12  # arrays of the data that are taken for ones or zeros
_MOST_CHANGED = 3_000  # operations whose operands that changes
_MOST_COMPUTED = 24  # lines that compute something of the data
_MOST_WAYS = 6  # from what is computed of the data to what it is computed of
_MOST_STEPS = 5  # of such a way, less one


def other_data(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Yield the wrong lines in which other data stand for some."""
    yield from _ignored(recorded, names)
    yield from _compared(recorded, names)
    yield from _not_computed(recorded, names)


_OTHER_WAY = {"ge": np.greater, "gt": np.greater_equal, "le": np.less, "lt": np.less_equal}
_SIGNS = {"ge": (">=", ">"), "gt": (">", ">="), "le": ("<=", "<"), "lt": ("<", "<=")}


def _compared(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Data are compared otherwise, as > where >= belongs, or what holds and what does not are exchanged."""
    for ops in recorded.by_site(*_OTHER_WAY, "eq", "ne")[:_MOST_IGNORED]:
        if any(i in recorded.moving for op in ops for i in op.inputs):
            continue
        rows: list[tuple[str, Any]] = [
            (f"the reverse of {names.value(ops[0].outputs[0])} stands for it", np.logical_not)
        ]
        if ops[0].name in _OTHER_WAY:
            right, wrong = _SIGNS[ops[0].name]
            rows.insert(0, (f"{wrong} stands for {right}", None))
        for said, reverse in rows:
            other = {op.outputs[0]: _otherwise(recorded, op, reverse) for op in ops}
            changes = _at_other_data(recorded, other, False)
            if changes:
                key = ("compared", said, ops[0].site)
                yield Mutation("other_branch", ops[0].place, said, 0.75, Changes(changes), None, key)


def _not_computed(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """What is computed of the data is left out, in one step or several: the logarithm of counts, standardised inputs,
    smoothed targets."""
    sites = [ops for ops in recorded.by_site() if ops[0].name not in {*MOVES, "neg"}]
    still = recorded.of_data - recorded.moving
    for ops in [each for each in sites if still.issuperset(op.outputs[0] for op in each)][:_MOST_COMPUTED]:
        for way in list(_ways_back(recorded, ops[0].outputs[0]))[:_MOST_WAYS]:
            said, cost = _left_out(recorded, names, ops[0], way), 0.68 + 0.02 * len(way)
            sources = {op.outputs[0]: _along(recorded, op.outputs[0], way) for op in ops}
            values = {number: recorded.values[of] for number, of in sources.items() if of is not None}
            for forward, where, changes in _with(recorded, values) if len(values) == len(sources) else ():
                key, each = ("not_computed", forward, ops[0].site, way), cost + 0.02 * forward
                yield Mutation("value_of_another", ops[0].place, said + where, each, changes, None, key)


def _left_out(recorded: RecordedPass, names: PassNames, op: Operation, way: tuple[int, ...]) -> str:
    earlier = names.value(_along(recorded, op.outputs[0], way) or 0)
    if len(way) == 1 and op.name in UNARY:
        return f"{earlier} stands for it: the function is left out"
    return f"{earlier} stands for {names.value(op.outputs[0])}, wherever it counts"


def _ways_back(recorded: RecordedPass, number: int, way: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """The ways, operand by operand, to the data that a value is computed of entry by entry; short ones first."""
    op, like = recorded.operations[recorded.made_by[number]], recorded.values[number]
    sources = [(k, i) for k, i in enumerate(op.inputs) if i in recorded.of_data and _alike(recorded.values[i], like)]
    for k, i in sources:
        if (recorded.values[i] != like).any():
            yield (*way, k)
    for k, i in sources:
        if i in recorded.made_by and len(way) < _MOST_STEPS:
            yield from _ways_back(recorded, i, (*way, k))


def _alike(value: np.ndarray, like: np.ndarray) -> bool:
    """Whether arrays of numbers have one entry for each of the other's."""
    return bool(like.ndim) and value.shape == like.shape and value.dtype.kind == like.dtype.kind == "f"


def _along(recorded: RecordedPass, number: int, way: tuple[int, ...]) -> int | None:
    """The number of the value at the end of a way; None where the operations there are others."""
    like = recorded.values[number]
    for k in way:
        op = recorded.operations[recorded.made_by[number]] if number in recorded.made_by else None
        if op is None or k >= len(op.inputs) or not _alike(recorded.values[op.inputs[k]], like):
            return None
        number = op.inputs[k]
    return number


def _otherwise(recorded: RecordedPass, op: Operation, reverse: Any) -> np.ndarray:
    if reverse is not None:
        return np.asarray(reverse(recorded.values[op.outputs[0]]))
    return np.asarray(_OTHER_WAY[op.name](*(recorded.values[i] for i in op.inputs)))


def _ignored(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Weights or a mask that are taken for ones, targets that are taken for zeros: in all that is computed of them."""
    arrays = [i for i in range(len(recorded.values)) if i in recorded.of_data and _may_be_ignored(recorded, names, i)]
    for number in arrays[:_MOST_IGNORED]:
        value, place = recorded.values[number], _first_place(recorded, number)
        for word, other in (("ones", np.ones), ("zeros", np.zeros)) if place else ():
            if word == "ones" and not (value >= 0).all():
                continue
            for forward, where, changes in _with(recorded, {number: other(value.shape, value.dtype)}):
                said = f"{word} stand for {names.value(number)} wherever it counts{where}"
                key = ("data_ignored", number in recorded.inputs, names.value(number), word, forward)
                yield Mutation("data_ignored", place, said, 0.62 + 0.02 * forward, changes, None, key)


def _may_be_ignored(recorded: RecordedPass, names: PassNames, number: int) -> bool:
    """Whether a value is an array that weighs or masks, or a target: given, or a mask made of what is given."""
    value = recorded.values[number]
    if names.maker(number) in MOVES:
        return False
    mask = value.dtype.kind == "b" or (value.dtype.kind in "fiu" and np.isin(value, (0, 1)).all())
    given = number in recorded.inputs and value.dtype.kind == "f"
    return bool(
        value.ndim
        and value.size > 1
        and number not in recorded.moving
        and (given or mask)
        and (value != value.flat[0]).any()
    )


def _with(recorded: RecordedPass, other: dict[int, np.ndarray]) -> Iterator[tuple[bool, str, Changes]]:
    """What comes back with other arrays for some, in what comes back alone and in the forward pass as well."""
    for forward, where in ((False, ""), (True, ", in the forward pass as well")):
        changes = _at_other_data(recorded, other, forward)
        if changes:
            yield forward, where, Changes(changes)


def _at_other_data(recorded: RecordedPass, other: dict[int, np.ndarray], forward: bool) -> tuple[Change, ...]:
    """What comes back where other arrays stand for some: in what the parameters do not reach alone, or everywhere."""
    known, changes = dict(other), list[Change]()
    for index, op in enumerate(recorded.operations):
        if not known.keys() & set(op.inputs):
            continue
        values = [known.get(i, recorded.values[i]) for i in op.inputs]
        moving = [k for k, i in enumerate(op.inputs) if i in recorded.moving]
        outs = value_of(op.eqn, values) if forward or not moving else [recorded.values[i] for i in op.outputs]
        if forward or not moving:
            known |= zip(op.outputs, outs, strict=True)
        if len(op.outputs) == 1:
            changes += [Change(index, k, functools.partial(_back, (op.eqn, k, values, outs[0]))) for k in moving]
        if len(changes) > _MOST_CHANGED:
            return ()
    return tuple(changes)


def _back(at: tuple[Any, int, list[np.ndarray], np.ndarray], ct: np.ndarray, right: np.ndarray) -> np.ndarray:
    eqn, k, values, out = at
    return back_through(eqn, k, values, out=out, ct=ct)


def _first_place(recorded: RecordedPass, number: int) -> tuple[SourcePlace, ...]:
    """Where an array first meets what the parameters reach."""
    reached = {number}
    for op in recorded.operations:
        if reached & set(op.inputs):
            if op.place and any(i in recorded.moving for i in op.inputs):
                return op.place
            reached.update(op.outputs)
    return ()
