"""Why the gradient of any f is wrong: the mutation of its backward pass that gives the gradient under test.

All edges and bypasses are tried at once by one compiled program. The gradient is affine in the factor on one edge, so
the factor is not guessed but projected; every explanation is replayed, at the point and at other parameters too.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.gradients.diagnosis.backward_edges import BackwardEdges, Edge
from jaxnet.gradients.diagnosis.causes import wrong_leaves
from jaxnet.gradients.diagnosis.factors import Counts, factor_sentence, factor_value, named_factors
from jaxnet.gradients.diagnosis.kinds import KINDS
from jaxnet.gradients.diagnosis.penalty import round_number
from jaxnet.gradients.diagnosis.source_places import SourcePlace, operand_text
from jaxnet.gradients.diagnosis.tolerances import (
    FEWEST_ENTRIES,
    MOST_EDGES,
    NOTHING,
    PLAIN_NUMBER,
    PROBE_ROUNDINGS,
    SAME_FORMULA,
    SAME_GRADIENT,
)
from jaxnet.gradients.evidence import Cause, Evidence, Gradient
from jaxnet.gradients.example_axis import examples_at

_STRUCTURAL = {"broadcast_in_dim", "reshape", "squeeze", "convert_element_type", "transpose", "copy", "expand_dims"}
_PLAIN = (0.0, -1.0, 2.0, 0.5)  # factors that explain two edges at once


class Mutation(NamedTuple):
    """Factors on some edges [edges] and bypasses [B] in use: one or two of them are not as they should be."""

    factors: np.ndarray
    skipped: np.ndarray

    def __add__(self, other: Any) -> "Mutation":
        return Mutation(self.factors * other.factors, self.skipped + other.skipped)


def mutated_backward_pass(evidence: Evidence, counts: Counts) -> tuple[Cause, ...]:
    """Explain a gradient by one or two mutations of the backward pass of f; () where none does, or f is not JAX's."""
    try:
        edges = BackwardEdges(evidence.objective, (evidence.params, *evidence.data))
    except (TypeError, jax.errors.JAXTypeError, jax.errors.TracerArrayConversionError):
        return ()  # not written for JAX: differences judge, and there is no backward pass to read
    if not 0 < len(edges.edges) + edges.slots <= MOST_EDGES:
        return ()
    return _Search(evidence, edges, counts).causes()


