"""Why the gradient of any f is wrong: the fewest wrong lines of its backward pass that give the gradient under test.

Every mutation is carried out; what it changes is compared with the error. The gradient is affine in the extent of one,
so a factor is not guessed but projected. Whatever fits is replayed at other parameters and on half of the batch.
"""

import functools
from collections.abc import Sequence

import numpy as np

from jaxnet.gradients.diagnosis.backward_settings import Setting, Wrong, plain_extent
from jaxnet.gradients.diagnosis.causes import wrong_leaves
from jaxnet.gradients.diagnosis.elsewhere import Elsewhere, elsewhere
from jaxnet.gradients.diagnosis.factors import Counts, factor_value, named_factors
from jaxnet.gradients.diagnosis.mutation_words import Said, cause_of_mutation
from jaxnet.gradients.diagnosis.tolerances import (
    FEWEST_ENTRIES,
    MOST_PAIRED,
    MOST_TRIED,
    NOTHING,
    PLAIN_NUMBER,
    PROJECTED_ROUNDINGS,
    SAME_GRADIENT,
)
from jaxnet.gradients.diagnosis.wrong_pairs import adding_up, told_apart
from jaxnet.gradients.evidence import Cause, Evidence

PLAIN = (0.0, -1.0, 2.0, 0.5)  # factors that explain what others explain beside them
_BATCHES = ("n", "1/n")


def mutated_backward_pass(evidence: Evidence, counts: Counts, *, alone: bool = False) -> tuple[Cause, ...]:
    """Explain a gradient by one or two mutations of the backward pass of f; () where none does, or f is not JAX's.

    ``alone``: by one only, where the cause is known and the line is what is asked for.
    """
    setting = Setting.at(evidence, evidence.params, evidence.data, evidence.yours)
    if setting is None or not setting.is_true(evidence.true):
        return ()
    return _Search(evidence, setting, counts).causes(1 if alone else 4)


