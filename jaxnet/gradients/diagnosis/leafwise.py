"""A diagnosis without a network: every leaf by itself, for any pytree, and how the examples of the batch count."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.algebra import finishes
from jaxnet.gradients.diagnosis.causes import as_ties, clipped_by_norm, wrong_leaves
from jaxnet.gradients.diagnosis.experiments import counted_examples, settle, with_constants
from jaxnet.gradients.diagnosis.factors import ANYTHING, Counts
from jaxnet.gradients.diagnosis.output_mistakes import weighted_examples
from jaxnet.gradients.diagnosis.penalty import Tolerance
from jaxnet.gradients.diagnosis.replay import Hypothesis, Leaf, cost, finish
from jaxnet.gradients.diagnosis.sentences import Place, fix, sentence
from jaxnet.gradients.leaves import flatten
from jaxnet.gradients.problem import Cause, Gradient, Problem
from jaxnet.gradients.problem import residual as residual_of

MOST_TIES = 12
MOST_EXAMPLES = 64  # whose gradients are asked of the oracle one by one

Recipe = dict[tuple[str, int], Hypothesis]
Batch = Callable[..., Gradient | None]  # the true gradient under a mistake in the batch: (params, *data) -> gradient


class Variant(NamedTuple):
    """A way in which the batch may be wrong, and the true gradient under it."""

    mistake: Hypothesis | None
    gradient: Batch


class Explanation(NamedTuple):
    """Wrong lines by (slot, index of the leaf), after a variant of the batch."""

    cost: float
    variant: Variant
    recipe: Recipe


def diagnose_leafwise(problem: Problem) -> tuple[Cause, ...]:
    """Explain every leaf as a changed true gradient, or all of them as that of a changed batch."""
    found = _explanations(problem, Variant(None, problem.oracle))
    if not found or found[0].cost > 1:
        others = [each for variant in _variants(problem) for each in _explanations(problem, variant)]
        found = sorted([*found, *others], key=lambda each: each.cost)
    best = [each for each in found if each.cost <= found[0].cost][:MOST_TIES]
    constants = [each._replace(recipe=r) for each in best if (r := with_constants(problem, each.recipe))]
    candidates = [*best, *constants]
    kept = settle(problem, [functools.partial(predict, problem, each) for each in candidates])
    kept = [i for i in kept if i < len(best)] or kept
    return as_ties([clipped_by_norm(problem, _causes(problem, candidates[i])) for i in kept])


def predict(problem: Problem, explanation: Explanation, params: Any, *data: Any) -> Gradient | None:
    """Compute the gradient that an explanation predicts for parameters and data."""
    truth = explanation.variant.gradient(params, *data)
    if truth is None:
        return None
    parameters = flatten(params)
    leaves = {path: _leaf(problem, truth[path], parameters[path], data) for path in truth}
    return {path: finish(leaf, explanation.recipe, i, "w") for i, (path, leaf) in enumerate(leaves.items())}


def _leaf(problem: Problem, true: np.ndarray, parameter: np.ndarray, data: tuple) -> Leaf:
    decay = problem.l2 if parameter.ndim > 1 else 0.0
    norm = float(np.linalg.norm(parameter))
    return Leaf(true - decay * parameter, 0 * np.abs(true), parameter, decay, counts(problem, data), norm)


def counts(problem: Problem, data: tuple) -> Counts:
    """What is countable: the examples, the inputs and, of a network, its layers."""
    shape = [*np.shape(data[0]), None, None] if data else [None, None]
    sizes = tuple(getattr(problem.network, "sizes", ()))
    return Counts(shape[0], shape[1], sizes[1:-1], sizes[-1] if sizes else None, problem.l2)


def _explanations(problem: Problem, variant: Variant) -> list[Explanation]:
    """The cheapest ways to explain all leaves under a variant; a leaf that nothing explains is unknown."""
    truth = variant.gradient(problem.params, *problem.data)
    if truth is None:
        return []
    parameters = flatten(problem.params)
    start: Recipe = {("batch", -1): variant.mistake} if variant.mistake else {}
    found: list[Recipe] = [start]
    for index, (path, target) in enumerate(problem.yours.items()):
        leaf = _leaf(problem, truth[path], parameters[path], problem.data)
        key = "w" if target.ndim > 1 else "b"
        lines = finishes(target, leaf, Tolerance(problem.noise[path], 0.0), key)
        options = [{(f"{slot}_w", index): each for slot, each in one.items()} for one in lines]
        options = options or [{("whole_w", index): _unknown(target)}]
        found = sorted(({**recipe, **more} for recipe in found for more in options), key=cost)[:MOST_TIES]
    recipes = [(cost(recipe), {slot: each for slot, each in recipe.items() if slot[0] != "batch"}) for recipe in found]
    return [Explanation(price, variant, recipe) for price, recipe in recipes]


def _unknown(target: np.ndarray) -> Hypothesis:
    return Hypothesis("unknown", "", lambda leaf: target, ANYTHING)


def _variants(problem: Problem) -> Iterator[Variant]:
    """Targets of other examples, and examples that do not count."""
    count = len(problem.data[0]) if len(problem.data) > 1 and np.ndim(problem.data[0]) else 0
    if count < 2 or any(np.shape(part)[:1] != (count,) for part in problem.data):
        return
    shifts: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "np.roll(y, -1, axis=0)": lambda y: np.roll(y, -1, axis=0),
        "np.roll(y, 1, axis=0)": lambda y: np.roll(y, 1, axis=0),
        "y[::-1]": lambda y: y[::-1],
    }
    for text, shift in shifts.items():
        shifted = lambda params, *data, shift=shift: problem.oracle(params, *data[:-1], shift(data[-1]))
        yield Variant(Hypothesis("targets_shifted", text, lambda step: None), shifted)
    if count <= MOST_EXAMPLES:
        yield from _counted(problem, count)


def _counted(problem: Problem, count: int) -> Iterator[Variant]:
    """Which examples count, from the true gradients of each alone, where the loss is their mean."""
    singles = [problem.oracle(problem.params, *(part[i : i + 1] for part in problem.data)) for i in range(count)]
    penalty = {path: problem.l2 * leaf * (leaf.ndim > 1) for path, leaf in flatten(problem.params).items()}
    flat = lambda gradient: np.concatenate([(gradient[path] - penalty[path]).ravel() for path in gradient])
    each = np.stack([flat(single) for single in singles], axis=1) / count
    allowed = (
        np.concatenate([leaf.ravel() for leaf in problem.noise.values()]) + 1e-12 * np.abs(each).sum(axis=1) + 1e-300
    )
    if (np.abs(each.sum(axis=1) - flat(problem.true)) > allowed).any():
        return
    chosen = np.random.default_rng(0).permutation(len(each))[: 4 * count + 256]
    weights = counted_examples(flat(problem.yours)[chosen], each[chosen], allowed[chosen])
    if weights is not None:
        parts = {path: np.stack([single[path] - penalty[path] for single in singles]) for path in problem.true}
        total = {path: np.tensordot(weights, part, 1) / count + penalty[path] for path, part in parts.items()}
        yield Variant(weighted_examples(weights)[0], _only_here(problem, total))


def _only_here(problem: Problem, gradient: Gradient) -> Batch:
    """A gradient that is known for the problem's own batch and parameters."""
    return lambda params, *data: gradient if params is problem.params and data[0] is problem.data[0] else None


