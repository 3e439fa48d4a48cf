"""The fewest wrong lines that replay to a gradient, found layer by layer from the output down.

The gradients of a layer depend on what is above it and on a handful of its own lines, so a layer is explained with
what has been found above it: the cost is a sum over the layers, not a product. States are taken in the order of their
cost, so the first that reaches the input is the least far-fetched explanation, and those that cost the same are ties.
"""

import dataclasses
import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.algebra import finishes
from jaxnet.gradients.factors import ANYTHING, UNFAMILIAR
from jaxnet.gradients.layer_mistakes import (
    bias_mistakes,
    left_mistakes,
    matrix_mistakes,
    right_mistakes,
    slope_mistakes,
    update_direction,
    updated_weights,
)
from jaxnet.gradients.output_mistakes import example_mistakes, output_mistakes
from jaxnet.gradients.passes import Pass
from jaxnet.gradients.penalty import Lines, Tolerance, fits, multiples, round_number
from jaxnet.gradients.replay import (
    Hypothesis,
    Leaf,
    Slot,
    Step,
    bias_leaf,
    cost,
    descend,
    finish,
    weight_leaf,
)

MOST_STATES = 40  # explored before the search gives up on finding more ties
MOST_TIES = 12  # explanations of one layer that are followed
MOST_ROWS = 48  # of a large weight matrix that are compared first; what passes is compared whole

Recipe = dict[Slot, Hypothesis]


@dataclasses.dataclass(frozen=True)
class Case:
    """A gradient to be explained: ``targets`` and ``tolerances`` by (layer, "w" or "b").

    ``read`` gives the deltas of a layer that the gradient under test itself seems to have used, if it can be asked.
    """

    run: Pass
    targets: Mapping[tuple[int, str], np.ndarray]
    tolerances: Mapping[tuple[int, str], Tolerance]
    examples: tuple[Hypothesis, ...] = ()
    read: Callable[[int], list[np.ndarray]] = lambda layer: []


class Solution(NamedTuple):
    """Wrong lines that explain a gradient; ``stopped`` is the layer that nothing explains, or None."""

    cost: float
    recipe: Recipe
    stopped: int | None = None


class State(NamedTuple):
    """Everything from the output down to the layer of ``step`` is explained by ``recipe``."""

    cost: float
    recipe: Recipe
    step: Step | None


def search(case: Case) -> list[Solution]:
    """Find the cheapest explanations of a case; several when they cost the same."""
    count = itertools.count()
    heap: list[tuple[float, int, State]] = [(0.0, next(count), State(0.0, {}, None))]
    found: list[Solution] = []
    for _ in range(MOST_STATES):
        if not heap or (found and heap[0][0] > found[0].cost):
            break
        state = heapq.heappop(heap)[2]
        if state.step is not None and state.step.layer == 0:
            found.append(Solution(state.cost, state.recipe))
            continue
        explained = explain_layer(case, state)
        if not explained and not found and not heap:
            layer = case.run.last if state.step is None else state.step.layer - 1
            return [Solution(state.cost, state.recipe, layer)]
        for new in explained:
            heapq.heappush(heap, (new.cost, next(count), new))
    return found


def explain_layer(case: Case, state: State) -> list[State]:
    """Explain the layer below a state: with the right delta, with one wrong line above it, with two."""
    partial: list[State] = []
    found: list[State] = []
    for depth in (0, 1, 2):
        for lines in _deltas(case, state, depth):
            step = descend(case.run, state.step, lines)
            if step is not None and np.isfinite(step.delta).all():
                whole, half = _explain_leaves(case, state, step, lines, thorough=depth < 2)
                found += whole
                partial += half
        if found and (depth > 0 or min(new.cost for new in found) == state.cost):
            break
    return _cheapest([*found, *partial] or _read(case, state))


def _cheapest(states: list[State]) -> list[State]:
    ordered = sorted(states, key=lambda state: state.cost)
    return [state for state in ordered if state.cost <= ordered[0].cost + 1][:MOST_TIES]


def _deltas(case: Case, state: State, depth: int) -> Iterator[Recipe]:
    """The wrong lines that delta may come from, ``depth`` of them at once."""
    if depth == 0:
        yield {}
        return
    layer = case.run.last if state.step is None else state.step.layer - 1
    if state.step is None:
        first, second = "examples", "output"
        firsts = [*case.examples, *example_mistakes(case.run)]
        seconds = output_mistakes(case.run)
    else:
        first, second = "matrix", "slope"
        firsts, seconds = matrix_mistakes(case.run, layer), slope_mistakes(case.run, layer)
        yield from _updates(case, state, seconds if depth == 2 else [])
    if depth == 1:
        yield from ({(first, layer): each} for each in firsts)
        yield from ({(second, layer): each} for each in seconds)
    else:
        yield from ({(first, layer): one, (second, layer): two} for one in firsts for two in seconds)


def _updates(case: Case, state: State, slopes: list[Hypothesis]) -> Iterator[Recipe]:
    """Weights that were already updated, with the step size that fits; beside each of the given slopes."""
    if state.step is None:
        return
    layer = state.step.layer - 1
    direction = Hypothesis("", "", update_direction)
    for slope in slopes or [None]:
        chosen: Recipe = {("slope", layer): slope} if slope else {}
        right, change = (descend(case.run, state.step, chosen | more) for more in ({}, {("matrix", layer): direction}))
        if right is None or change is None:
            continue
        for size in _step_sizes(case, right, change):
            yield {("matrix", layer): updated_weights(size), **chosen}


