"""Row by row, an exported file prepares a table as the preparation does column by column."""

import datetime

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.models.sample_rows import sample_rows
from jaxnet.models.standalone_rows import prepared_rows

ROWS = 120
NUMBERS = np.random.default_rng(0).normal(10, 3, ROWS)
# a column a habit: name -> cells as text
HABITS = {
    "plain": [f"{x:.2f}" for x in NUMBERS],
    "gaps": [f"{x:.2f}" if at % 9 else "n/a" for at, x in enumerate(NUMBERS)],
    "comma": [f"{x:.2f}".replace(".", ",") for x in NUMBERS],
    "thousands": [f"{1000 * x:,.0f}" for x in NUMBERS],
    "dollars": [f"${x:.2f}" for x in NUMBERS],
    "nines": [f"{x:.0f}" if at % 11 else "-999.0" for at, x in enumerate(NUMBERS)],
    "yes": [("yes", "no")[at % 3 == 0] if at % 7 else "?" for at in range(ROWS)],
    "sign": [("+", "-", "0")[at % 3] for at in range(ROWS)],
    "rare": [("oak", "elm", "ash")[at % 3] if at % 40 else f"tree {at}" for at in range(ROWS)],
    "many": [f"town {at % 55}" for at in range(ROWS)],
    "day": [f"{1 + at % 28}/{1 + at % 12}/2021" for at in range(ROWS)],
    "clock": [f"{at % 24:02d}:{at % 60:02d}" for at in range(ROWS)],
    "month": [f"{1 + at % 28} March {2000 + at % 20}" if at % 8 else "" for at in range(ROWS)],
}
TARGET = [("a", "b")[at % 2] for at in range(ROWS)]


def preparation(name, **options):
    options = {"most_categories": 20, "many": "hash", "missing_words": ["-999"], **options}
    return jn.data.prepare({name: HABITS[name], "target": TARGET}, target="target", **options)


def codes_of(prep):
    return prep.codes


@pytest.mark.parametrize("name", HABITS)
def test_the_features_of_the_training_rows_are_the_same(name):
    prep = preparation(name)
    rows = [{name: cell} for cell in HABITS[name]]
    assert np.array_equal(prepared_rows(codes_of(prep), rows), prep.features(rows))


@pytest.mark.parametrize("name", HABITS)
def test_the_features_of_other_rows_are_the_same(name):
    prep = preparation(name)
    rows = sample_rows(prep, 50)
    assert np.array_equal(prepared_rows(codes_of(prep), rows), prep.features(rows))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("plain", "abc", "column 'plain': expected a number, got 'abc'"),
        ("plain", "1e400", "column 'plain': a number too large to compute with|column 'plain': expected a number"),
        ("plain", True, "column 'plain': expected a number, got 'True'"),
        ("comma", "1.5", "column 'comma': expected a number"),
        ("yes", "perhaps", "column 'yes': expected yes or no, got 'perhaps'"),
        ("day", "31/2/2021", r"column 'day': expected a date \(day first\), got '31/2/2021'"),
        ("day", 5, r"column 'day': expected a date"),
    ],
)
def test_a_cell_that_cannot_be_prepared_is_refused_there_and_here(name, value, words):
    prep = preparation(name)
    with pytest.raises(ValueError, match=words):
        prepared_rows(codes_of(prep), [{name: value}])
    with pytest.raises(ValueError, match=f"column {name!r}"):
        prep.features([{name: value}])


@pytest.mark.parametrize("name", ["plain", "rare", "day", "many"])
def test_a_missing_cell_is_refused_where_the_preparation_refuses_it(name):
    prep = preparation(name, missing="refuse")
    for value in (None, "NA", float("nan")):
        with pytest.raises(ValueError, match=f"column {name!r}: a missing value"):
            prepared_rows(codes_of(prep), [{name: value}])


def test_a_column_that_is_not_there_is_named():
    prep = preparation("plain")
    with pytest.raises(ValueError, match="no column 'plain' in the row, which has price"):
        prepared_rows(codes_of(prep), [{"price": 1}])


def test_a_cell_is_written_as_the_preparation_writes_it():
    prep = preparation("rare")
    number = jn.data.prepare({"code": ["1", "2", "x"] * 20, "target": TARGET[:60]}, target="target").codes
    for value in (1.0, 1, np.float32(1), "1", " 1 "):
        assert prepared_rows(number, [{"code": value}, {"code": "x"}])[0].tolist() == [1, 0, 0]
        assert prepared_rows(number, [{"code": value}]).tolist() == [[1, 0, 0]]
    assert np.array_equal(prepared_rows(prep.codes, [{"rare": " oak "}]), prep.features([{"rare": "oak"}]))


def test_a_minus_is_a_value_where_a_plus_is_one_in_a_row_alone_too():
    prep = preparation("sign")
    for value in ("-", "+", "0"):
        alone = prep.features([{"sign": value}])
        assert alone.sum() == 1
        assert np.array_equal(alone, prep.features([{"sign": value}, {"sign": "+"}])[:1])
        assert np.array_equal(alone, prepared_rows(prep.codes, [{"sign": value}]))
    assert preparation("rare").features([{"rare": "-"}]).sum() == 0


def test_dates_of_python_and_of_numpy_are_texts_as_well():
    prep = preparation("day")
    codes = codes_of(prep)
    texts = prepared_rows(codes, [{"day": "7/3/2021"}])
    assert np.array_equal(texts, prepared_rows(codes, [{"day": datetime.date(2021, 3, 7)}]))
    assert np.array_equal(texts, prepared_rows(codes, [{"day": np.datetime64("2021-03-07T00:00")}]))
    east = datetime.timezone(datetime.timedelta(hours=5))
    abroad = datetime.datetime(2021, 3, 7, 5, tzinfo=east)
    assert np.array_equal(texts, prepared_rows(codes, [{"day": abroad}]))
    assert np.array_equal(texts, prep.features([{"day": abroad}]))


@pytest.mark.parametrize("name", HABITS)
def test_no_rows_have_no_features(name):
    prep = preparation(name)
    assert prepared_rows(prep.codes, []).shape == (0, prep.inputs)
