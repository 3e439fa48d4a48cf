"""scikit-learn's conventions, as its own checks state them."""

import pytest
from sklearn.utils.estimator_checks import check_no_attributes_set_in_init, parametrize_with_checks

from jaxnet.estimators import MLPClassifier, MLPRegressor, TableTransformer, TabularClassifier, TabularRegressor

TABULAR = {"hidden_layer_sizes": (16,), "epochs": 60, "batch_size": 32, "folds": None, "random_state": 0}
DRAWN = "rows are drawn for the validation, and a row that stands twice is drawn twice"
ASKED = parametrize_with_checks(
    [
        MLPClassifier(max_iter=100), MLPRegressor(max_iter=100), TableTransformer(),
        TabularClassifier(**TABULAR), TabularRegressor(**TABULAR),
    ],
    expected_failed_checks=lambda estimator: (
        {"check_sample_weight_equivalence_on_dense_data": DRAWN}
        if isinstance(estimator, TabularClassifier | TabularRegressor)
        else {}
    ),
)  # fmt: skip


def once():
    """List the checks, but of the regressor for tables those alone that its classifier is not asked: what they do with X
    and with parameters is one class's."""
    of = lambda case: getattr(case, "values", case)
    name = lambda check: getattr(check, "func", check).__name__
    cases = list(ASKED.args[1])
    classifiers = {name(check) for estimator, check in map(of, cases) if isinstance(estimator, TabularClassifier)}
    return [
        case for case in cases if not (isinstance(of(case)[0], TabularRegressor) and name(of(case)[1]) in classifiers)
    ]


@pytest.mark.filterwarnings("ignore")  # the checks themselves warn of many things, and ask for those they want
@pytest.mark.parametrize(ASKED.args[0], once(), ids=ASKED.kwargs["ids"])
def test_it_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)  # asserts by itself


def test_one_that_does_not_keep_them_is_seen():
    class Careless(MLPClassifier):
        def __init__(self, hidden_layer_sizes=(100,)):
            super().__init__(hidden_layer_sizes)
            self.extra = 1

    with pytest.raises(AssertionError, match="extra"):
        check_no_attributes_set_in_init("Careless", Careless())
