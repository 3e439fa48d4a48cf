"""``diagnose``: look, try, and say what is sick, the root cause first."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxnet import checks, compilation_cache
from jaxnet.accelerators import training_device
from jaxnet.guidance import guided
from jaxnet.health import fit_and_data
from jaxnet.health.attribution import training_findings
from jaxnet.health.capacity import underfitting
from jaxnet.health.chart import HELPS, Chart
from jaxnet.health.diagnosis_report import Diagnosis, Finding
from jaxnet.health.experiment_rows import rows_of
from jaxnet.health.finding_pictures import picture_of, pictures_of_run
from jaxnet.health.first_nan import first_nan
from jaxnet.health.lane_gains import yardstick_of
from jaxnet.health.layer_looks import look_at
from jaxnet.health.recipe_variations import far_rates, larger_batches, longer, undecayed, variations
from jaxnet.health.sound_training import sound, with_more_units, with_relus
from jaxnet.health.subject import Subject, subject_of
from jaxnet.health.target_columns import left_behind
from jaxnet.health.trials import Unpopulated
from jaxnet.training.forked_processes import refuse_in_forks


@guided(
    positional="the data are one pair, diagnose(f, run, (X, y), validation=(Xv, yv))",
    X="the data are one pair, diagnose(f, run, (X, y))",
    y="the data are one pair, diagnose(f, run, (X, y))",
    params="the parameters stand where a run does, diagnose(f, params, (X, y))",
)
def diagnose(
    f: Callable, run: Any, data: Any, *, validation: Any = None, experiments: bool = True, seed: int = 0
) -> Diagnosis:
    """Say why a network does not learn: what is sick, seen in what, proved by which experiment, and what to change.

    Args:
        f: the objective, ``jn.objective(net)`` or any (params, X, y) -> scalar; of one of your own less is known.
        run: what ``jn.fit`` returned, or parameters alone: then nothing is known of how they were trained.
        data: (X [N, D], y) or (X, y, weight) that it was trained on.
        validation: (X, y) of other rows, by which overfitting and leaks are seen; without it a quarter of the rows
            is held out of the experiments.
        experiments: whether short populations are trained to prove what is said; else it is only looked.
        seed: of what the experiments draw.

    Returns a ``Diagnosis``: ``findings``, the root cause first, none where nothing is wrong. Kinds and their
    definitions are ``jaxnet.health.SICKNESSES``. Raises ValueError or TypeError, naming the argument, for bad input.
    """
    checks.require(isinstance(experiments, bool), "experiments", "True or False", experiments, TypeError)
    seed = checks.integer("seed", seed, maximum=2**31 - 1)
    refuse_in_forks()
    compilation_cache.enable()
    subject = subject_of(f, run, data, validation)
    with training_device(None, (subject.params,), 0.0):
        chart = _chart(subject, experiments=experiments, seed=seed)
        found = _findings(chart)
        findings = [dataclasses.replace(finding, pictures=picture_of(finding, chart)) for finding in found]
        return Diagnosis(tuple(findings), _summary(chart), pictures_of_run(chart))


def _chart(subject: Subject, *, experiments: bool, seed: int) -> Chart:
    rows = rows_of(subject, seed)
    stick = yardstick_of(subject, subject.train)
    end = look_at(subject, subject.params)
    start = None if subject.start is None else look_at(subject, subject.start)
    explained = float(stick.explained(subject.loss(subject.params, subject.train))) if end.finite else -np.inf

    held = None
    if subject.validation is not None and end.finite:
        held = float(
            yardstick_of(subject, subject.validation).explained(subject.loss(subject.params, subject.validation))
        )

    def asked(of: Callable[..., Any], *rest: Any, **options: Any) -> Callable[[], Any]:
        if not experiments:
            return lambda: None

        def gains() -> Any:
            try:
                return of(subject, rows, *rest, **options)
            except Unpopulated:  # then it is only looked
                return None

        return functools.cache(gains)

    known = subject.recipe is not None
    return Chart(
        subject=subject, rows=rows, stick=stick, explained=explained, held=held, start=start, end=end,
        experiments=experiments,
        variations=asked(variations, seed) if known else lambda: None,
        far_rates=asked(far_rates, seed) if known else lambda: None,
        larger_batches=asked(larger_batches) if known else lambda: None,
        longer=asked(longer, seed) if known else lambda: None,
        undecayed=asked(undecayed) if known else lambda: None,
        sound=asked(sound, seed),
        wider=asked(sound, seed, change=with_more_units) if subject.network is not None else lambda: None,
        relus=asked(sound, seed, change=with_relus) if subject.network is not None else lambda: None,
    )  # fmt: skip


def _findings(chart: Chart) -> list[Finding]:
    """Ask every question, and order what was found by its kind; what only follows from other things stands last."""
    found = [*fit_and_data.wrong_loss(chart), *fit_and_data.identical(chart)]
    if not found:
        found += training_findings(chart)
    if not found:
        found += left_behind(chart)
    if not found:
        found += fit_and_data.imbalanced(chart)
    if not found:
        found += fit_and_data.nothing_to_learn(chart) or underfitting(chart)
    if chart.subject.diverged or not chart.end.finite:
        found = _with_divergence(chart, found)
    for question in (fit_and_data.overfitting, fit_and_data.leak, fit_and_data.constant_column):
        found += question(chart)
    if not found:
        found += fit_and_data.trained_soundly(chart)
    return [*found, *fit_and_data.consequences(chart, {finding.kind for finding in found})]


def _with_divergence(chart: Chart, found: list[Finding]) -> list[Finding]:
    """Add the divergence: behind what caused it, and before a rate that is off by more than a hundred, of which
    nobody would say that it is a little too high."""
    near = chart.gain("rate / 10", "rate / 100")[1] >= HELPS
    first = bool(found) and found[0].kind == "rate_too_high" and not near
    finding = _divergence(chart)
    return [finding, *found] if first else [*found, finding]


def _divergence(chart: Chart) -> Finding:
    if not chart.subject.diverged:
        return Finding("diverged", "a parameter is infinite or NaN")
    seen = first_nan(chart.subject) if chart.experiments else None
    epoch = len(chart.subject.history["loss"])
    if seen is None:
        return Finding("diverged", f"the loss or a parameter became infinite or NaN in epoch {epoch}", {"epoch": epoch})
    shown = ("epoch", "step", "layer", "unit", "example", "operation")
    evidence = {name: value for name in shown if (value := getattr(seen, name)) is not None}
    return Finding("diverged", seen.where, {**evidence, "largest number before": seen.before})


def _summary(chart: Chart) -> str:
    if not chart.end.finite:
        return "the parameters are not finite"
    return f"the network explains {max(chart.explained, -9.99):.1%} of what the best constant answer leaves open"
