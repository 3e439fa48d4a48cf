"""A diagnosis without a network: every leaf by itself, for any pytree, and how the examples of the batch count."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.algebra import finishes
from jaxnet.gradients.diagnosis.causes import as_ties, cause_of, clipped_by_norm, wrong_leaves
from jaxnet.gradients.diagnosis.experiments import counted_examples, settle, with_constants
from jaxnet.gradients.diagnosis.factors import ANYTHING, Counts
from jaxnet.gradients.diagnosis.output_mistakes import weighted_examples
from jaxnet.gradients.diagnosis.penalty import Tolerance
from jaxnet.gradients.diagnosis.replay import Hypothesis, LeafParts, Mistakes, Slot, finish_leaf, total_cost
from jaxnet.gradients.diagnosis.sentences import MistakePlace
from jaxnet.gradients.diagnosis.tolerances import EQUATIONS, EXAMPLE_SLACK, MOST_READ, MOST_TIES, NOTHING
from jaxnet.gradients.evidence import Cause, Evidence, Gradient, by_path
from jaxnet.gradients.evidence import residual as residual_of

BatchGradient = Callable[
    ..., Gradient | None
]  # the true gradient under a mistake in the batch: (params, *data) -> gradient


class Variant(NamedTuple):
    """A way in which the batch may be wrong, and the true gradient under it."""

    mistake: Hypothesis | None
    gradient: BatchGradient


class Explanation(NamedTuple):
    """Wrong lines by (slot, index of the leaf), after a variant of the batch."""

    cost: float
    variant: Variant
    mistakes: Mistakes


def diagnose_leafwise(evidence: Evidence) -> tuple[Cause, ...]:
    """Explain every leaf as a changed true gradient, or all of them as that of a changed batch."""
    found = _explanations(evidence, Variant(None, evidence.oracle))
    if not found or found[0].cost > 1:
        others = [each for variant in _variants(evidence) for each in _explanations(evidence, variant)]
        found = sorted([*found, *others], key=lambda each: each.cost)
    best = [each for each in found if each.cost <= found[0].cost][:MOST_TIES]
    constants = [each._replace(mistakes=r) for each in best if (r := with_constants(evidence, each.mistakes))]
    candidates = [*best, *constants]
    kept = settle(evidence, [functools.partial(predicted_gradient, evidence, each) for each in candidates])
    kept = [i for i in kept if i < len(best)] or kept
    return as_ties([clipped_by_norm(evidence, _causes(evidence, candidates[i])) for i in kept])


def predicted_gradient(evidence: Evidence, explanation: Explanation, params: Any, *data: Any) -> Gradient | None:
    """Compute the gradient that an explanation predicts for parameters and data."""
    truth = explanation.variant.gradient(params, *data)
    if truth is None:
        return None
    parameters = by_path(params)
    leaves = {path: _leaf(evidence, truth[path], parameters[path], data) for path in truth}
    return {path: finish_leaf(leaf, explanation.mistakes, i, "w") for i, (path, leaf) in enumerate(leaves.items())}


def _leaf(evidence: Evidence, true: np.ndarray, parameter: np.ndarray, data: tuple[Any, ...]) -> LeafParts:
    decay = evidence.l2 if parameter.ndim > 1 else 0.0
    norm = float(np.linalg.norm(parameter))
    return LeafParts(true - decay * parameter, 0 * np.abs(true), parameter, decay, counts(evidence, data), norm)


def counts(evidence: Evidence, data: tuple[Any, ...]) -> Counts:
    """What is countable: the examples, the inputs and, of a network, its layers."""
    shape = [*np.shape(data[0]), None, None] if data else [None, None]
    sizes = tuple(getattr(evidence.network, "sizes", ()))
    return Counts(shape[0], shape[1], sizes[1:-1], sizes[-1] if sizes else None, evidence.l2)


def _explanations(evidence: Evidence, variant: Variant) -> list[Explanation]:
    """The cheapest ways to explain all leaves under a variant; a leaf that nothing explains is unknown."""
    truth = variant.gradient(evidence.params, *evidence.data)
    if truth is None:
        return []
    parameters = by_path(evidence.params)
    start: Mistakes = {("batch", -1): variant.mistake} if variant.mistake else {}
    found: list[Mistakes] = [start]
    for index, (path, target) in enumerate(evidence.yours.items()):
        leaf = _leaf(evidence, truth[path], parameters[path], evidence.data)
        key = "w" if target.ndim > 1 else "b"
        lines = finishes(target, leaf, Tolerance(evidence.noise[path], 0.0), key)
        options = [{(f"{slot}_w", index): each for slot, each in one.items()} for one in lines]
        options = options or [{("whole_w", index): _unknown(target)}]
        found = sorted(({**mistakes, **more} for mistakes in found for more in options), key=total_cost)[:MOST_TIES]
    alternatives = [
        (total_cost(mistakes), {slot: each for slot, each in mistakes.items() if slot[0] != "batch"})
        for mistakes in found
    ]
    return [Explanation(price, variant, mistakes) for price, mistakes in alternatives]


def _unknown(target: np.ndarray) -> Hypothesis:
    return Hypothesis("unknown", "", lambda leaf: target, ANYTHING)


def _variants(evidence: Evidence) -> Iterator[Variant]:
    """Targets of other examples, and examples that do not count."""
    count = len(evidence.data[0]) if len(evidence.data) > 1 and np.ndim(evidence.data[0]) else 0
    if count < 2 or any(np.shape(part)[:1] != (count,) for part in evidence.data):
        return
    shifts: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "np.roll(y, -1, axis=0)": lambda y: np.roll(y, -1, axis=0),
        "np.roll(y, 1, axis=0)": lambda y: np.roll(y, 1, axis=0),
        "y[::-1]": lambda y: y[::-1],
    }
    for text, shift in shifts.items():
        shifted = lambda params, *data, shift=shift: evidence.oracle(params, *data[:-1], shift(data[-1]))
        yield Variant(Hypothesis("targets_shifted", text, lambda step: None), shifted)
    if count <= MOST_READ:
        yield from _counted(evidence, count)


def _counted(evidence: Evidence, count: int) -> Iterator[Variant]:
    """Which examples count, from the true gradients of each alone, where the loss is their mean."""
    singles = [evidence.oracle(evidence.params, *(part[i : i + 1] for part in evidence.data)) for i in range(count)]
    penalty = {path: evidence.l2 * leaf * (leaf.ndim > 1) for path, leaf in by_path(evidence.params).items()}
    flat = lambda gradient: np.concatenate([(gradient[path] - penalty[path]).ravel() for path in gradient])
    each = np.stack([flat(single) for single in singles], axis=1) / count
    allowed = (
        np.concatenate([leaf.ravel() for leaf in evidence.noise.values()])
        + EXAMPLE_SLACK * np.abs(each).sum(axis=1)
        + NOTHING
    )
    if (np.abs(each.sum(axis=1) - flat(evidence.true)) > allowed).any():
        return
    chosen = np.random.default_rng(0).permutation(len(each))[: EQUATIONS[0] * count + EQUATIONS[1]]
    weights = counted_examples(flat(evidence.yours)[chosen], each[chosen], allowed[chosen])
    if weights is not None:
        parts = {path: np.stack([single[path] - penalty[path] for single in singles]) for path in evidence.true}
        total = {path: np.tensordot(weights, part, 1) / count + penalty[path] for path, part in parts.items()}
        yield Variant(weighted_examples(weights)[0], _only_here(evidence, total))


def _only_here(evidence: Evidence, gradient: Gradient) -> BatchGradient:
    """A gradient that is known for the batch at hand and parameters."""
    return lambda params, *data: gradient if params is evidence.params and data[0] is evidence.data[0] else None


def _causes(evidence: Evidence, explanation: Explanation) -> list[Cause]:
    paths = list(evidence.yours)
    predicted = predicted_gradient(evidence, explanation, evidence.params, *evidence.data)
    error = residual_of(evidence.yours, predicted) if predicted is not None else 0.0
    causes, batch = [], explanation.variant.mistake
    if batch is not None:
        wrong = wrong_leaves(evidence, set(paths))
        causes.append(cause_of(batch, MistakePlace("batch", (), "Batch"), wrong, lines=None, error=error))
    groups: dict[tuple[str, str], dict[Slot, Hypothesis]] = {}
    for slot, mistake in sorted(explanation.mistakes.items(), key=lambda item: -item[0][1]):
        groups.setdefault(mistake.habit, {})[slot] = mistake
    for group in groups.values():
        ((name, _), mistake), *_ = group.items()
        leaves = tuple(path for i, path in enumerate(paths) if any(index == i for _, index in group))
        place = MistakePlace(name, (), _covered(evidence, leaves))
        causes.append(cause_of(mistake, place, leaves, lines=None, error=error))
    return causes


def _covered(evidence: Evidence, leaves: tuple[str, ...]) -> str:
    weights = tuple(path for path, leaf in evidence.yours.items() if leaf.ndim > 1)
    biases = tuple(path for path, leaf in evidence.yours.items() if leaf.ndim == 1)
    names = {tuple(evidence.yours): "Every leaf", weights: "Every weight", biases: "Every bias"}
    return names.get(leaves, ", ".join(leaves))
