"""``TableTransformer``: the preparation of a table as a step of scikit-learn's pipelines."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import _check_n_features, check_is_fitted

from jaxnet.data import RawTable, prepare, read_table


class TableTransformer(TransformerMixin, BaseEstimator):
    """``jaxnet.data.prepare`` without a target, as a transformer: a data frame, or an array [N, D], becomes float32.

    It passes scikit-learn's ``check_estimator``; text, categories, dates and gaps are what it is for.

    Args:
        kinds, roles, drop, missing, scale, many, rare, most_categories, missing_words, present_words, clip, bins: as
            ``prepare`` has them.

    Attributes:
        preparation_: the ``Preparation`` that ``fit`` has made; print it.
        n_features_in_: the number of columns.
        feature_names_in_: their names, where the table has names that are texts.

    A column that ``prepare`` refuses, and a table without the columns that it was fitted on, is a DataError, which is a
    ValueError.

    >>> TableTransformer(scale="robust").fit_transform({"x": ["1", "2", "NA"], "c": ["a", "b", "a"]}).shape
    (3, 4)
    """

    def __init__(
        self,
        *,
        kinds: Mapping[str, str] | None = None,
        roles: Mapping[str, str] | None = None,
        drop: Iterable[str] = (),
        missing: str | Mapping[str, str] = "mean",
        scale: str = "standard",
        many: str = "hash",
        rare: int | None = None,
        most_categories: int = 64,
        missing_words: Iterable[str | float] = (),
        present_words: Iterable[str] = (),
        clip: float | None = None,
        bins: int | None = None,
    ) -> None:
        self.kinds = kinds
        self.roles = roles
        self.drop = drop
        self.missing = missing
        self.scale = scale
        self.many = many
        self.rare = rare
        self.most_categories = most_categories
        self.missing_words = missing_words
        self.present_words = present_words
        self.clip = clip
        self.bins = bins

    def fit(self, X: Any, y: Any = None) -> "TableTransformer":
        """Fit the preparation to the rows of X; ``y`` is not looked at. Returns self; raises as ``prepare`` does."""
        # of one row every column would be a constant
        table = _table(X, fewest=2)
        self.preparation_ = prepare(table, None, **self.get_params(deep=False))
        self.n_features_in_ = len(table.names)
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(X, "columns") and all(isinstance(name, str) for name in X.columns):
            self.feature_names_in_ = np.array(list(X.columns), object)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of X, float32 [N, F]; raises DataError, with row and column, for a cell that has none."""
        check_is_fitted(self)
        table = _table(X)
        if table.source == "array":  # columns without names are known by their number
            _check_n_features(self, np.empty((0, len(table.names))), reset=False)
        return self.preparation_.features(table)

    def __sklearn_tags__(self) -> Tags:
        """Say that text, categories and gaps are taken, and that the result is float32."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.categorical = tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the F features; ``input_features`` is not looked at, for the columns have names."""
        check_is_fitted(self)
        return np.array(self.preparation_.feature_names, object)


def _table(X: Any, fewest: int = 1) -> RawTable:
    """Return a table as it is, and what scikit-learn takes for an array, lists of rows too, by its own checks."""
    if isinstance(X, str | os.PathLike | Mapping | RawTable) or any(
        hasattr(X, name) for name in ("columns", "column_names", "read")
    ):
        return read_table(X)
    listed = isinstance(X, list | tuple) and len(X) > 0
    if listed and isinstance(X[0], Mapping):
        return read_table(X)
    rows = listed and isinstance(X[0], list | tuple | np.ndarray)
    array = check_array(
        np.array(X, object) if rows else X, dtype=None, ensure_all_finite=False, ensure_min_samples=fewest
    )
    return read_table(array)