class _Search:
    def __init__(self, evidence: Evidence, edges: BackwardEdges, counts: Counts) -> None:
        self.evidence, self.edges, self.counts = evidence, edges, counts
        self.yours, self.true = _flat(evidence.yours), _flat(evidence.true)
        self.noise = _flat(evidence.noise)
        e, b = len(edges.edges), edges.slots
        self.right = Mutation(np.ones(e), np.zeros(b))
        self.single = [self.right._replace(factors=row) for row in 1 - np.eye(e)]
        self.skips = [self.right._replace(skipped=row) for row in np.eye(b)]

    def causes(self) -> tuple[Cause, ...]:
        rows = self._replayed([self.right, *self.single, *self.skips])
        if not self._same(rows[0], self.true):  # what does not give the true gradient judges nothing
            return ()
        changes = rows[1:] - rows[0]
        found = self._ones(changes[: len(self.single)], changes[len(self.single) :])
        if not found:
            found = self._twos(changes)
        held = [each for each in found if self._holds(each)]
        if not held:
            return ()
        (replayed,) = self._replayed([held[0]])
        error = float(np.linalg.norm(self.yours - replayed) / max(float(np.linalg.norm(self.yours)), NOTHING))
        return tuple(self._cause(part, error) for part in self._parts(held[0]))

    def _replayed(self, mutations: list[Mutation], params: Any = None) -> np.ndarray:
        factors, skipped = (np.stack([m[i] for m in mutations]) for i in (0, 1))
        return self.edges.gradients(factors, skipped, params)

    def _same(self, mine: np.ndarray, other: np.ndarray) -> bool:
        size = max(float(np.abs(other).max(initial=0.0)), NOTHING)
        return bool((np.abs(mine - other) <= self.noise + 1e3 * SAME_FORMULA * size).all())

    def _ones(self, paths: np.ndarray, skips: np.ndarray) -> list[Mutation]:
        """One mutation: any factor on an edge, the plain ones first, or a local derivative left out."""
        off = self.yours - self.true
        found: list[tuple[float, Mutation]] = []
        for j, change in enumerate(skips):
            if self._same(self.true + change, self.yours):
                found.append((0.5 + 0.1 * (not self.edges.slot(j).whole) - 1e-5 * j, self.skips[j]))
        for i, change in enumerate(paths):
            norm = float(change @ change)
            if not norm > 0:
                continue
            share = float(change @ off) / norm  # of what comes back through the edge that is left out
            if not self._same(self.true + share * change, self.yours):
                continue
            factor = _plain(1 - share)
            cost = self._cost(factor, int((np.abs(off) > self.noise).sum()))
            if cost is not None:
                # in a chain of edges any carries the factor: the one nearest the output is named
                rank = cost + 0.05 * (self.edges.edges[i].operation in _STRUCTURAL) - 1e-5 * i
                found.append((rank, self.right._replace(factors=1 - (1 - factor) * (1 - self.single[i].factors))))
        return [each for _, each in sorted(found, key=lambda pair: pair[0])]

    def _cost(self, factor: float, wrong: int) -> float | None:
        """How far-fetched a factor is; of one or two wrong entries any number is one, so only plain ones count."""
        if factor in (0.0, -1.0):
            return 0.4
        if wrong < FEWEST_ENTRIES and factor not in _PLAIN:
            return None
        familiar = any(
            abs(factor - each.value) <= PLAIN_NUMBER * abs(factor) for each in named_factors(self.counts).values()
        )
        return 1.0 if familiar else 2.0

    def _twos(self, changes: np.ndarray) -> list[Mutation]:
        """Two mutations that are plain: the sum of their changes is near, and both together are replayed."""
        singles = [*self.single, *self.skips]
        options: list[tuple[Mutation, np.ndarray]] = []
        for mutation, change in zip(singles, changes, strict=True):
            if not change.any():
                continue
            is_path = bool((mutation.factors != 1).any())
            for factor in _PLAIN if is_path else (0.0,):
                scaled = mutation._replace(factors=1 - (1 - factor) * (1 - mutation.factors)) if is_path else mutation
                options.append((scaled, (1 - factor) * change if is_path else change))
        off = self.yours - self.true
        matrix = np.stack([change for _, change in options]) if options else np.zeros((0, len(off)))
        gram, along = matrix @ matrix.T, matrix @ off
        square = np.diag(gram)
        miss = off @ off - 2 * (along[:, None] + along) + square[:, None] + square + 2 * gram
        near = np.argwhere(np.triu(miss <= 1e-16 * (off @ off) + 1e-300, 1))[:8]
        joint = [options[i][0] + options[j][0] for i, j in near]
        return (
            [each for each, row in zip(joint, self._replayed(joint), strict=True) if self._same(row, self.yours)]
            if joint
            else []
        )

    def _holds(self, mutation: Mutation) -> bool:
        """Whether a mutation also gives the gradient under test at other parameters."""
        if self.evidence.gradient is None:
            return True
        random = np.random.default_rng(1)
        moved = jax.tree.map(lambda leaf: leaf * (1 + 0.1 * random.normal(size=leaf.shape)), self.evidence.params)
        try:
            mine = _flat(self.evidence.gradient(moved, *self.evidence.data))
        except Exception:  # the user's own code may refuse other parameters, by any error
            return True
        (predicted,) = self._replayed([mutation], jax.tree.leaves(moved))
        error = np.linalg.norm(mine - predicted) / max(float(np.linalg.norm(mine)), NOTHING)
        return not np.isfinite(error) or bool(error <= PROBE_ROUNDINGS * self.evidence.eps)

    def _parts(self, mutation: Mutation) -> list[tuple[Edge | None, Any, float]]:
        """The edges and bypasses that a mutation is made of, the nearest to the output first."""
        paths = [(self.edges.edges[i], None, float(mutation.factors[i])) for i in np.flatnonzero(mutation.factors != 1)]
        skips = [(None, self.edges.slot(int(j)), 1.0) for j in np.flatnonzero(mutation.skipped)]
        place = lambda part: (part[0] or part[1]).place
        return sorted([*paths, *skips], key=lambda part: [p.line for p in place(part)], reverse=True)

    def _cause(self, part: tuple[Edge | None, Any, float], error: float) -> Cause:
        edge, bypass, factor = part
        place: tuple[SourcePlace, ...] = (edge or bypass).place
        leaves = wrong_leaves(self.evidence, set(self.evidence.yours))
        where = str(place[-1]) if place else None
        quoted = f"`{place[-1].expression}`, line {place[-1].line}" if place else "an operation of f"
        if edge is None:
            kind, what = "local_derivative_missing", KINDS["local_derivative_missing"]
            return Cause(
                kind, (), leaves, None, f"{quoted}: {what}.", f"multiply by the derivative of {quoted}", error, where
            )
        kind, said = self._said(edge, factor)
        return Cause(kind, (), leaves, factor, f"{quoted}: {said}.", "", error, where)

    def _names(self, edge: Edge, factor: float) -> list[str]:
        """The familiar numbers that a factor equals, on half of the batch as well where a function can be asked."""
        near = lambda a, b: abs(a - b) <= 1e3 * PLAIN_NUMBER * abs(b)
        names = [name for name, each in named_factors(self.counts).items() if near(each.value, factor)]
        axis, gradient = self.evidence.example_axis, self.evidence.gradient
        if not names or gradient is None or axis is None or (self.counts.examples or 0) < 2:
            return names
        half = examples_at(self.evidence.data, axis, np.arange((self.counts.examples or 0) // 2))
        try:
            mine = _flat(gradient(self.evidence.params, *half))
            edges = BackwardEdges(self.evidence.objective, (self.evidence.params, *half))
            rows = 1 - np.eye(len(edges.edges))[[edges.edges.index(edge)]]
            true, without = edges.gradients(np.vstack([np.ones_like(rows), rows]), np.zeros((2, edges.slots)))
        except Exception:  # the user's own code may refuse other batches, by any error
            return names
        change = without - true
        there = 1 - float(change @ (mine - true)) / max(float(change @ change), NOTHING)
        counts = self.counts._replace(examples=len(np.arange((self.counts.examples or 0) // 2)))
        return [name for name in names if near(factor_value(name, counts), there)]

    def _said(self, edge: Edge, factor: float) -> tuple[str, str]:
        operand = _operand(edge)
        if not edge.of_data and self.evidence.data and not factor:
            return "penalty_missing", f"{KINDS['penalty_missing']}: nothing comes back through {operand}"
        if not factor:
            return "path_not_followed", f"what comes back through {operand} is not followed"
        names = self._names(edge, factor)
        number = factor_sentence(names[0], factor) if names else f"{round_number(factor, PLAIN_NUMBER):.6g} times"
        penalty = not edge.of_data and bool(self.evidence.data)
        kind = "penalty_factor" if penalty else "sign" if factor == -1 else "factor"
        return kind, f"what comes back through {operand} is {number} what it should be"


def _flat(gradient: Gradient) -> np.ndarray:
    return np.concatenate([leaf.ravel() for leaf in gradient.values()])


def _plain(factor: float) -> float:
    """The number of few digits that a projected factor is, but for rounding."""
    rounded = float(f"{factor:.9g}") if abs(factor) > SAME_GRADIENT else 0.0
    return rounded if abs(rounded - factor) <= 1e2 * PLAIN_NUMBER * max(1.0, abs(factor)) else factor


def _operand(edge: Edge) -> str:
    """Name the operand of an operation by the source of a binary expression, or by its number."""
    named = operand_text(edge.place[-1].expression, edge.operand) if edge.place else ""
    return f"`{named}`" if named else f"operand {edge.operand + 1} of {edge.operation}"
