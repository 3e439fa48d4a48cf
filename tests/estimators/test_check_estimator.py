"""scikit-learn's conventions, as its own checks state them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from jaxnet.estimators import MLPClassifier, MLPRegressor, TableTransformer


@pytest.mark.filterwarnings("ignore")  # the checks themselves warn of many things, and ask for those they want
@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100), TableTransformer()])
def test_it_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)
