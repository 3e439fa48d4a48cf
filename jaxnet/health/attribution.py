"""From what was seen and tried to findings: which change made the recipe learn, and what it is called.

The control is the recipe itself. What other starts of the same recipe do well is the start's fault, not the recipe's;
what one change mends is that change's fault; what nothing mends, with nothing left to learn, is nobody's. Thresholds
are shares explained (see ``yardsticks``), so that they mean the same for every loss.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.experiment_rows import Rows
from jaxnet.health.lane_gains import Gains, yardstick_of
from jaxnet.health.layer_looks import Look
from jaxnet.health.subject import Subject
from jaxnet.health.yardsticks import Yardstick
from jaxnet.training.signs import sign_of_sickness

HELPS = 0.12  # of what can be explained: a change that gains less is not called a remedy
GOOD = 0.97  # explained: nothing that training could do better is worth a word
SOLVED = 0.3  # gained by another start: then it is the start
STARTS = 0.3  # share of the other starts that have to do better: two of six, for one may be luck
AT_REST = 0.02  # explained: what the curve of a run that has come to rest moves over its last quarter, ...
MOST_STARTS, CREEPING = 0.5, 0.1  # ... or what one that creeps along a plateau moves, where most starts get past
LEARNABLE = 0.05  # explained of held-out rows by the soundest lane: below, there is nothing to learn; and by chance
LUCK = 0.3  # more, over the root of their number
CONSTANT = 0.03  # explained: no better than a constant
EXPLODING, VANISHING = 20.0, 0.02
MOST = 0.6  # of the units of a layer, or of their activations
GOES_ON = 0.06  # gained by as many epochs again
SMALL_BATCH = 8  # rows, up to which the noise of batches is looked for at all
FEW_STEPS = 300  # in which a usual rate cannot have got far
UNDERFITTED = 0.75  # explained at most by a network that is too small


@dataclasses.dataclass
class Chart:
    """All that is known of a subject; experiments are asked for when a question needs them."""

    subject: Subject
    rows: Rows
    stick: Yardstick
    explained: float  # of the training rows by the parameters that are judged
    held: float | None  # of the validation rows
    start: Look | None
    end: Look
    experiments: bool
    variations: Callable[[], Gains | None]
    far_rates: Callable[[], Gains | None]
    larger_batches: Callable[[], Gains | None]
    sound: Callable[[], Gains | None]
    wider: Callable[[], Gains | None]
    relus: Callable[[], Gains | None]

    @property
    def bad(self) -> bool:
        """Whether training might have done better."""
        return self.subject.diverged or not self.end.finite or self.explained < GOOD

    @property
    def useless(self) -> bool:
        """Whether a constant would do as well."""
        return self.explained < CONSTANT

    @property
    def best_held(self) -> float:
        """The share explained of the validation rows in the best epoch of the run; -inf where it is not known."""
        curve = self.subject.history.get("validation_loss", np.zeros(0))
        if self.subject.validation is None or not np.isfinite(curve).any():
            return -np.inf
        stick = yardstick_of(self.subject, self.subject.validation)
        return float(stick.explained(np.nanmin(curve)))

    def gain(self, *names: str) -> tuple[str, float]:
        """Return the lane of the variations among ``names`` that gained most over the run, and by how much."""
        gains = self.variations()
        return ("", 0.0) if gains is None else gains.best(names, beside=self.explained)

    def told(self, name: str, gains: Gains | None = None) -> str:
        """Say what a lane did."""
        gains = gains or self.variations()
        if gains is None or name not in gains.train:
            return ""
        rows = "training rows" if not gains.apart else "training rows, {:.0%} of rows held out"
        base = "as it was" if "as it was" in gains.train else ""
        after = f"after {gains.epochs} epochs" if gains.epochs != 1 else "after 1 epoch"
        word = rows.format(_shown(gains.held[name]))
        beside = f" instead of {_shown(gains.train[base]):.0%}" if base else ""
        return f"{name}: {after} it explains {_shown(gains.train[name]):.0%}{beside} of the {word}"


def _shown(explained: float) -> float:
    return max(-9.99, float(explained))


def training_findings(chart: Chart) -> list[Finding]:
    """Return what is wrong with the training: nothing where it has reached what could be reached."""
    if not chart.bad:
        return _jumped_past(chart)
    found: list[Finding] = []
    for question in (_scales, _starts, _local_minimum, _rates):
        found += question(chart)
        if found and question is not _scales:
            break
    return found


def _jumped_past(chart: Chart) -> list[Finding]:
    """The training rows were learnt, held-out rows not at all, and with a lower rate both are: steps so large that
    they fit the training rows by huge weights."""
    if chart.held is None or max(0.0, chart.held) > chart.explained - SOLVED or chart.best_held >= LEARNABLE:
        return []
    gains = chart.variations()
    if gains is None:
        return []
    for name in ("rate / 10", "rate / 100"):
        learnt = gains.train[name] >= chart.explained - AT_REST
        if learnt and gains.held[name] - max(0.0, chart.held) >= SOLVED:
            return [_rate_finding(chart, "rate_too_high", name, gains)]
    return []


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
        found.append((alone, Finding(kind, scale.sentence, evidence, remedy, _told(chart, name))))
    return [finding for _, finding in sorted(found, key=lambda each: -each[0])]


def _other(what: str) -> str:
    return "targets standardised" if what == "inputs" else "inputs standardised"


def _told(chart: Chart, *names: str) -> tuple[str, ...]:
    return tuple(words for name in names if (words := chart.told(name)))


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
        return [Finding(kind, words, evidence, remedy, _told(chart, name))]
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
    share, moved = len(better) / max(1, len(starts)), motion(chart)
    if not (moved <= AT_REST and share >= STARTS) and not (moved <= CREEPING and share >= MOST_STARTS):
        return []
    words = f"training has come to rest where {len(better)} of {len(starts)} other starts get past"
    remedy = "start from other seeds and keep the best, or add hidden units"
    return [Finding("local_minimum", words, {"explained": chart.explained}, remedy, _told(chart, *better[:2]))]


def motion(chart: Chart) -> float:
    """Return how much the loss moved over the last quarter of the run, in shares explained."""
    loss = chart.subject.history.get("loss", np.zeros(0))
    last = loss[-max(2, len(loss) // 4) :]
    if len(last) < 2 or not np.isfinite(last).all():
        return float("inf") if len(last) else 0.0
    return float(np.ptp(chart.stick.explained(last)))


def _rates(chart: Chart) -> list[Finding]:
    """Another rate, larger batches, or more epochs."""
    gains = chart.variations()
    if gains is None:
        return _by_history(chart)
    beside = max(chart.explained, _other_starts(gains))
    low, high = (gains.best(names, beside) for names in (("rate / 10", "rate / 100"), ("rate x 10", "rate x 100")))
    on = _gained_on(chart, gains)
    far = ("", 0.0)
    if max(low[1], high[1]) < HELPS and (chart.subject.diverged or chart.explained < 0.2):
        more = chart.far_rates()
        if more is not None:
            far = more.best([name for name in more.train if name.startswith("rate")], beside)
    if max(low[1], high[1], far[1]) < HELPS:
        return _still_improving(chart, on)
    if far[1] >= HELPS:
        kind = "rate_too_high" if "/" in far[0] else "rate_too_low"
        return [_rate_finding(chart, kind, far[0], chart.far_rates())]
    if low[1] >= high[1]:
        return [_noisy_or_high(chart, low)]
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


def _other_starts(gains: Gains) -> float:
    """Return what the recipe explains from the second best of the other starts: what two starts reach at the rate as
    it is, another rate gets no credit for."""
    reached = sorted(explained for name, explained in gains.train.items() if name.startswith("start "))
    return reached[-2] if len(reached) > 1 else 0.0


def _gained_on(chart: Chart, gains: Gains) -> float:
    """Return what as many epochs again gained, of both kinds of rows; what is learnt by heart is no gain."""
    if "trained on" not in gains.train:
        return 0.0
    gain = gains.train["trained on"] - max(0.0, chart.explained)
    if chart.held is not None:
        return min(gain, gains.held["trained on"] - max(0.0, chart.held))
    # the run has seen the rows that are held out here; the recipe as it was has not
    return gain if not gains.apart or gains.held["as it was"] >= LEARNABLE else 0.0


def _batches(chart: Chart) -> int:
    recipe, count = chart.subject.recipe, len(chart.rows.train.x)
    return 1 if recipe is None or recipe.batch_size is None else -(-count // recipe.batch_size)


def _rate_finding(chart: Chart, kind: str, name: str, gains: Gains | None) -> Finding:
    words = {
        "rate_too_high": "the learning rate is too high: steps jump over what they should descend into",
        "rate_too_low": "the learning rate is too low: in as many epochs a higher one gets much further",
    }[kind]
    return Finding(kind, words, {"explained": chart.explained}, f"the learning {name}", (chart.told(name, gains),))


def _noisy_or_high(chart: Chart, low: tuple[str, float]) -> Finding:
    size = chart.subject.recipe.batch_size if chart.subject.recipe else None
    larger = chart.larger_batches() if size is not None and size <= SMALL_BATCH else None
    if larger is not None:
        gain = larger.over("larger batches", chart.explained)
        if gain >= max(HELPS, 0.7 * low[1]):
            words = "batches are too small for this rate: each step follows the noise of a few rows"
            remedy = f"larger batches, such as batch_size={8 * (size or 1)}, or a lower rate"
            told = (chart.told("larger batches", larger), *_told(chart, low[0]))
            return Finding("noisy_batches", words, {"batch size": size}, remedy, told)
    return _rate_finding(chart, "rate_too_high", low[0], chart.variations())


def _still_improving(chart: Chart, on: float) -> list[Finding]:
    if on < GOES_ON:
        return []
    epochs = len(chart.subject.history.get("loss", ()))
    words = f"the loss was still falling when training ended after {epochs} epochs"
    remedy = "train for more epochs: fit(f, run.params, ..., optimizer_state=run.optimizer_state) goes on"
    return [Finding("still_improving", words, {"explained": chart.explained}, remedy, _told(chart, "trained on"))]
