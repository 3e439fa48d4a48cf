"""Another rate, larger batches, or more epochs: which of them the recipe wanted."""

from collections.abc import Callable

import numpy as np

from jaxnet.health.chart import (
    AT_REST,
    CREEPING,
    FEW_STEPS,
    GOES_ON,
    HELPS,
    LEARNABLE,
    SMALL_BATCH,
    SOLVED,
    UNHELD,
    Chart,
)
from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.lane_gains import Gains, yardstick_of
from jaxnet.training.signs import sign_of_sickness


def jumped_past(chart: Chart) -> list[Finding]:
    """With a lower rate the training rows are learnt as well and held-out rows far better, better than in any epoch of
    the run, so that it is not learnt by heart: steps so large that they fit the training rows by huge weights."""
    if chart.held is None or max(0.0, chart.held) > chart.explained - SOLVED:
        return []
    gains = chart.variations()
    if gains is None:
        return []
    for name in ("rate / 10", "rate / 100"):
        if (gain := _jump(chart, name, gains)) >= SOLVED:
            return [_noisy_or_high(chart, (name, gain), _jump)]
    return []


def _jump(chart: Chart, name: str, gains: Gains) -> float:
    """Return how much more of the held-out rows a lane explains that has learnt the training rows as well."""
    learnt, held = gains.train[name] >= chart.explained - AT_REST, gains.held[name]
    return held - max(0.0, chart.held or 0.0) if learnt and held > chart.best_held else 0.0


def _gain(chart: Chart, name: str, gains: Gains) -> float:
    return gains.over(name, chart.explained)


def rate_findings(chart: Chart) -> list[Finding]:
    """Another rate, larger batches, or more epochs."""
    gains = chart.variations()
    if gains is None:
        return _by_history(chart)
    beside = max(chart.explained, _other_starts(chart, gains))
    low, high = (gains.best(names, beside) for names in (("rate / 10", "rate / 100"), ("rate x 10", "rate x 100")))
    on = _gained_on(chart, gains)
    if chart.gain(UNHELD)[1] >= max(HELPS, low[1], high[1], on):
        return []  # a penalty is what holds it back: see ``underfitting``
    far = ("", 0.0)
    if max(low[1], high[1]) < HELPS and (chart.subject.diverged or chart.explained < 0.2):
        more = chart.far_rates()
        if more is not None:
            far = more.best([name for name in more.train if name.startswith("rate")], beside)
    if max(low[1], high[1], far[1]) < HELPS:
        return _still_improving(chart, on) or jumped_past(chart)
    if far[1] >= HELPS:
        kind = "rate_too_high" if "/" in far[0] else "rate_too_low"
        return [_rate_finding(chart, kind, far[0], chart.far_rates())]
    if low[1] >= high[1]:
        return [_noisy_or_high(chart, low, _gain)]
    steps = gains.epochs * _batches(chart)
    catches_up = 0.15 if steps < FEW_STEPS else 0.4
    two_decades = gains.over("rate x 100", chart.explained) >= max(HELPS, 0.5 * high[1])
    # from far below a constant on, all that is gained counts
    moved = gains.train.get("trained on", -np.inf) - chart.explained if steps < FEW_STEPS else on
    if moved >= max(GOES_ON, catches_up * high[1]) and (steps < FEW_STEPS or not two_decades):
        return _still_improving(chart, moved)
    return [_rate_finding(chart, "rate_too_low", high[0], gains)]


def _by_history(chart: Chart) -> list[Finding]:
    """Say what the curve shows, where nothing was tried."""
    recipe, history = chart.subject.recipe, chart.subject.history
    if recipe is None or chart.subject.diverged:
        return []
    sign = sign_of_sickness({"loss": history["loss"]}, diverged=False, continued=recipe.continued)
    return [] if sign is None else [Finding(sign.kind, sign.sentence, {"explained": chart.explained})]


