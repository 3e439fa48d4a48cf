"""All wrong lines of a recorded backward pass. Each kind is a few lines that say what comes back instead.

    edge_mutations    at one operand: not followed, scaled, overwritten
    sum_mutations     sums over something else
    saved_mutations   another value of the forward pass
    slope_mutations   another local derivative
    joint_mutations   another formula for a softmax, a cross-entropy, a normalisation
    use_mutations     a value in all its uses, as one that is followed nowhere in a line
    data_mutations    other data: weights that do not count, > for >=, standardising left out
    placement_mutations   transposed, forced into shape, shifted, exchanged, given to another entry

A kind is a generator of ``Mutation``. Those of one site in the source, in whichever turn of a loop, are one mutation;
those of one habit, as all tanh of a network, are one more, made everywhere at once.
"""

import dataclasses
from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any

from jaxnet.gradients.diagnosis.backward_stretches import stretches
from jaxnet.gradients.diagnosis.changed_pass import Changes
from jaxnet.gradients.diagnosis.data_mutations import other_data
from jaxnet.gradients.diagnosis.edge_mutations import EDGE_KINDS
from jaxnet.gradients.diagnosis.joint_mutations import joint, likelihoods
from jaxnet.gradients.diagnosis.mutation import Mutation, Site
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.placement_mutations import PLACEMENT_KINDS
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass
from jaxnet.gradients.diagnosis.saved_mutations import SAVED_KINDS
from jaxnet.gradients.diagnosis.slope_mutations import SLOPE_KINDS
from jaxnet.gradients.diagnosis.source_places import SourcePlace
from jaxnet.gradients.diagnosis.sum_mutations import SUM_KINDS
from jaxnet.gradients.diagnosis.tolerances import MOST_TURNS
from jaxnet.gradients.diagnosis.use_mutations import uses

_AT_SITES = (*EDGE_KINDS, *SUM_KINDS, *SAVED_KINDS, *PLACEMENT_KINDS)


def mutations(recorded: RecordedPass, names: PassNames, *, near: Collection[Any] | None = None) -> Iterator[Mutation]:
    """Yield every wrong line that is known for a recorded pass; ``near``: those at these sites, and perhaps others."""
    wanted = lambda site: near is None or site in near
    sites: dict[Any, list[int]] = {}
    for index, op in enumerate(recorded.operations):
        if op.place and any(i in recorded.moving for i in op.inputs):
            sites.setdefault(op.site, []).append(index)
    every = [Site(recorded, indices) for site, indices in sites.items() if wanted(site)]
    found = [m for site in every for kind in _AT_SITES for m in kind(site, names)]
    grown = list(stretches(recorded))
    places = {each.place for each in grown if any(wanted(recorded.operations[i].site) for i in each.ends)}
    through = [one for each in grown if each.place in places for one in each.apart(MOST_TURNS)]
    found += [m for each in through for kind in (*SLOPE_KINDS, joint) for m in kind(each, recorded, names)]
    found += [m for kind in (likelihoods, uses, other_data) for m in kind(recorded, names)]
    found = [m for m in found if m.changes.changes or m.changes.detours]
    seen: dict[Hashable, int] = {}
    for each in (*found, *_habits(found)):
        seen[each.key] = number = seen.get(each.key, -1) + 1
        # two that are called alike, as two values of one name, stay two for another batch
        yield dataclasses.replace(each, key=(each.key, number)) if number else each


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
            said = (
                last.said + f" (also in line{'s' * (len(places) > 2)} {_lines(places, last)})"
                if len(places) > 1
                else last.said
            )
            yield dataclasses.replace(
                last, changes=changes, habit=None, key=("all", habit), cost=last.cost + 0.02, said=said
            )


def _lines(places: tuple[SourcePlace, ...], last: Mutation) -> str:
    return ", ".join(dict.fromkeys(str(p.line) for p in places if p != last.place[-1])) or str(last.place[-1].line)


def _overlap(one: Mutation, other: Mutation) -> bool:
    mine = {(c.operation, c.operand) for c in one.changes.changes}
    return any((c.operation, c.operand) in mine for c in other.changes.changes)
