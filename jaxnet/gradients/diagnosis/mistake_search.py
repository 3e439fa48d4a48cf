"""The fewest wrong lines that replay to a gradient, found layer by layer from the output down.

The gradients of a layer depend on what is above it and on a handful of its own lines, so a layer is explained with
what has been found above it: the cost is a sum over the layers, not a product. States are taken in the order of their
cost, so the first that reaches the input is the least far-fetched explanation, and those that cost the same are ties.
"""

import dataclasses
import heapq
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.layer_leaves import Case, explain_leaves, leaf_of, window_of
from jaxnet.gradients.diagnosis.layer_mistakes import matrix_mistakes, slope_mistakes, update_direction, updated_weights
from jaxnet.gradients.diagnosis.output_mistakes import example_mistakes, output_mistakes
from jaxnet.gradients.diagnosis.penalty import ratios, round_number
from jaxnet.gradients.diagnosis.replay import (
    Hypothesis,
    Mistakes,
    Step,
    multiply_by_slope,
    pass_down,
    step_down,
    total_cost,
    unknown_line,
)
from jaxnet.gradients.diagnosis.tolerances import MOST_STATES, MOST_TIES


class Solution(NamedTuple):
    """Wrong lines that explain a gradient; ``stopped`` is the layer that nothing explains, or None."""

    cost: float
    mistakes: Mistakes
    stopped: int | None = None


class SearchState(NamedTuple):
    """Everything from the output down to the layer of ``step`` is explained by ``mistakes``."""

    cost: float
    mistakes: Mistakes
    step: Step | None


def cheapest_explanations(case: Case) -> list[Solution]:
    """Find the cheapest explanations of a case; several when they cost the same."""
    count = itertools.count()
    heap: list[tuple[float, int, SearchState]] = [(0.0, next(count), SearchState(0.0, {}, None))]
    found: list[Solution] = []
    stuck: list[Solution] = []
    for _ in range(MOST_STATES):
        if not heap or (found and heap[0][0] > found[0].cost):
            break
        state = heapq.heappop(heap)[2]
        if state.step is not None and state.step.layer == 0:
            found.append(Solution(state.cost, state.mistakes))
            continue
        explained = explain_layer(case, state)
        if not explained:
            stuck.append(Solution(state.cost, state.mistakes, _below(case, state)))
        for new in explained:
            heapq.heappush(heap, (new.cost, next(count), new))
    if found or stuck or not heap:
        return found or stuck[:1]
    state = heap[0][2]  # too many explanations of the upper layers, none of which goes on to the input
    return [Solution(state.cost, state.mistakes, _below(case, state))]


def _below(case: Case, state: SearchState) -> int:
    """The layer that is explained next."""
    return case.run.last if state.step is None else state.step.layer - 1


def explain_layer(case: Case, state: SearchState) -> list[SearchState]:
    """Explain the layer below a state: with the right delta, with one wrong line above it, with two."""
    partial: list[SearchState] = []
    found: list[SearchState] = []
    passed: dict[Hypothesis | None, Step | None] = {}
    for depth in (0, 1, 2):
        for lines in _deltas(case, state, depth):
            step = _descend(case, state, lines, passed)
            if step is not None and np.isfinite(step.delta).all():
                whole, half = explain_leaves(case, step, depth, state.mistakes)
                found += [_state(case, state, step, lines | more) for more in whole]
                partial += [_state(case, state, step, lines | more) for more in half]
        if found and (depth > 0 or min(new.cost for new in found) == state.cost):
            break
    ordered = sorted([*found, *partial] or _read(case, state), key=lambda new: new.cost)
    return [new for new in ordered if new.cost <= ordered[0].cost + 1][:MOST_TIES]


def _descend(
    case: Case, state: SearchState, lines: Mistakes, passed: dict[Hypothesis | None, Step | None]
) -> Step | None:
    """Compute delta with some wrong lines; what each matrix passes down is kept in ``passed`` for the next time."""
    if state.step is None:
        return step_down(case.run, None, lines)
    matrix = lines.get(("matrix", _below(case, state)))
    if matrix not in passed:
        passed[matrix] = pass_down(case.run, state.step, lines)
    step = passed[matrix]
    return None if step is None else multiply_by_slope(step, lines)


def _state(case: Case, state: SearchState, step: Step, lines: Mistakes) -> SearchState:
    mistakes = {**state.mistakes, **lines}
    return SearchState(
        total_cost(mistakes), mistakes, dataclasses.replace(step, gradient=case.targets[step.layer, "w"])
    )


def _deltas(case: Case, state: SearchState, depth: int) -> Iterator[Mistakes]:
    """The wrong lines that delta may come from, ``depth`` of them at once."""
    if depth == 0:
        yield {}
        return
    layer = _below(case, state)
    if state.step is None:
        pair = {"examples": [*case.examples(), *example_mistakes(case.run)], "output": output_mistakes(case.run)}
    else:
        pair = {"matrix": matrix_mistakes(case.run, layer), "slope": slope_mistakes(case.run, layer)}
        yield from _updates(case, state, pair["slope"] if depth == 2 else [])
    for slots in itertools.combinations(pair, depth):
        for lines in itertools.product(*(pair[slot] for slot in slots)):
            yield {(slot, layer): line for slot, line in zip(slots, lines, strict=True)}


def _updates(case: Case, state: SearchState, slopes: list[Hypothesis]) -> Iterator[Mistakes]:
    """Weights that were already updated, with the step size that fits; beside each of the given slopes."""
    if state.step is None:
        return
    layer = state.step.layer - 1
    direction = Hypothesis("", "", update_direction)
    passed: dict[Hypothesis | None, Step | None] = {}
    choices: list[Mistakes] = [{("slope", layer): slope} for slope in slopes] or [{}]
    for chosen in choices:
        right, change = (_descend(case, state, chosen | more, passed) for more in ({}, {("matrix", layer): direction}))
        if right is None or change is None:
            continue
        for size in _step_sizes(case, right, change):
            yield {("matrix", layer): updated_weights(size), **chosen}


def _step_sizes(case: Case, right: Step, change: Step) -> set[float]:
    """The step sizes for which right + step size * change is the layer's gradient, in one leaf at least."""
    sizes = set()
    for key in "wb":
        window = window_of(case.targets[right.layer, key])
        base, slope = leaf_of(right, {}, key, window), leaf_of(change, {}, key, window)
        if base is None or slope is None:
            continue
        tolerance = case.tolerances[right.layer, key].at(window).of(base.size)
        target = case.targets[right.layer, key][() if window is None else window] - base.decay * base.parameter
        sizes |= {round_number(eta, error) for eta, error in ratios(target, (base.data, slope.data), tolerance) if eta}
    return sizes


def _read(case: Case, state: SearchState) -> list[SearchState]:
    """Where no formula fits, go on with the delta that the gradient under test used."""
    layer = _below(case, state)
    halves: list[SearchState] = []
    reading = case.reading()
    for delta in reading.deltas(layer) if reading else ():
        lines: Mistakes = {("delta", layer): unknown_line(delta, "delta")}
        step = step_down(case.run, state.step, lines)
        if step is not None:
            whole, half = explain_leaves(case, step, 0, state.mistakes)
            if whole:
                return [_state(case, state, step, lines | more) for more in whole]
            halves += [_state(case, state, step, lines | more) for more in half]
    return halves