class _Search:
    def __init__(self, evidence: Evidence, setting: Setting, counts: Counts) -> None:
        self.evidence, self.setting, self.counts = evidence, setting, counts
        chosen = setting.entries
        self.yours, self.right = setting.yours[chosen], setting.right[chosen]
        self.off = self.yours - self.right
        self.weight = setting.weight[chosen]
        self.slack = max(10 * PLAIN_NUMBER, PROJECTED_ROUNDINGS * evidence.eps)  # of a factor that is projected
        self.wrong_entries = int((np.abs(setting.yours - setting.right) > setting.allowed).sum())

    def causes(self, searches: int) -> tuple[Cause, ...]:
        singles = [Wrong(each, 1.0) for each in self.setting.mutations]
        if not singles:
            return ()
        rows = self.setting.replay([[each] for each in singles])
        finite = np.isfinite(rows).all(axis=1)
        changes = np.where(finite[:, None], rows - self.right, 0.0)
        alive = [i for i in range(len(singles)) if np.abs(changes[i] * self.weight).max(initial=0.0) > SAME_GRADIENT]
        alive.sort(key=lambda i: singles[i].mutation.cost)
        singles, changes = [singles[i] for i in alive], changes[alive]
        # each costs some times what the last did
        for search in (self._ones, self._twos, self._nested, self._apart)[:searches]:
            for each in sorted(search(singles, changes), key=self._cost)[:MOST_TRIED]:
                if self._cost(each) < np.inf and self._stands(each):
                    return self._causes(each)
        return ()

    def _ones(self, singles: list[Wrong], changes: np.ndarray) -> list[list[Wrong]]:
        """One wrong line: made once, or any number of times its change."""
        found = self._scaled(singles, changes, self.right)
        loops = [
            each._replace(extent=1 - c)
            for each in singles
            if each.mutation.free and len(each.mutation.changes.changes) > 1
            for c in PLAIN[1:]
        ]
        if not found and loops:  # in a loop a factor is passed again and again: no multiple of one change
            rows = self.setting.replay([[each] for each in loops])
            found += [[each] for each, fit in zip(loops, self.setting.fits(rows, self.yours), strict=True) if fit]
        return found

    def _twos(self, singles: list[Wrong], changes: np.ndarray) -> list[list[Wrong]]:
        """Two wrong lines on different paths: their changes add up. One of them, or both, may be any factor."""
        weighted, off = changes * self.weight, self.off * self.weight
        keep = told_apart(weighted)[:MOST_PAIRED]
        pairs = adding_up([singles[i] for i in keep], weighted[keep], off, self.slack) if keep else []
        return self._replayed(pairs)

    def _nested(self, singles: list[Wrong], changes: np.ndarray) -> list[list[Wrong]]:
        """Two wrong lines one above the other: with the first made, the second is looked for once more."""
        found: list[list[Wrong]] = []
        rows = changes * self.weight
        keep = told_apart(rows)
        options = [w for i in keep for w in self._extents(singles[i])]
        # what is the same by itself is not below another: of such the ones nearest the output are tried as well
        upwards = sorted(range(len(singles)), key=lambda i: -singles[i].mutation.last)
        both = sorted({*keep, *(upwards[i] for i in told_apart(rows[upwards]))}) if len(singles) else []
        for first in self._promising(options)[:MOST_TRIED]:
            others = [singles[i] for i in both if singles[i].mutation is not first.mutation]
            rows = self.setting.replay([[first], *([first, each] for each in others)])
            found += [[first, second] for (second,) in self._scaled(others, rows[1:] - rows[0], rows[0])]
        return self._replayed(found)

    def _scaled(self, lines: list[Wrong], changes: np.ndarray, base: np.ndarray) -> list[list[Wrong]]:
        """The wrong lines of which some extent, or 1 where no other is a mistake, takes ``base`` to the goal."""
        if not lines:
            return []
        weighted, off = changes * self.weight, (self.yours - base) * self.weight
        shares = weighted @ off / np.maximum((weighted**2).sum(1), NOTHING)
        extents = [plain_extent(s, self.slack) if w.mutation.free else 1.0 for w, s in zip(lines, shares, strict=True)]
        fits = self.setting.fits(base + np.array(extents)[:, None] * changes, self.yours)
        return [[w._replace(extent=e)] for w, e, fit in zip(lines, extents, fits, strict=True) if fit]

    def _extents(self, each: Wrong) -> list[Wrong]:
        if not each.mutation.free:
            return [each]
        numbers = [*PLAIN, *(factor_value(name, self.counts) for name in _BATCHES if self.counts.examples)]
        return [each._replace(extent=1 - c) for c in numbers if c != 1]

    def _apart(self, singles: list[Wrong], changes: np.ndarray) -> list[list[Wrong]]:
        """One wrong line in the gradients of the wrong parameters alone: others follow the right one."""
        wrong = wrong_leaves(self.evidence)
        only = tuple(i for i, path in enumerate(self.evidence.true) if path in wrong)
        kept = changes * self.setting.within(only)
        found = [] if len(only) == len(self.evidence.true) else self._ones(singles, kept)
        if self.wrong_entries < FEWEST_ENTRIES:  # a few numbers are near many others, until other points are asked
            found = found if self._elsewhere else []
        # a factor of all that comes back to a parameter could stand anywhere on the way
        placed = [w._replace(only=only) for (w,) in found if not (w.mutation.free and w.factor)]
        return self._replayed([[w] for w in placed])

    def _promising(self, options: list[Wrong]) -> list[Wrong]:
        """Those that set some wrong leaf right, but for a factor at most: most leaves first, then the cheapest."""
        ends = np.searchsorted(self.setting.entries, self.setting.ends)
        leaves = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        rows = self.setting.replay([[], *([each] for each in options)])
        right = np.stack([part for leaf in leaves for part in self._right_in(rows, leaf)], axis=1)
        gained = (right[1:] & ~right[0]).sum(axis=1)
        # a leaf is made of two terms at times: then none is set right, and the nearest is followed
        order = sorted(range(len(options)), key=lambda i: (-gained[i], options[i].mutation.cost))
        return [options[i] for i in order if gained[i]]

    def _right_in(self, rows: np.ndarray, leaf: slice) -> tuple[np.ndarray, np.ndarray]:
        """Which rows are the gradient under test in one leaf, and which are a multiple of it."""
        mine, yours, allowed = rows[:, leaf], self.yours[leaf], self.setting.allowed[self.setting.entries][leaf]
        share = (mine @ yours / np.maximum((mine**2).sum(1), NOTHING))[:, None]
        few = len(yours) < FEWEST_ENTRIES  # one entry is a multiple of any other
        near = lambda values: (np.abs(values - yours) <= allowed).all(1)
        return near(mine), near(mine if few else share * mine)

    def _replayed(self, found: list[list[Wrong]]) -> list[list[Wrong]]:
        found = sorted(found, key=self._cost)[: 4 * MOST_TRIED]
        rows = self.setting.replay(found) if found else np.zeros((0, len(self.yours)))
        return [each for each, fit in zip(found, self.setting.fits(rows, self.yours), strict=True) if fit]

    def _cost(self, found: Sequence[Wrong]) -> float:
        return sum(self._cost_of(each) for each in found)

    def _cost_of(self, wrong: Wrong) -> float:
        """How far-fetched a mutation is; of one or two wrong entries any number is one, so only plain ones count."""
        mutation = wrong.mutation
        depth = -1e-6 * mutation.last  # of a chain the one nearest the output is named
        if not mutation.free:
            return mutation.cost + depth
        if mutation.kind == "weight_already_updated":
            return mutation.cost + depth + (0 if wrong.extent > 0 and _digits(wrong.extent) <= 3 else np.inf)
        if wrong.factor in (0.0, -1.0):
            return mutation.cost + depth
        if self.wrong_entries < FEWEST_ENTRIES and wrong.factor not in PLAIN:
            return np.inf
        return mutation.cost + depth + (0.6 if self._names(wrong) else 1.6 - 0.1 * mutation.scales)

    def _names(self, wrong: Wrong) -> list[str]:
        near = lambda value: abs(wrong.factor - value) <= 10 * self.slack * abs(value)
        return [name for name, each in named_factors(self.counts).items() if near(each.value)]

    def _stands(self, found: list[Wrong]) -> bool:
        """Whether wrong lines give the gradient under test in all its entries, and at other points as well."""
        (whole,) = self.setting.replay([found], everything=True)
        if not (np.abs(whole - self.setting.yours) <= self.setting.allowed).all():
            return False
        batches = [each for each in self._elsewhere if each.counts.examples != self.counts.examples]
        if any(w.mutation.counts for w in found) and not batches:
            return False  # a number of the data equals many another, as long as there is one batch
        return all(each.holds(found, self._names) for each in self._elsewhere)

    @functools.cached_property
    def _elsewhere(self) -> list[Elsewhere]:
        return list(elsewhere(self.evidence, self.counts, self.setting))

    def _causes(self, found: list[Wrong]) -> tuple[Cause, ...]:
        (whole,) = self.setting.replay([found], everything=True)
        yours, leaves = self.setting.yours, wrong_leaves(self.evidence)
        error = float(np.linalg.norm(yours - whole) / max(float(np.linalg.norm(yours)), NOTHING))
        said = lambda w: Said(w.mutation, w.factor, self._tested(w, found), alone=bool(w.only))
        parts = sorted(found, key=lambda w: -w.mutation.last)
        return tuple(cause_of_mutation(said(w), self._touched(w, leaves), error) for w in parts)

    def _touched(self, wrong: Wrong, leaves: tuple[str, ...]) -> tuple[str, ...]:
        """The wrong leaves that a mutation by itself makes wrong."""
        (alone,) = self.setting.replay([[wrong]], everything=True)
        moved = np.split(np.abs(alone - self.setting.right) > self.setting.allowed, self.setting.ends[:-1])
        names = [path for path, leaf in zip(self.evidence.true, moved, strict=True) if leaf.any()]
        return tuple(path for path in leaves if path in names) or leaves

    def _tested(self, wrong: Wrong, found: list[Wrong]) -> list[str]:
        """The familiar numbers that a factor equals here, and on half of the batch as well."""
        names = self._names(wrong)
        for each in self._elsewhere:
            names = each.names_that_hold(wrong, found, names)
        return names


def _digits(number: float) -> int:
    return len(f"{number:.9g}".replace(".", "").strip("0").split("e")[0].strip("0"))
