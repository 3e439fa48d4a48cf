"""Grades as files: JSON with a version, CSV, and what Gradescope and nbgrader read.

jaxnet-grades.csv        one row a submission
grades.csv               one row a submission, in the columns of ``nbgrader export``
NAME.json                one submission (schema "jaxnet.grade", version 1: see ``grade_as_json``)
NAME/results.json        one submission as Gradescope reads it
summary.json             the class: counts, and who made the same mistake
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxnet.data.cells import quoted_formula
from jaxnet.gradients.evidence import Cause
from jaxnet.gradients.verdict import leaf_name
from jaxnet.grading.feedback import cause_words, feedback
from jaxnet.grading.grades import Grade, GradeOutcome

_SCHEMA, _VERSION = "jaxnet.grade", 1
COLUMNS = ("submission", "outcome", "score", "max_score", "wrong", "causes", "where", "point", "failure", "seconds")
NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip
_DIGITS = 6  # of a score


def grade_as_json(grade: Grade, hints: int, *, solutions: bool = False) -> dict[str, Any]:
    """One grade for machines.

    schema, schema_version (1; it changes when a key goes or changes its meaning), submission, outcome ("right",
    "wrong", "failed"), score, max_score, parts ([{name, kind: "leaf" or "stage", right}]), point (null, 0 for the given
    point, 1... for hidden ones), failure, failure_kind, seconds, causes ([{kind, leaves, layers, factor, residual,
    where, words}]; with ``solutions`` also sentence and fix) and feedback, the lines for the learner at this level.
    """
    causes = () if grade.report is None else grade.report.causes
    return {
        "schema": _SCHEMA,
        "schema_version": _VERSION,
        "submission": grade.name,
        "outcome": grade.outcome,
        "score": round(grade.score, _DIGITS),
        "max_score": grade.max_score,
        "parts": [{"name": leaf_name(part.name), "kind": part.kind, "right": part.right} for part in grade.parts],
        "point": grade.point,
        "failure": grade.failure,
        "failure_kind": grade.kind,
        "seconds": round(grade.seconds, 2),
        "causes": [_cause(cause, solutions) for cause in causes],
        "feedback": list(feedback(grade, hints, solutions=solutions)),
    }


def _cause(cause: Cause, solutions: bool) -> dict[str, Any]:
    told = {"sentence": cause.sentence, "fix": cause.fix} if solutions else {}
    return {
        "kind": cause.kind,
        "leaves": list(map(leaf_name, cause.leaves)),
        "layers": list(cause.layers),
        "factor": cause.factor,
        "residual": cause.residual,
        "where": cause.where,
        "words": cause_words(cause),
        **told,
    }


def gradescope(grade: Grade, hints: int, *, solutions: bool = False) -> dict[str, Any]:
    """One grade as the results.json of Gradescope: its tests are the parts, from the first level of hints on."""
    lines = feedback(grade, hints, solutions=solutions)
    content: dict[str, Any] = {
        "score": round(grade.score, _DIGITS),
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(grade.seconds, 2),
        "extra_data": {"schema": _SCHEMA, "schema_version": _VERSION, "outcome": grade.outcome},
    }
    if hints >= 1 or grade.outcome == GradeOutcome.RIGHT:
        worth = grade.max_score / len(grade.parts)
        content["tests"] = [
            {
                "name": leaf_name(part.name),
                "score": round(worth * part.right, _DIGITS),
                "max_score": round(worth, _DIGITS),
                "status": "passed" if part.right else "failed",
                "visibility": "visible",
            }
            for part in grade.parts
        ]
    return content


def as_csv(grades: Sequence[Grade]) -> str:
    """All grades as a table: what is wrong, the kinds of causes and the lines, several separated by semicolons."""
    rows = []
    for grade in grades:
        causes = () if grade.report is None else grade.report.causes
        told = [";".join(dict.fromkeys(map(str, cells))) for cells in _columns(grade, causes)]
        point = "" if grade.point is None else grade.point
        score = round(grade.score, _DIGITS), grade.max_score
        rows.append((grade.name, grade.outcome, *score, *told, point, grade.failure, round(grade.seconds, 2)))
    return _table(COLUMNS, rows)


def _columns(grade: Grade, causes: Sequence[Cause]) -> tuple[list[Any], list[Any], list[Any]]:
    wrong = [leaf_name(name) for name in grade.wrong]
    return wrong, [cause.kind for cause in causes], [cause.where for cause in causes if cause.where]


def nbgrader(grades: Sequence[Grade], assignment: str) -> str:
    """All grades in the columns of ``nbgrader export``; the submission's name is the student's id."""
    rows = []
    for grade in grades:
        score = round(grade.score, _DIGITS)
        rows.append((assignment, "", "", grade.name, "", "", "", score, 0.0, score, grade.max_score))
    return _table(NBGRADER, rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    # what a learner wrote, as the words of an error, must not run in a spreadsheet
    writer.writerows([quoted_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


def write_results(
    folder: Path, grades: Sequence[Grade], summary: dict[str, Any], *, hints: int, solutions: bool, assignment: str
) -> None:
    """Write all files into a folder, which is made where it is not there; raises OSError where it cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jaxnet-grades.csv").write_text(as_csv(grades), encoding="utf-8")
    (folder / "grades.csv").write_text(nbgrader(grades, assignment), encoding="utf-8")
    _write_json(folder / "summary.json", summary)
    for grade in grades:
        _write_json(folder / f"{grade.name}.json", grade_as_json(grade, hints, solutions=solutions))
        (folder / grade.name).mkdir(parents=True, exist_ok=True)
        _write_json(folder / grade.name / "results.json", gradescope(grade, hints, solutions=solutions))


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
