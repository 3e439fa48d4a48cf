"""What learners are told at each level of hints, and never more."""

import pytest

from jaxnet.gradients import Cause, Report
from jaxnet.gradients.verdict import unreadable
from jaxnet.grading.feedback import LEVELS, cause_words, feedback
from jaxnet.grading.grades import Grade, GradeOutcome, Part

CAUSE = Cause(
    "batch_sum", (), ("['W']",), 9.0, "the gradient is 9 = n times what it should be.", "dW = X.T @ d / n", 1e-16,
    "course.py:12: X @ P['W']",
)  # fmt: skip
REPORT = Report({"['W']": unreadable("['W']", (2,), "")}, (CAUSE,))
PARTS = (Part("['W']", "leaf", False), Part("['b']", "leaf", True), Part("dZ", "stage", False))
WRONG = Grade("ann", GradeOutcome.WRONG, 1.0, 3.0, PARTS, REPORT, 0)
ADDED = (
    "Your gradient is wrong.",
    "The gradient of ['W'] is wrong.",
    "Look at how you differentiate course.py:12: X @ P['W']",
    "['W']: summed over the examples where the loss averages (times 9).",
)


@pytest.mark.parametrize("level", range(len(LEVELS)))
def test_each_level_tells_one_thing_more(level):
    told = feedback(WRONG, level)
    assert [line for line in ADDED if line in told] == list(ADDED[: level + 1])
    assert ("The first wrong step is dZ" in " ".join(told)) is (level >= 1)
    assert "dW = X.T @ d / n" not in " ".join(told)
    assert CAUSE.sentence not in " ".join(told)


def test_the_formula_is_told_when_solutions_are_wanted():
    assert feedback(WRONG, 0, solutions=True)[-1] == f"{CAUSE.sentence} Instead: {CAUSE.fix}"


def test_right_and_failed_are_said_at_every_level():
    failed = Grade("cem", GradeOutcome.FAILED, 0.0, 1.0, failure="takes longer than 9 s", kind="time")
    for level in range(len(LEVELS)):
        assert feedback(Grade("bea", GradeOutcome.RIGHT, 1.0, 1.0), level) == ("Your gradient is right.",)
        assert feedback(failed, level) == ("Your gradient could not be judged: it takes longer than 9 s.",)


def test_right_at_the_given_point_only_is_said():
    (line,) = feedback(WRONG.__class__(**{**vars(WRONG), "point": 2}), 0)
    assert "right at the given point, and not with other parameters or another batch" in line


def test_an_unknown_cause_and_a_kind_without_words_are_words_too():
    unknown = Cause("unknown", (), ("['W']",), None, "", "", 1.0)
    assert cause_words(unknown) == "['W']: no known mistake gives these numbers."
    assert cause_words(Cause("brand_new_kind", (), (), None, "", "", 1.0)) == "Brand new kind."
