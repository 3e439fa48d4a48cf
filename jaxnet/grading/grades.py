"""One submission graded: run in its own process at every point, judged leaf by leaf and stage by stage."""

import dataclasses
import enum
import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients import Report
from jaxnet.gradients.evidence import Gradient, by_path
from jaxnet.gradients.submission import receive
from jaxnet.grading.assignment import Assignment
from jaxnet.grading.isolation import Ended, IsolatedGradient, Limits, Raised
from jaxnet.grading.marking_scheme import Marks

_judging = threading.Lock()  # submissions run side by side, each in its process; the truth is compiled and asked by one


class GradeOutcome(enum.StrEnum):
    """How a submission ended: FAILED when it could not be run to its end at every point."""

    RIGHT = "right"
    WRONG = "wrong"
    FAILED = "failed"


class Part(NamedTuple):
    """What earns credit: a leaf by its path, or a stage by its name."""

    name: str
    kind: str  # "leaf" or "stage"
    right: bool


@dataclasses.dataclass(frozen=True)
class Grade:
    """What a submission is worth, and why.

    Attributes:
        name: of the submission.
        outcome: right, wrong or failed.
        score: ``max_score`` times the share of the parts that are right at every point.
        parts: all leaves, then the stages that the author's variables show.
        report: of the first point where it is wrong, with causes; of the given point when it is right; None when there
            is none.
        point: 0 for the given point, 1, 2, ... for the hidden ones: where it is wrong first, or None.
        failure: how it failed, "" unless it did.
        kind: "raised", "start", "time", "exit", "crash" or "protocol" of a failure, else "".
        seconds: that its process was waited for.
    """

    name: str
    outcome: GradeOutcome
    score: float
    max_score: float
    parts: tuple[Part, ...] = ()
    report: Report | None = None
    point: int | None = None
    failure: str = ""
    kind: str = ""
    seconds: float = 0.0

    @property
    def wrong(self) -> tuple[str, ...]:
        """The parts that are wrong."""
        return tuple(part.name for part in self.parts if not part.right)


class Work(NamedTuple):
    """Where a submission stands: its name, its file, the folder that goes with the file or None."""

    name: str
    file: Path
    folder: Path | None = None


def grade(work: Work, gradient: str, assignment: Assignment, limits: Limits, *, max_score: float = 1.0) -> Grade:
    """Grade the function named ``gradient`` in a file; whatever it does is an answer, and raises nothing here."""
    with IsolatedGradient(work.file, gradient, limits, folder=work.folder) as mine:
        found = _run_and_judge(mine, gradient, assignment)
    share = sum(part.right for part in found.parts) / len(found.parts)
    score = max_score if found.outcome == GradeOutcome.RIGHT else max_score * share
    return dataclasses.replace(found, name=work.name, score=score, max_score=max_score, seconds=mine.spent)


def _run_and_judge(mine: IsolatedGradient, gradient: str, assignment: Assignment) -> Grade:
    try:
        if not mine.load():
            raise Raised(f"has no function {gradient}(params, *data) but something else of that name")
        # here, before anybody waits for it, an endless loop is met
        answers = [checker.plain(mine.with_locals)(*checker.point) for checker in assignment.checkers]
    except (Ended, Raised) as error:
        return _failed(error, assignment)
    with _judging:
        judged = _judge(mine, answers, assignment)
    return judged if mine.ended is None else _failed(mine.ended, assignment)


def _failed(error: Exception, assignment: Assignment) -> Grade:
    own = "" if type(error) in (Ended, Raised) else f"raises {type(error).__name__}: "
    parts = tuple(Part(path, "leaf", False) for path in assignment.leaves)
    kind = error.kind if isinstance(error, Ended) else "raised"
    return Grade("", GradeOutcome.FAILED, 0.0, 0.0, parts, failure=f"{own}{error}", kind=kind)


def _judge(mine: IsolatedGradient, answers: list[tuple[Any, dict[str, Any]]], assignment: Assignment) -> Grade:
    """Judge what was returned at every point, then ask for causes at the first point where it is wrong."""
    right: dict[tuple[str, str], bool] = {}
    first: int | None = None
    for place, (checker, (value, own)) in enumerate(zip(assignment.checkers, answers, strict=True)):
        report = checker(mine, why=False)
        if not report.ok and first is None:
            first = place
        marks = _marks(assignment, checker.point, own, value)
        nearby = {path for cause in report.causes for path in cause.leaves} if report.elsewhere else set()
        held = lambda path, leaf, nearby=nearby: leaf.ok and path not in nearby  # right at the point may be luck
        leaves = {path: held(path, leaf) or marks.leaves.get(path, False) for path, leaf in report.leaves.items()}
        for kind, verdicts in (("leaf", leaves), ("stage", marks.stages)):
            for name, ok in verdicts.items():
                right[name, kind] = right.get((name, kind), True) and ok
    parts = tuple(Part(name, kind, ok) for kind in ("leaf", "stage") for (name, of), ok in right.items() if of == kind)
    report = assignment.checkers[first or 0](mine)
    return Grade("", GradeOutcome.RIGHT if first is None else GradeOutcome.WRONG, 0.0, 0.0, parts, report, first)


def _marks(assignment: Assignment, point: Any, own: dict[str, Any], value: Any) -> Marks:
    """Judge by the marking scheme; without one, or where the author's values do not fit into it, nothing is marked."""
    if assignment.scheme is None:
        return Marks({}, {})
    try:
        return assignment.scheme.marks(point, own, _usable(point[0], value))
    except Exception:  # the solution, run with a learner's values of any shape, may fail in any way
        return Marks({}, {})


def _usable(params: Any, value: Any) -> Gradient:
    """The leaves of what was returned that have their parameter's shape."""
    found, shapes = receive(params, value).leaves, by_path(params)
    usable = {path: np.asarray(leaf) for path, leaf in found.items() if np.shape(leaf) == shapes[path].shape}
    return {path: leaf for path, leaf in usable.items() if leaf.dtype.kind in "fiub"}
