"""f at one point with all its mutations, and the gradient under test there: where wrong lines are replayed."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.backward_mutations import mutations
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, changed_gradients
from jaxnet.gradients.diagnosis.mutation import Mutation
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass
from jaxnet.gradients.diagnosis.tolerances import MOST_COMPARED, MOST_MUTATIONS, NOTHING, SAME_GRADIENT
from jaxnet.gradients.evidence import Evidence, Gradient


class Wrong(NamedTuple):
    """A mutation made to some extent; ``only``: in the gradients of these parameters, by their place, where not in
    all."""

    mutation: Mutation
    extent: float
    only: tuple[int, ...] = ()

    @property
    def factor(self) -> float:
        """What comes back, as a multiple of what should."""
        return 1 - self.extent


class Setting:
    """The mutations of f at one point, and the gradient under test there."""

    def __init__(self, evidence: Evidence, recorded: RecordedPass, yours: np.ndarray, noise: np.ndarray) -> None:
        self.recorded, self.yours = recorded, yours
        recorded.stop(_shifts(recorded))
        self.ends = np.cumsum([recorded.values[i].size for i in recorded.leaves])
        (self.right,) = changed_gradients(recorded, [()])
        parts = np.split(self.right, self.ends[:-1])
        recorded.gradient = {
            i: g.reshape(recorded.values[i].shape) for i, g in zip(recorded.leaves, parts, strict=True)
        }
        self.names = PassNames(recorded, evidence.objective, list(evidence.true))
        self._same: dict[Any, Mutation] = {}
        self.entries = _entries(self.ends)
        sizes = [
            max(float(np.abs(p).max(initial=0.0)) for p in each)
            for each in zip(parts, np.split(yours, self.ends[:-1]), strict=True)
        ]
        scale = np.repeat(sizes, np.diff(self.ends, prepend=0))
        self.allowed = noise + SAME_GRADIENT * scale + 1e-14 * max(sizes, default=0.0)
        self.weight = 1 / np.maximum(scale, max(1e-9 * max(sizes, default=0.0), NOTHING))

    @classmethod
    def at(cls, evidence: Evidence, params: Any, data: tuple[Any, ...], yours: Gradient) -> "Setting | None":
        """Record f; None where it cannot be traced, or is too long to be written down."""
        try:
            recorded = RecordedPass(evidence.objective, (params, *data))
        except Exception:  # whatever tracing raises for code that was not written for JAX
            return None
        return cls(evidence, recorded, flat(yours), flat(evidence.noise))

    @functools.cached_property
    def mutations(self) -> list[Mutation]:
        """All that are known."""
        return list(mutations(self.recorded, self.names))[:MOST_MUTATIONS]

    def same(self, mutation: Mutation, there: RecordedPass) -> Mutation | None:
        """The mutation of another recorded pass in this one; None where it has no such operation."""
        if mutation.key not in self._same:
            made: list[Any] = [*mutation.changes.changes, *mutation.changes.detours]
            near = {there.operations[each.operation].site for each in made}  # to make all again takes seconds
            self._same |= {each.key: each for each in mutations(self.recorded, self.names, near=near)}
        if mutation.key not in self._same:
            self._same |= {each.key: each for each in self.mutations}
        return self._same.get(mutation.key)

    def is_true(self, true: Gradient) -> bool:
        """Whether the pass that is right gives the true gradient: else it judges nothing."""
        return bool((np.abs(self.right - flat(true)) <= self.allowed).all())

    def replay(self, passes: Sequence[Sequence[Wrong]], *, everything: bool = False) -> np.ndarray:
        """Compute the gradients [M, P] under wrong lines, of the entries that are compared or of all."""
        made = [[w.mutation.times(w.extent) for w in each] for each in passes]
        rows = changed_gradients(self.recorded, made, None if everything else self.entries)
        for row, each in zip(rows, passes, strict=True):
            for w in each:
                if w.only:
                    elsewhere = ~self.within(w.only, everything=everything)
                    row[elsewhere] = (self.right if everything else self.right[self.entries])[elsewhere]
        return rows

    def within(self, leaves: Sequence[int], *, everything: bool = False) -> np.ndarray:
        """Which entries, of those that are compared or of all, are of some parameters."""
        entries = np.arange(len(self.right)) if everything else self.entries
        return np.isin(np.searchsorted(self.ends, entries, side="right"), leaves)

    def fits(self, rows: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """Which rows [M, compared entries] are the goal, to rounding."""
        return (np.abs(rows - goal) <= self.allowed[self.entries]).all(axis=1)


def _shifts(recorded: RecordedPass) -> list[int]:
    """The maxima through which nothing comes back: nobody who derives a softmax follows the one it subtracts."""
    groups: dict[int, list[int]] = {}  # what is subtracted is added again later, at times: both or none is followed
    for index, op in enumerate(recorded.operations):
        if op.name in ("reduce_max", "reduce_min") and op.inputs[0] in recorded.moving:
            groups.setdefault(recorded.rearranged(op.inputs[0])[0], []).append(index)
    nothing = lambda index: Change(index, 0, lambda ct, right: 0 * right)
    cut = [(Changes(tuple(map(nothing, indices))),) for indices in groups.values()]
    right, *rows = changed_gradients(recorded, [(), *cut]) if cut else [np.zeros(0)]
    size = SAME_GRADIENT * np.abs(right).max(initial=0.0)
    unseen = [i for i, row in zip(groups.values(), rows, strict=True) if (np.abs(row - right) <= size).all()]
    return [recorded.operations[index].outputs[0] for indices in unseen for index in indices]


def _entries(ends: np.ndarray) -> np.ndarray:
    """The entries that are compared: all, or some of every leaf."""
    random, starts = np.random.default_rng(0), [0, *ends[:-1]]
    most = max(64, MOST_COMPARED // len(ends))
    parts = [
        np.arange(a, b) if b - a <= most else np.sort(random.choice(np.arange(a, b), most, replace=False))
        for a, b in zip(starts, ends, strict=True)
    ]
    return np.concatenate(parts)


def flat(gradient: Gradient) -> np.ndarray:
    """Put the leaves one after another."""
    return np.concatenate([leaf.ravel() for leaf in gradient.values()])


def plain_extent(extent: float, slack: float) -> float:
    """The extent whose factor has few digits, within what the projection rounds."""
    factor = 1 - extent
    rounded = float(f"{factor:.6g}") if abs(factor) > slack else 0.0
    return 1 - rounded if abs(rounded - factor) <= slack * max(1.0, abs(factor)) else extent
