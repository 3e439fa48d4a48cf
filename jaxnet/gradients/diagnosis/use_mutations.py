"""Wrong lines about all uses of a value: it is followed nowhere in a line, or by another parameter's derivative."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.backward_stretches import spanned
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes
from jaxnet.gradients.diagnosis.mutation import Mutation
from jaxnet.gradients.diagnosis.operation_rules import MOVES
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass

_FEW_IN_A_LINE = 4  # places at which a value is read


def uses(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Yield the wrong lines about all uses of one value."""
    yield from _in_one_line(recorded, names)
    yield from _by_the_exponential(recorded, names)


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
    for sites in recorded.by_site("exp"):
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
