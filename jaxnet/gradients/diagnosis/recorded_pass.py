"""A forward pass written down operation by operation, so that its backward pass can be changed anywhere.

Calls are looked into, loops are unrolled, of branches the one that was taken stands there: what is left is a list.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend import core

from jaxnet.gradients.diagnosis.operation_rules import MOVES
from jaxnet.gradients.diagnosis.source_places import SourcePlace, places_of
from jaxnet.gradients.diagnosis.tolerances import MOST_OPERATIONS
from jaxnet.gradients.point import Point, float64, split_arrays
from jaxnet.gradients.truth import tracing
from jaxnet.gradients.truth.operation_values import value_of

_ADDING = {"add", "add_any", "sub", "neg", "reshape", "squeeze", "convert_element_type", "copy", "broadcast_in_dim"}


class Operation(NamedTuple):
    """One operation as it was carried out.

    Attributes:
        eqn: what JAX calls it.
        inputs: the numbers of its operands among all values.
        outputs: the numbers of its results.
        place: the calls that lead to it in the user's source.
        turn: of the loops around it, whether of JAX or of Python.
        ordinal: which one of its kind it is among those of its place and turn.
    """

    eqn: core.JaxprEqn
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    place: tuple[SourcePlace, ...]
    turn: int
    ordinal: int

    @property
    def name(self) -> str:
        """The name of the operation."""
        return str(self.eqn.primitive.name)

    @property
    def site(self) -> tuple[Any, ...]:
        """What it has in common with the same operation in other turns of a loop."""
        return self.place, self.name, self.ordinal


class RecordedPass:
    """f at a point, written down: ``operations`` in their order, ``values`` by number.

    Attributes:
        moving: the numbers of the values that the parameters reach.
        of_data: the numbers of those that the data reach.
        leaves: the numbers of the parameters.
        inputs: the numbers of the arrays of the data.
        mixed: the numbers of those in which parameters multiply one another: no penalty is.
        output: the number of the value of f.
        made_by: the number of a value -> the index of the operation whose result it is.
        gradient: the number of a parameter -> its gradient, once it has been computed.
    """

    def __init__(self, f: Callable[..., Any], point: Point) -> None:
        taken = split_arrays(point)
        self.operations: list[Operation] = []
        self.values: list[np.ndarray] = []
        self.moving: set[int] = set()
        self.of_data: set[int] = set()
        self.mixed: set[int] = set()
        self._stopped: set[int] = set()
        count = len(jax.tree.leaves(point[0]))
        with float64():
            closed = tracing.trace(lambda arrays: f(*taken.joined(arrays)), taken.arrays)
            given = [self._new(np.asarray(a)) for a in taken.arrays]
            self.leaves, self.inputs = given[:count], given[count:]
            self.moving.update(self.leaves)
            self.of_data.update(self.inputs)
            self.gradient: dict[int, np.ndarray] = {}
            self._last: Any = None
            self._seen: dict[Any, int] = {}
            self._turns: dict[Any, int] = {}
            (self.output,) = self._walk(closed, given, None)
        self.made_by = {number: index for index, op in enumerate(self.operations) for number in op.outputs}

    def _new(self, value: np.ndarray) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def stop(self, numbers: Iterable[int]) -> None:
        """Follow nothing back through these values from now on."""
        self._stopped.update(numbers)
        self.moving = set(self.leaves)
        for op in self.operations:
            if op.name != "stop_gradient" and any(i in self.moving for i in op.inputs):
                self.moving.update(set(op.outputs) - self._stopped)

    def rearranged(self, number: int) -> tuple[int, list[Operation]]:
        """The value that another one is only a rearrangement of, and the operations that make it that, in order."""
        moves: list[Operation] = []
        while number in self.made_by and self.operations[self.made_by[number]].name in MOVES:
            moves.insert(0, self.operations[self.made_by[number]])
            number = moves[0].inputs[0]
        return number, moves

    def by_site(self, *kinds: str) -> list[list[Operation]]:
        """The operations of some kinds, or of all, at places of the user's, those of one site together."""
        found: dict[Any, list[Operation]] = {}
        for op in self.operations:
            if op.place and (op.name in kinds or not kinds):
                found.setdefault(op.site, []).append(op)
        return list(found.values())

    @functools.cached_property
    def penalties(self) -> frozenset[int]:
        """The numbers of the values of which penalties are made: terms of parameters alone that are added to the loss.

        A value that no data reach is no penalty for that: the mean that a normalisation subtracts is none. What makes
        one is the way to the output, which only adds and scales, so that its gradient is the same whatever the data
        are. There are none where the data do not reach the loss at all.
        """
        if self.output not in self.of_data:
            return frozenset()
        added, penalty, elsewhere = {self.output}, set[int](), set[int]()
        for op in reversed(self.operations):
            out, moving = op.outputs[0], [i for i in op.inputs if i in self.moving]
            if out in elsewhere:
                elsewhere.update(moving)
            if out in penalty:
                penalty.update(moving)
            elif out in added and self._is_added(op):
                added.update(moving)
                penalty.update(i for i in moving if self._begins_a_penalty(i))
            elif out in added:
                elsewhere.update(moving)
        return frozenset(penalty - elsewhere - set(self.leaves))

    def _is_added(self, op: Operation) -> bool:
        """Whether an operation only adds its operands, or scales one by a number."""
        still = [k for k, i in enumerate(op.inputs) if i not in self.moving]
        scaling = (op.name == "mul" and len(still) == 1) or (op.name == "div" and still == [1])
        return op.name in _ADDING or (scaling and not self.values[op.inputs[still[0]]].ndim)

    def _begins_a_penalty(self, number: int) -> bool:
        """Whether a term is a number made of parameters alone, none of which multiplies another."""
        alone = number not in self.of_data and number not in self.mixed
        return alone and number in self.made_by and np.size(self.values[number]) == 1

    def _constant(self, array: Any) -> int:
        number = self._new(np.asarray(array))
        if np.ndim(array) and not self.inputs:  # a loss that takes no data has them in its closure
            self.of_data.add(number)
        return number

    def _walk(self, closed: core.ClosedJaxpr, values: Sequence[int], around: Any) -> list[int]:
        return tracing.walk(closed, values, functools.partial(self._step, around=around), self._constant)

    def _step(self, eqn: core.JaxprEqn, values: list[int], around: Any) -> list[int]:
        name = eqn.primitive.name
        held = tracing.inside(eqn, custom=not tracing.of_the_user(eqn))
        place = around or places_of(eqn)
        if held is not None:
            # what is inside JAX's own functions keeps the place of the call: they were traced at an older one
            return self._walk(held, values, None if tracing.of_the_user(eqn) and not around else place)
        if name == "scan":
            return self._scan(eqn, values, around)
        if name == "cond":
            branch = tracing.closed(eqn.params["branches"][int(self.values[values[0]])])
            return self._walk(branch, values[1:], around)
        if len(self.operations) >= MOST_OPERATIONS:
            raise ValueError(f"more than {MOST_OPERATIONS} operations")
        op = self._carried_out(eqn, values, place)
        self.operations.append(self._placed(op))
        return list(op.outputs)

    def _carried_out(self, eqn: core.JaxprEqn, numbers: list[int], place: tuple[SourcePlace, ...]) -> Operation:
        """Compute the results of an operation, and note by what they are reached."""
        name, outputs = (
            eqn.primitive.name,
            tuple(self._new(v) for v in value_of(eqn, [self.values[i] for i in numbers])),
        )
        for reached in (self.moving, self.of_data, self.mixed):
            if any(i in reached for i in numbers) and name != "stop_gradient":
                reached.update(outputs)
        if name in ("mul", "dot_general", "div") and len({i for i in numbers if i in self.moving}) > 1:
            self.mixed.update(outputs)
        return Operation(eqn, tuple(numbers), outputs, place, 0, 0)

    def _placed(self, op: Operation) -> Operation:
        """Count operations of one kind within their place, and how often their place was entered."""
        if op.place != self._last:
            self._last, self._seen = op.place, {}
            self._turns[op.place] = self._turns.get(op.place, -1) + 1
        ordinal = self._seen[op.name] = self._seen.get(op.name, -1) + 1
        return op._replace(turn=self._turns[op.place], ordinal=ordinal)

    def _scan(self, eqn: core.JaxprEqn, values: list[int], around: Any) -> list[int]:
        body, constants, carried = tracing.loop_parts(eqn)
        carry, stacked = values[constants : constants + carried], values[constants + carried :]
        length, backwards = eqn.params["length"], eqn.params["reverse"]
        collected: list[list[int]] = []
        for turn in reversed(range(length)) if backwards else range(length):
            xs = [self._entry(i, turn) for i in stacked]
            results = self._walk(body, [*values[:constants], *carry, *xs], around)
            self._last = None  # the next turn enters its places again
            carry = results[:carried]
            collected.append(results[carried:])
        ordered = collected[::-1] if backwards else collected
        return [
            *carry,
            *(self._stacked([row[j] for row in ordered], j, eqn) for j in range(len(eqn.outvars) - carried)),
        ]

    def _entry(self, number: int, turn: int) -> int:
        """One entry of a stacked input of a loop, taken apart by an operation of its own."""
        x = self.values[number]
        eqn = _traced(lambda a: jax.lax.index_in_dim(a, turn, 0, keepdims=True), x)
        return self._plain(_reshaped(x[:1], x.shape[1:]), [self._plain(eqn, [number])])

    def _stacked(self, numbers: list[int], j: int, eqn: core.JaxprEqn) -> int:
        if not numbers:
            return self._new(np.zeros(tracing.shape(eqn.outvars[len(eqn.outvars) - 1 - j])))
        rows = [self._plain(_reshaped(self.values[i], (1, *self.values[i].shape)), [i]) for i in numbers]
        return self._plain(_traced(lambda *a: jax.lax.concatenate(a, 0), *(self.values[i] for i in rows)), rows)

    def _plain(self, eqn: core.JaxprEqn, numbers: list[int]) -> int:
        """An operation that only moves numbers, at no place of the user's."""
        op = self._carried_out(eqn, numbers, ())
        self.operations.append(op)
        return op.outputs[0]


def moved(value: np.ndarray, moves: Sequence[Operation]) -> np.ndarray:
    """Rearrange another value in the same way."""
    for op in moves:
        (value,) = value_of(op.eqn, [value])
    return value


def _traced(of: Callable[..., Any], *arrays: np.ndarray) -> core.JaxprEqn:
    """The one operation that a function of arrays is."""
    closed = jax.make_jaxpr(of)(*(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays))
    return closed.jaxpr.eqns[0]


def _reshaped(array: np.ndarray, shape: tuple[int, ...]) -> core.JaxprEqn:
    return _traced(lambda a: jax.lax.reshape(a, shape), array)
