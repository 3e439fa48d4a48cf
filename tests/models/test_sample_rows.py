"""Rows that are drawn for a comparison reach every category, and leave cells out where a cell may be missing."""

import jaxnet as jn
from jaxnet.models.sample_rows import sample_rows


def test_rows_are_the_same_each_time_and_reach_every_category():
    table = {"tree": ["oak", "elm", "ash", "oak"] * 5, "size": [1.5, 2.5, 4.0, 8.0] * 5, "y": ["a", "b"] * 10}
    prep = jn.data.prepare(table, target="y")
    rows = sample_rows(prep, 64)
    assert rows == sample_rows(prep, 64)
    assert {"oak", "elm", "ash", None} < {row["tree"] for row in rows}  # and one that is not known
    assert any(row["size"] is None for row in rows)
    assert prep.features(rows).shape == (64, prep.inputs)


def test_no_cell_is_missing_where_none_may_be():
    table = {"tree": ["oak", "elm"] * 5, "size": [1.5, 2.5] * 5, "y": ["a", "b"] * 5}
    prep = jn.data.prepare(table, target="y", missing="refuse")
    assert all(value is not None for row in sample_rows(prep, 64) for value in row.values())
