"""One wrong line of a backward pass, and how the kinds of it are made: the terms of the search."""

import dataclasses
import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.backward_stretches import Stretch
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, Detour
from jaxnet.gradients.diagnosis.kinds import KINDS
from jaxnet.gradients.diagnosis.operation_rules import back_through
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.source_places import SourcePlace


@dataclasses.dataclass(frozen=True, eq=False)
class Mutation:
    """One wrong line of a backward pass.

    Attributes:
        kind: a name in ``KINDS``.
        place: the calls that lead to the line of f, from f inwards.
        said: what is wrong, in words, ``{number}`` standing for a factor.
        cost: how far-fetched it is.
        changes: what comes back instead.
        free: whether any number times the change is this mistake, such as a factor; else just once the change.
        habit: what makes it the same mistake at another site.
        key: what makes it the same for another batch.
        penalty: whether it is in a term of parameters alone.
        counts: whether it puts a number of the data in another's place, which only another batch can confirm.
        scales: whether its operation multiplies by a plain number, in whose place another may stand.
    """

    kind: str
    place: tuple[SourcePlace, ...]
    said: str
    cost: float
    changes: Changes
    habit: Hashable
    key: Hashable
    free: bool = False
    penalty: bool = False
    counts: bool = False
    scales: bool = False

    @property
    def last(self) -> int:
        """The operation nearest the output at which something else comes back."""
        return max((each.operation for each in self.changes.changes), default=0)

    def times(self, extent: float) -> Changes:
        """Change by this much of it."""
        return self.changes._replace(extent=extent)


class What(NamedTuple):
    """A name in ``KINDS``, what is said, and how far-fetched it is."""

    kind: str
    said: str
    cost: float


class Site:
    """The operations of one site in their turns, as a kind of mutation sees them."""

    def __init__(self, recorded: RecordedPass, indices: list[int]) -> None:
        self.recorded, self.indices = recorded, indices
        self.op: Operation = recorded.operations[indices[0]]
        self.ops = [recorded.operations[i] for i in indices]

    def operands(self) -> list[int]:
        """The operands that the parameters reach in some turn; both of W * W are one."""
        moving = lambda k: any(op.inputs[k] in self.recorded.moving for op in self.ops)
        return [
            k for k, i in enumerate(self.op.inputs) if moving(k) and self.op.inputs.index(i) == k and self._floats(k)
        ]

    def _floats(self, k: int) -> bool:
        return all(self.recorded.values[op.inputs[k]].dtype.kind == "f" for op in self.ops)

    def values(self, turn: int) -> list[np.ndarray]:
        """The operands in one turn."""
        return [self.recorded.values[i] for i in self.ops[turn].inputs]

    def out(self, turn: int) -> np.ndarray:
        """The result in one turn."""
        return self.recorded.values[self.ops[turn].outputs[0]]

    def back(self, k: int, turn: int, ct: np.ndarray, values: list[np.ndarray] | None = None) -> np.ndarray:
        """What comes back through operand k in one turn when ``ct`` comes from above, at other values if given."""
        return back_through(self.ops[turn].eqn, k, values or self.values(turn), out=self.out(turn), ct=ct)

    def change(self, k: int, of: Callable[..., Any]) -> tuple[Change, ...]:
        """Change what comes back through operand k in every turn: ``of(turn)`` -> of(ct, right), or None."""
        alike = [j for j, i in enumerate(self.op.inputs) if i == self.op.inputs[k]]
        made = [(index, _unless_shapes(of, turn)) for turn, index in enumerate(self.indices)]
        return tuple(Change(index, j, each) for index, each in made if each is not None for j in alike)


def _unless_shapes(of: Callable[[int], Any], turn: int) -> Any:
    """The change in one turn; none where the arrays of that turn have shapes that it makes no sense for."""
    try:
        return of(turn)
    except (ValueError, IndexError):
        return None


def made(site: Site, k: int, what: What, of: Callable[..., Any], *, detail: Any = "", free: bool = False) -> Mutation:
    """Make the mutation by which ``of(turn)`` -> of(ct, right) comes back through operand k of a site."""
    kind, said, cost = what
    detail = detail or said
    habit, key = (kind, site.op.name, k, detail), (kind, site.op.site, k, detail)
    penalty = _of_a_penalty(site.recorded, site.ops[-1], k)
    changes, scales = Changes(site.change(k, of)), _by_a_number(site, k)
    return Mutation(kind, site.op.place, said, cost, changes, habit, key, free=free, penalty=penalty, scales=scales)


def made_everywhere(site: Site, what: What, of: Callable[..., Any], *, detail: Any = "") -> Mutation:
    """Make the mutation by which ``of(k, turn)`` -> of(ct, right) comes back through every operand k of a site."""
    changes = Changes(tuple(each for k in site.operands() for each in site.change(k, functools.partial(of, k))))
    habit = (what.kind, site.op.name, detail or what.said)
    return Mutation(what.kind, site.op.place, what.said, what.cost, changes, habit, (*habit, site.op.site))


def detour(each: Stretch, what: What, slopes: Sequence[Any]) -> Mutation:
    """Make the mutation by which what comes back goes round a stretch: times a slope a turn, or as that function."""
    kind, said, cost = what
    changes = tuple(Change(i, k, lambda ct, right: 0 * right) for turn in each.turns for i, k in turn.cut)
    ends = zip(each.turns, map(_times, slopes), strict=True)
    detours = tuple(Detour(turn.operation, turn.target, turn.source, of) for turn, of in ends)
    habit, key = None if each.turn else (kind, each.names, said), (kind, each.place, each.names, said, each.turn)
    if each.turn:
        said, cost = f"{each.turn}{said or KINDS[kind]}", cost + 0.1
    return Mutation(kind, each.place, said, cost, Changes(changes, detours), habit, key)


def _times(slope: Any) -> Callable[[np.ndarray], np.ndarray]:
    return slope if callable(slope) else lambda ct: ct * slope


def _by_a_number(site: Site, k: int) -> bool:
    recorded, other = site.recorded, site.op.inputs[-1 - k]
    return site.op.name in ("mul", "div") and other not in recorded.moving and not recorded.values[other].shape


def _of_a_penalty(recorded: RecordedPass, op: Operation, k: int) -> bool:
    """Whether an operand belongs to a penalty: to its inside, or as a term to a sum that the data reach as well."""
    return op.outputs[0] in recorded.penalties or op.inputs[k] in recorded.penalties


def axes_named(axes: tuple[int, ...]) -> str:
    """Say which axes are meant: "axis 0", "axes 0, 2"."""
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def axis_orders(count: int) -> list[tuple[int, ...]]:
    """The orders of three axes or more in which one comes first or last, as a product of matrices asks for."""
    if count < 3:
        return []
    orders = [(*(i for i in range(count) if i != axis), axis) for axis in range(count - 1)]
    return list(
        dict.fromkeys([*orders, *((axis, *(i for i in range(count) if i != axis)) for axis in range(1, count))])
    )


def by_reshape(value: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The array of which ``value.reshape`` is taken for its axes in another order."""
    return value.reshape([value.shape[axis] for axis in axes]).transpose(np.argsort(axes))
