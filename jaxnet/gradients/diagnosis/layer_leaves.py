"""How both gradients of a layer come about, given its delta: a wrong product, a wrong finish, or nothing wrong.

Most of what can be thought of is refuted by a few entries of a large leaf; what passes is compared whole.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.algebra import familiar, finishes
from jaxnet.gradients.diagnosis.delta_reading import Reading
from jaxnet.gradients.diagnosis.layer_mistakes import bias_mistakes, left_mistakes, right_mistakes
from jaxnet.gradients.diagnosis.passes import Pass
from jaxnet.gradients.diagnosis.penalty import LeafMistakes, Tolerance, fits
from jaxnet.gradients.diagnosis.replay import (
    Hypothesis,
    LeafParts,
    Mistakes,
    Step,
    Window,
    bias_leaf,
    finish_leaf,
    total_cost,
    unknown_line,
    weight_leaf,
)
from jaxnet.gradients.diagnosis.tolerances import MOST_KNOWN, MOST_TIES, WINDOW


@dataclasses.dataclass(frozen=True)
class Case:
    """A gradient to be explained.

    Attributes:
        run: the forward pass.
        targets, tolerances: the gradient and what rounding explains, by (layer, "w" or "b").
        examples: ways in which the examples may count that were read from this gradient; asked for when needed.
        reading: the backward pass of the gradient function, if it can be read; asked for when needed.
    """

    run: Pass
    targets: Mapping[tuple[int, str], np.ndarray]
    tolerances: Mapping[tuple[int, str], Tolerance]
    examples: Callable[[], tuple[Hypothesis, ...]]
    reading: Callable[[], Reading | None]


def explain_leaves(case: Case, step: Step, depth: int, mistakes: Mistakes) -> tuple[list[Mistakes], list[Mistakes]]:
    """Explain both leaves of a layer, given its delta; and, apart, only one of them, the other one unknown.

    The more wrong lines delta needs (``depth``), the more plainly the leaves have to follow from it. ``mistakes`` holds
    the wrong lines further up, which may have been made here too.
    """
    known = _finishing(mistakes)
    found: dict[str, list[Mistakes]] = {}
    for key in "bw":  # the biases first: they are quickly compared
        found[key] = _finished(case, step, {}, key, known=known)
        if sum(not any(map(familiar, each)) for each in found.values()) > 2 - depth:
            return [], []
    for key, other in ("bw", "wb", "bw"):  # each may have a wrong line that the other shows
        if not any(map(familiar, found[key])) and depth < 2:
            beside = [line for lines in found[other][:2] for line in _finishing(lines)]
            found[key] = _thoroughly(case, step, key, [*known, *beside]) or found[key]
    both = [{**w, **b} for w in found["w"] for b in found["b"]]
    return _distinct(both), _half(case, step, found)


def _distinct(alternatives: list[Mistakes]) -> list[Mistakes]:
    """The shortest of all alternatives that make the same mistakes."""
    shortest: dict[frozenset[Any], Mistakes] = {}
    for mistakes in sorted(alternatives, key=len):
        shortest.setdefault(frozenset(each.habit for each in mistakes.values()), mistakes)
    return sorted(shortest.values(), key=total_cost)[:MOST_TIES]


def _finishing(mistakes: Mistakes) -> list[LeafMistakes]:
    """The finishes of leaves among mistakes, each once and without its layer."""
    lines = {each.habit: (slot[:-2], each) for (slot, _), each in mistakes.items() if slot[-2:] in ("_w", "_b")}
    everywhere = ("scale", "times", "penalty")  # the rest fits the shape of its own leaf alone, but for these:
    anywhere = ("clipped_by_value", "zero")
    kept = [{slot: each} for slot, each in lines.values() if slot in everywhere or each.kind in anywhere]
    return kept[:MOST_KNOWN]


def _half(case: Case, step: Step, found: Mapping[str, list[Mistakes]]) -> list[Mistakes]:
    """One leaf follows plainly from delta, so the other one is wrong by itself."""
    halves = []
    for key, other in ("wb", "bw"):
        if {} in found[key] and not any(map(familiar, found[other])):
            halves.append({(f"whole_{other}", step.layer): unknown_line(case.targets[step.layer, other], other)})
    return halves


def _thoroughly(case: Case, step: Step, key: str, known: list[LeafMistakes]) -> list[Mistakes]:
    """Look for rearrangements, gaps and clipping, and for another array in the product."""
    candidates = _products(step, key) if case.targets[step.layer, key].any() else ()  # zeros are no product
    products = [lines for each in candidates for lines in _finished(case, step, each, key, known=known)]
    finished = _finished(case, step, {}, key, known=known, whole=True)
    # another array with any factor whatever: too much would fit
    return sorted([*finished, *filter(familiar, products)], key=total_cost)[:MOST_TIES]


def _products(step: Step, key: str) -> Iterator[Mistakes]:
    run, layer = step.run, step.layer
    slots: dict[str, Iterable[Hypothesis]] = {f"right_{key}": right_mistakes(run, layer)}
    slots |= {"left": left_mistakes(run, layer)} if key == "w" else {"bias": bias_mistakes(run, layer)}
    return ({(slot, layer): each} for slot, table in slots.items() for each in table)


def _finished(
    case: Case, step: Step, lines: Mistakes, key: str, *, known: list[LeafMistakes], whole: bool = False
) -> list[Mistakes]:
    """Explain how a product becomes the leaf: first in a window of a large leaf, then in all of it."""
    target, tolerance = case.targets[step.layer, key], case.tolerances[step.layer, key]
    window = window_of(target)
    if whole or window is None:
        leaf = leaf_of(step, lines, key, None)
        found = [] if leaf is None else finishes(target, leaf, tolerance, key, whole=whole, known=known)
    else:
        part = leaf_of(step, lines, key, window)
        few = (
            [] if part is None else finishes(target[window], part, tolerance.at(window), key, whole=False, known=known)
        )
        leaf = leaf_of(step, lines, key, None) if few else None
        found = [each for each in few if leaf and _holds(target, leaf, tolerance, each)]
    return [{**lines, **{(f"{slot}_{key}", step.layer): each for slot, each in one.items()}} for one in found]


def _holds(target: np.ndarray, leaf: LeafParts, tolerance: Tolerance, lines: LeafMistakes) -> bool:
    mistakes = {(f"{slot}_w", 0): each for slot, each in lines.items()}
    largest = max(1.0, *(abs(each.factor or 1) for each in lines.values())) if lines else 1.0
    return fits(target, finish_leaf(leaf, mistakes, 0, "w"), tolerance.of(leaf.size) * largest)


def leaf_of(step: Step, lines: Mistakes, key: str, window: Window) -> LeafParts | None:
    """The parts of a leaf, or of a window of it; None where they cannot be computed."""
    with np.errstate(all="ignore"):
        leaf = weight_leaf(step, lines, window) if key == "w" else bias_leaf(step, lines)
    return leaf if leaf is not None and np.isfinite(leaf.data).all() else None


def window_of(target: np.ndarray) -> Window:
    """The rows and columns of a large weight matrix where its gradient is largest; None for a small one."""
    if target.ndim < 2 or target.size <= 4 * WINDOW**2:
        return None
    size = np.abs(target)
    rows, columns = (np.sort(np.argsort(-size.sum(axis=axis), kind="stable")[:WINDOW]) for axis in (1, 0))
    return np.ix_(rows, columns)
