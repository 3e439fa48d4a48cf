"""Each row has its prediction, in the order of the table; a row that cannot be used is named, or left empty."""

import csv
import io

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.data import DataError
from jaxnet.tabular import predict_rows
from jaxnet.tabular.row_predictions import RowPredictions, escaped

from .conftest import table_of


def test_predictions_are_the_models_in_the_order_of_the_rows(classified):
    report, _ = classified
    table = table_of(12, seed=5)
    found = predict_rows(report.model, table)
    assert found.prediction.tolist() == report.model.predict(table).tolist()
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert list(rows[0]) == ["prediction", "probability_elm", "probability_oak"]
    shares = np.array([[float(row["probability_elm"]), float(row["probability_oak"])] for row in rows])
    np.testing.assert_allclose(shares, report.model.predict_proba(table), rtol=1e-6)


def test_a_regression_has_predictions_only(regressed):
    found = predict_rows(regressed.model, table_of(3))
    assert next(found.records()) == {"prediction": found.prediction[0]}
    assert found.to_csv().startswith("prediction\n")


def test_a_row_that_cannot_be_used_is_named_or_left_empty(classified):
    table = table_of(4)
    table["weight"] = ["55.5", "heavy", "60", "70"]
    with pytest.raises(DataError, match=r"column 'weight': .*'heavy'.*--skip-bad"):
        predict_rows(classified[0].model, table)
    found = predict_rows(classified[0].model, table, skip_bad=True)
    assert [row.row for row in found.bad] == [1]
    assert found.to_csv().splitlines()[2] == ",,"
    assert found.to_csv().splitlines()[1].startswith(("oak,", "elm,"))


def test_a_column_that_is_not_there_is_refused_with_the_nearest(classified):
    table = table_of(3)
    table["weigth"] = table.pop("weight")
    with pytest.raises(DataError, match=r"no column 'weight'.*did you mean 'weigth'"):
        predict_rows(classified[0].model, table)


def test_what_is_not_used_is_said(classified):
    found = predict_rows(classified[0].model, {**table_of(3), "colour": ["red"] * 3})
    assert any("colour" in remark for remark in found.remarks)


def test_a_model_without_a_preparation_is_refused():
    net = jn.MLP((2, 2), output="softmax")
    model = jn.Model(net, [{"w": np.zeros((2, 2), np.float32), "b": np.zeros(2, np.float32)}])
    with pytest.raises(ValueError, match="model: expected one with a preparation"):
        predict_rows(model, table_of(2))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+x", "'+x"), ("-x", "'-x"), ("@x", "'@x"), ("\tx", "'\tx"),
        ("oak", "oak"), ("-1", "-1"), ("+2.5", "+2.5"), (-1.5, "-1.5"), (3, "3"), (None, ""), (True, "True"),
    ],
)  # fmt: skip
def test_a_text_that_a_spreadsheet_would_calculate_is_escaped_and_a_number_is_not(value, cell):
    assert escaped(value) == cell


def test_names_of_classes_are_escaped_too():
    found = RowPredictions(np.array(["=a"]), np.array([[1.0]]), ("=a",), [], [])
    assert found.to_csv() == "prediction,probability_=a\n'=a,1\n"
