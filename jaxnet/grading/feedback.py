"""What a learner is told: right or wrong, which leaf, which line of the forward pass, the cause, even the solution."""

from collections.abc import Iterator

from jaxnet.gradients.diagnosis.kinds import KINDS
from jaxnet.gradients.evidence import Cause
from jaxnet.gradients.forms import FORMS
from jaxnet.gradients.verdict import leaf_name
from jaxnet.grading.grades import Grade, GradeOutcome

LEVELS = ("right or wrong", "which leaf", "which line of the forward pass", "the cause")  # each with those before it


def feedback(grade: Grade, hints: int, *, solutions: bool = False) -> tuple[str, ...]:
    """Write the lines for the learner at a level of hints, 0 to 3; the corrected formula only with ``solutions``."""
    return tuple(_lines(grade, hints, solutions))


def _lines(grade: Grade, hints: int, solutions: bool) -> Iterator[str]:
    if grade.outcome == GradeOutcome.FAILED:
        yield f"Your gradient could not be judged: it {grade.failure}."
        return
    if grade.outcome == GradeOutcome.RIGHT:
        yield "Your gradient is right."
        return
    elsewhere = (
        ": it is right at the given point, and not with other parameters or another batch"
        if grade.point or (grade.report and grade.report.elsewhere)
        else ""
    )
    yield f"Your gradient is wrong{elsewhere}."
    if hints >= 1:
        yield from _which(grade)
    causes = () if grade.report is None else grade.report.causes
    if hints >= 2:
        yield from dict.fromkeys(filter(None, map(_where, causes)))
    if hints >= 3:
        yield from dict.fromkeys(map(cause_words, causes))
    if solutions:
        yield from (f"{cause.sentence} Instead: {cause.fix}" if cause.fix else cause.sentence for cause in causes)


def _which(grade: Grade) -> Iterator[str]:
    stages = [part.name for part in grade.parts if part.kind == "stage" and not part.right]
    if stages:
        yield f"The first wrong step is {stages[0]}; what follows from it by right lines counts as right."
    leaves = () if grade.report is None else grade.report.wrong
    if leaves:
        yield f"The gradient of {', '.join(map(leaf_name, leaves))} is wrong."


def _where(cause: Cause) -> str:
    if cause.where:
        return f"Look at how you differentiate {cause.where}"
    return f"Look at layer {', '.join(map(str, cause.layers))}." if cause.layers else ""


def cause_words(cause: Cause) -> str:
    """Say what happened, and not how it should be."""
    leaves = ", ".join(map(leaf_name, cause.leaves))
    factor = "" if cause.factor is None else f" (times {cause.factor:.6g})"
    if cause.kind == "unknown":
        return f"{leaves}: no known mistake gives these numbers."
    words = FORMS.get(cause.kind) or KINDS.get(cause.kind) or cause.kind.replace("_", " ")
    words = words.partition(";")[0]  # what follows is about the report
    return f"{leaves}: {words}{factor}." if leaves else f"{words[:1].upper()}{words[1:]}{factor}."
