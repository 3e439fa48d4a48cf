"""A fitted preparation on later tables: columns in any order, cells never seen, and rows that it cannot prepare."""

import io

import numpy as np
import pytest

from jaxnet.data import DataError, prepare, read_table

TEXT = "mass;sex;when;label\n1,5;f;2020-01-01;u\n2;m;2020-06-01;v\nNA;f;2021-01-01;u\n4;m;2021-06-01;v\n"


@pytest.fixture(scope="module")
def prep():
    return prepare(io.StringIO(TEXT), "label", kinds={"sex": "category"}, rare=1)


def table(text):
    return read_table(io.StringIO(text))


def test_columns_may_come_in_any_order_with_others_and_without_the_target(prep):
    expected, _ = prep(table(TEXT))
    moved = table("extra;when;sex;mass\n?;2020-01-01;f;1,5\n?;2020-06-01;m;2\n?;2021-01-01;f;\n?;2021-06-01;m;4\n")
    X, y = prep(moved)
    np.testing.assert_array_equal(X, expected)
    assert y is None
    assert prep.remarks(moved) == ["column(s) that the training table did not have, ignored: extra"]


def test_a_target_that_is_missing_in_every_row_is_none(prep):
    assert prep(table("mass;sex;when;label\n1;f;2020-01-01;\n"))[1] is None


