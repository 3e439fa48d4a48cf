"""The preparation of a table inside scikit-learn's pipelines."""

import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from jaxnet.data import DataError, prepare
from jaxnet.estimators import TableTransformer

N = 60
RNG = np.random.default_rng(0)
X = pandas.DataFrame(
    {"size": RNG.normal(size=N), "colour": RNG.choice(["red", "green"], N), "open": RNG.choice([True, False], N)}
)
Y = np.where((X["colour"] == "red") ^ (X["size"] > 1), "yes", "no")


def test_it_makes_the_features_that_prepare_makes():
    prep = prepare(X)
    transformer = TableTransformer()
    np.testing.assert_array_equal(transformer.fit_transform(X, Y), prep.features(X))
    assert transformer.get_feature_names_out().tolist() == ["size", "colour=green", "colour=red", "open"]
    assert transformer.feature_names_in_.tolist() == ["size", "colour", "open"]


def test_a_pipeline_learns_from_a_frame_and_a_search_sets_its_parameters():
    pipeline = make_pipeline(TableTransformer(), LogisticRegression())
    search = GridSearchCV(pipeline, {"tabletransformer__scale": ["standard", "none"]}, cv=3).fit(X, Y)
    assert search.score(X, Y) > 0.8
    assert search.best_params_["tabletransformer__scale"] in ("standard", "none")


def test_a_clone_has_its_parameters_and_is_not_fitted():
    transformer = TableTransformer(missing="median", kinds={"size": "number"}).fit(X)
    copy = clone(transformer)
    assert copy.get_params() == transformer.get_params()
    with pytest.raises(NotFittedError, match="This TableTransformer instance is not fitted yet"):
        copy.transform(X)


def test_the_output_can_be_a_frame():
    frame = TableTransformer().set_output(transform="pandas").fit_transform(X)
    assert frame.columns.tolist() == ["size", "colour=green", "colour=red", "open"]


def test_arrays_and_lists_of_rows_have_columns_by_number():
    rows = [[1.0, "a"], [2.5, "b"], [3.0, "a"]]
    transformer = TableTransformer().fit(rows)
    assert transformer.get_feature_names_out().tolist() == ["column_1", "column_2=a", "column_2 rare"]
    np.testing.assert_array_equal(transformer.transform(rows), transformer.transform(np.array(rows, object)))


def test_a_frame_without_a_column_is_refused():
    with pytest.raises(DataError, match="no column 'size', which the preparation needs: got colour, open"):
        TableTransformer().fit(X).transform(X[["colour", "open"]])
