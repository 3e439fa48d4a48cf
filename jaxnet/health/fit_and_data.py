"""Findings that are not about training: what the targets allow, what the network can hold, what the rows are."""

import numpy as np

from jaxnet.health.capacity import MORE_UNITS
from jaxnet.health.chart import (
    AT_REST,
    GOOD,
    HELPS,
    LEARNABLE,
    LUCK,
    MOST,
    Chart,
)
from jaxnet.health.diagnosis_report import Finding
from jaxnet.health.lane_gains import yardstick_of
from jaxnet.health.output_looks import output_fault
from jaxnet.health.row_looks import Classes, classes_of, constant_columns, leaked_rows
from jaxnet.training.signs import turning_point

SHOWN = 5  # columns that are named
RECOGNISED, MISSED = 0.25, 0.3  # shares of a rare class's rows: what weights add, and what the run missed
FEWEST_RARE = 8  # validation rows of rare classes, below which a recall of them is chance
GAP = 0.35  # explained: training rows beside held-out ones, where those were learnt by heart
LEARNT = 0.6  # explained of the training rows, below which nothing was learnt by heart


def wrong_loss(chart: Chart) -> list[Finding]:
    """Targets out of reach of the output; probabilities taken for logits."""
    words = output_fault(chart.subject)
    if words is None:
        return []
    remedy = "output='identity' for real numbers, 'sigmoid' or 'softmax' for classes, and the loss of that output"
    return [Finding("wrong_loss_for_output", words, {}, remedy)]


def identical(chart: Chart) -> list[Finding]:
    """Units of a layer that were and are copies of each other."""
    begun = chart.start.worst("copies") if chart.start is not None else 1.0
    now = chart.end.worst("copies")
    if min(begun, now) < 0.5 or (chart.start is None and chart.end.worst("dead") >= MOST):
        return []
    words = f"{now:.0%} of the units of a layer are copies of others, and have been from the start"
    told = [chart.told("another initialiser")] if chart.gain("another initialiser")[1] >= HELPS else []
    remedy = "draw the weights at random: the default initialiser, or weights='glorot_uniform'"
    return [Finding("identical_units", words, {"copies": now}, remedy, tuple(told))]


def nothing_to_learn(chart: Chart) -> list[Finding]:
    """On held-out rows nothing is better than a constant, and shuffled targets are learnt as well."""
    least = LEARNABLE + LUCK / len(chart.rows.held.x) ** 0.5
    if not chart.rows.apart or max(chart.best_held, -np.inf if chart.held is None else chart.held) >= least:
        return []
    gains = chart.sound()
    if gains is None:
        return []
    real = [name for name in gains.train if name.startswith("sound")]
    held = max(gains.held[name] for name in real)
    varied = chart.variations() if chart.bad else None
    if varied is not None:
        held = max([held, *varied.held.values()])
    if held >= least:
        return []
    fitted, shuffled = (
        max(gains.train[name] for name in gains.train if name.startswith(word)) for word in ("sound", "shuffled")
    )
    if not np.isfinite(fitted) or fitted > shuffled + 2 * LEARNABLE:
        return []
    # what a wider network learns is there to be learnt, also where this one can hold none of it
    wider = chart.wider()
    if wider is not None and max(wider.held.values()) >= least:
        return []
    words = "there seems to be nothing to learn: the targets might as well be shuffled"
    told = (
        f"trained soundly, this network explains {fitted:.0%} of the training rows, with shuffled targets "
        f"{shuffled:.0%}; of rows held out nothing explains more than {max(held, 0.0):.0%}",
    )
    remedy = "check that rows of X and y belong together, and that X holds what y depends on"
    return [Finding("label_noise", words, {"explained of held-out rows": held}, remedy, told)]


def imbalanced(chart: Chart) -> list[Finding]:
    """A rare class is never answered, and with balanced classes it is."""
    classes = classes_of(chart.subject, chart.subject.params, chart.subject.train) if chart.end.finite else None
    if classes is None or not classes.rare.any():
        return []
    rare = classes.rare
    recall = min(classes.recall_of(rare), _recall_of_held(chart, rare))
    if recall > MISSED:
        return []
    evidence = {"rows of each class": classes.counts.tolist(), "answers of each class": classes.answers.tolist()}
    share = classes.counts[rare].sum() / classes.counts.sum()
    named = _names(np.flatnonzero(rare), "class", "classes")
    words = f"{named} with {share:.1%} of the rows: recognised in {recall:.0%} of the cases, which the accuracy hides"
    remedy = "weight the rows: fit(f, params, (X, y, weight), ...) with weight = N / (classes * rows of the class)"
    gains = chart.variations()
    if gains is None or "classes balanced" not in gains.train:
        return [Finding("imbalanced_classes", words, evidence)] if not chart.experiments else []
    rows = chart.rows.held
    after = classes_of(chart.subject, gains.outcomes.params_of("classes balanced"), rows)
    if after is None or not _recognises(after, rare, more_than=recall):
        return []
    told = (f"classes balanced: the rare ones are recognised in {after.recall_of(rare):.0%} of the cases",)
    return [Finding("imbalanced_classes", words, evidence, remedy, told)]


def _recall_of_held(chart: Chart, rare: np.ndarray) -> float:
    """Return the share of the rare classes' validation rows that are recognised; 1 where there are none to tell by."""
    subject = chart.subject
    found = None if subject.validation is None else classes_of(subject, subject.params, subject.validation)
    if found is None or len(found.counts) > len(rare) or found.counts[rare[: len(found.counts)]].sum() < FEWEST_RARE:
        return 1.0
    return found.recall_of(rare)


