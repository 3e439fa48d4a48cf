"""Pictures of claims: their numbers are those that were kept, published beside measured."""

import importlib
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def pictures(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("claim_pictures")


def claim(what, published, measured):
    return {"what": what, "published": published, "measured": measured, "holds": None}


def test_a_mean_has_its_interval_and_what_was_published(pictures):
    claims = [claim("300: error in %", "4.7 (asked: at most 4.9)", "1.907 ± 0.15 (1.85 to 1.97), 3 x 15 epochs")]
    assert pictures.rows_of(pictures.PICTURES["mnist"], claims) == [("300", 1.907, 0.15, 4.7)]


def test_a_count_is_a_share_and_words_with_a_number_were_not_published(pictures):
    shares = pictures.rows_of(pictures.PICTURES["hand_derived"], [claim("causes named", "", "141 of 142 (99%)")])
    assert shares == [("causes named", pytest.approx(100 * 141 / 142), 0, None)]
    found = [claim("the printed W1, of a right step", "10 numbers", "differ by 4.5e-03")]
    assert pictures.rows_of(pictures.PICTURES["check_gradient"], found)[0].published is None


def test_other_claims_are_left_out_and_none_at_all_is_an_error(pictures):
    with pytest.raises(ValueError, match=r"claims: expected some that match .*, got 1 others"):
        pictures.figure(pictures.PICTURES["mnist"], [claim("seconds", "", "3")])


def test_every_picture_has_rows_in_what_was_kept(pictures):
    for name, picture in pictures.PICTURES.items():
        assert len(pictures.rows_of(picture, pictures.kept(name)["claims"])) > 1, name


def test_an_experiment_without_a_plan_is_not_drawn(pictures, tmp_path):
    assert pictures.draw("symmetry", [], tmp_path) is None
