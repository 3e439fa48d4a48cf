"""Row by row, an exported file prepares a table as the preparation does column by column."""

import datetime

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.models.sample_rows import sample_rows
from jaxnet.models.standalone_rows import cell_text, is_missing, prepared_rows

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
    return prep.as_dict()["codes"]


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
        ("plain", "1e400", "column 'plain': expected a number, got '1e400'"),
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
    assert [cell_text(value) for value in (1.0, 1.5, " oak ", None, True, np.float32(2))] == [
        "1", "1.5", "oak", "", "True", "2"
    ]  # fmt: skip


def test_a_minus_is_a_value_where_a_plus_is_one():
    sign = codes_of(preparation("sign"))["sign"]
    assert not is_missing("-", sign)
    assert is_missing("-", codes_of(preparation("rare"))["rare"])


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