def _recognises(after: Classes, rare: np.ndarray, *, more_than: float) -> bool:
    """Whether the rare classes are recognised more, and not merely because everything is called by their name."""
    # NaN, of rare classes without a row, is no recall at all
    balanced = after.recall_of(after.counts > 0)
    least = 1 / (after.counts > 0).sum() + 0.1
    return after.recall_of(rare) >= more_than + RECOGNISED and balanced >= least


def trained_soundly(chart: Chart) -> list[Finding]:
    """Trained with Adam from usual starts, the same network explains much more: parameters that came alone are not
    trained to the end, and a run that has come to rest did so where others get past."""
    at_rest = chart.subject.recipe is not None and chart.motion <= AT_REST
    if not chart.bad or chart.subject.diverged or not (at_rest or chart.subject.recipe is None):
        return []
    gains = chart.sound()
    name, gain = (
        ("", 0.0) if gains is None else gains.best([n for n in gains.train if n[:5] == "sound"], chart.explained)
    )
    if gains is None or gain < MORE_UNITS:
        return []
    evidence = {"explained": chart.explained}
    told = (f"trained with Adam from a usual start, the network explains {gains.train[name]:.0%} of the training rows",)
    if at_rest:
        words = "training has come to rest where the same network gets past from another start and with Adam"
        remedy = "optimizer=optax.adam(...), from several seeds, of which the best is kept"
        return [Finding("local_minimum", words, evidence, remedy, told)]
    words = "these parameters are not trained to the end"
    return [Finding("still_improving", words, evidence, "train on: jn.fit(f, params, ...)", told)]


def overfitting(chart: Chart) -> list[Finding]:
    """The validation loss turned and rose, or held-out rows are answered far worse than the training rows."""
    subject, history = chart.subject, chart.subject.history
    if subject.validation is None or subject.restored or not chart.end.finite:
        return []
    stick = yardstick_of(subject, subject.validation)
    scale = stick.constant - stick.floor
    train, held = chart.explained, chart.held or 0.0
    evidence = {"explained of training rows": train, "explained of validation rows": held}
    remedy = "stop=jn.Stop('validation_loss'), a penalty l2=, fewer units, or more rows"
    loss, validation = history.get("loss", np.zeros(0)), history.get("validation_loss", np.zeros(0))
    sign = turning_point(loss, validation, scale=scale)
    if sign is not None and train - held >= HELPS:
        more = _confidence(chart)
        return [Finding("overfitting", sign.sentence + more, {**evidence, "best epoch": sign.epoch}, remedy)]
    # learnt to the last row, or the validation rows were answered better once, as far as that is known
    by_heart = train >= GOOD or not len(validation) or chart.best_held - held >= HELPS
    if train >= LEARNT and train - held >= GAP and by_heart:
        words = f"{train:.0%} of the training rows are explained, but only {max(held, 0):.0%} of the validation rows"
        return [Finding("overfitting", words, evidence, remedy)]
    return []


def _confidence(chart: Chart) -> str:
    """Say whether answers became worse, or only their confidence: two different complaints."""
    accuracy = chart.subject.history.get("validation_accuracy")
    if accuracy is None:
        return ""
    worse = accuracy[-1] < accuracy.max() - 0.02
    return "; answers became worse" if worse else "; not answers became worse, but wrong ones more confident"


def leak(chart: Chart) -> list[Finding]:
    """Validation rows among the training rows."""
    found = leaked_rows(chart.subject)
    if found is None:
        return []
    words = f"{found.rows} of {found.of} validation rows are training rows too: they tell nothing of new ones"
    return [Finding("leak", words, {"rows": found.rows}, "split the rows once, and drop repeated rows before")]


def constant_column(chart: Chart) -> list[Finding]:
    """Columns of one value."""
    found = constant_columns(chart.subject.train.x)
    if not found:
        return []
    words = f"one value in every row of X: {_names(np.array(found), 'column', 'columns')}"
    return [Finding("constant_column", words, {"columns": found}, "leave it out; check how it was read")]


def _names(found: np.ndarray, one: str, many: str) -> str:
    shown = ", ".join(map(str, found[:SHOWN].tolist())) + (", ..." if len(found) > SHOWN else "")
    return f"{one if len(found) == 1 else many} {shown}"


def consequences(chart: Chart, known: set[str]) -> list[Finding]:
    """What follows from other things: units that died on the way, answers that do not depend on the input."""
    found = []
    if chart.bad and chart.end.worst("dead") >= MOST and "dead_units" not in known:
        words = f"{chart.end.worst('dead'):.0%} of the units of a layer are 0 for every row"
        found.append(Finding("dead_units", words, {"dead": chart.end.worst("dead")}))
    if chart.bad and chart.end.worst("saturated") >= 0.9 and "saturated_units" not in known and known:
        words = f"{chart.end.worst('saturated'):.0%} of the activations of a layer are at their bounds"
        found.append(Finding("saturated_units", words, {"saturated": chart.end.worst("saturated")}))
    if chart.end.finite and chart.useless and "no_better_than_constant" not in known:
        classes = classes_of(chart.subject, chart.subject.params, chart.subject.train)
        one = classes is not None and (classes.answers > 0).sum() == 1
        words = "the answer hardly depends on the input: " + (
            f"always class {int(classes.answers.argmax())}"
            if one and classes
            else "no better than the shares or the mean"
        )
        found.append(Finding("no_better_than_constant", words, {"explained": chart.explained}))
    return found
