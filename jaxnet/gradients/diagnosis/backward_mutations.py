"""The wrong lines of a backward pass, for any function: each kind is a few lines that say what comes back instead.

A kind is a generator of ``Mutation`` over a recorded pass. Those of one site in the source, in whichever turn of a
loop, are one mutation; those of one habit, as all tanh of a network, are one more, made everywhere at once.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.backward_stretches import Stretch, stretches
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, Detour
from jaxnet.gradients.diagnosis.kinds import KINDS
from jaxnet.gradients.diagnosis.operation_rules import INDEXED, UNARY, Array, back_through, slope_of, source_indices, value_of
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.source_places import SourcePlace
from jaxnet.gradients.diagnosis.tolerances import MOST_NEIGHBOURS, MOST_TURNS

MOVES = {"broadcast_in_dim", "reshape", "squeeze", "transpose", "convert_element_type", "copy", "expand_dims", "slice"}
_PRODUCTS = {"dot_general", "mul", "conv_general_dilated"}


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

    def times(self, extent: float) -> Changes:
        """Change by this much of it."""
        return self.changes._replace(extent=extent)


class _Site:
    """The operations of one site in their turns, as a kind of mutation sees them."""

    def __init__(self, recorded: RecordedPass, indices: list[int]) -> None:
        self.recorded, self.indices = recorded, indices
        self.op: Operation = recorded.operations[indices[0]]
        self.ops = [recorded.operations[i] for i in indices]

    def operands(self) -> list[int]:
        """The operands that the parameters reach in some turn; both of W * W are one."""
        moving = lambda k: any(op.inputs[k] in self.recorded.moving for op in self.ops)
        return [k for k, i in enumerate(self.op.inputs) if moving(k) and self.op.inputs.index(i) == k and self._floats(k)]

    def _floats(self, k: int) -> bool:
        return all(self.recorded.values[op.inputs[k]].dtype.kind == "f" for op in self.ops)

    def values(self, turn: int) -> list[Array]:
        return [self.recorded.values[i] for i in self.ops[turn].inputs]

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


def mutations(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Yield every wrong line that is known for a recorded pass."""
    sites: dict[Any, list[int]] = {}
    for index, op in enumerate(recorded.operations):
        if op.place and any(i in recorded.moving for i in op.inputs):
            sites.setdefault(op.site, []).append(index)
    every = [_Site(recorded, indices) for indices in sites.values()]
    found = [m for site in every for kind in (_paths, _turns, _sums, _indices, _saved, _undivided, _alone, _reach) for m in kind(site, names)]
    through = [one for each in stretches(recorded) for one in each.apart(MOST_TURNS)]
    found += [m for each in through for kind in (_straight, _slopes, _before) for m in kind(each, recorded, names)]
    found += [m for site in every for m in _extra(site, names)]
    found = [m for m in found if m.changes.changes or m.changes.detours]
    yield from found
    yield from _habits(found)


def _habits(found: Iterable[Mutation]) -> Iterator[Mutation]:
    groups: dict[Hashable, list[Mutation]] = {}
    for each in found:
        groups.setdefault(each.habit, []).append(each)
    for habit, group in groups.items():
        apart = [m for i, m in enumerate(group) if not any(_overlap(m, other) for other in group[:i])]
        if len(apart) > 1 and habit is not None:
            changes = Changes(sum((m.changes.changes for m in apart), ()), sum((m.changes.detours for m in apart), ()))
            last = max(apart, key=lambda m: m.changes.changes[0].operation if m.changes.changes else 0)
            places = tuple(dict.fromkeys(m.place[-1] for m in apart if m.place))
            said = last.said + f" (also in line{'s' * (len(places) > 2)} {_lines(places, last)})" if len(places) > 1 else last.said
            yield dataclasses.replace(last, changes=changes, habit=None, key=("all", habit), cost=last.cost + 0.02, said=said)


def _lines(places: tuple[SourcePlace, ...], last: Mutation) -> str:
    return ", ".join(dict.fromkeys(str(p.line) for p in places if p != last.place[-1])) or str(last.place[-1].line)


def _overlap(one: Mutation, other: Mutation) -> bool:
    mine = {(c.operation, c.operand) for c in one.changes.changes}
    return any((c.operation, c.operand) in mine for c in other.changes.changes)


