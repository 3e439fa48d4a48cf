"""From a table to a model: what it is worth beside the trivial answer, and that its folder goes on."""

import json

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.tabular import table_training

from .conftest import SMALL, gapped, table_of


def test_a_classification_beats_the_commonest_class_on_rows_that_nothing_has_seen(classified):
    report, _ = classified
    # the last row has no target
    assert report.rows == {"total": 81, "train": 51, "validation": 13, "test": 16, "left_out": 1}
    assert report.score == "accuracy"
    assert report.scores["model"]["accuracy"] > report.scores["trivial"]["accuracy"]
    assert set(report.scores) == {"model", "linear", "trivial"}
    assert sum(map(sum, report.details["confusion"])) == 16
    assert next(iter(report.importance)) in ("height", "weight")


def test_a_regression_is_scored_in_the_units_of_the_table(regressed):
    assert regressed.scores["model"]["r2"] > 0.5 > regressed.scores["trivial"]["r2"]
    assert 0 < regressed.scores["model"]["mean_absolute_error"] < regressed.scores["trivial"]["mean_absolute_error"]
    assert len(regressed.model.members) == 3


def test_the_folder_holds_a_model_that_predicts_elsewhere(classified):
    report, out = classified
    model = jn.load(out)
    assert model.predict(table_of(5, seed=9)).tolist() == report.model.predict(table_of(5, seed=9)).tolist()
    assert model.scores["accuracy"] == report.scores["model"]["accuracy"]


def test_what_is_finished_is_read_and_its_test_rows_are_not_scored_again(classified, monkeypatch):
    report, out = classified
    monkeypatch.setattr(table_training, "search", None)
    monkeypatch.setattr(table_training, "class_scores", None)
    again = jn.train_table(gapped(), "kind", out=out, **SMALL)
    assert again.as_json() == report.as_json()


@pytest.mark.parametrize(("table", "options", "odd"), [(gapped(seed=1), {}, "table"), (gapped(), {"seed": 1}, "seed")])
def test_the_folder_of_another_training_is_refused(classified, table, options, odd):
    with pytest.raises(ValueError, match=rf"out: expected .* got that of another training \(its {odd} differs\)"):
        jn.train_table(table, "kind", out=classified[1], **{**SMALL, **options})


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_goes_on(classified, tmp_path, monkeypatch):
    """Ended behind the search, as by a kill: the same call has the rest to do."""
    monkeypatch.setattr(table_training, "_judged", lambda *given, **named: 1 / 0)
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        jn.train_table(gapped(), "kind", out=tmp_path, **SMALL)
    monkeypatch.undo()
    report = jn.train_table(gapped(), "kind", out=tmp_path, **SMALL)
    assert report.scores == classified[0].scores
    for ours, theirs in zip(report.model.members[0], classified[0].model.members[0], strict=True):
        np.testing.assert_array_equal(ours["w"], theirs["w"])


def test_nothing_is_fitted_on_rows_that_are_held_out(classified):
    report, _ = classified
    assert report.preparation.rows == report.rows["train"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "knd"}, r"target: expected one of .* \(did you mean 'kind'\?\)"),
        ({"seed": -1}, "seed: expected an integer"),
        ({"out": 5}, "out: expected the path of a folder"),
        ({"group": "wod"}, r"group: expected one of .* \(did you mean 'wood'\?\)"),
        ({"time": "wood"}, "time: expected a column of numbers or dates, got 'wood'"),
        ({"class_weights": "balance"}, r"class_weights: expected one of balanced, .* \(did you mean 'balanced'\?\)"),
        ({"class_weights": "balanced", "target": "weight"}, "class_weights: expected None, or a target of classes"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_trained(change, words):
    given = {"target": "kind", **change}
    with pytest.raises((ValueError, TypeError), match=words):
        jn.train_table(table_of(20), given.pop("target"), **given)


def test_a_report_can_be_printed_shown_and_written_as_json(classified, regressed):
    report, _ = classified
    text = str(report)
    for words in ("left out  identifier", "scores on the 16 test rows", "trivial", "linear", "confusion", "importance"):
        assert words in text
    assert "residuals: value less prediction" in str(regressed)
    assert "<pre>" in report._repr_html_()
    found = json.loads(json.dumps(report.as_json()))
    assert {column["name"]: column["role"] for column in found["columns"]}["id"] == "ignore"
    assert found["rows"]["test"] == 16
