"""From wrong lines to causes: a mistake made in several layers or leaves is one cause; the root comes first."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.layer_leaves import Case
from jaxnet.gradients.diagnosis.mistake_search import Solution
from jaxnet.gradients.diagnosis.passes import NetworkModel, Pass
from jaxnet.gradients.diagnosis.replay import Hypothesis, Mistakes, replay
from jaxnet.gradients.diagnosis.sentences import MistakePlace, RightLines, fix, sentence
from jaxnet.gradients.diagnosis.tolerances import NORM_ROUNDINGS
from jaxnet.gradients.evidence import Cause, Evidence, Gradient, within
from jaxnet.gradients.evidence import residual as residual_of

DELTA_SLOTS = ("examples", "output", "delta", "matrix", "slope", "stopped")  # what they make wrong goes on below


def named(model: NetworkModel, gradient: Mapping[tuple[int, str], np.ndarray]) -> Gradient:
    """Name a replayed gradient by the paths of the leaves."""
    return {model.leaves[layer]["wb".index(key)]: leaf for (layer, key), leaf in gradient.items()}


def causes_of(evidence: Evidence, model: NetworkModel, case: Case, solution: Solution) -> list[Cause]:
    """Describe the wrong lines of a solution as causes, root first."""
    mistakes = dict(solution.mistakes)
    if solution.stopped is not None:
        ask = "" if evidence.gradient else "a gradient function instead of arrays would let its own deltas be read"
        mistakes["stopped", solution.stopped] = Hypothesis("unknown", ask, lambda step: None)
    for layer in [layer for slot, layer in mistakes if slot == "delta"]:
        reading = case.reading()
        mistakes["delta", layer] = Hypothesis("unknown", reading.located(layer) if reading else "", lambda step: None)
    gradient = replay(case.run, solution.mistakes)
    error = residual_of(evidence.yours, named(model, gradient)) if solution.stopped is None and gradient else 1.0
    groups: dict[tuple[Any, ...], dict[Any, Any]] = {}
    stage = lambda slot: DELTA_SLOTS.index(slot) if slot in DELTA_SLOTS else len(DELTA_SLOTS)
    for slot in sorted(mistakes, key=lambda each: (-each[1], stage(each[0]))):
        groups.setdefault(mistakes[slot].habit, {})[slot] = mistakes[slot]
    texts = right_lines(model, case.run)
    return [_cause(evidence, model, slots, lines=texts, error=error) for slots in groups.values()]


def right_lines(model: NetworkModel, run: Pass) -> RightLines:
    """The right backward pass as text."""
    slopes = tuple(activation.line for activation in run.activations)
    return RightLines(model.delta_line, slopes, model.averaged, max(w for w, _ in run.decay))


def _cause(evidence: Evidence, model: NetworkModel, slots: Mistakes, *, lines: RightLines, error: float) -> Cause:
    (slot, _), mistake = next(iter(slots.items()))
    layers = tuple(sorted({layer for _, layer in slots}))
    touched = _touched(model, slots)
    leaves = tuple(path for path in wrong_leaves(evidence) if path in touched)
    numbers = tuple(layer + 1 for layer in layers)
    if slot == "stopped" or (slot, mistake.kind) == ("delta", "unknown"):
        numbers = numbers[-1:]
    place = MistakePlace(slot, numbers, _covered(model, slots, leaves))
    return cause_of(mistake, place, leaves, lines=lines, error=error)


def cause_of(
    mistake: Hypothesis, place: MistakePlace, leaves: tuple[str, ...], *, lines: RightLines | None, error: float
) -> Cause:
    """Say a mistake as a cause; what is unknown was not replayed, so no error of a replay proves it."""
    said = sentence(mistake, place, lines), fix(mistake, place, lines)
    proof = error if mistake.kind != "unknown" else 1.0
    return Cause(mistake.kind, place.layers, leaves, mistake.factor, *said, proof)


def _touched(model: NetworkModel, slots: Iterable[tuple[str, int]]) -> set[str]:
    """The leaves that wrong lines make wrong: delta spoils its layer and all below, the rest one leaf."""
    touched: set[str] = set()
    for slot, layer in slots:
        if slot in DELTA_SLOTS:
            touched |= _below(model, layer)
        else:
            touched.add(model.leaves[layer][1 if slot == "bias" or slot.endswith("_b") else 0])
    return touched


def wrong_leaves(evidence: Evidence) -> tuple[str, ...]:
    """The leaves, in the order of the parameters, that differ from the true gradient by more than the noise."""
    right = lambda path, leaf: within(leaf, evidence.true[path], evidence.noise[path]).all()
    return tuple(path for path, leaf in evidence.yours.items() if not right(path, leaf))


def _covered(model: NetworkModel, slots: Iterable[tuple[str, int]], leaves: tuple[str, ...]) -> str:
    """A name for a set of leaves: every leaf, every weight, everything from a layer down, or the leaves' own names."""
    touched = _touched(model, slots)
    count = len(model.leaves)
    weights, biases = ({pair[i] for pair in model.leaves} for i in (0, 1))
    named = [(weights | biases, "Every leaf")]
    if count > 1:
        named += [(weights, "Every weight"), (biases, "Every bias")]
        named += [(_below(model, layer), f"From layer {layer + 1} down") for layer in range(count - 1)]
    listed = [path for path in leaves if path in touched] or sorted(touched)
    return next((name for paths, name in named if paths == touched), ", ".join(listed))


def _below(model: NetworkModel, layer: int) -> set[str]:
    return {path for pair in model.leaves[: layer + 1] for path in pair}


def clipped_by_norm(evidence: Evidence, causes: list[Cause]) -> list[Cause]:
    """A factor on every leaf that gives the whole gradient a round norm is clipping, unless it has a plainer name."""
    size = lambda gradient: float(np.sqrt(sum(np.sum(leaf**2) for leaf in gradient.values())))
    norm, true = size(evidence.yours), size(evidence.true)
    limit = float(f"{norm:.2g}")
    slack = NORM_ROUNDINGS * evidence.eps * norm + size(evidence.noise)
    every = {path for path, leaf in evidence.true.items() if leaf.any()}
    scaled = [c for c in causes if c.kind == "factor" and set(c.leaves) == every]
    if not scaled or norm >= true or abs(norm - limit) > slack:
        return causes
    text = f"Every leaf: the gradient is scaled to the norm {limit:g}; the true gradient has the norm {true:.6g}."
    line = f"gradient = mine  # without the factor {limit:g} / norm"
    clipped = dataclasses.replace(scaled[0], kind="clipped_by_norm", sentence=text, fix=line)
    return [clipped if cause is scaled[0] else cause for cause in causes]


def as_ties(groups: list[list[Cause]]) -> tuple[Cause, ...]:
    """Put explanations that fit equally one after another and say so; equal causes are listed once."""
    key = lambda cause: (cause.kind, cause.leaves, cause.sentence)
    keys = [[key(cause) for cause in causes] for causes in groups]
    listed = {key(cause): cause for causes in reversed(groups) for cause in reversed(causes)}  # the first of equal ones
    ordered = dict.fromkeys(each for one in keys for each in one)
    shared = {each for each in ordered if all(each in one for one in keys)}
    rivals = len({tuple(each for each in one if each not in shared) for one in keys})
    note = f"One of {rivals} explanations that fit equally. " if rivals > 1 else ""
    said = lambda each: listed[each] if each in shared else _said(listed[each], note)
    return tuple(map(said, ordered))


def _said(cause: Cause, note: str) -> Cause:
    return dataclasses.replace(cause, sentence=note + cause.sentence)