def _other_starts(chart: Chart, gains: Gains) -> float:
    """Return what the recipe explains from the second best of the other starts: what two starts reach at the rate as
    it is, another rate gets no credit for. Of a curve that goes up and down to its end, where any start is as good as
    its last steps are, from the middle one."""
    reached = sorted(explained for name, explained in gains.train.items() if name.startswith("start "))
    if len(reached) < 2:
        return 0.0
    return float(np.median(reached)) if _restless(chart) else reached[-2]


def _restless(chart: Chart) -> bool:
    """Whether the loss of the last quarter of the epochs goes up and down by more than a plateau does, and not only
    down."""
    last = chart.last_quarter
    if not np.isfinite(last).all():
        return False
    steps = np.diff(chart.stick.explained(last))
    return bool(-steps[steps < 0].sum() > CREEPING)


def _gained_on(chart: Chart, gains: Gains) -> float:
    """Return what as many epochs again gained, of both kinds of rows; what is learnt by heart is no gain."""
    if "trained on" not in gains.train:
        return 0.0
    gain = gains.train["trained on"] - max(0.0, chart.explained)
    if chart.held is not None:
        return min(gain, gains.held["trained on"] - max(0.0, chart.held))
    if not gains.apart:
        return gain
    # the run has seen the rows that are held out here, and the recipe as it was has not; going on without them, it
    # explains them better only if it goes on to learn what holds for all
    held = chart.rows.held
    before = float(yardstick_of(chart.subject, held).explained(chart.subject.loss(chart.subject.params, held)))
    return min(gain, gains.held["trained on"] - max(0.0, before)) if gains.held["as it was"] >= LEARNABLE else 0.0


def _batches(chart: Chart) -> int:
    recipe, count = chart.subject.recipe, len(chart.rows.train.x)
    return 1 if recipe is None or recipe.batch_size is None else -(-count // recipe.batch_size)


def _rate_finding(chart: Chart, kind: str, name: str, gains: Gains | None) -> Finding:
    words = {
        "rate_too_high": "the learning rate is too high: steps jump over what they should descend into",
        "rate_too_low": "the learning rate is too low: in as many epochs a higher one gets much further",
    }[kind]
    return Finding(kind, words, {"explained": chart.explained}, f"the learning {name}", (chart.told(name, gains),))


def _noisy_or_high(chart: Chart, low: tuple[str, float], measure: Callable[[Chart, str, Gains], float]) -> Finding:
    """Tell batches that are too small from a rate that is too high: larger ones gain nearly as much, as measured."""
    size = chart.subject.recipe.batch_size if chart.subject.recipe else None
    larger = chart.larger_batches() if size is not None and size <= SMALL_BATCH else None
    if larger is not None:
        gain = measure(chart, "larger batches", larger)
        if gain >= max(HELPS, 0.7 * low[1]):
            words = "batches are too small for this rate: each step follows the noise of a few rows"
            remedy = f"larger batches, such as batch_size={8 * (size or 1)}, or a lower rate"
            told = (chart.told("larger batches", larger), *chart.all_told(low[0]))
            return Finding("noisy_batches", words, {"batch size": size}, remedy, told)
    return _rate_finding(chart, "rate_too_high", low[0], chart.variations())


def _still_improving(chart: Chart, on: float) -> list[Finding]:
    epochs, told = len(chart.subject.history.get("loss", ())), chart.all_told("trained on")
    words = f"the loss was still falling when training ended after {epochs} epochs"
    if on < GOES_ON:
        # a few steps end on a plateau as well as anywhere: then more than as many again are asked for
        longer = chart.longer() if 0 < epochs * _batches(chart) < FEW_STEPS else None
        if longer is None or _gained_on(chart, longer) < HELPS:
            return []
        steps = epochs * _batches(chart)
        words = f"training ended after {steps} steps, long before it had come to its end"
        told = (chart.told("trained on", longer),)
    remedy = "train for more epochs: fit(f, run.params, ..., optimizer_state=run.optimizer_state) goes on"
    return [Finding("still_improving", words, {"explained": chart.explained}, remedy, told)]