def _causes(problem: Problem, explanation: Explanation) -> list[Cause]:
    paths = list(problem.yours)
    predicted = predict(problem, explanation, problem.params, *problem.data)
    error = residual_of(problem.yours, predicted) if predicted is not None else 0.0
    causes = []
    if explanation.variant.mistake is not None:
        mistake = explanation.variant.mistake
        place = Place("batch", (), "Batch")
        wrong = wrong_leaves(problem, set(paths))
        causes.append(
            Cause(mistake.kind, (), wrong, None, sentence(mistake, place, None), fix(mistake, place, None), error)
        )
    groups: dict[tuple, list] = {}
    for slot, mistake in sorted(explanation.recipe.items(), key=lambda item: -item[0][1]):
        groups.setdefault(mistake.habit, []).append((slot, mistake))
    for group in groups.values():
        (slot, _), mistake = group[0]
        leaves = tuple(path for i, path in enumerate(paths) if any(index == i for (_, index), _ in group))
        place = Place(slot, (), _covered(problem, leaves))
        known = mistake.kind != "unknown"
        causes.append(
            Cause(
                mistake.kind,
                (),
                leaves,
                mistake.factor,
                sentence(mistake, place, None),
                fix(mistake, place, None),
                error if known else 1.0,
            )
        )
    return causes


def _covered(problem: Problem, leaves: tuple[str, ...]) -> str:
    weights = tuple(path for path, leaf in problem.yours.items() if leaf.ndim > 1)
    biases = tuple(path for path, leaf in problem.yours.items() if leaf.ndim == 1)
    names = {tuple(problem.yours): "Every leaf", weights: "Every weight", biases: "Every bias"}
    return names.get(leaves, ", ".join(leaves))
