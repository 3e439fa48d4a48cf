"""The picture that belongs to a kind of finding: arguments of ``sickness_panels``, from what was looked at and tried.

Nothing is trained for a picture: of the experiments only those are drawn that a question has asked for.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet.health.chart import UNHELD, Chart
from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.lane_gains import Gains
from jaxnet.health.row_looks import classes_of
from jaxnet.health.yardsticks import as_columns, kind_of_target
from jaxnet.losses import Objective
from jaxnet.prediction import predictions
from jaxnet.targets import Target

_RATE = re.compile(r"rate ([/x]) ([\d,]+)$")
_MOST_POINTS = 1000  # that a scatter shows
_MOST_CLASSES = 30  # of a table


def pictures_of_run(chart: Chart) -> dict[str, Any]:
    """Gather what there is to see of any run: activations, gradients, curves, answers."""
    gathered = [_layers(chart), _gradients(chart), _curves(chart, {}), _answers(chart)]
    return {name: value for part in gathered for name, value in part.items()}


def picture_of(finding: Finding, chart: Chart) -> dict[str, Any]:
    """Gather what is to be seen of a finding; empty where there is nothing."""
    return KIND_PICTURES[finding.kind](chart, finding)


def _layers(chart: Chart) -> dict[str, Any]:
    """Gather the activations of the hidden layers, and how often relus fire."""
    if chart.subject.network is None:
        return {}
    seen = chart.end.layers
    found: dict[str, Any] = {"activations": {layer.name: layer.activations for layer in seen}} if seen else {}
    relus = {layer.name: np.mean(layer.activations > 0, axis=0) for layer in seen if layer.activation == "relu"}
    return {**found, "firing": relus} if relus else found


def _gradients(chart: Chart) -> dict[str, Any]:
    found = {}
    for when, look in (("at the start", chart.start), ("at the end", chart.end)):
        if look is None or look.gradients is None or not look.layers or not np.isfinite(look.gradients).all():
            continue
        names = ["input", *(layer.name for layer in look.layers)]
        if (look.gradients > 0).any():  # 0 has no place on a logarithmic axis
            found[when] = dict(zip(names, look.gradients.tolist(), strict=True))
    return {"gradients": found} if found else {}


def _curves(chart: Chart, marks: Mapping[int, str]) -> dict[str, Any]:
    losses = {name: curve for name, curve in chart.subject.history.items() if name.endswith("loss")}
    curves = {name: curve for name, curve in losses.items() if np.isfinite(curve).any()}
    return {"curves": curves, "marks": dict(marks)} if curves else {}


def _answers(chart: Chart) -> dict[str, Any]:
    """Gather the answers: by class, or beside real targets."""
    subject = chart.subject
    if not chart.end.finite or not isinstance(subject.f, Objective):
        return {}
    classes = classes_of(subject, subject.params, subject.train)
    if classes is not None:
        return {"confusion": classes.confusion} if len(classes.confusion) <= _MOST_CLASSES else {}
    if kind_of_target(subject.f) is not Target.REAL:
        return {}
    rows = subject.train.at(np.arange(min(_MOST_POINTS, len(subject.train.x))))
    found = np.ravel(predictions(subject.f.network, subject.params, rows.x))
    target = np.ravel(as_columns(subject.f, rows.y, subject.outputs))
    shown = np.isfinite(found)
    return {"fitted": {"target": target[shown], "prediction": found[shown]}} if shown.any() else {}


def _asked(of: Callable[[], Gains | None]) -> Gains | None:
    """Return the gains of an experiment that a question has asked for, without asking anew."""
    known = getattr(of, "cache_info", None)
    return of() if known is not None and known().currsize else None


def _both(gains: Gains, names: Sequence[str]) -> dict[str, dict[str, float]]:
    parts = {"training rows": gains.train, **({"rows held out": gains.held} if gains.apart else {})}
    return {which: {name: shares[name] for name in names if name in shares} for which, shares in parts.items()}


def _rates(chart: Chart, finding: Finding) -> dict[str, Any]:
    found: dict[str, dict[float, float]] = {}
    for gains in (_asked(chart.variations), _asked(chart.far_rates)):
        for which, shares in _both(gains, list(gains.train)).items() if gains is not None else ():
            for name, share in shares.items():
                factor = _factor(name)
                if factor:
                    found.setdefault(which, {})[factor] = share
    return {**_curves(chart, {}), **({"rates": found} if found else {})}


def _factor(lane: str) -> float | None:
    """Return by what a lane multiplies the rate alone, None for other lanes."""
    if lane == "as it was":
        return 1.0
    at = _RATE.match(lane)
    number = float(at[2].replace(",", "")) if at else 0.0
    return None if at is None else 1 / number if at[1] == "/" else number


def _tried(chart: Chart, *names: str, of: Callable[[], Gains | None] | None = None) -> dict[str, Any]:
    """Gather what lanes did, those whose names begin with one of ``names``, beside the run as it was."""
    gains = _asked(of or chart.variations)
    lanes = [] if gains is None else [name for name in gains.train if name.startswith(("as it was", *names))]
    return {"tried": _both(gains, lanes)} if gains is not None and len(lanes) > 1 else {}


def _scales(chart: Chart, what: str) -> dict[str, Any]:
    columns = chart.subject.train.x if what == "inputs" else chart.subject.train.y
    flat = np.asarray(columns, np.float64).reshape(len(columns), -1)
    tried = _tried(chart, what, "inputs and targets", "all standardised")
    return {"scales": {"mean": flat.mean(axis=0), "deviation": flat.std(axis=0)}, **tried}


def _start(chart: Chart, *seen: str) -> dict[str, Any]:
    """Gather what layers show, beside what another start did."""
    found = {**_layers(chart), **_gradients(chart), **_copies(chart)}
    tried = _tried(chart, "another initialiser") or _tried(chart, "", of=chart.relus)
    return {**{name: found[name] for name in seen if name in found}, **tried}


def _copies(chart: Chart) -> dict[str, Any]:
    """Gather the weights into the layer with most copies."""
    seen, net = chart.end.layers, chart.subject.network
    if not seen:
        return {}
    at = int(np.argmax([layer.copies for layer in seen]))
    params: Any = chart.subject.params
    if net is not None:
        return {"weights": {seen[at].name: params[at]["w"]}}
    return {}


def _small(chart: Chart, finding: Finding) -> dict[str, Any]:
    """Gather what a wider network, or one that nothing holds back, explains beside this one."""
    held = _tried(chart, UNHELD)
    if (gains := _asked(chart.undecayed)) is not None and "without weight decay" in finding.tried[0]:
        held = {"tried": _both(gains, ["as it was", "without weight decay"])}
    wider, same = _asked(chart.wider), _asked(chart.sound)
    if wider is None or same is None:
        return held or _curves(chart, {})
    best = {"this network": same, "with more units": wider}
    tops = {name: gains.top("sound") for name, gains in best.items()}
    shares = {"training rows": {name: best[name].train[top] for name, top in tops.items()}}
    if wider.apart:
        shares["rows held out"] = {name: best[name].held[top] for name, top in tops.items()}
    return {"tried": shares}


def _reach(chart: Chart, finding: Finding) -> dict[str, Any]:
    f = chart.subject.f
    limit = {"sigmoid": 1.0, "softmax": 1.0, "exp": np.inf}.get(getattr(f, "output", ""))
    if kind_of_target(f) is Target.REAL and limit is not None:
        return {"reach": {"targets": chart.subject.train.y, "low": 0.0, "high": limit}}
    return _answers(chart)


def _leak(chart: Chart, finding: Finding) -> dict[str, Any]:
    known, of = finding.evidence["rows"], 0 if chart.subject.validation is None else len(chart.subject.validation.x)
    return {"rows": {"training rows too": known, "new rows": of - known}}


def _turned(chart: Chart, finding: Finding) -> dict[str, Any]:
    best = finding.evidence.get("best epoch")
    return _curves(chart, {} if best is None else {best: "validation turns"})


def _ended(chart: Chart, finding: Finding) -> dict[str, Any]:
    return {**_rates(chart, finding), **_curves(chart, {len(chart.subject.history.get("loss", ())): "not finite"})}


KIND_PICTURES: Mapping[str, Callable[[Chart, Finding], dict[str, Any]]] = {
    "wrong_loss_for_output": _reach,
    "label_noise": lambda chart, finding: _tried(chart, "sound", "shuffled", of=chart.sound),
    "unscaled_inputs": lambda chart, finding: _scales(chart, "inputs"),
    "unscaled_targets": lambda chart, finding: _scales(chart, "targets"),
    "identical_units": lambda chart, finding: _start(chart, "weights"),
    "vanishing_gradients": lambda chart, finding: _start(chart, "gradients"),
    "exploding_gradients": lambda chart, finding: _start(chart, "gradients"),
    "saturated_units": lambda chart, finding: _start(chart, "activations"),
    "dead_units": lambda chart, finding: _start(chart, "firing", "activations"),
    "noisy_batches": lambda chart, finding: {**_curves(chart, {}), **_tried(chart, "larger", of=chart.larger_batches)},
    "rate_too_high": _rates,
    "rate_too_low": _rates,
    "diverged": _ended,
    "local_minimum": lambda chart, finding: {**_curves(chart, {}), **_tried(chart, "start ")},
    "still_improving": lambda chart, finding: {**_curves(chart, {}), **_tried(chart, "trained on")},
    "imbalanced_classes": lambda chart, finding: _answers(chart),
    "underfitting": _small,
    "overfitting": _turned,
    "leak": _leak,
    "constant_column": lambda chart, finding: {"scales": _scales(chart, "inputs")["scales"]},
    "no_better_than_constant": lambda chart, finding: _answers(chart) or _curves(chart, {}),
}
