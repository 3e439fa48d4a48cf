"""Wrong lines at one operand: a path not followed or scaled, a loop or an index that overwrites, a penalty's reach."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.mutation import Mutation, Site, What, made, made_everywhere
from jaxnet.gradients.diagnosis.operation_rules import INDEXED, MOVES, source_indices
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.slope_mutations import FORMULAS, LOGISTIC
from jaxnet.gradients.diagnosis.tolerances import MOST_TURNS
from jaxnet.gradients.truth.operation_values import UNARY


def _paths(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back through an operand is not followed, or times any factor."""
    zero = lambda turn: lambda ct, right: 0 * right
    if site.op.name in MOVES:
        return
    for k in site.operands():
        what = What("path_not_followed", f"what comes back through {names.operand(site.op, k)}", 0.4)
        yield made(site, k, what, zero, free=True, detail="path")
        if 1 < len(site.ops) <= MOST_TURNS:
            for turn in range(len(site.ops)):
                only = lambda t, turn=turn: (lambda ct, right: 0 * right) if t == turn else None
                alone = what._replace(said=f"in turn {turn + 1} of {len(site.ops)}, {what.said}", cost=0.6)
                one = made(site, k, alone, only, free=True, detail=("turn", turn))
                yield dataclasses.replace(one, habit=None)


