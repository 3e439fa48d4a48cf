"""A diagnosis without a network: every leaf by itself, for any pytree, and how the examples of the batch count."""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.algebra import finishes
from jaxnet.gradients.diagnosis.causes import as_ties, cause_of, clipped_by_norm, wrong_leaves
from jaxnet.gradients.diagnosis.experiments import counted_examples, refuted, settled
from jaxnet.gradients.diagnosis.factors import ANYTHING, FURTHEST, UNFAMILIAR, Counts
from jaxnet.gradients.diagnosis.output_mistakes import shifts, weighted_examples
from jaxnet.gradients.diagnosis.penalty import Tolerance
from jaxnet.gradients.diagnosis.replay import (
    Hypothesis,
    LeafParts,
    Mistakes,
    Slot,
    finish_leaf,
    total_cost,
    unknown_line,
)
from jaxnet.gradients.diagnosis.sentences import MistakePlace
from jaxnet.gradients.diagnosis.tolerances import EQUATIONS, EXAMPLE_SLACK, MOST_READ, MOST_TIES, NOTHING
from jaxnet.gradients.evidence import Cause, Evidence, Gradient, by_path, within
from jaxnet.gradients.evidence import residual as residual_of
from jaxnet.gradients.example_axis import example_count, examples_at
from jaxnet.gradients.verdict import leaf_name

BatchGradient = Callable[..., Gradient | None]  # (params, *data) -> the true gradient under a mistake in the batch
# how a leaf calls itself a bias, b, b1, bias: without a network there is only its name to go by
_BIAS = re.compile(r"\bb(ias(es)?)?_?\d*\W*$")


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
    if not found:
        return ()
    kept = _settled(evidence, found)
    return as_ties([clipped_by_norm(evidence, _causes(evidence, each)) for each in kept])


def _settled(evidence: Evidence, found: list[Explanation]) -> list[Explanation]:
    """Keep the cheapest of the explanations that other batches agree with.

    A far-fetched one may be the only one that does: 2 is also n / 4, and half of the batch tells. A number that other
    batches refute is no cause.
    """
    limit = found[0].cost if evidence.gradient is None else max(found[0].cost, FURTHEST)
    best = [each for each in found if each.cost <= limit][:MOST_TIES]
    kept = settled(evidence, best, lambda each: functools.partial(predicted_gradient, evidence, each))
    return [_standing(evidence, each) for each in kept if each.cost <= kept[0].cost]


def _standing(evidence: Evidence, explanation: Explanation) -> Explanation:
    """The same with the leaves unknown that it does not explain elsewhere; it may fit the batch at hand only."""
    if not explanation.mistakes or all(each.kind == "unknown" for each in explanation.mistakes.values()):
        return explanation
    wrong = {path: ~within(leaf, evidence.true[path], evidence.noise[path]) for path, leaf in evidence.yours.items()}
    paths, single = list(evidence.yours), {i for (_, i), e in explanation.mistakes.items() if e.kind == "entries"}

    def replay(params: Any, *data: Any) -> Gradient | None:
        predicted = predicted_gradient(evidence, explanation, params, *data)
        mine = evidence.elsewhere(params, *data) if single else None
        if predicted is None or mine is None:
            return predicted
        # of a leaf in which single entries are wrong the others are right
        return predicted | {paths[i]: np.where(wrong[paths[i]], mine[paths[i]], predicted[paths[i]]) for i in single}

    refused = {paths.index(path) for path in refuted(evidence, replay)}
    kept = {slot: each for slot, each in explanation.mistakes.items() if slot[1] not in refused}
    leaves = list(evidence.yours.values())
    unknown = {("whole_w", i): unknown_line(leaves[i]) for _, i in explanation.mistakes.keys() - kept.keys()}
    return explanation._replace(cost=ANYTHING, mistakes=kept | unknown) if unknown else explanation


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


def _of_the_loss(mistake: Hypothesis, evidence: Evidence) -> Hypothesis:
    """Nobody subtracts a penalty: where one seems to be, it is a loss without a name that has it."""
    extra = mistake.kind in ("penalty_extra", "penalty_on_biases")
    if not extra or evidence.loss or evidence.l2 or (mistake.factor or 0) >= 0:
        return mistake
    return replace(mistake, kind="penalty_missing", text=f"{-(mistake.factor or 0):.6g} * W", factor=0.0)