MISSING_COLUMNS = {
    "renamed": ("Mass;sex;when\n1;f;2020-01-01\n", r"no column 'mass', which the preparation needs: got Mass, sex, when \(did you mean 'Mass'\?\)"),
    "gone": ("sex;when\nf;2020-01-01\n", "no column 'mass', which the preparation needs: got sex, when"),
    "several gone": ("mass;k\n1;f\n", r"no column 'sex' \(and 1 more: when\)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISSING_COLUMNS.values(), ids=MISSING_COLUMNS)
def test_a_column_that_is_not_there_is_refused_with_the_nearest_name(text, words, prep):
    with pytest.raises(DataError, match=words):
        prep(table(text))


OTHER_KINDS = {
    "text in a number": ("x;f;2020-01-01", "file:3:1: column 'mass': expected a number, got 'x'"),
    "a decimal point": ("1.5;f;2020-01-01", "file:3:1: column 'mass': expected a number, got '1.5'"),
    "too large": ("1e300;f;2020-01-01", "file:3:1: column 'mass': a number too large to compute with"),
    "text in a date": ("1;f;soon", r"file:3:3: column 'when': expected a date \(year first\), got 'soon'"),
    "another style of date": ("1;f;1/2/2020", "file:3:3: column 'when': expected a date"),
}


@pytest.mark.parametrize(("row", "words"), OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_a_cell_of_another_kind_is_refused_with_its_place_and_its_row_can_be_found(row, words, prep):
    later = table(f"mass;sex;when\n1,5;f;2020-01-01\n{row}\n2;m;2020-06-01\n")
    with pytest.raises(DataError, match=words):
        prep(later)
    (bad,) = prep.bad_rows(later)
    assert (bad.row, bad.line) == (1, 3)
    assert bad.reason in words.replace("\\", "") or "expected a date" in bad.reason
    good = np.setdiff1d(np.arange(3), [bad.row])
    np.testing.assert_array_equal(prep.features(later.take(good)), prep.features(table(TEXT).take([0, 1])))


@pytest.mark.parametrize(("cells", "words"), [("1\n2\n", "numbers, '1'"), ("2020-01-01\n", "dates, '2020-01-01'")])
def test_numbers_or_dates_in_place_of_categories_are_refused(cells, words):
    prep = prepare({"c": ["u", "v"] * 10, "y": ["a", "b"] * 10}, "y")
    with pytest.raises(DataError, match=f"file:2:1: column 'c': expected categories, u, v, got {words}"):
        prep(table(f"c\n{cells}"))
    assert prep(table("c\n7\nu\n"))[0].tolist() == [[0, 0], [1, 0]]


def test_what_is_first_missing_or_unknown_at_prediction_has_a_meaning(prep):
    X, _ = prep(table("mass;sex;when\n;never seen;\n;;2020-01-01\n"))
    named = dict(zip(prep.feature_names, X.T, strict=True))
    # the mean of 1.5, 2 and 4 is subtracted from itself; a category that is not known has no feature
    assert (named["mass"].tolist(), named["mass missing"].tolist()) == ([0, 0], [1, 1])
    assert (named["sex=f"].tolist(), named["sex=m"].tolist()) == ([0, 0], [0, 0])
    assert named["when seconds"][0] == pytest.approx(0, abs=1e-6)
    assert np.isfinite(X).all()


def test_a_label_that_is_no_class_is_refused_with_its_place(prep):
    with pytest.raises(DataError, match="file:2:4: column 'label': expected one of the classes u, v, got 'w'"):
        prep(table("mass;sex;when;label\n1;f;2020-01-01;w\n"))


def test_a_missing_value_may_be_refused_at_prediction_only():
    prep = prepare({"x": [1.0, 2.0, 4.0], "y": [0.5, 1.5, 9.5]}, "y", missing="refuse")
    with pytest.raises(DataError, match="row 1, column 'x': column 'x': a missing value"):
        prep({"x": [1.0, None]})


def test_it_is_printed_a_line_a_column_and_as_html(prep):
    lines = str(prep).splitlines()
    assert lines[0] == "Preparation: 10 features of 3 columns, target 'label' (classification), fitted on 4 rows"
    assert [line.split()[0] for line in lines[1:6]] == ["column", "mass", "sex", "when", "label"]
    assert "1 missing ('NA' 1)" in lines[2]
    assert "decimal comma" in lines[2]
    assert "note: cells are separated by ';'" in lines[6]
    page = prepare({"<b>": ["1", "2", "4"], "y": ["u", "v", "u"]}, "y")._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_predictions_of_another_shape_are_refused(prep):
    for wrong in ([2], [[0.1, 0.2, 0.7]], [0.5]):
        with pytest.raises(ValueError, match=r"predictions: expected labels \(N,\) from 0 to 1 or scores \(N, 2\)"):
            prep.labels(wrong)
    with pytest.raises(ValueError, match="predictions: expected a preparation with a target"):
        prepare({"x": [1.5, 2.5]}).labels([0])
    with pytest.raises(ValueError, match=r"predictions: expected numbers \(N,\) or \(N, 1\)"):
        prepare({"x": [1.0, 2.0, 4.0], "y": [0.5, 1.5, 9.5]}, "y").labels(np.zeros((2, 2)))


def test_labels_are_of_the_type_of_the_table():
    x = np.sin(np.arange(20))
    for labels in (np.arange(20) % 2, np.arange(20) % 2 == 0, np.arange(20) % 2 + 0.5, np.array(["u", "v"] * 10)):
        prep = prepare({"x": x, "y": labels}, "y")
        back = prep.labels(prep({"x": x, "y": labels})[1])
        assert back.tolist() == labels.tolist()
        assert back.dtype.kind == labels.dtype.kind


def test_a_table_becomes_a_dataset_of_the_rows_that_have_a_target(prep):
    data = prep.dataset(table(TEXT + "3;f;2020-01-01;\n"))
    X, y = prep(table(TEXT))
    np.testing.assert_array_equal(data.x, X)
    assert (data.y.tolist(), data.inputs, data.classes) == (y.tolist(), prep.feature_names, ("u", "v"))
    with pytest.raises(ValueError, match="table: expected rows with a target 'label'"):
        prep.dataset(table("mass;sex;when\n1;f;2020-01-01\n"))


def test_dates_are_where_they_are_in_the_year_the_week_and_the_day():
    prep = prepare(
        {"t": ["2023-01-02 00:00:00", "2023-07-06 18:00:00", "2024-01-05 12:00:00"], "y": [0.5, 1, 7]},
        "y",
        scale="none",
    )
    named = dict(zip(prep.feature_names, prep({"t": ["2023-01-02 06:00:00"]})[0][0], strict=True))
    assert named["t year"] == 2023
    # a Monday, a quarter of a day old
    assert named["t week sine"] == pytest.approx(np.sin(2 * np.pi * 0.25 / 7), rel=1e-6)
    assert (named["t day sine"], named["t day cosine"]) == pytest.approx((1, 0), abs=1e-6)
    assert named["t year cosine"] == pytest.approx(np.cos(2 * np.pi * 1.25 / 365), rel=1e-6)


def test_a_line_a_column_whatever_its_name():
    prep = prepare({"two\nlines": ["1.5", "2", "4"], "y": ["a", "b", "a"]}, "y")
    assert [line.split("  ")[0] for line in str(prep).splitlines()[1:4]] == ["column", "two lines", "y"]