def _turns(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to one value in each turn of a loop is overwritten, not added up."""
    for k in site.operands() if len(site.ops) > 1 else ():
        roots = [site.recorded.rearranged(op.inputs[k])[0] for op in site.ops]
        most = max(map(roots.count, set(roots)))
        ends = {"last": {root: turn for turn, root in enumerate(roots)}, "first": {r: roots.index(r) for r in roots}}
        for word, kept in ends.items() if most > 1 else ():
            of = lambda turn, kept=kept, roots=roots: None if kept[roots[turn]] == turn else lambda ct, right: 0 * right
            operand, what = names.operand(site.op, k), "it is overwritten, not added up"
            said = f"of what comes back through {operand} in {most} turns only that of the {word} one counts: {what}"
            yield made(site, k, What("accumulation_overwritten", said, 0.7), of, detail=word)


def _windows(site: Site, names: PassNames) -> Iterator[Mutation]:
    """Parts of one array that overlap in the turns of a loop: what comes back to an entry is that of one part only."""
    same = len({op.inputs[0] for op in site.ops}) == 1
    if site.op.name not in INDEXED or len(site.ops) < 2 or not same or 0 not in site.operands():
        return
    shape = site.values(0)[0].shape
    places = [source_indices(op.eqn, site.values(turn)).ravel() for turn, op in enumerate(site.ops)]
    for word, order in (("last", 1), ("first", -1)):
        owner = np.full(int(np.prod(shape)) + 1, -1)
        for turn in range(len(places))[::order]:
            owner[places[turn]] = turn
        of: Any = lambda turn, owner=owner: lambda ct, right: right * (owner[:-1] == turn).reshape(shape)
        said = f"where parts overlap only the {word} one counts: what comes back is overwritten, not added up"
        yield made(site, 0, What("accumulation_overwritten", said, 0.6), of)


def _indices(site: Site, names: PassNames) -> Iterator[Mutation]:
    """Entries that are taken twice, such as the row of a word: what comes back is overwritten, not added up."""
    if site.op.name not in INDEXED or 0 not in site.operands():
        return

    def of(turn: int, order: int = 1) -> Any:
        values = site.values(turn)
        places = source_indices(site.op.eqn, values).ravel()
        if len(np.unique(places)) == len(places):
            return None

        def overwritten(ct: np.ndarray, right: np.ndarray) -> np.ndarray:
            flat = np.zeros((len(ct), values[0].size + 1))
            flat[:, places[::order]] = ct.reshape(len(ct), -1)[:, ::order]
            return flat[:, :-1].reshape(right.shape)

        return overwritten

    for order, word in ((1, "last"), (-1, "first")):
        said = f"where an entry is used more than once, only the {word} use counts: it is overwritten, not added up"
        yield made(site, 0, What("accumulation_overwritten", said, 0.6), lambda turn, order=order: of(turn, order))


def _alone(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes from above is left out: the local derivative stands alone."""
    if site.op.name not in {*UNARY, "mul", "dot_general"} or site.op.name in ("neg", "abs", "sign"):
        return
    shape, said = site.out(0).shape, "what comes back from above is left out"
    what = What("upstream_missing", f"{said}: the local derivative stands alone", 1.05)
    for k in site.operands() if shape else ():
        of = lambda turn, k=k: lambda ct, right: site.back(k, turn, np.ones((1, *shape)))
        yield made(site, k, what, of)


def _reach(site: Site, names: PassNames) -> Iterator[Mutation]:
    """A penalty that reaches other entries than it should: all of a parameter, or all but a row or a column."""
    recorded, number = site.recorded, site.op.inputs[0] if site.op.inputs else -1
    root = recorded.rearranged(number)[0] if number >= 0 else number  # a matrix may be a part of one vector
    if root not in recorded.leaves or site.op.outputs[0] not in recorded.penalties or len(site.ops) > 1:
        return
    leaf, quoted = recorded.values[number], names.operand(site.op, 0)
    if site.op.name in INDEXED:
        everywhere = lambda turn: lambda ct, right: _everywhere(right, leaf)
        what = What("penalty_on_biases", f"the penalty reaches all of {quoted}, not only this part", 0.5)
        yield made(site, 0, what, everywhere, detail="everywhere")
        return
    for axis in range(leaf.ndim):
        for which in (0, -1):
            where: list[Any] = [slice(None)] * leaf.ndim
            where[axis] = [which]
            word = f"{quoted}[{', '.join(':' if i != axis else str(which) for i in range(leaf.ndim))}]"
            without = lambda turn, where=where: lambda ct, right: _zeroed(right, where)
            what = What("penalty_missing", f"the penalty does not reach {word.replace('`', '')}", 0.6)
            if leaf.shape[axis] > 1:
                yield made(site, 0, what, without)


def _everywhere(right: np.ndarray, leaf: np.ndarray) -> np.ndarray:
    """The derivative of a penalty of squares, of absolute values or of both, at entries that it does not reach."""
    at, terms = right[0] != 0, np.stack([leaf, np.sign(leaf)], axis=-1)
    shares, *_ = np.linalg.lstsq(terms[at], right[0][at])
    return (terms @ shares)[None] if np.allclose(terms[at] @ shares, right[0][at]) else right


def _zeroed(right: np.ndarray, where: list[Any]) -> np.ndarray:
    result = np.array(right)
    result[(slice(None), *where)] = 0
    return result


def _extra(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back to a value is multiplied by a derivative that does not belong there."""
    recorded, op = site.recorded, site.op
    if (
        op.name not in ("add", "dot_general", "reduce_sum")
        or not recorded.values[op.outputs[0]].shape
        or op.outputs[0] not in recorded.of_data
    ):
        return
    rows = {text: of for text, of in FORMULAS.items() if text in ("1 - tanh({v})**2", LOGISTIC, "{v} > 0")}
    value = names.value(op.outputs[0])
    for text, of in {**rows, "p * (1 - p), p the softmax of {v},": _of_softmax}.items():
        said = f"what comes back to {value} is multiplied by {text.replace('{v}', value)} once more than it should be"
        once_more: Any = lambda k, turn, of=of: lambda ct, right: site.back(k, turn, ct * of(site.out(turn)))
        yield made_everywhere(site, What("output_derivative_extra", said, 0.8), once_more, detail=text)


def _of_softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return p * (1 - p)


EDGE_KINDS = (_paths, _turns, _windows, _indices, _alone, _reach, _extra)
