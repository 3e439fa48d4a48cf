"""Targets of several columns, of which the largest have the loss to themselves: the others are not learnt, and the loss
does not show it."""

from typing import Any, NamedTuple

import numpy as np

from jaxnet.health.chart import HELPS, Chart
from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.experiment_rows import scaled
from jaxnet.health.lane_gains import Gains
from jaxnet.health.subject import NumpyRows, Subject
from jaxnet.prediction import predictions
from jaxnet.types import Pytree

AS_WELL = 0.05  # explained less than by another lane
APART = 10.0  # times the deviation of another column: then that one has a hundredth of a squared error


def left_behind(chart: Chart) -> list[Finding]:
    """With standardised targets a column is learnt that the run has left where it was."""
    scale, subject = chart.rows.targets, chart.subject
    if scale is None or len(scale.deviation) < 2 or not chart.end.finite or not hasattr(subject.f, "network"):
        return []
    if scale.deviation.max() < APART * scale.deviation.min():
        return []
    now, widest = column_shares(subject, subject.params, chart.rows.held), int(scale.deviation.argmax())
    if now.min() > now[widest] - HELPS:
        return []
    gains = chart.variations()
    best = None if gains is None else _best_lane(chart, gains, np.maximum(now, 0.0))
    if best is None or best.gain < HELPS:
        return []
    at, name = best.column, best.name
    words = (
        f"the loss is that of target {widest}, {scale.deviation[widest] / scale.deviation[at]:.3g} times as wide as "
        f"target {at}, which is not learnt"
    )
    told = (f"{name}: of target {at} it explains {best.share:.0%} instead of {max(now[at], 0):.0%} of rows held out",)
    remedy = "standardise the targets: subtract the mean of each column, divide by its standard deviation"
    return [Finding("unscaled_targets", words, {"deviations": scale.deviation.round(4).tolist()}, remedy, told)]


class _Lane(NamedTuple):
    """A lane with standardised targets, the column that it explains most more of, by how much, and its share."""

    name: str
    column: int
    gain: float
    share: float


def _best_lane(chart: Chart, gains: Gains, beside: np.ndarray) -> _Lane | None:
    found = []
    for name in gains.train:
        if not name.startswith(("targets standardised", "inputs and targets", "all standardised")):
            continue
        rows = scaled(chart.rows, inputs=name != "targets standardised", targets=True)
        shares = column_shares(chart.subject, gains.outcomes.params_of(name), rows.held)
        at = int(np.argmax(shares - beside))
        found.append(_Lane(name, at, float(shares[at] - beside[at]), float(shares[at])))
    most = max((lane.gain for lane in found), default=0.0)
    # the first, the least change, of those that do about as well
    return next((lane for lane in found if lane.gain > most - AS_WELL), None)


def column_shares(subject: Subject, params: Pytree, rows: NumpyRows) -> np.ndarray:
    """Return which share of the variance of each target [K] is explained, R^2; -inf where it is not finite."""
    y = np.asarray(rows.y, np.float64)
    net: Any = getattr(subject.f, "network", None)
    found = np.asarray(predictions(net, params, rows.x), np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        missed = np.mean(np.square(found - y), axis=0) / np.maximum(np.var(y, axis=0), 1e-300)
    return np.where(np.isfinite(missed), 1 - missed, -np.inf)