def counts(evidence: Evidence, data: tuple[Any, ...]) -> Counts:
    """What is countable: the examples, the inputs and, of a network, its layers."""
    axis = evidence.example_axis
    shape = np.shape(data[0]) if data else ()
    inputs = shape[1 if axis == 0 else 0] if axis is not None and len(shape) == 2 else None
    sizes = tuple(getattr(evidence.network, "sizes", ()))
    return Counts(example_count(data, axis), inputs, sizes[1:-1], sizes[-1] if sizes else None, evidence.l2)


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
        key = "b" if _BIAS.search(path) else "w"
        lines = finishes(target, leaf, Tolerance(evidence.noise[path], 0.0), key)
        options = [{(f"{slot}_w", index): _of_the_loss(each, evidence) for slot, each in one.items()} for one in lines]
        if not any(total_cost(one) <= ANYTHING for one in options):  # any number is a multiple of one other
            options.append({("whole_w", index): unknown_line(target)})
        found = sorted(({**mistakes, **more} for mistakes in found for more in options), key=total_cost)[:MOST_TIES]
    without = lambda mistakes: {slot: each for slot, each in mistakes.items() if slot[0] != "batch"}
    targets = list(evidence.yours.values())
    return [Explanation(total_cost(each), variant, _no_guess(without(each), targets)) for each in found]


def _no_guess(mistakes: Mistakes, targets: list[np.ndarray]) -> Mistakes:
    """While one leaf is unknown nothing far-fetched is said of another: the same mistake may have made both wrong."""
    guesses = lambda each: each.cost >= UNFAMILIAR or each.kind == "entries"
    if not any(each.kind == "unknown" for each in mistakes.values()):
        return mistakes
    kept = {slot: each for slot, each in mistakes.items() if not guesses(each)}
    return kept | {("whole_w", index): unknown_line(targets[index]) for _, index in mistakes.keys() - kept.keys()}


def _variants(evidence: Evidence) -> Iterator[Variant]:
    """Targets of other examples, and examples that do not count."""
    axis = evidence.example_axis
    count = example_count(evidence.data, axis) or 0
    targets = np.shape(evidence.data[1]) if len(evidence.data) > 1 else ()
    if axis is None or count < 2 or not targets or targets[axis] != count:
        return
    for text, shift in shifts("y", axis).items():
        shifted = lambda params, *data, shift=shift: evidence.oracle(params, data[0], shift(data[1]), *data[2:])
        yield Variant(Hypothesis("targets_shifted", text, lambda step: None), shifted)
    if count <= MOST_READ:
        yield from _counted(evidence, count, axis)


def _counted(evidence: Evidence, count: int, axis: int) -> Iterator[Variant]:
    """Which examples count, from the true gradients of each alone, where the loss is their mean."""
    try:
        singles = [evidence.oracle(evidence.params, *examples_at(evidence.data, axis, [i])) for i in range(count)]
    except Exception:  # the user's own code may refuse single examples, as one that divides by n - 1
        return
    penalty = {path: evidence.l2 * leaf * (leaf.ndim > 1) for path, leaf in by_path(evidence.params).items()}
    flat = lambda gradient: np.concatenate([(gradient[path] - penalty[path]).ravel() for path in gradient])
    each = np.stack([flat(single) for single in singles], axis=1) / count
    allowed = (
        np.concatenate([leaf.ravel() for leaf in evidence.noise.values()])
        + EXAMPLE_SLACK * np.abs(each).sum(axis=1)
        + NOTHING
    )
    # a loss may be NaN for a single example, as with a variance of n - 1: then not even the sum is near
    if not (np.abs(each.sum(axis=1) - flat(evidence.true)) <= allowed).all():
        return
    chosen = np.random.default_rng(0).permutation(len(each))[: EQUATIONS[0] * count + EQUATIONS[1]]
    weights = counted_examples(flat(evidence.yours)[chosen], each[chosen], allowed[chosen])
    if weights is not None:
        parts = {path: np.stack([single[path] - penalty[path] for single in singles]) for path in evidence.true}
        total = {path: np.tensordot(weights, part, 1) / count + penalty[path] for path, part in parts.items()}
        here = lambda params, data: params is evidence.params and data[0] is evidence.data[0]
        yield Variant(weighted_examples(weights)[0], lambda params, *data: total if here(params, data) else None)


def _causes(evidence: Evidence, explanation: Explanation) -> list[Cause]:
    paths = list(evidence.yours)
    predicted = predicted_gradient(evidence, explanation, evidence.params, *evidence.data)
    error = residual_of(evidence.yours, predicted) if predicted is not None else 0.0
    causes, batch = [], explanation.variant.mistake
    if batch is not None:
        wrong = wrong_leaves(evidence)
        causes.append(cause_of(batch, MistakePlace("batch", (), "Batch"), wrong, lines=None, error=error))
    groups: dict[tuple[str, str], dict[Slot, Hypothesis]] = {}
    for slot, mistake in sorted(explanation.mistakes.items(), key=lambda item: -item[0][1]):
        groups.setdefault(mistake.habit, {})[slot] = mistake
    for group in groups.values():
        ((name, _), mistake), *_ = group.items()
        leaves = tuple(path for i, path in enumerate(paths) if any(index == i for _, index in group))
        # without a network nobody knows which arrays are weights: a vector may be all the weights there are
        every = len(leaves) > 1 and leaves == tuple(paths)
        place = MistakePlace(name, (), "Every leaf" if every else ", ".join(map(leaf_name, leaves)))
        causes.append(cause_of(mistake, place, leaves, lines=None, error=error))
    return causes
