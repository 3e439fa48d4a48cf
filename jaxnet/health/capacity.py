"""Whether the network can hold what there is to learn, and whether something keeps it from holding it."""

import numpy as np

from jaxnet.health.chart import HELPS, UNDERFITTED, UNHELD, Chart
from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.sound_training import sizes_with_more_units

MORE_UNITS = 0.35  # explained more, where only the training rows are seen; ...
MORE_UNITS_HELD = 0.15  # ... and where held-out rows are, which chance does not explain


def underfitting(chart: Chart) -> list[Finding]:
    """More units explain much more, or a penalty holds the network back."""
    if not chart.bad or chart.explained > UNDERFITTED:
        return []
    return _held_back(chart) or _too_small(chart)


def _held_back(chart: Chart) -> list[Finding]:
    """Without the penalty or dropout of the objective, or the optimizer's weight decay, it learns."""
    for gains, name, what, remedy in (
        (chart.variations, UNHELD, "the penalty or dropout", "a smaller l2= or dropout="),
        (chart.undecayed, "without weight decay", "the optimizer's weight decay", "a smaller weight_decay="),
    ):
        found = gains()
        if found is None or found.over(name, chart.explained) < HELPS:
            continue
        kind = "no_better_than_constant" if chart.useless else "underfitting"
        words = f"{what} keeps the network from learning"
        return [Finding(kind, words, {"explained": chart.explained}, remedy, (chart.told(name, found),))]
    return []


def _too_small(chart: Chart) -> list[Finding]:
    wider = chart.wider()
    if wider is None:
        return []
    best = max(wider.train, key=lambda each: wider.held[each])
    gain = min(wider.train[best], wider.held[best] if wider.apart else np.inf) - max(0.0, chart.explained)
    least = MORE_UNITS_HELD if wider.apart else MORE_UNITS
    same = chart.sound() if gain >= least else None
    # what the same network learns when it is trained soundly is no matter of its size
    if same is None or wider.train[best] - max(same.train[n] for n in same.train if n.startswith("sound")) < least:
        return []
    sizes = chart.subject.network.sizes if chart.subject.network else ()
    shown = lambda sizes: "-".join(map(str, sizes))
    words = f"the network {shown(sizes)} is too small for what there is to learn"
    held = f" and {wider.held[best]:.0%} of rows held out" if wider.apart else ""
    more = shown(sizes_with_more_units(sizes))
    told = (f"a network {more}, trained soundly, explains {wider.train[best]:.0%} of the training rows{held}",)
    remedy = "more hidden units, or another layer" if len(sizes) > 2 else "a hidden layer"
    return [Finding("underfitting", words, {"explained": chart.explained}, remedy, told)]
