"""The class as a whole: how many are right, and which mistakes were made by how many."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from jaxnet.gradients.evidence import Cause
from jaxnet.gradients.verdict import leaf_name
from jaxnet.grading.feedback import cause_words
from jaxnet.grading.grades import Grade, GradeOutcome

_NAMED = 8  # submissions that a line of text names
_UNKNOWN = "unknown"


class Cluster(NamedTuple):
    """A mistake and those who made it: ``mistake`` in words, ``where`` of the forward pass or "", their names."""

    mistake: str
    where: str
    submissions: tuple[str, ...]


def clusters(grades: Sequence[Grade]) -> list[Cluster]:
    """Group the submissions that are not right by mistake, the most frequent first.

    Whoever made two mistakes counts for both. What no known mistake explains is grouped by the leaves that are wrong,
    and a failure by its kind.
    """
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for grade in grades:
        for mistake in _mistakes(grade):
            made[mistake].append(grade.name)
    found = [Cluster(mistake, where, tuple(names)) for (mistake, where), names in made.items()]
    return sorted(found, key=lambda each: (-len(each.submissions), each.mistake, each.where))


def _mistakes(grade: Grade) -> list[tuple[str, str]]:
    if grade.outcome == GradeOutcome.RIGHT:
        return []
    if grade.outcome == GradeOutcome.FAILED:
        error = grade.failure.partition(":")[0] if grade.kind == "raised" else grade.failure
        return [(f"failed: {error}", "")]
    report = grade.report
    causes = () if report is None else report.causes
    known = [(cause_words(cause), cause.where or "") for cause in _together(causes) if cause.kind != _UNKNOWN]
    wrong = ", ".join(map(leaf_name, () if report is None else report.wrong))
    there = "right at the given point alone" if grade.point else f"wrong in {wrong}"
    return list(dict.fromkeys(known)) or [(f"no known mistake, {there}", "")]


def _together(causes: Sequence[Cause]) -> list[Cause]:
    """One cause for all leaves of one submission that the same happened to, as NaN in each of them."""
    found: dict[Any, Cause] = {}
    for cause in causes:
        key = cause.kind, cause.factor, cause.where
        leaves = dict.fromkeys((*(found[key].leaves if key in found else ()), *cause.leaves))
        found[key] = replace(cause, leaves=tuple(leaves))
    return list(found.values())


def class_as_json(grades: Sequence[Grade]) -> dict[str, Any]:
    """Counts and clusters: {submissions, right, wrong, failed, mean_score, max_score, mistakes}."""
    count = {str(outcome): sum(grade.outcome == outcome for grade in grades) for outcome in GradeOutcome}
    return {
        "schema": "jaxnet.class",
        "schema_version": 1,
        "submissions": len(grades),
        **count,
        "mean_score": sum(grade.score for grade in grades) / len(grades) if grades else None,
        "max_score": grades[0].max_score if grades else None,
        "mistakes": [
            {"mistake": each.mistake, "where": each.where or None, "count": len(each.submissions),
             "submissions": list(each.submissions)}
            for each in clusters(grades)
        ],
    }  # fmt: skip


def class_as_text(grades: Sequence[Grade]) -> str:
    """The same for people: one line, then a line a mistake."""
    summary = class_as_json(grades)
    counts = ", ".join(f"{summary[outcome]} {outcome}" for outcome in GradeOutcome)
    score = f"mean score {summary['mean_score']:.4g} of {summary['max_score']:g}" if grades else "no score"
    lines = [f"{summary['submissions']} submissions: {counts}; {score}."]
    for each in clusters(grades):
        names = ", ".join(each.submissions[:_NAMED]) + (", ..." if len(each.submissions) > _NAMED else "")
        place = f" (at {each.where})" if each.where else ""
        lines.append(f"{len(each.submissions):>4}  {each.mistake}{place}\n      {names}")
    return "\n".join(lines)
