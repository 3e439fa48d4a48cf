"""Stretches of f that take one array to another of its shape: what has a local derivative that can be left out.

An activation, a softmax, a division by a root: one call, one expression or several lines of the user's. A stretch is
grown backwards from its last operation for as long as it hangs together: one array goes in, one comes out.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.operation_rules import ELEMENTWISE, back_through, slope_of
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.source_places import WHOLE_LINE, SourcePlace, parsed
from jaxnet.gradients.diagnosis.tolerances import LONGEST_STRETCH
from jaxnet.gradients.truth.operation_values import UNARY, value_of

STRAIGHT = {
    "add", "sub", "neg", "convert_element_type", "copy", "broadcast_in_dim", "reshape", "transpose", "stop_gradient",
}  # fmt: skip
_CURVED = {*UNARY, "max", "min", "select_n", "clamp", "div", "pow", "erf"} - {"neg"}


class Turn(NamedTuple):
    """A stretch in one turn of a loop: from value ``source`` to ``target``, which ``operation`` makes.

    ``members`` are the indices of its operations, ``cut`` the (operation, operand) that read the source.
    """

    source: int
    target: int
    operation: int
    members: tuple[int, ...]
    cut: tuple[tuple[int, int], ...]


class Stretch:
    """The same stretch in all its turns; ``inner`` says that it is only the beginning of a longer formula."""

    def __init__(self, recorded: RecordedPass, turns: list[Turn]) -> None:
        self.recorded, self.turns, self.turn, self.inner = recorded, turns, "", False
        ops = [recorded.operations[i] for i in turns[0].members]
        self.names = tuple(op.name for op in ops)
        self.elementwise = set(self.names) <= ELEMENTWISE
        self.curved = any(name in _CURVED for name in self.names)
        self.place, self.whole, self.spread = _covering(ops)

    @property
    def start(self) -> tuple[Any, ...]:
        """The value that it begins with, and the line that it ends in."""
        return self.turns[0].source, self.recorded.operations[self.turns[0].operation].place[-1][:2]

    @property
    def ends(self) -> tuple[int, ...]:
        """The operations of its first turn that read its source, and the last one."""
        return (*(i for i, _ in self.turns[0].cut), self.turns[0].operation)

    def apart(self, most: int) -> "Iterator[Stretch]":
        """Itself, and where it has a few turns each of them alone."""
        yield self
        if 1 < len(self.turns) <= most:
            for number, turn in enumerate(self.turns):
                alone = Stretch(self.recorded, [turn])
                alone.inner = self.inner
                alone.turn = f"in turn {number + 1} of {len(self.turns)}, "
                yield alone

    @functools.cached_property
    def sources(self) -> list[np.ndarray]:
        """The array that goes in, in each turn."""
        return [self.recorded.values[turn.source] for turn in self.turns]

    @functools.cached_property
    def targets(self) -> list[np.ndarray]:
        """The array that comes out, in each turn."""
        return [self.recorded.values[turn.target] for turn in self.turns]

    @functools.cached_property
    def slopes(self) -> list[np.ndarray]:
        """The derivative of an elementwise stretch in each turn."""
        return [self.slope(turn) for turn in range(len(self.turns))]

    def slope(self, turn: int, at: np.ndarray | None = None) -> np.ndarray:
        """The derivative of an elementwise stretch, entry by entry, at its source or at another value."""
        recorded, (source, target, _, members, _) = self.recorded, self.turns[turn]
        known = {source: recorded.values[source] if at is None else at}
        slopes: dict[int, Any] = {source: np.ones(known[source].shape)}
        for index in members:
            op = recorded.operations[index]
            values = [known.get(i, recorded.values[i]) for i in op.inputs]
            out = recorded.values[op.outputs[0]] if at is None else value_of(op.eqn, values)[0]
            known[op.outputs[0]] = out
            through = [(slope_of(op.eqn, k, values, out), slopes[i]) for k, i in enumerate(op.inputs) if i in slopes]
            slopes[op.outputs[0]] = sum(local * inner for local, inner in through if local is not None)
        return np.asarray(slopes[target])

    def back(self, turn: int, ct: np.ndarray) -> np.ndarray:
        """What comes back to the source [M, ...] when ``ct`` [M, ...] comes back to the target."""
        recorded, (source, target, _, members, _) = self.recorded, self.turns[turn]
        made = {number for i in members for number in recorded.operations[i].outputs}
        back = {target: ct}
        for index in reversed(members):
            op = recorded.operations[index]
            above, values = back.pop(op.outputs[0], None), [recorded.values[i] for i in op.inputs]
            if above is None or op.name == "stop_gradient":
                continue
            for k, number in enumerate(op.inputs):
                if number == source or (number in made and number in recorded.moving):
                    one = back_through(op.eqn, k, values, out=recorded.values[op.outputs[0]], ct=above)
                    back[number] = back[number] + one if number in back else one
        return back.get(source, np.zeros((len(ct), *recorded.values[source].shape)))


def stretches(recorded: RecordedPass) -> Iterator[Stretch]:
    """Find every stretch of a recorded pass, those of one site in the source being one."""
    found: dict[Any, list[Turn]] = {}
    readers = _readers(recorded)
    for index, op in enumerate(recorded.operations):
        if op.place and op.outputs[0] in recorded.moving and op.name != "neg":
            for turn in _grown(recorded, index, readers):
                found.setdefault(tuple(recorded.operations[i].site for i in turn.members), []).append(turn)
    every = [Stretch(recorded, turns) for turns in found.values()]
    longest: dict[Any, int] = {}
    for each in every:
        if each.elementwise and each.curved:
            longest[each.start] = max(longest.get(each.start, 0), len(each.turns[0].members))
    for each in every:
        each.inner = each.elementwise and len(each.turns[0].members) < longest.get(each.start, 0)
        yield each


def _readers(recorded: RecordedPass) -> dict[int, list[int]]:
    readers: dict[int, list[int]] = {recorded.output: [len(recorded.operations)]}
    for index, op in enumerate(recorded.operations):
        for number in op.inputs if any(i in recorded.moving for i in op.outputs) else ():
            readers.setdefault(number, []).append(index)
    return readers


def _grown(recorded: RecordedPass, last: int, readers: dict[int, list[int]]) -> Iterator[Turn]:
    """Yield the stretches that end with one operation, the shortest first."""
    target = recorded.operations[last].outputs[0]
    members = {last}
    while len(members) <= LONGEST_STRETCH:
        made = {number for i in members for number in recorded.operations[i].outputs}
        read = [(i, k, number) for i in sorted(members) for k, number in enumerate(recorded.operations[i].inputs)]
        outside = {number for _, _, number in read if number in recorded.moving and number not in made}
        closed = all(set(readers.get(number, ())) <= members for number in made if number != target)
        if len(outside) == 1 and closed and _worth(recorded, members):
            (source,) = outside
            cut = tuple((i, k) for i, k, number in read if number == source)
            ends = recorded.values[source], recorded.values[target]
            if ends[0].shape == ends[1].shape and all(end.dtype.kind == "f" for end in ends):
                yield Turn(source, target, last, tuple(sorted(members)), cut)
        before = [recorded.made_by[number] for number in outside if number in recorded.made_by]
        if not before:
            return
        members = {*members, max(before)}


def _worth(recorded: RecordedPass, members: set[int]) -> bool:
    names = {recorded.operations[i].name for i in members}
    scalar = not recorded.values[recorded.operations[max(members)].outputs[0]].shape
    return bool(names & _CURVED - {"div"}) if scalar else not names <= STRAIGHT


def _covering(ops: list[Operation]) -> tuple[tuple[SourcePlace, ...], bool, bool]:
    """The place of a stretch: the innermost expression around all of it, or its lines from the first to the last."""
    places = [op.place for op in ops if op.place]
    last = ops[-1].place
    for depth in range(len(last), 0, -1):
        if all(_within(place, last[:depth]) for place in places):
            return last[:depth], len(ops) > 1 or len(set(ops[0].inputs)) == 1, False
    shared = next(
        (d for d in range(len(last), 0, -1) if all(p[: d - 1] == last[: d - 1] and len(p) >= d for p in places)), 1
    )
    inner = [
        place[shared - 1]
        for place in places
        if len(place) >= shared and place[shared - 1].file == last[shared - 1].file
    ]
    return (*last[: shared - 1], functools.reduce(spanned, inner)), True, True


def spanned(one: SourcePlace, other: SourcePlace) -> SourcePlace:
    """The expression from one place to the other, or whole lines where that is none."""
    if one.line == other.line == one.end_line == other.end_line:
        ends = min(one.column, other.column), max(one.end_column, other.end_column)
        place = SourcePlace(one.file, one.line, ends[0], one.line, ends[1])
        if parsed(place.expression) is not None:
            return place
    return SourcePlace(one.file, min(one.line, other.line), 0, max(one.end_line, other.end_line), WHOLE_LINE)


def _within(place: tuple[SourcePlace, ...], outer: tuple[SourcePlace, ...]) -> bool:
    """Whether an operation is a part of the expression, or of the call, at ``outer``."""
    if len(place) < len(outer) or place[: len(outer) - 1] != outer[:-1]:
        return False
    inner, around = place[len(outer) - 1], outer[-1]
    begins = (around.line, around.column) <= (inner.line, inner.column)
    ends = (inner.end_line, inner.end_column) <= (around.end_line, around.end_column)
    return inner.file == around.file and begins and ends
