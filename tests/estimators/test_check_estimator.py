"""scikit-learn's conventions, as its own checks state them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from jaxnet.estimators import MLPClassifier, MLPRegressor, TableTransformer, TabularClassifier, TabularRegressor

TABULAR = {"hidden_layer_sizes": (16,), "epochs": 60, "batch_size": 32, "folds": None, "random_state": 0}
DRAWN = "rows are drawn for the validation, and a row that stands twice is drawn twice"


def known(estimator):
    """What a class of its own choice of epochs cannot keep."""
    tabular = isinstance(estimator, TabularClassifier | TabularRegressor)
    return {"check_sample_weight_equivalence_on_dense_data": DRAWN} if tabular else {}


@pytest.mark.filterwarnings("ignore")  # the checks themselves warn of many things, and ask for those they want
@parametrize_with_checks(
    [
        MLPClassifier(max_iter=100), MLPRegressor(max_iter=100), TableTransformer(),
        TabularClassifier(**TABULAR), TabularRegressor(**TABULAR),
    ],
    expected_failed_checks=known,
)  # fmt: skip
def test_it_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)
