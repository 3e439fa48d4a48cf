"""Grades as files that spreadsheets, Gradescope and nbgrader read."""

import csv
import io
import json
from dataclasses import replace

from jaxnet.grading import results
from jaxnet.grading.class_summary import class_as_json, class_as_text, clusters
from jaxnet.grading.grades import Grade, GradeOutcome

from .test_feedback import CAUSE, WRONG

RIGHT = Grade("bea", GradeOutcome.RIGHT, 3.0, 3.0, WRONG.parts, None, None, seconds=0.123)
FAILED = Grade(
    "=cem", GradeOutcome.FAILED, 0.0, 3.0, WRONG.parts, failure="raises KeyError: 'x', at a.py:3: y", kind="raised"
)
CLASS = (WRONG, RIGHT, FAILED, Grade(**{**vars(WRONG), "name": "dan"}))


def test_the_json_of_a_grade_has_a_schema_and_no_formula_unless_solutions_are_wanted():
    content = json.loads(json.dumps(results.grade_as_json(WRONG, 1)))
    assert (content["schema"], content["schema_version"], content["outcome"]) == ("jaxnet.grade", 1, "wrong")
    assert content["parts"][2] == {"name": "dZ", "kind": "stage", "right": False}
    assert content["causes"][0]["where"] == CAUSE.where
    assert CAUSE.fix not in json.dumps(content)
    assert results.grade_as_json(WRONG, 1, solutions=True)["causes"][0]["fix"] == CAUSE.fix


def test_gradescope_reads_a_score_and_tests_that_add_up_to_it():
    content = results.gradescope(WRONG, 1)
    assert content["score"] == 1.0 == sum(test["score"] for test in content["tests"])
    assert sum(test["max_score"] for test in content["tests"]) == 3.0
    assert [test["status"] for test in content["tests"]] == ["failed", "passed", "failed"]
    assert content["output"].startswith("Your gradient is wrong.")


def test_without_hints_gradescope_shows_no_parts():
    assert "tests" not in results.gradescope(WRONG, 0)


def test_the_table_has_a_row_a_submission_that_no_spreadsheet_computes():
    rows = list(csv.DictReader(io.StringIO(results.as_csv(CLASS))))
    assert tuple(rows[0]) == results.COLUMNS
    assert (rows[0]["wrong"], rows[0]["causes"], rows[0]["point"]) == ("['W'];dZ", "batch_sum", "0")
    assert (rows[1]["outcome"], rows[1]["score"], rows[1]["seconds"]) == ("right", "3.0", "0.12")
    assert rows[2]["submission"] == "'=cem"


def test_nbgraders_columns_are_those_of_its_export():
    rows = list(csv.DictReader(io.StringIO(results.nbgrader(CLASS, "week3"))))
    header = "assignment duedate timestamp student_id last_name first_name email raw_score late_submission_penalty score max_score"
    assert " ".join(rows[0]) == header
    assert (rows[1]["assignment"], rows[1]["student_id"], rows[1]["score"], rows[1]["max_score"]) == (
        "week3",
        "bea",
        "3.0",
        "3.0",
    )


def test_files_are_written_for_the_class_and_for_each(tmp_path):
    results.write_results(tmp_path / "out", CLASS, class_as_json(CLASS), hints=2, solutions=False, assignment="a")
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"jaxnet-grades.csv", "grades.csv", "summary.json", "ann.json", "ann/results.json"} <= names
    assert json.loads((tmp_path / "out/ann/results.json").read_text())["score"] == 1.0


def test_the_class_is_clustered_by_mistake_the_most_frequent_first():
    first, second = clusters(CLASS)
    assert first.submissions == ("ann", "dan")
    assert first.where == CAUSE.where
    assert (second.mistake, second.submissions) == ("failed: raises KeyError", ("=cem",))
    text = class_as_text(CLASS)
    assert text.startswith("4 submissions: 1 right, 2 wrong, 1 failed; mean score 1.25 of 3.")
    assert "   2  ['W']: summed over the examples where the loss averages (times 9). (at course.py:12" in text


def test_what_happened_to_every_leaf_is_one_mistake_and_learnt_by_heart_says_so():
    each = [replace(CAUSE, kind="not_finite", factor=None, where=None, leaves=(leaf,)) for leaf in ("['W']", "['b']")]
    nowhere = replace(WRONG, report=replace(WRONG.report, causes=tuple(each)))
    assert [found.mistake.partition(":")[0] for found in clusters([nowhere])] == ["['W'], ['b']"]
    by_heart = replace(WRONG, point=2, report=replace(WRONG.report, causes=()))
    assert clusters([by_heart])[0].mistake == "no known mistake, right at the given point alone"


def test_an_empty_class_is_no_error():
    assert class_as_json(())["mean_score"] is None
    assert class_as_text(()) == "0 submissions: 0 right, 0 wrong, 0 failed; no score."
