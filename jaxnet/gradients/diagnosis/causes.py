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
    for slot, mistake in sorted(mistakes.items(), key=_order):
        groups.setdefault(mistake.habit, {})[slot] = mistake
    texts = right_lines(model, case.run)
    return [_cause(evidence, model, slots, lines=texts, error=error) for slots in groups.values()]


def _order(item: tuple[Any, ...]) -> tuple[Any, ...]:
    (slot, layer), _ = item
    return -layer, DELTA_SLOTS.index(slot) if slot in DELTA_SLOTS else len(DELTA_SLOTS)


def right_lines(model: NetworkModel, run: Pass) -> RightLines:
    """The right backward pass as text."""
    slopes = tuple(activation.line for activation in run.activations)
    return RightLines(model.delta_line, slopes, model.averaged, max(w for w, _ in run.decay))


def _cause(evidence: Evidence, model: NetworkModel, slots: Mistakes, *, lines: RightLines, error: float) -> Cause:
    (slot, _), mistake = next(iter(slots.items()))
    layers = tuple(sorted({layer for _, layer in slots}))
    leaves = wrong_leaves(evidence, _touched(model, slots))
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
            touched |= {path for pair in model.leaves[: layer + 1] for path in pair}
        else:
            touched.add(model.leaves[layer][1 if slot == "bias" or slot.endswith("_b") else 0])
    return touched


def wrong_leaves(evidence: Evidence, among: set[str]) -> tuple[str, ...]:
    """The leaves, in the order of the parameters, that differ from the true gradient by more than the noise."""
    return tuple(
        path
        for path, leaf in evidence.yours.items()
        if path in among and not within(leaf, evidence.true[path], evidence.noise[path]).all()
    )


def _covered(model: NetworkModel, slots: Iterable[tuple[str, int]], leaves: tuple[str, ...]) -> str:
    """A name for a set of leaves: every leaf, every weight, everything from a layer down, or the leaves' own names."""
    touched = _touched(model, slots)
    count = len(model.leaves)
    weights, biases = ({pair[i] for pair in model.leaves} for i in (0, 1))
    names: list[tuple[set[Any], str]] = [
        (weights | biases, "Every leaf"),
        (weights, "Every weight"),
        (biases, "Every bias"),
    ]
    names += [(_below(model, layer), f"From layer {layer + 1} down") for layer in range(count - 1)]
    if count == 1:
        names = names[:1]
    return next((name for paths, name in names if paths == touched), ", ".join(_listed(touched, leaves)))


def _below(model: NetworkModel, layer: int) -> set[str]:
    return {path for pair in model.leaves[: layer + 1] for path in pair}


def _listed(touched: set[str], leaves: tuple[str, ...]) -> list[str]:
    return [path for path in leaves if path in touched] or sorted(touched)


def clipped_by_norm(evidence: Evidence, causes: list[Cause]) -> list[Cause]:
    """A factor on every leaf that gives the whole gradient a round norm is clipping, unless it has a plainer name."""
    size = lambda gradient: float(np.sqrt(sum(np.sum(leaf**2) for leaf in gradient.values())))
    norm, true = size(evidence.yours), size(evidence.true)
    limit = float(f"{norm:.2g}")
    slack = NORM_ROUNDINGS * evidence.eps * norm + size(evidence.noise)
    scaled = [c for c in causes if c.kind == "factor" and set(c.leaves) == _nonzero(evidence.true)]
    if not scaled or norm >= true or abs(norm - limit) > slack:
        return causes
    text = f"Every leaf: the gradient is scaled to the norm {limit:g}; the true gradient has the norm {true:.6g}."
    line = f"gradient = mine  # without the factor {limit:g} / norm"
    clipped = dataclasses.replace(scaled[0], kind="clipped_by_norm", sentence=text, fix=line)
    return [clipped if cause is scaled[0] else cause for cause in causes]


def _nonzero(gradient: Gradient) -> set[str]:
    return {path for path, leaf in gradient.items() if leaf.any()}


def as_ties(groups: list[list[Cause]]) -> tuple[Cause, ...]:
    """Put explanations that fit equally one after another and say so; equal causes are listed once."""
    listed: dict[Any, Cause] = {}
    for causes in groups:
        for cause in causes:
            listed.setdefault((cause.kind, cause.leaves, cause.sentence), cause)
    shared = [key for key in listed if all(any(_key(c) == key for c in causes) for causes in groups)]
    rivals = len({tuple(_key(c) for c in causes if _key(c) not in shared) for causes in groups})
    if rivals < 2:
        return tuple(listed.values())
    note = f"One of {rivals} explanations that fit equally. "
    return tuple(
        c if key in shared else dataclasses.replace(c, sentence=note + c.sentence) for key, c in listed.items()
    )


def _key(cause: Cause) -> tuple[Any, ...]:
    return cause.kind, cause.leaves, cause.sentence
