"""Rows of a table are dealt out, and what is fitted knows the first part alone."""

import numpy as np
import pytest

from jaxnet.data import DataError, split_table

ROWS = 30
TABLE = {
    "x": [f"{at}.5" for at in range(ROWS)],
    "when": [f"{at % 28 + 1}.{at % 12 + 1}.2020" for at in range(ROWS)],
    "shop": ["abc"[at % 3] for at in range(ROWS)],
    "kind": ["oak", "elm"] * (ROWS // 2),
}


def test_what_is_fitted_knows_the_first_part_alone():
    prep, (train, held) = split_table(TABLE, "kind", 0.8, seed=1)
    assert (prep.rows, len(held)) == (24, 6)
    x = np.array([float(text) for text in TABLE["x"]])
    np.testing.assert_allclose([prep.codes["x"].centre, prep.codes["x"].spread], [x[train].mean(), x[train].std()])


def test_each_class_has_its_share_and_rows_without_a_target_are_in_no_part():
    gaps = {**TABLE, "kind": ["", "", *TABLE["kind"][2:]]}
    prep, parts = split_table(gaps, "kind", 0.5)
    assert prep.notes == (f"2 of {ROWS} rows have no target 'kind' and were left out",)
    assert sorted(np.concatenate(parts).tolist()) == list(range(2, ROWS))
    assert [sum(gaps["kind"][at] == "oak" for at in part) for part in parts] == [7, 7]


def test_dates_of_any_style_order_the_rows():
    _, (early, late) = split_table(TABLE, "kind", 0.7, time="when")
    month = lambda at: (int(TABLE["when"][at].split(".")[1]), int(TABLE["when"][at].split(".")[0]))
    assert max(map(month, early)) < min(map(month, late))


def test_a_class_that_only_rows_held_out_have_is_a_class():
    table = {**TABLE, "kind": ["oak", "elm"] * 14 + ["ash", "ash"], "day": [*range(ROWS)]}
    prep, (_, late) = split_table(table, "kind", 0.8, time="day")
    assert prep.classes == ("ash", "elm", "oak")
    assert "3 classes: ash, elm, oak" in str(prep)
    assert 0 in prep.targets({name: [values[at] for at in late] for name, values in table.items()})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"group": "shp"}, r"group: expected one of .* \(did you mean 'shop'\?\)"),
        ({"time": "whn"}, r"time: expected one of .* \(did you mean 'when'\?\)"),
        ({"time": "shop"}, "time: expected a column of numbers or dates, got 'shop', of 'a'"),
        ({"time": "when", "group": "shop"}, "expected one of them, got group and time"),
        ({"scale": "log"}, "scale: expected one of"),
    ],
)
def test_what_cannot_be_dealt_so_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        split_table(TABLE, "kind", 0.8, **options)


def test_a_row_without_a_time_is_named():
    table = {**TABLE, "when": [*TABLE["when"][:-1], "NA"]}
    with pytest.raises(DataError, match="table, row 29, column 'when': a row without a time in column 'when'"):
        split_table(table, "kind", 0.8, time="when")