def _step_sizes(case: Case, right: Step, change: Step) -> set[float]:
    """The step sizes for which right + step size * change is the layer's gradient, in one leaf at least."""
    sizes = set()
    for key in "wb":
        rows = _rows(case, right.layer) if key == "w" else slice(None)
        base, slope = _leaf(right, {}, key, rows), _leaf(change, {}, key, rows)
        if base is None or slope is None:
            continue
        tolerance = _at(case.tolerances[right.layer, key], rows).of(base.size)
        target = case.targets[right.layer, key][rows] - base.expected
        sizes |= {round_number(eta, error) for eta, error in multiples(target, slope.data, tolerance) if eta}
    return sizes


# --- the leaves of one layer


def _explain_leaves(
    case: Case, state: State, step: Step, lines: Recipe, *, thorough: bool
) -> tuple[list[State], list[State]]:
    """Explain both leaves of a layer, given its delta; and, apart, only one of them, the other one unknown."""
    biases = _explain(case, step, "b", thorough)
    if not biases and not thorough:
        return [], []
    weights = _explain(case, step, "w", thorough)
    new = lambda w, b: _state(case, state, step, {**lines, **w, **b})  # noqa: E731
    if weights and biases:
        return [new(w, b) for w in weights for b in biases], []
    unknown = lambda key: {(f"whole_{key}", step.layer): _unknown(case.targets[step.layer, key], key)}  # noqa: E731
    plain = [each for each in weights or biases if not each]
    return [], [new(each, unknown("b")) if weights else new(unknown("w"), each) for each in plain]


def _unknown(target: np.ndarray, key: str) -> Hypothesis:
    return Hypothesis("unknown", key, lambda leaf: target, ANYTHING)


def _state(case: Case, state: State, step: Step, lines: Recipe) -> State:
    recipe = {**state.recipe, **lines}
    return State(cost(recipe), recipe, dataclasses.replace(step, gradient=case.targets[step.layer, "w"]))


def _explain(case: Case, step: Step, key: str, thorough: bool) -> list[Recipe]:
    """Explain one leaf: nothing wrong, a wrong finish, or another array in its product."""
    plain = _finished(case, step, {}, key, whole=thorough)
    if {} in plain:
        return [{}]
    others = _other_products(case, step, key) if thorough else []
    return sorted([*plain, *others], key=cost)[:MOST_TIES]


def _other_products(case: Case, step: Step, key: str) -> list[Recipe]:
    """Another array in the product, with a familiar factor at most: with any factor, too much would fit."""
    found = [recipe for lines in _products(step, key) for recipe in _finished(case, step, lines, key, whole=False)]
    return [recipe for recipe in found if all(each.cost < UNFAMILIAR for each in recipe.values())]


def _products(step: Step, key: str) -> Iterator[Recipe]:
    run, layer = step.run, step.layer
    slots: dict[str, Iterable[Hypothesis]] = {f"right_{key}": right_mistakes(run, layer)}
    slots |= {"left": left_mistakes(run, layer)} if key == "w" else {"bias": bias_mistakes(run, layer)}
    return ({(slot, layer): each} for slot, table in slots.items() for each in table)


def _finished(case: Case, step: Step, lines: Recipe, key: str, *, whole: bool) -> list[Recipe]:
    """Explain how a product becomes the leaf: first on some rows of a large leaf, then on all."""
    target, tolerance = case.targets[step.layer, key], case.tolerances[step.layer, key]
    rows = _rows(case, step.layer) if key == "w" else slice(None)
    leaf = _leaf(step, lines, key, rows)
    if leaf is None:
        return []
    if isinstance(rows, slice):
        found = finishes(target, leaf, tolerance, key, whole=whole)
    else:
        few = finishes(target[rows], leaf, _at(tolerance, rows), key, whole=False)
        entire = _leaf(step, lines, key, slice(None)) if few or whole else None
        found = [] if entire is None else [each for each in few if _holds(target, entire, tolerance, each)]
        if not found and entire is not None and whole:
            found = finishes(target, entire, tolerance, key)
    return [{**lines, **{(f"{slot}_{key}", step.layer): each for slot, each in one.items()}} for one in found]


def _holds(target: np.ndarray, leaf: Leaf, tolerance: Tolerance, lines: Lines) -> bool:
    recipe = {(f"{slot}_w", 0): each for slot, each in lines.items()}
    largest = max(1.0, *(abs(each.factor or 1) for each in lines.values())) if lines else 1.0
    return fits(target, finish(leaf, recipe, 0, "w"), tolerance.of(leaf.size) * largest)


def _leaf(step: Step, lines: Recipe, key: str, rows: Any) -> Leaf | None:
    with np.errstate(all="ignore"):
        leaf = weight_leaf(step, lines, rows) if key == "w" else bias_leaf(step, lines)
    return leaf if leaf is not None and np.isfinite(leaf.data).all() else None


def _rows(case: Case, layer: int) -> Any:
    """The rows of a weight matrix where its gradient is largest: a few are enough to refute most hypotheses."""
    target = case.targets[layer, "w"]
    if len(target) <= MOST_ROWS:
        return slice(None)
    return np.sort(np.argsort(-np.abs(target).sum(axis=1), kind="stable")[:MOST_ROWS])


def _at(tolerance: Tolerance, rows: Any) -> Tolerance:
    return Tolerance(tolerance.noise[rows], tolerance.roundings)


def _read(case: Case, state: State) -> list[State]:
    """Where no formula fits, go on with the delta that the gradient under test used."""
    layer = case.run.last if state.step is None else state.step.layer - 1
    halves: list[State] = []
    for delta in case.read(layer):
        lines: Recipe = {("delta", layer): Hypothesis("unknown", "delta", lambda step, d=delta: d, ANYTHING)}
        step = descend(case.run, state.step, lines)
        if step is not None:
            whole, half = _explain_leaves(case, state, step, lines, thorough=True)
            if whole:
                return whole
            halves += half
    return halves
