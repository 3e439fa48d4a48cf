"""What ``prepare`` makes of a table: the kind of every column, features worked out by hand, and what it refuses."""

import io
import json

import numpy as np
import pytest

from jaxnet.data import DataError, Preparation, prepare, read_table

CLASSES = ["a", "b"] * 20
N = len(CLASSES)


def numbered(texts):
    return [texts[at % len(texts)] for at in range(N)]


KINDS = {
    "numbers": ([str(at * 1.5) for at in range(N)], "number"),
    "few whole numbers": (numbered(["3", "4", "5"]), "number"),
    "numbers with a decimal comma": (numbered(["1,5", "2,25", "3"]), "number"),
    "numbers in a frame": (np.linspace(0, 1, N), "number"),
    "colours": (numbered(["red", "green", "blue"]), "category"),
    "codes with leading zeros": (numbered(["01", "02", "11"]), "category"),
    "plus and minus": (numbered(["+", "-"]), "category"),
    "per cent": ([f"{at}%" for at in range(N)], "number"),
    "yes and no": (numbered(["Yes", "no"]), "boolean"),
    "0 and 1": (numbered(["0", "1", "1"]), "boolean"),
    "0 and 1 with gaps": (numbered(["0", "1", "NA"]), "boolean"),
    "booleans in a frame": (np.arange(N) % 3 == 0, "boolean"),
    "dates": ([f"2020-01-{1 + at % 28:02d}" for at in range(N)], "date"),
    "dates of eight digits": ([f"202001{1 + at % 28:02d}" for at in range(N)], "date"),
    "whole numbers of eight digits": ([str(20200101 + 31 * at) for at in range(N)], "number"),
    "dates in a frame": (np.arange(N).astype("M8[D]"), "date"),
    "one value": (["5"] * N, "constant"),
    "one number, written twice": (numbered(["5", "5.0"]), "constant"),
    "nothing": ([""] * N, "constant"),
    "counting from 1": ([str(at + 1) for at in range(N)], "identifier"),
    "counting from 0, whole numbers": (np.arange(N), "identifier"),
    "counting in any order": (np.random.default_rng(0).permutation(N), "identifier"),
    "another text in every row": ([f"K{7 * at}" for at in range(N)], "identifier"),
    "free text": (
        [f"she said that it was {at} miles" for at in range(N - 1)] + ["she said that it was 3 miles"],
        "text",
    ),
    "names": ([f"name {at}" for at in range(N - 1)] + ["name 3"], "text"),
    "years in a run": ([str(1871 + at) for at in range(N)], "number"),
    "distinct whole numbers": ([str(at * at) for at in range(N)], "number"),
}


@pytest.mark.parametrize(("cells", "kind"), KINDS.values(), ids=KINDS)
def test_the_kind_of_a_column_follows_from_its_values(cells, kind):
    prep = prepare({"column": cells, "other": numbered(["1.5", "2.5"]), "y": CLASSES}, "y")
    assert (prep.columns[0].kind, prep.columns[0].role) == (
        kind,
        "ignore" if kind in ("constant", "identifier", "text") else "input",
    )
    X, _ = prep({"column": cells, "other": numbered(["1.5", "2.5"]), "y": CLASSES})
    assert (X.dtype, X.shape) == (np.float32, (N, len(prep.feature_names)))
    assert np.isfinite(X).all()


def test_whole_numbers_that_differ_are_an_identifier_only_with_its_name():
    prep = prepare(
        {"customer_id": [str(at * at) for at in range(N)], "paid": [str(at * at) for at in range(N)], "y": CLASSES}, "y"
    )
    assert [column.kind for column in prep.columns] == ["identifier", "number", "category"]


def test_the_features_of_a_small_table_are_those_worked_out_by_hand():
    table = {
        "length": ["1", "3", "", "5"],
        "sex": ["f", "m", "f", "f"],
        "open": ["yes", "no", "yes", "no"],
        "y": CLASSES[:4],
    }
    prep = prepare(table, "y", kinds={"sex": "category"}, rare=1)
    X, y = prep(table)
    assert prep.feature_names == ("length", "length missing", "sex=f", "sex=m", "open")
    # mean 3, variance (4 + 0 + 4) / 3
    scaled = 2 / np.sqrt(8 / 3)
    expected = [[-scaled, 0, 1, 0, 1], [0, 0, 0, 1, 0], [0, 1, 1, 0, 1], [scaled, 0, 1, 0, 0]]
    np.testing.assert_allclose(X, expected, rtol=1e-6)
    assert (y.tolist(), prep.classes, prep.task, prep.output, prep.inputs) == (
        [0, 1, 0, 1],
        ("a", "b"),
        "classification",
        "softmax",
        5,
    )
    assert prep.labels(y).tolist() == CLASSES[:4]
    assert prep.labels([[0.1, 0.9], [0.8, 0.2]]).tolist() == ["b", "a"]


