"""Wrong lines about all uses of a value: it is followed nowhere in a line, or other data stand for it everywhere."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.backward_stretches import spanned
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes
from jaxnet.gradients.diagnosis.mutation import Mutation
from jaxnet.gradients.diagnosis.operation_rules import MOVES, back_through
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.source_places import SourcePlace
from jaxnet.gradients.truth.operation_values import UNARY, value_of

_FEW_IN_A_LINE = 4  # places at which a value is read
_MOST_IGNORED = 12  # arrays of the data that are taken for ones or zeros
_MOST_CHANGED = 3_000  # operations whose operands that changes


def uses(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Yield the wrong lines about all uses of one value."""
    yield from _in_one_line(recorded, names)
    yield from _by_the_exponential(recorded, names)
    yield from _ignored(recorded, names)
    yield from _compared(recorded, names)
    yield from _not_computed(recorded, names)


def _in_one_line(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """A value that stands in a line more than once, as x in x - exp(x), is not followed in any of these places."""
    found: dict[Any, list[tuple[int, int]]] = {}
    for index, op in enumerate(recorded.operations):
        for k, number in enumerate(op.inputs if op.name not in MOVES else ()):
            root = recorded.rearranged(number)[0] if number in recorded.moving else None
            for depth, place in enumerate(op.place if root is not None else ()):
                found.setdefault((root, op.place[:depth], place.file, place.line), []).append((index, k))
    alike: dict[Any, list[tuple[int, int]]] = {}  # in all turns of a loop
    for (_, around, *_), edges in found.items():
        for some in _parts_of_a_line(recorded, edges):
            alike.setdefault((around, tuple(recorded.operations[i].site for i, _ in some)), []).extend(some)
    for (around, sites), edges in alike.items():
        whole = (*around, functools.reduce(spanned, [recorded.operations[i].place[len(around)] for i, _ in edges]))
        value = names.value(recorded.rearranged(recorded.operations[edges[0][0]].inputs[edges[0][1]])[0])
        changes = Changes(tuple(Change(i, k, _nothing) for i, k in edges))
        said, key = f"what comes back through {value}, wherever it stands in it,", ("in_one_line", around, sites)
        yield Mutation("path_not_followed", whole, said, 0.45, changes, None, key, free=True)


def _parts_of_a_line(recorded: RecordedPass, edges: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """All that read a value in a line, and where they are few any two or more of them, as in one term of a sum."""
    by_site: dict[Any, list[tuple[int, int]]] = {}
    for index, k in edges:
        by_site.setdefault((recorded.operations[index].site, k), []).append((index, k))
    each = list(by_site.values())
    for count in range(2 if len(each) <= _FEW_IN_A_LINE else len(each), len(each) + 1):
        for some in itertools.combinations(each, count) if count > 1 else ():
            yield [edge for edges in some for edge in edges]


def _nothing(ct: np.ndarray, right: np.ndarray) -> np.ndarray:
    return 0 * right


def _by_the_exponential(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Of a logarithm that is the parameter, as that of a deviation, the derivative by the deviation is returned."""
    for sites in _by_site(recorded, ("exp",)):
        edges = [
            (i, k, exponential.inputs[0], exponential.outputs[0])
            for exponential in sites
            for i, op in enumerate(recorded.operations)
            for k, number in enumerate(op.inputs)
            if number == exponential.inputs[0] and number in recorded.moving
        ]
        if len(edges) > len(sites):  # with one reader it is the local derivative that is left out
            changes = Changes(tuple(Change(i, k, functools.partial(_over, recorded.values[e])) for i, k, _, e in edges))
            of, by = names.value(edges[0][2]), names.value(edges[0][3])
            said = f"the derivative by {by} stands for the one by {of}: the derivative of the exponential is left out"
            key = ("by_the_exponential", sites[0].site)
            yield Mutation("local_derivative_missing", sites[0].place, said, 0.7, changes, None, key)


def _over(value: np.ndarray, ct: np.ndarray, right: np.ndarray) -> np.ndarray:
    return right / value


def _by_site(recorded: RecordedPass, kinds: tuple[str, ...]) -> list[list[Operation]]:
    """The operations of some kinds, those of one site in the source together."""
    found: dict[Any, list[Operation]] = {}
    for op in recorded.operations:
        if op.name in kinds and op.place:
            found.setdefault(op.site, []).append(op)
    return list(found.values())


_OTHER_WAY = {"ge": np.greater, "gt": np.greater_equal, "le": np.less, "lt": np.less_equal}
_SIGNS = {"ge": (">=", ">"), "gt": (">", ">="), "le": ("<=", "<"), "lt": ("<", "<=")}


def _compared(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Data are compared otherwise, as > where >= belongs, or what holds and what does not are exchanged."""
    for ops in _by_site(recorded, (*_OTHER_WAY, "eq", "ne"))[:_MOST_IGNORED]:
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
    """A function of the data is left out, as the logarithm of counts."""
    for ops in _by_site(recorded, tuple(set(UNARY) - {"neg"})):
        if any(op.inputs[0] in recorded.moving or op.inputs[0] not in recorded.of_data for op in ops):
            continue
        other = {op.outputs[0]: recorded.values[op.inputs[0]] for op in ops}
        for forward in (False, True):
            changes = _at_other_data(recorded, other, forward)
            if changes:
                said = f"{names.value(ops[0].inputs[0])} stands for it: the function is left out"
                said += ", in the forward pass as well" if forward else ""
                key, cost = ("not_computed", forward, ops[0].site), 0.7 + 0.02 * forward
                yield Mutation("value_of_another", ops[0].place, said, cost, Changes(changes), None, key)


def _otherwise(recorded: RecordedPass, op: Operation, reverse: Any) -> np.ndarray:
    if reverse is not None:
        return np.asarray(reverse(recorded.values[op.outputs[0]]))
    return np.asarray(_OTHER_WAY[op.name](*(recorded.values[i] for i in op.inputs)))


def _ignored(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Weights or a mask that are taken for ones, targets that are taken for zeros: in all that is computed of them."""
    arrays = [i for i in range(len(recorded.values)) if i in recorded.of_data and _may_be_ignored(recorded, names, i)]
    for number in arrays[:_MOST_IGNORED]:
        value = recorded.values[number]
        for word, other in (("ones", np.ones), ("zeros", np.zeros)):
            if word == "ones" and not (value >= 0).all():
                continue
            for forward in (False, True):
                changes = _at_other_data(recorded, {number: other(value.shape, value.dtype)}, forward)
                place = _first_place(recorded, number)
                if changes and place:
                    said = f"{word} stand for {names.value(number)} wherever it counts"
                    said += ", in the forward pass as well" if forward else ""
                    key = ("data_ignored", number in recorded.inputs, names.value(number), word, forward)
                    yield Mutation("data_ignored", place, said, 0.62 + 0.02 * forward, Changes(changes), None, key)


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
