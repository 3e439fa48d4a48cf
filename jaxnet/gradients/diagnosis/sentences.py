"""What is said about a mistake: one sentence with the wrong formula, and the right line of NumPy.

The lines number layers from 1: layer 1 has W1, b1, z1, a1, delta1, and its inputs are X.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jaxnet.gradients.diagnosis.factors import factor_sentence
from jaxnet.gradients.diagnosis.kinds import FACTORS, KINDS
from jaxnet.gradients.diagnosis.replay import Hypothesis


class MistakePlace(NamedTuple):
    """Where a mistake is made: its ``slot``, the layers from 1 (or none), and a name for what it makes wrong."""

    slot: str
    layers: tuple[int, ...]
    leaves: str


class RightLines(NamedTuple):
    """The right lines of a network's backward pass, for layers from 1."""

    output: str
    slopes: tuple[str, ...]
    averaged: bool
    l2: float

    @property
    def last(self) -> int:
        """The number of layers."""
        return len(self.slopes) + 1

    def delta(self, layer: int) -> str:
        """The line that computes the delta of a layer."""
        if layer == self.last:
            return f"delta{layer} = {self.output}"
        passed = f"(delta{layer + 1} @ W{layer + 1}.T)"
        slope = self.slope(layer)
        return f"delta{layer} = {passed}" + (f" * {slope}" if slope != "1" else "")

    def slope(self, layer: int) -> str:
        """The derivative of a layer's activation."""
        return self.slopes[layer - 1].format(z=f"z{layer}", a=f"a{layer}")

    def weights(self, layer: int) -> str:
        """The line that computes the gradient of a layer's weights."""
        inputs = f"a{layer - 1}" if layer > 1 else "X"
        penalty = f" + {self.l2:g} * W{layer}" if self.l2 else ""
        return f"dW{layer} = {inputs}.T @ delta{layer}{self._share}{penalty}"

    def biases(self, layer: int) -> str:
        """The line that computes the gradient of a layer's biases."""
        return f"db{layer} = delta{layer}.sum(axis=0){self._share}"

    @property
    def _share(self) -> str:
        return " / n" if self.averaged else ""


def sentence(mistake: Hypothesis, place: MistakePlace, lines: RightLines | None) -> str:
    """Say what is wrong, where, and by which formula."""
    kind, where = mistake.kind, _where(place, lines)
    if place.slot.startswith(("scale", "times")):
        return _scaled(mistake, place, lines)
    if kind == "weight_already_updated":
        above = _numbered("layer", [layer + 1 for layer in place.layers])
        return (
            f"{where}: delta was passed down through the weights of {above} after they had been updated "
            f"(step {mistake.text}); use the weights of the forward pass."
        )
    if kind == "unknown":
        return _unknown(mistake, place, where, lines)
    shown = _formula(mistake, place, lines)
    return f"{where}: {KINDS[kind]}{f' ({shown})' if shown else ''}{_instead(place, lines)}."


def _formula(mistake: Hypothesis, place: MistakePlace, lines: RightLines | None) -> str:
    text = mistake.text
    if mistake.kind == "penalty_factor":
        return f"{factor_sentence(text, mistake.factor or 0)} the right one"
    if place.slot in ("slope", "right_w") and len(place.layers) == 1:
        return re.sub(r"\b([az])\b(?!\d)", rf"\g<1>{place.layers[0]}", text)
    if mistake.kind in ("clipped_by_value", "clipped_by_norm"):
        return f"at {text}"
    return text


def _instead(place: MistakePlace, lines: RightLines | None) -> str:
    if lines is None or not place.layers:
        return ""
    first = place.layers[-1]
    right = {
        "output": f"; the loss's derivative at the logits is {lines.output}",
        "matrix": f"; delta goes down through W{first + 1}.T",
        "slope": f"; it is {lines.slope(first)}" if first < lines.last else "",
        "left": f"; the inputs are {f'a{first - 1}' if first > 1 else 'X'}",
        "right_w": f"; delta{first} belongs there",
        "right_b": f"; delta{first} belongs there",
        "bias": f"; it is delta{first} summed over the examples",
    }
    return right.get(place.slot, "")


def _where(place: MistakePlace, lines: RightLines | None) -> str:
    if place.slot in ("output", "examples", "delta") and lines and place.layers == (lines.last,):
        return "Output" if place.slot != "examples" else "Batch"
    if place.slot in ("matrix", "slope", "delta", "stopped") and place.layers:
        return _numbered("Layer", place.layers)
    return place.leaves


def _numbered(name: str, numbers: Sequence[int]) -> str:
    plural = "s" if len(numbers) > 1 else ""
    listed = ", ".join(map(str, numbers[:-1])) + (" and " if plural else "") + str(numbers[-1])
    return f"{name}{plural} {listed}"


def _scaled(mistake: Hypothesis, place: MistakePlace, lines: RightLines | None) -> str:
    if mistake.kind == "times_parameter":
        return f"{place.leaves}: {KINDS[mistake.kind]}."
    beside = lines is not None and lines.l2 > 0 and place.slot == "scale_w"
    what = "the data term (the penalty is right)" if beside else "the gradient"
    number = factor_sentence(mistake.text, mistake.factor or 1)
    return f"{place.leaves}: {what} is {number} what it should be{FACTORS[mistake.kind]}."


def _unknown(mistake: Hypothesis, place: MistakePlace, where: str, lines: RightLines | None) -> str:
    if lines is None:
        return f"{where}: no known mistake in a leaf or a batch reproduces it; with network= the backward pass is read."
    unexplained = "is the first quantity that is wrong, and no known mistake reproduces it"
    what = {
        "delta": "delta, the derivative at the weighted sums,",
        "whole_w": "the layer's delta is right; the gradient of its weights",
        "whole_b": "the layer's delta is right; the gradient of its biases",
        "stopped": "this stage of the backward pass",
    }
    detail = f"; {mistake.text}" if place.slot in ("stopped", "delta") and mistake.text else ""
    return f"{where}: {what.get(place.slot, 'this leaf')} {unexplained}{detail}."


def fix(mistake: Hypothesis, place: MistakePlace, lines: RightLines | None) -> str:
    """Write the right line of NumPy, or what to do about a factor."""
    if lines is None or not place.layers:
        return _without_network(mistake, place)
    layer = max(place.layers)
    everything = place.leaves.startswith(("Every leaf", "From"))
    if mistake.kind == "sign" and everything:
        return lines.delta(layer)
    if place.slot == "examples" or (mistake.kind in FACTORS and everything):
        return f"{lines.weights(layer)}\n{lines.biases(layer)}"
    if place.slot in ("output", "matrix", "slope", "delta", "stopped"):
        return "\n".join(lines.delta(each) for each in sorted(place.layers, reverse=True))
    key = {"left": "w", "bias": "b"}.get(place.slot, place.slot[-1])
    line = {"w": lines.weights, "b": lines.biases}[key]
    return "\n".join(line(each) for each in place.layers)


def _without_network(mistake: Hypothesis, place: MistakePlace) -> str:
    if mistake.kind == "unknown":
        return ""  # what is not known is not undone
    if mistake.kind == "penalty_missing" and mistake.text:
        return f"add {mistake.text}, W being {place.leaves}"
    if place.slot.startswith("scale") and mistake.factor:
        return f"divide {place.leaves} by {mistake.text}"
    return f"{place.leaves}: undo this: {KINDS[mistake.kind]}"
