"""From what was seen and tried to findings: which change made the recipe learn, and what it is called.

The control is the recipe itself. What other starts of the same recipe do well is the start's fault, not the recipe's;
what one change mends is that change's fault; what nothing mends, with nothing left to learn, is nobody's.
"""

import numpy as np

from jaxnet.health.chart import (
    AT_REST,
    CREEPING,
    EXPLODING,
    HELPS,
    MOST,
    MOST_STARTS,
    SOLVED,
    STARTS,
    VANISHING,
    Chart,
)
from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.layer_looks import Look
from jaxnet.health.rate_questions import jumped_past, rate_findings


def training_findings(chart: Chart) -> list[Finding]:
    """Return what is wrong with the training: nothing where it has reached what could be reached."""
    if not chart.bad:
        return jumped_past(chart)
    found: list[Finding] = []
    for question in (_scales, _starts, _local_minimum, rate_findings):
        found += question(chart)
        if found and question is not _scales:
            break
    return found


def _scales(chart: Chart) -> list[Finding]:
    """Standardised columns help, and columns were far from standard."""
    found = []
    for what, scale, kind in (
        ("inputs", chart.rows.inputs, "unscaled_inputs"),
        ("targets", chart.rows.targets, "unscaled_targets"),
    ):
        if scale is None or not scale.unscaled:
            continue
        lanes = [f"{what} standardised", "inputs and targets standardised"]
        lanes += ["all standardised, rate / 10", "all standardised, rate x 10"]
        name, gain = chart.gain(*lanes)
        if chart.experiments and gain < HELPS:
            continue
        if not chart.experiments and not chart.useless and not chart.subject.diverged:
            continue
        # what one of them does alone is not laid to the other's charge
        other = chart.rows.targets if what == "inputs" else chart.rows.inputs
        alone = chart.gain(lanes[0])[1]
        others = chart.gain(_other(what))[1]
        if other is not None and other.unscaled and alone < HELPS <= others and gain < others + HELPS:
            continue
        evidence = {"largest mean": float(np.abs(scale.mean).max()), "largest deviation": float(scale.deviation.max())}
        remedy = f"standardise the {what}: subtract the mean of each column, divide by its standard deviation"
        found.append((alone, Finding(kind, scale.sentence, evidence, remedy, chart.all_told(name))))
    return [finding for _, finding in sorted(found, key=lambda each: -each[0])]


def _other(what: str) -> str:
    return "targets standardised" if what == "inputs" else "inputs standardised"


def _starts(chart: Chart) -> list[Finding]:
    """The start was no start to learn from, and from a usual one the recipe learns."""
    look = chart.start or chart.end
    kind, words = _start_seen(look)
    name, gain = chart.gain("another initialiser", "another initialiser, rate x 10")
    evidence = {"gradient at the input over that at the last hidden layer": look.flow}
    if not kind or (not chart.useless and gain < HELPS):
        return []
    if not chart.experiments or gain >= HELPS:
        remedy = "start as usual: weights='he_normal' before relus, 'glorot_uniform' elsewhere" if name else ""
        return [Finding(kind, words, evidence, remedy, chart.all_told(name))]
    # no start saves a deep stack of sigmoids: then it is what they do to the gradient
    relus = chart.relus() if kind == "vanishing_gradients" else None
    if relus is None:
        return []
    best, gain = relus.best(tuple(relus.train), chart.explained)
    told = (f"with relus and a usual start it explains {relus.train[best]:.0%} of the training rows",) if best else ()
    remedy = "activation='relu', or fewer layers" if gain >= HELPS else ""
    return [Finding(kind, words, evidence, remedy, told)]


def _start_seen(look: Look) -> tuple[str, str]:
    """Name what the hidden layers show of a start, ("", "") where they show nothing."""
    if look.worst("copies") >= MOST:
        return "", ""  # said already
    if look.worst("dead") >= MOST:
        return "dead_units", f"{look.worst('dead'):.0%} of the units of a layer were 0 for every row from the start"
    if look.worst("saturated") >= MOST:
        share = f"{look.worst('saturated'):.0%}"
        return "saturated_units", f"{share} of the activations of a layer were at their bounds from the start"
    if look.flow > EXPLODING:
        return "exploding_gradients", f"gradients grow {look.flow:.3g}-fold on their way back to the first layer"
    if look.flow < VANISHING:
        words = f"gradients shrink to {look.flow:.2g} of their size on their way back to the first layer"
        return "vanishing_gradients", words
    return "", ""


def _local_minimum(chart: Chart) -> list[Finding]:
    gains = chart.variations()
    if gains is None or chart.subject.diverged:
        return []
    starts = [name for name in gains.train if name.startswith("start ")]
    better = [name for name in starts if gains.over(name, chart.explained) >= SOLVED]
    share, moved = len(better) / max(1, len(starts)), chart.motion
    if not (moved <= AT_REST and share >= STARTS) and not (moved <= CREEPING and share >= MOST_STARTS):
        return []
    words = f"training has come to rest where {len(better)} of {len(starts)} other starts get past"
    remedy = "start from other seeds and keep the best, or add hidden units"
    return [Finding("local_minimum", words, {"explained": chart.explained}, remedy, chart.all_told(*better[:2]))]
