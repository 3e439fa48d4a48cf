"""A submission is worth the share of its parts that are right at every point."""

import re

import pytest

from jaxnet.grading.assignment import Assignment
from jaxnet.grading.grades import Work, grade
from jaxnet.grading.isolation import Limits

from .conftest import EXITS, LEARNT_BY_HEART, LIMITS, PARAMS, PENALTY_FORGOTTEN, SLOPE_FORGOTTEN, X, Y, loss


def test_a_right_gradient_has_the_whole_score(graded):
    right = graded()
    assert (right.outcome, right.score, right.point, right.wrong) == ("right", 4.0, None, ())
    assert [part.name for part in right.parts] == ["['V']", "['W']", "['b']", "A", "E", "dE", "dA", "dZ"]


def test_a_mistake_is_paid_once_where_the_solution_gives_stages(graded):
    wrong = graded(SLOPE_FORGOTTEN)
    assert (wrong.outcome, wrong.point) == ("wrong", 0)
    assert wrong.wrong == ("dZ",)  # W and b follow from it by right lines
    assert wrong.score == pytest.approx(4.0 * 7 / 8)
    assert wrong.report.wrong == ("['W']", "['b']")
    assert wrong.report.causes[0].where.endswith('jnp.tanh(P["W"] @ X + P["b"])')


def test_what_is_right_at_the_given_point_only_is_wrong(graded):
    assert graded(LEARNT_BY_HEART).point == 2  # the second hidden batch has another size
    assert graded(LEARNT_BY_HEART).wrong == ("dE",)
    nearby = graded(PENALTY_FORGOTTEN)  # b is 0 at the given point, so its penalty has no gradient there
    assert (nearby.point, nearby.report.elsewhere) == (0, True)
    assert graded(PENALTY_FORGOTTEN).wrong == ("['b']",)


def test_one_that_changes_its_arguments_harms_no_other(assignment, submit):
    changes = submit(("m = X.shape[1]", "m = X.shape[1]; X -= X.mean()"))
    assert grade(Work("bad", changes), "backward", assignment, LIMITS).outcome == "wrong"
    assert grade(Work("good", submit()), "backward", assignment, LIMITS).outcome == "right"


def test_without_a_solution_each_leaf_has_its_share(submit):
    assignment = Assignment(loss, PARAMS, X, Y, hidden=0)
    wrong = grade(Work("mine", submit(SLOPE_FORGOTTEN)), "backward", assignment, LIMITS)
    assert (wrong.score, wrong.wrong) == (pytest.approx(1 / 3), ("['W']", "['b']"))


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        (EXITS, "exit", "ends the process \\(exit status 3\\)"),
        (("m = X.shape[1]", "while True: pass"), "time", "takes longer than 1 s"),
        (
            ("m = X.shape[1]", "m = X.size / nothing"),
            "raised",
            "raises NameError: name 'nothing' .* at mine.py:5: m = X",
        ),
        (
            ("def backward", "def backwards"),
            "raised",
            "there is no backward in mine.py \\(did you mean 'backwards'\\?\\)",
        ),
        (("def backward", "backward = 3\n\n\ndef other"), "raised", "has no function backward\\(params, \\*data\\)"),
        (("def backward", "def backward:"), "raised", "raises SyntaxError: .* at mine.py:4"),
    ],
)
def test_what_cannot_be_run_is_worth_nothing_and_says_why(assignment, submit, line, kind, words):
    failed = grade(Work("mine", submit(line)), "backward", assignment, Limits(1.0, 1024))
    assert (failed.outcome, failed.score, failed.kind) == ("failed", 0.0, kind)
    assert re.search(words, failed.failure), failed.failure