def test_targets_of_a_regression_are_scaled_and_scaled_back():
    y = np.linspace(-3, 50, N)
    table = {"x": np.sin(np.arange(N)), "y": y}
    prep = prepare(table, "y")
    found = prep(table)[1]
    np.testing.assert_allclose(found, (y - y.mean()) / y.std(), rtol=1e-6)
    np.testing.assert_allclose(prep.labels(found[:, None]), y, rtol=1e-6)
    assert (prep.task, prep.output, prep.classes) == ("regression", "identity", None)


@pytest.mark.parametrize(
    ("policy", "first", "indicator"),
    [("mean", 0.0, True), ("median", -1 / np.sqrt(4.5), True), ("category", 0.0, True)],
)
def test_a_missing_number_becomes_what_was_asked_for(policy, first, indicator):
    # of 1, 2, 6 the mean is 3, the median 2, the variance (4 + 1 + 9) / 3
    table = {"x": ["NA", "1", "2", "6"], "y": CLASSES[:4]}
    prep = prepare(table, "y", missing=policy)
    X, _ = prep(table)
    first = 0.0 if policy != "median" else -1 / np.sqrt(14 / 3)
    np.testing.assert_allclose(X[0], [first, 1], rtol=1e-6)
    assert X[1:, 1].tolist() == [0, 0, 0]
    assert prep.columns[0].gap == "1 missing ('NA' 1)"


def test_a_missing_value_is_refused_when_asked_for():
    table = {"x": ["1", "NA", "6"], "y": ["a", "b", "a"]}
    with pytest.raises(DataError, match=r"table, row 1, column 'x': column 'x': a missing value"):
        prepare(table, "y", missing="refuse")


def test_a_kind_that_was_asked_for_does_not_help_a_column_without_values():
    table = {"x": [""] * N, "t": ["2020-01-01"] * N, "z": np.sin(np.arange(N)), "y": CLASSES}
    for kind in ("number", "category", "boolean", "date"):
        assert prepare(table, "y", kinds={"x": kind, "t": "date"}).feature_names == ("z",)
    with pytest.raises(DataError, match="column 'x' cannot be an input, for it holds nothing but missing values"):
        prepare(table, "y", roles={"x": "input"})


COMMAS = {
    "a column beside it has commas": ("a;b;y", "0,5;1,500;u", "3,25;2,250;v", 1.5),
    "semicolons leave commas free": ("a;b;y", "1;1,500;u", "3;2,250;v", 1.5),
    "points are then thousands marks": ("a;b;y", "0,5;1.500;u", "3,25;2.250;v", 1500),
    "a column beside it has points": ("a;b;y", "0.5;1,500;u", "3.25;2,250;v", 1500),
    "commas in quotes": ("a,b,y", '1,"1,500",u', '3,"2,250",v', 1500),
    "points alone": ("a,b,y", "0.5,1.500,u", "3.25,2.250,v", 1.5),
}


@pytest.mark.parametrize(("head", "one", "two", "value"), COMMAS.values(), ids=COMMAS)
def test_the_other_columns_of_a_table_tell_what_a_comma_before_three_digits_is(head, one, two, value):
    table = read_table(io.StringIO("\n".join([head, *[one, two] * 10])))
    X, _ = prepare(table, "y", scale="none")(table)
    assert X[0, -1] == value


def test_a_time_of_day_has_no_place_in_the_year():
    table = {"t": [f"{at % 24:02d}:30" for at in range(N)], "y": CLASSES}
    assert prepare(table, "y").feature_names == ("t seconds", "t day sine", "t day cosine")