def _made(site: _Site, k: int, kind: str, said: str, cost: float, of: Callable[..., Any], *, detail: Any = "", **more: Any) -> Mutation:
    op = site.op
    habit = (kind, op.name, k, detail or said)
    return Mutation(
        kind, op.place, said, cost, Changes(site.change(k, of)), habit, (kind, op.site, k, detail or said),
        penalty=_of_a_penalty(site.recorded, op, k), **more,
    )  # fmt: skip


def _alone_in(recorded: RecordedPass, number: int) -> bool:
    """Whether a value is a penalty, or a part of one: no data reach it, and no parameter multiplies another."""
    return bool(recorded.inputs) and number not in recorded.of_data and number not in recorded.mixed


def _of_a_penalty(recorded: RecordedPass, op: Operation, k: int) -> bool:
    """Whether an operand belongs to a penalty: to its inside, or as a term to a sum that the data reach as well."""
    term = op.name in ("add", "sub") and _root(recorded, op.inputs[k]) not in recorded.leaves
    return _alone_in(recorded, op.outputs[0]) or (term and _alone_in(recorded, op.inputs[k]))


def _paths(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back through an operand is not followed, or times any factor."""
    zero = lambda turn: lambda ct, right: 0 * right
    if site.op.name in MOVES:
        return
    for k in site.operands():
        operand = names.operand(site.op, k)
        yield _made(site, k, "path_not_followed", f"what comes back through {operand}", 0.4, zero, free=True, detail="path")
        if 1 < len(site.ops) <= MOST_TURNS:
            for turn in range(len(site.ops)):
                only = lambda t, turn=turn: (lambda ct, right: 0 * right) if t == turn else None
                said = f"in turn {turn + 1} of {len(site.ops)}, what comes back through {operand}"
                made = _made(site, k, "path_not_followed", said, 0.6, only, free=True, detail=("turn", turn))
                yield dataclasses.replace(made, habit=None)


def _turns(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back in each turn of a loop is overwritten, not added up."""
    last = len(site.ops) - 1
    for k in site.operands() if last else ():
        numbers = {_root(site.recorded, op.inputs[k]) for op in site.ops}
        if len(numbers) == 1:
            for kept, word in ((last, "last"), (0, "first")):
                of = lambda turn, kept=kept: None if turn == kept else lambda ct, right: 0 * right
                said = f"of what comes back through {names.operand(site.op, k)} in {last + 1} turns only that of the {word} one counts: it is overwritten, not added up"
                yield _made(site, k, "accumulation_overwritten", said, 0.7, of, detail=word)


def _root(recorded: RecordedPass, number: int) -> int:
    """The value that another one is only a rearrangement of."""
    made_by = recorded.made_by
    while number in made_by and recorded.operations[made_by[number]].name in MOVES:
        number = recorded.operations[made_by[number]].inputs[0]
    return number


def _sums(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """A sum that goes with a broadcast taken otherwise; a maximum whose gradient goes to every entry."""
    for k in site.operands():
        quoted, name = names.operand(site.op, k), site.op.name
        if name in ("reduce_max", "reduce_min", "reduce_sum"):
            axes = tuple(1 + a for a in site.op.eqn.params["axes"])
            yield from _reduced(site, k, axes)
        if name.startswith("conv") and k == 1:
            for which, word in ((0, "first"), (-1, "last")):
                of = lambda turn, which=which: lambda ct, right: _conv_at(site, turn, ct, which)
                yield _made(site, k, "accumulation_overwritten", f"only the {word} place counts to which {quoted} is applied", 0.8, of)
        for kind, said, of in _broadcasts(site, k):
            at = lambda turn, of=of, k=k: lambda ct, right: of(ct * _slope(site, k, turn), right, _axes(site, k, turn))
            if _axes(site, k, 0):
                yield _made(site, k, kind, said.replace("{it}", quoted), 0.8, at)


def _reduced(site: _Site, k: int, axes: tuple[int, ...]) -> Iterator[Mutation]:
    if site.op.name != "reduce_sum":
        of = lambda turn: lambda ct, right: np.broadcast_to(np.expand_dims(ct, axes), right.shape)
        yield _made(site, k, "path_not_followed", "what comes back goes to every entry, not to the largest alone", 0.8, of)
        return
    for which, word in ((0, "first"), (-1, "last")):
        kept = lambda turn, which=which: lambda ct, right: _kept(right, axes, which)
        yield _made(site, k, "bias_not_summed", f"what comes back reaches only the {word} of the terms that are summed", 0.9, kept)


def _conv_at(site: _Site, turn: int, ct: Array, which: int) -> Array:
    spatial = tuple(1 + a for a in site.op.eqn.params["dimension_numbers"].out_spec[2:])
    out = site.recorded.values[site.ops[turn].outputs[0]]
    return back_through(site.op.eqn, 1, site.values(turn), out=out, ct=_kept(ct, spatial, which))


_Broadcast = Callable[[Array, Array, tuple[int, ...]], Array]  # what comes back, what should, the axes summed over


def _broadcasts(site: _Site, k: int) -> list[tuple[str, str, _Broadcast]]:
    count = lambda c, axes: float(np.prod([c.shape[a] for a in axes]))
    rows: list[tuple[str, str, _Broadcast]] = []
    for which, word in ((0, "first"), (-1, "last")):
        said = f"the {word} of what comes back to {{it}} stands for the sum"
        rows.append(("bias_not_summed", said, lambda c, r, a, w=which: _first(c, a, w).reshape(r.shape)))
        more = f"{said}, and is not averaged"
        rows.append(("bias_not_summed", more, lambda c, r, a, w=which: count(c, a) * _first(c, a, w).reshape(r.shape)))
    total = lambda c, r, a: np.broadcast_to(c.reshape(len(c), *[1] * (r.ndim - 1), -1).sum(-1), r.shape)
    rows += [
        ("bias_summed_over_everything", "what comes back to {it} is summed over everything", total),
        ("bias_wrong_axis", "what comes back to {it} is summed over the wrong axis", lambda c, r, a: _other_axis(c, a, r)),
        ("counted_once", "of what comes back to {it} one entry counts where all are summed", lambda c, r, a: _largest(c, a).reshape(r.shape)),
    ]  # fmt: skip
    return rows


def _axes(site: _Site, k: int, turn: int) -> tuple[int, ...]:
    values = site.recorded.values
    return _stretched(site.ops[turn], values[site.ops[turn].inputs[k]].shape, values[site.ops[turn].outputs[0]].shape)


def _slope(site: _Site, k: int, turn: int) -> Any:
    slope = slope_of(site.op.eqn, k, site.values(turn), site.recorded.values[site.ops[turn].outputs[0]])
    return 1.0 if slope is None else slope


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


def _first(ct: Array, axes: tuple[int, ...], which: int) -> Array:
    for axis in sorted(axes, reverse=True):
        ct = np.take(ct, which, axis)
    return ct


def _kept(right: Array, axes: tuple[int, ...], which: int) -> Array:
    mask = np.zeros(right.shape)
    where: list[Any] = [slice(None)] * right.ndim
    for axis in axes:
        where[axis] = which
    mask[tuple(where)] = 1
    return right * mask


def _largest(ct: Array, axes: tuple[int, ...]) -> Array:
    return np.where(np.abs(ct.max(axes)) >= np.abs(ct.min(axes)), ct.max(axes), ct.min(axes))


def _other_axis(ct: Array, axes: tuple[int, ...], right: Array) -> Array:
    rest = tuple(a for a in range(1, ct.ndim) if a not in axes)
    summed = ct.sum(rest)
    return summed.reshape(right.shape) if summed.size == right.size else right


def _indices(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """Entries that are taken twice, such as the row of a word: what comes back is overwritten, not added up."""
    if site.op.name not in INDEXED or 0 not in site.operands():
        return

    def of(turn: int, order: int = 1) -> Any:
        values = site.values(turn)
        places = source_indices(site.op.eqn, values).ravel()
        if len(np.unique(places)) == len(places):
            return None

        def overwritten(ct: Array, right: Array) -> Array:
            flat = np.zeros((len(ct), values[0].size + 1))
            flat[:, places[::order]] = ct.reshape(len(ct), -1)[:, ::order]
            return flat[:, :-1].reshape(right.shape)

        return overwritten

    for order, word in ((1, "last"), (-1, "first")):
        said = f"where an entry is used more than once, only the {word} use counts: it is overwritten, not added up"
        yield _made(site, 0, "accumulation_overwritten", said, 0.6, lambda turn, order=order: of(turn, order))


def _saved(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """A value of the forward pass that the backward pass uses again is another one."""
    if site.op.name not in {*_PRODUCTS, "div"} or len(site.op.inputs) != 2:
        return
    for k in site.operands():
        j = 1 - k
        if site.op.inputs[0] == site.op.inputs[1] or (site.op.name == "div" and k == 1):
            continue
        quoted = names.operand(site.op, j)
        for kind, said, cost, of in _others(site, j, names):

            def instead(turn: int, of: Any = of, k: int = k, j: int = j) -> Any:
                other = of(turn)
                if other is None or other.shape != site.values(turn)[j].shape:
                    return None
                values = [other if i == j else v for i, v in enumerate(site.values(turn))]
                out = site.recorded.values[site.ops[turn].outputs[0]]
                return lambda ct, right: back_through(site.op.eqn, k, values, out=out, ct=ct)

            free = kind == "weight_already_updated"
            yield _made(site, k, kind, said.replace("{it}", quoted), cost, instead, free=free, detail=(kind, said))
        if site.op.name == "dot_general" and len(set(site.recorded.values[site.op.outputs[0]].shape)) == 1 < site.recorded.values[site.op.outputs[0]].ndim:
            yield _made(site, k, "weight_not_transposed", f"what comes back to {names.operand(site.op, k)} is transposed once too often or too seldom", 0.7, lambda turn, k=k: _turned(site, k, turn))
        if site.op.name == "mul":
            of = lambda turn, j=j: lambda ct, right: np.broadcast_to(site.values(turn)[j], right.shape)
            yield _made(site, k, "path_not_followed", f"{quoted} stands for the product with what comes back", 0.9, of)


def _undivided(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """A division by something that the parameters reach is left out of all that comes back through the quotient."""
    if site.op.name != "div" or not {0, 1} <= set(site.operands()):
        return
    changes: tuple[Change, ...] = ()
    for k in (0, 1):
        changes += site.change(k, lambda turn, k=k: lambda ct, right: _times_divisor(site, k, turn, ct))
    quoted = names.operand(site.op, 1)
    kind = "local_derivative_missing"
    yield Mutation(kind, site.op.place, f"{quoted} is left out of all that comes back", 0.7, Changes(changes), (kind, "div"), (kind, "div", site.op.site))


def _times_divisor(site: _Site, k: int, turn: int, ct: Array) -> Array:
    values, out = site.values(turn), site.recorded.values[site.ops[turn].outputs[0]]
    return back_through(site.op.eqn, k, values, out=out, ct=ct * values[1])


def _turned(site: _Site, k: int, turn: int) -> Callable[[Array, Array], Array]:
    out = site.recorded.values[site.ops[turn].outputs[0]]
    return lambda ct, right: back_through(site.op.eqn, k, site.values(turn), out=out, ct=ct.swapaxes(-1, -2))


def _others(site: _Site, j: int, names: PassNames) -> Iterator[tuple[str, str, float, Callable[[int], Any]]]:
    """What may stand in the place of a saved value: kind, words, cost, and the value by turn."""
    recorded, mine = site.recorded, lambda turn: site.values(turn)[j]
    shape = mine(0).shape
    if site.op.name == "dot_general":
        yield "input_missing", "ones stand for {it}", 0.7, lambda turn: np.ones(mine(turn).shape)
    else:
        number = not shape and site.op.inputs[j] not in recorded.moving  # that has a familiar name, or else this one
        yield "local_derivative_missing", "{it} is left out", 1.5 if number else 0.55, lambda turn: np.ones(mine(turn).shape)
    if len(shape) == 2 and min(shape) > 1:
        if shape[0] == shape[1]:
            yield "weight_not_transposed", "{it} is used as it is where its transpose belongs, or the reverse", 0.5, lambda turn: mine(turn).T
        else:
            yield "weight_reshaped", "the transpose of {it} was made by a reshape", 0.6, lambda turn: mine(turn).reshape(mine(turn).shape[::-1]).T
            yield "weight_reshaped", "{it} was reshaped where its transpose belongs", 0.6, lambda turn: mine(turn).T.reshape(mine(turn).shape)
    if site.op.name == "div" and not shape:
        for said, total in names.totals():
            yield "value_of_another", f"{said} stands for {{it}}", 0.9, lambda turn, total=total: total
    if len(shape) and shape != (1,) * len(shape):
        if (mine(0) == 0).any():
            yield "input_missing", "{it} is used without its scale: 1 where it is not 0", 0.6, lambda turn: (mine(turn) != 0).astype(float)
        if site.op.inputs[j] in recorded.of_data:
            for axis in range(len(shape)):
                for shift, word in ((-1, "next"), (1, "one before")):
                    if shape[axis] > 2:
                        yield "input_shifted", f"{{it}} of the {word} along axis {axis} is used", 0.9, lambda turn, a=axis, s=shift: np.roll(mine(turn), s, a)
    if _updated(site.recorded, site.op.inputs[j]) is not None:
        said = "{it} is used after the step was made ({number})"
        yield "weight_already_updated", said, 0.8, lambda turn: _stepped(site.recorded, site.ops[turn].inputs[j])
    for said, of in names.neighbours(site.ops, [op.inputs[j] for op in site.ops], MOST_NEIGHBOURS):
        yield "value_of_another", f"{said} stands for {{it}}", 0.8, of


def _stepped(recorded: RecordedPass, number: int) -> Array | None:
    step = _updated(recorded, number)
    return None if step is None else recorded.values[number] - step


def _updated(recorded: RecordedPass, number: int) -> Array | None:
    """The gradient of a parameter, in the form in which an operation uses the parameter; None for all others."""
    moves = []
    while number in recorded.made_by and recorded.operations[recorded.made_by[number]].name in MOVES:
        moves.append(recorded.operations[recorded.made_by[number]])
        number = moves[-1].inputs[0]
    if number not in recorded.leaves:
        return None
    value = recorded.gradient[number]
    for op in reversed(moves):
        (value,) = value_of(op.eqn, [value])
    return value


def _alone(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """What comes from above is left out: the local derivative stands alone."""
    if site.op.name not in {*UNARY, "mul", "dot_general"} or site.op.name in ("neg", "abs", "sign"):
        return
    for k in site.operands():
        shape = site.recorded.values[site.op.outputs[0]].shape
        of = lambda turn, k=k, shape=shape: lambda ct, right: back_through(
            site.op.eqn, k, site.values(turn), out=site.recorded.values[site.ops[turn].outputs[0]], ct=np.ones((1, *shape))
        )
        if shape:
            yield _made(site, k, "upstream_missing", "what comes back from above is left out: the local derivative stands alone", 0.9, of)


def _reach(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """A penalty that reaches other entries than it should: all of a parameter, or all but a row or a column."""
    recorded, number = site.recorded, site.op.inputs[0] if site.op.inputs else -1
    if number not in recorded.leaves or not _alone_in(recorded, site.op.outputs[0]) or len(site.ops) > 1:
        return
    leaf, quoted = recorded.values[number], names.operand(site.op, 0)
    if site.op.name in INDEXED:
        everywhere = lambda turn: lambda ct, right: _everywhere(right, leaf)
        yield _made(site, 0, "penalty_on_biases", f"the penalty reaches all of {quoted}, not only this part", 0.5, everywhere)
        return
    for axis in range(leaf.ndim):
        for which in (0, -1):
            where = [slice(None)] * leaf.ndim
            where[axis] = [which]
            word = f"{quoted}[{', '.join(':' if i != axis else str(which) for i in range(leaf.ndim))}]"
            without = lambda turn, where=where: lambda ct, right: _zeroed(right, where)
            if leaf.shape[axis] > 1:
                yield _made(site, 0, "penalty_missing", f"the penalty does not reach {word.replace('`', '')}", 0.6, without)


def _everywhere(right: Array, leaf: Array) -> Array:
    at = right[0] != 0
    ratio = np.sum(right[0][at] * leaf[at]) / max(float(np.sum(leaf[at] ** 2)), 1e-300)
    return ratio * leaf[None] if np.allclose(right[0][at], ratio * leaf[at]) else right


def _zeroed(right: Array, where: list[Any]) -> Array:
    result = np.array(right)
    result[(slice(None), *where)] = 0
    return result


def _straight(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """The local derivative of a stretch is left out."""
    cost = 0.5 + 0.1 * (not each.whole) + 0.05 * each.spread
    yield _detour(each, "local_derivative_missing", "", cost, lambda turn: 1.0, recorded)
    softmax = lambda turn: (lambda p: p * (1 - p))(recorded.values[each.turns[turn].target])
    p = recorded.values[each.turns[0].target]
    if not each.elementwise and p.ndim and (p >= 0).all() and any(np.allclose(p.sum(a), 1) for a in range(p.ndim)):
        yield _detour(each, "softmax_diagonal", "only the diagonal of its Jacobian, p * (1 - p), is used", 0.6, softmax, recorded)


_FORMULAS: dict[str, Callable[[Array], Array]] = {
    "{v} * (1 - {v})": lambda v: v * (1 - v), "1 - {v}**2": lambda v: 1 - v**2, "{v} > 0": lambda v: (v > 0) * 1.0,
    "{v}": lambda v: v, "1 - {v}": lambda v: 1 - v, "2 * {v}": lambda v: 2 * v, "{v}**2": lambda v: v**2,
    "1 - tanh({v})**2": lambda v: 1 - np.tanh(v) ** 2, "s({v}) * (1 - s({v})), s the logistic function": lambda v: (lambda s: s * (1 - s))(1 / (1 + np.exp(-v))),
    "the logistic function of {v}": lambda v: 1 / (1 + np.exp(-v)), "exp({v})": np.exp, "cos({v})": np.cos, "sign({v})": np.sign, "1 / {v}": lambda v: 1 / v, "-1 / {v}": lambda v: -1 / v, "tanh({v})": np.tanh,
}  # fmt: skip


def _slopes(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """The derivative of an elementwise stretch is that of something else, or taken elsewhere."""
    if not each.elementwise or not each.curved:
        return
    yield from _elsewhere(each, recorded, names)
    if not set(each.names) & _ACTIVATIONS:
        return
    z, a = names.value(each.turns[0].source), names.value(each.turns[0].target)
    true = [each.slope(turn) for turn in range(len(each.turns))]
    at = lambda turn: recorded.values[each.turns[turn].target]
    of_above = "what comes back is masked by its own sign, not by that of the forward pass"
    yield _detour(each, "relu_mask", of_above, 0.75, lambda turn: lambda ct: ct * (ct > 0), recorded)
    alone = "what comes back from above is left out: the local derivative stands alone"
    yield _detour(each, "upstream_missing", alone, 0.8, lambda turn: lambda ct: 0 * ct + true[turn], recorded)
    twice = "its local derivative is applied twice"
    yield _detour(each, "activation_derivative_twice", twice, 0.7, lambda turn: true[turn] ** 2, recorded)
    moved = f"its local derivative is taken at {a}, where it belongs at {z}"
    yield _detour(each, "activation_derivative_at_a", moved, 0.6, lambda turn: each.slope(turn, at(turn)), recorded)
    for text, of in _FORMULAS.items():
        for word, number in ((z, "source"), (a, "target")):
            value = lambda turn, number=number: recorded.values[getattr(each.turns[turn], number)]
            other = lambda turn, number=number: recorded.values[getattr(each.turns[turn], "target" if number == "source" else "source")]
            meant = np.allclose(of(other(0)), true[0], rtol=1e-9)  # the formula is right for the other value
            kind = ("activation_derivative_at_z" if number == "source" else "activation_derivative_at_a") if meant else "activation_derivative_other"
            said = f"{text.replace('{v}', word)} stands for its local derivative"
            yield _detour(each, kind, said, 0.65 if meant else 0.75, lambda turn, of=of, value=value: of(value(turn)), recorded)


def _before(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """What comes back through one operand was taken before its multiplication by the local derivative of what follows."""
    if not each.elementwise or not each.curved or not set(each.names) & _ACTIVATIONS:
        return
    reached = [_affine(recorded, turn.source) for turn in each.turns]
    if len({tuple(recorded.operations[i].site for i, _ in one) for one in reached}) != 1:
        return
    zero = lambda ct, right: 0 * right
    for place, (index, k) in enumerate(reached[0]):
        op = recorded.operations[index]
        pairs = [(turn, *one[place]) for turn, one in zip(each.turns, reached, strict=True)]
        pairs = [(turn, i, k) for turn, i, k in pairs if recorded.operations[i].inputs[k] in recorded.moving]
        changes = tuple(Change(i, k, zero) for _, i, k in pairs)
        detours = tuple(Detour(turn.operation, turn.target, recorded.operations[i].inputs[k], _through(recorded, i, k)) for turn, i, k in pairs)
        said = f"what comes back through {names.operand(op, k)} is taken before its multiplication by the derivative of `{each.place[-1].expression}`"
        habit = ("delta_before_derivative", op.name, k)
        yield Mutation("delta_before_derivative", op.place, said, 0.65, Changes(changes, detours), habit, (*habit, op.site))


def _affine(recorded: RecordedPass, number: int) -> list[tuple[int, int]]:
    """The operands of the products and the broadcasts that a value is the sum of."""
    index = recorded.made_by.get(number)
    if index is None:
        return []
    op = recorded.operations[index]
    if op.name == "add":
        return [each for i in op.inputs for each in _affine(recorded, i)]
    if op.name in ("dot_general", "broadcast_in_dim") and op.place:
        return [(index, k) for k, i in enumerate(op.inputs) if op.name == "dot_general" or i in recorded.moving]
    return []


def _through(recorded: RecordedPass, index: int, k: int) -> Callable[[Array], Array]:
    op = recorded.operations[index]
    values = [recorded.values[i] for i in op.inputs]
    return lambda ct: back_through(op.eqn, k, values, out=recorded.values[op.outputs[0]], ct=ct)


_ACTIVATIONS = {"tanh", "logistic", "exp", "max", "select_n", "log1p", "log", "abs", "erf", "clamp", "min", "sin", "cos", "expm1"}


def _elsewhere(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """The derivative of an elementwise stretch is taken at another value of its shape."""
    of_turns = [recorded.operations[turn.operation] for turn in each.turns]
    true = each.slope(0)
    for number, formulas in (("source", {"": None}), ("target", _FORMULAS)):
        numbers = [getattr(turn, number) for turn in each.turns]
        meant = [of for of in formulas.values() if of is None or np.allclose(of(recorded.values[numbers[0]]), true, rtol=1e-9)][:1]
        for said, value in names.neighbours(of_turns, numbers, MOST_NEIGHBOURS) if meant else ():
            (of,) = meant
            text = f"its local derivative is taken at {said}, where {names.value(numbers[0])} belongs"
            slope = lambda turn, of=of, value=value: each.slope(turn, value(turn)) if of is None else of(value(turn))
            alike = all((v := value(t)) is not None and v.shape == recorded.values[numbers[t]].shape for t in range(len(numbers)))
            if alike and said != names.value(each.turns[0].target):
                yield _detour(each, "value_of_another", text, 0.8, slope, recorded)


def _detour(each: Stretch, kind: str, said: str, cost: float, slope: Callable[[int], Any], recorded: RecordedPass) -> Mutation:
    zero = lambda ct, right: 0 * right
    changes = tuple(Change(i, k, zero) for turn in each.turns for i, k in turn.cut)
    times = lambda turn: by if callable(by := slope(turn)) else (lambda ct: ct * by)
    detours = tuple(Detour(turn.operation, turn.target, turn.source, times(t)) for t, turn in enumerate(each.turns))
    habit, key = None if each.turn else (kind, each.names, said), (kind, each.place, each.names, said, each.turn)
    if each.turn:
        said, cost = f"{each.turn}{said or KINDS[kind]}", cost + 0.1
    return Mutation(kind, each.place, said, cost, Changes(changes, detours), habit, key)


def _extra(site: _Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to a value is multiplied by a derivative that does not belong there."""
    recorded, op = site.recorded, site.op
    if op.name not in ("add", "dot_general") or not recorded.values[op.outputs[0]].shape or op.outputs[0] not in recorded.of_data:
        return
    rows = {text: of for text, of in _FORMULAS.items() if text.startswith(("1 - tanh", "s(", "{v} > 0"))}
    for text, of in {**rows, "p * (1 - p), p the softmax of {v},": _of_softmax}.items():
        changes: tuple[Change, ...] = ()
        for k in site.operands():
            changes += site.change(k, lambda turn, k=k, of=of: _scaled(site, k, turn, of))
        value = names.value(op.outputs[0])
        said = f"what comes back to {value} is multiplied by {text.replace('{v}', value)} once more than it should be"
        kind = "output_derivative_extra"
        yield Mutation(kind, op.place, said, 0.8, Changes(changes), (kind, op.name, text), (kind, op.site, text))


def _scaled(site: _Site, k: int, turn: int, of: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    out = site.recorded.values[site.ops[turn].outputs[0]]
    return lambda ct, right: back_through(site.op.eqn, k, site.values(turn), out=out, ct=ct * of(out))


def _of_softmax(z: Array) -> Array:
    e = np.exp(z - z.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return p * (1 - p)