def test_the_training_rows_alone_decide():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=N), "c": numbered(["u", "v", "w"]), "y": CLASSES}
    rows = np.arange(0, 30)
    altered = {"x": np.where(np.arange(N) < 30, table["x"], 1e6), "c": [*table["c"][:30], *["new"] * 10], "y": CLASSES}
    whole, part = prepare(table, "y", rows=rows), prepare(read_table(altered).take(rows), "y")
    assert whole.as_dict() == prepare(altered, "y", rows=rows).as_dict() == part.as_dict()


REFUSED = {
    "a date": (
        [f"2020-01-{1 + at % 28:02d}" for at in range(N)],
        "'y' holds dates, year first, which are neither classes nor numbers",
    ),
    "another text in every row": (
        [f"t{at}" for at in range(N)],
        f"'y' has {N} different values in {N} rows: no classes to learn",
    ),
    "one class": (["a"] * N, "'y' has one class only, a: there is nothing to learn"),
    "one number": (["5", "5.0"] * 20, "'y' has one number only"),
    "nothing": ([""] * N, "'y' is missing in every row"),
}


@pytest.mark.parametrize(("cells", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_target_is_refused_in_words(cells, words):
    with pytest.raises(DataError, match=f"table: the target {words}"):
        prepare({"x": np.sin(np.arange(N)), "y": cells}, "y")


TASKS = {
    "two numbers": ([1.5, 2.5] * 20, None, "classification"),
    "few whole numbers": (numbered([1, 2, 3, 4, 5]), None, "classification"),
    "few whole numbers, as asked for": (numbered([1, 2, 3, 4, 5]), "number", "regression"),
    "many whole numbers": (np.arange(N) % 30, None, "regression"),
    "many whole numbers, as asked for": (np.arange(N) % 20, "category", "classification"),
    "booleans": ([True, False] * 20, None, "classification"),
    "texts": (numbered(["u", "v", "w"]), None, "classification"),
    "numbers as text": ([str(at / 7) for at in range(N)], None, "regression"),
}


@pytest.mark.parametrize(("values", "kind", "task"), TASKS.values(), ids=TASKS)
def test_a_target_with_a_few_values_is_a_class_whatever_it_is_made_of(values, kind, task):
    table = {"x": np.sin(np.arange(N)), "y": values}
    prep = prepare(table, "y", kinds={"y": kind} if kind else None)
    assert prep.task == task
    if task == "classification":
        assert prep.labels(prep(table)[1]).tolist() == list(values)


def test_rows_without_a_target_are_left_out_and_counted():
    table = {"x": np.arange(N) ** 2, "y": [*CLASSES[:-2], "NA", "NA"]}
    prep = prepare(table, "y")
    assert (prep.rows, prep.notes) == (N - 2, (f"2 of {N} rows have no target 'y' and were left out",))
    with pytest.raises(DataError, match="2 rows have no target 'y': take the others"):
        prep(table)
    assert len(prep(read_table(table).take(prep.rows_with_target(table)))[1]) == N - 2


def test_a_table_whose_only_input_counts_its_rows_is_a_curve():
    prep = prepare({"x": np.arange(N), "y": np.sin(np.arange(N))}, "y")
    assert prep.feature_names == ("x",)
    assert "it was kept" in prep.notes[0]


def test_a_cell_that_is_the_exception_among_numbers_is_named():
    cells = [str(at / 7) for at in range(N - 1)] + ["abc"]
    with pytest.raises(
        DataError, match=rf"row {N - 1}, column 'x': 'abc' is one of 1 cells that are none .* missing_words=\['abc'\]"
    ):
        prepare({"x": cells, "y": CLASSES}, "y")
    assert prepare({"x": cells, "y": CLASSES}, "y", missing_words=["abc"]).columns[0].gap == "1 missing ('abc' 1)"


def test_a_cell_that_is_the_exception_among_dates_is_named():
    cells = [f"2020-{at % 12 + 1:02d}-{at % 28 + 1:02d}" for at in range(N - 1)] + ["2020-02-30"]
    with pytest.raises(
        DataError, match=rf"row {N - 1}, .*'2020-02-30' is one of 1 cells that are none .* of dates \(year first\)"
    ):
        prepare({"x": cells, "y": CLASSES}, "y")
    assert prepare({"x": cells, "y": CLASSES}, "y", missing_words=["2020-02-30"]).columns[0].kind == "date"


def test_codes_among_numbers_make_a_column_of_codes():
    cells = [str(100 + at % 20) for at in range(N - 2)] + ["207a", "208b"]
    many = {"x": cells * 20, "z": np.sin(np.arange(20 * N)), "y": CLASSES * 20}
    assert prepare(many, "y").columns[0].kind == "category"
    numbers = [str(100 + at) for at in range(N - 2)]
    assert (
        prepare({"x": [*numbers, "207a", "208b"] * 20, "z": many["z"], "y": many["y"]}, "y").columns[0].kind
        == "category"
    )


def test_a_number_stands_for_a_missing_value_only_when_asked():
    cells = ["1", "2", "-999", "-999.0"] * 10
    assert prepare({"x": cells, "y": CLASSES}, "y").columns[0].missing == 0
    assert prepare({"x": cells, "y": CLASSES}, "y", missing_words=[-999]).columns[0].missing == 20
    assert (
        prepare({"x": [float(cell) for cell in cells], "y": CLASSES}, "y", missing_words=[-999]).columns[0].missing
        == 20
    )


def test_namibia_is_a_country_when_asked():
    table = {"country": numbered(["NA", "ZA"]), "x": np.arange(N) ** 2, "y": CLASSES}
    assert prepare(table, "y", present_words=["NA"]).feature_names == ("country=NA", "country=ZA", "x")


def test_rare_categories_are_pooled_and_unknown_ones_go_with_them():
    table = {"c": ["u"] * 20 + ["v"] * 18 + ["w", "z"], "y": CLASSES}
    prep = prepare(table, "y")
    assert prep.feature_names == ("c=u", "c=v", "c rare")
    assert prep({"c": ["w", "never seen", "v"]})[0].tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_an_unknown_category_is_all_zeros_where_none_was_pooled():
    prep = prepare({"c": numbered(["u", "v"]), "y": CLASSES}, "y")
    assert prep({"c": ["never seen", "u"]})[0].tolist() == [[0, 0], [1, 0]]
    assert prep.remarks({"c": ["never seen", "u"]}) == [
        "column 'c': 1 cell(s) with a category that the training rows did not have"
    ]


@pytest.mark.parametrize("cells", [["0", "1", "0", "1"], [0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]])
def test_a_count_of_none_or_one_may_be_more_in_other_rows(cells):
    train = {"baths": cells, "y": ["a", "b", "b", "a"]}
    prep = prepare(train, target="y")
    assert prep.columns[0].kind == "boolean"
    other = prep.features({"baths": ["2", "0", "1.5", "yes"]})
    assert other.tolist() == [[2], [0], [1.5], [1]]
    again = Preparation.from_dict(json.loads(json.dumps(prep.as_dict())))
    assert again.features({"baths": [3]}).tolist() == [[3]]
    for word in ("many", "1e39"):
        with pytest.raises(DataError, match=f"expected 0, 1 or another number, got '{word}'"):
            prep.features({"baths": [word]})


def test_of_yes_and_no_a_number_is_no_other_form():
    prep = prepare({"baths": ["yes", "no"] * 2, "y": ["a", "b", "b", "a"]}, target="y")
    with pytest.raises(DataError, match="expected yes or no, got '2'"):
        prep.features({"baths": ["2"]})


def test_many_categories_are_hashed_or_refused_with_their_count():
    cells = [f"k{at % 90}" for at in range(900)]
    table = {"c": cells, "y": CLASSES[:2] * 450}
    assert prepare(table, "y").columns[0].what == "90 categories hashed into 64 features"
    with pytest.raises(DataError, match="expected at most 64 categories in column 'c', got 90: give many='hash'"):
        prepare(table, "y", many="refuse")


WISHES = {
    "a kind of no column": ({"kinds": {"z": "number"}}, ValueError, "kinds: expected one of x, y, got 'z'"),
    "no kind": ({"kinds": {"x": "numbr"}}, ValueError, r"kinds\['x'\]: .* \(did you mean 'number'\?\)"),
    "no role": ({"roles": {"x": "inptu"}}, ValueError, r"\(did you mean 'input'\?\)"),
    "a second target": ({"roles": {"x": "target"}}, ValueError, "roles: expected the target to be 'y'"),
    "dropping the target": ({"drop": ["y"]}, ValueError, "drop: expected other columns than the target"),
    "dropping letters": ({"drop": "x"}, TypeError, "drop: expected a list of columns, got 'x'"),
    "dropping all": ({"drop": ["x"]}, DataError, r"no column is left to be an input \(x: text, as asked for\)"),
    "no policy": ({"missing": "drop"}, ValueError, "missing: expected one of mean, median, category, refuse"),
    "no scale": ({"scale": "minmax"}, ValueError, "scale: expected one of standard, robust, none"),
    "no rows": ({"rows": []}, DataError, "no training rows"),
    "rows beyond the table": ({"rows": [99]}, ValueError, "rows: expected indices from 0 to 39"),
    "words in one text": ({"missing_words": "NA"}, TypeError, "missing_words: expected a list of words"),
}


@pytest.mark.parametrize(("options", "error", "words"), WISHES.values(), ids=WISHES)
def test_a_wish_that_cannot_be_meant_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        prepare({"x": np.sin(np.arange(N)), "y": CLASSES}, "y", **options)


def test_a_target_alone_is_refused():
    with pytest.raises(DataError, match="expected at least one column beside the target 'y'"):
        prepare({"y": CLASSES}, "y")


def test_the_target_is_suggested_by_its_nearest_name():
    with pytest.raises(
        ValueError, match=r"target: expected one of x, Species, got 'species' \(did you mean 'Species'\?\)"
    ):
        prepare({"x": [1, 2], "Species": ["a", "b"]}, "species")


def test_a_file_is_read_with_the_options_of_reading(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a;b;y\n" + "".join(f"1.{at:03d};{at};{'uv'[at % 2]}\n" for at in range(30)))
    assert prepare(path, "y", decimal=".").codes["a"].centre < 2
    assert prepare(path, "y", decimal=",").codes["a"].centre > 1_000
    with pytest.raises(ValueError, match=r"argument: expected one of .* \(did you mean 'decimal'\?\)"):
        prepare(path, "y", decimals=".")
    with pytest.raises(
        ValueError,
        match=r"source: expected a text that is still to be read, .* got a table that has been read, and decimal",
    ):
        prepare(read_table(path), "y", decimal=".")


def test_all_features_are_tamed_at_last_by_what_the_training_rows_say():
    table = {"x": [0.0, 1.0, 2.0, 3.0, 100.0], "c": ["a", "b", "a", "b", "a"]}
    one = 1 / np.sqrt(1 + 1 / 9)
    clipped = prepare(table, scale="robust", clip=3)  # by hand: (x - 2) / 2, then x / sqrt(1 + (x / 3)^2)
    expected = [[49 / np.sqrt(1 + (49 / 3) ** 2), one, 0], [0.5 / np.sqrt(1 + 1 / 36), 0, one]]
    np.testing.assert_allclose(clipped.features({"x": [100.0, 3], "c": ["a", "b"]}), expected, rtol=1e-6)
    binned = prepare(table, scale="none", bins=2, rows=[0, 1, 2], rare=1)  # edges 0, 1, 2
    assert binned.feature_names == ("x/0", "x/1", "c=a", "c=b")
    expected = [[0.5, 0, 1, 0], [1, 99, 1, 0]]
    np.testing.assert_allclose(binned.features({"x": [0.5, 100], "c": ["a", "a"]}), expected, rtol=1e-6)
    assert [c.features for c in binned.columns] == [("x/0", "x/1"), ("c=a", "c=b")]
    with pytest.raises(ValueError, match="bins: expected None beside clip"):
        prepare(table, clip=3, bins=2)
    with pytest.raises(ValueError, match="clip: expected a finite number above 0, got 0"):
        prepare(table, clip=0)
    with pytest.raises(TypeError, match="clip: expected a finite number above 0, got 'far'"):
        prepare(table, clip="far")


def test_an_array_has_as_many_columns_as_at_the_fit():
    X = np.column_stack([np.arange(6.0), np.zeros(6), np.arange(6) % 2 == 0])
    prep = prepare(X, 2)
    assert prep.positional
    assert prep.features(X).shape == prep.features(X[:, :2]).shape == (6, 1)
    with pytest.raises(ValueError, match="expected 3 columns, as at the fit, got 4"):
        prep(np.hstack([X, X[:, :1]]))
    assert not prepare({"x": [1.0, 2, 4]}).positional
