"""scikit-learn's own tests of its MLPs, from its wheel, with jaxnet's classes in the place of its own."""

import inspect
import itertools

import pytest
from sklearn.neural_network.tests import test_mlp

from jaxnet.estimators import MLPClassifier, MLPRegressor

OURS = {test_mlp.MLPClassifier: MLPClassifier, test_mlp.MLPRegressor: MLPRegressor}
# what these say is said through public names in test_public_statements.py
PRIVATE = {
    "test_fit": "sets coefficients by hand together with private buffers of scikit-learn's",
    "test_gradient": "calls _loss_grad_lbfgs",
    "test_learning_rate_warmstart": "reads _optimizer.learning_rate",
    "test_adaptive_learning_rate": "reads _optimizer.learning_rate",
    "test_n_iter_no_change": "reads _no_improvement_count",
    "test_n_iter_no_change_inf": "reads _no_improvement_count",
}


def cases():
    """List one case for each combination of a test's own parameters, with our classes in place."""
    tests = {name: test for name, test in sorted(vars(test_mlp).items()) if name.startswith("test_")}
    return [case for name, test in tests.items() for case in cases_of(name, test)]


def cases_of(name, test):
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    choices = [[named(mark.args[0], values) for values in mark.args[1]] for mark in marks]
    skip = [pytest.mark.skip(reason=PRIVATE[name])] if name in PRIVATE else []
    for number, chosen in enumerate(itertools.product(*choices)):
        arguments = {argument: value for part in chosen for argument, value in part.items()}
        yield pytest.param(test, arguments, id=f"{name}-{number}", marks=skip)


def named(names, values):
    names = [name.strip() for name in names.split(",")]
    values = values if len(names) > 1 else [values]
    ours = [OURS.get(value, value) if isinstance(value, type) else value for value in values]
    return dict(zip(names, ours, strict=True))


@pytest.mark.parametrize(("test", "arguments"), cases())
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learns_test_passes(test, arguments, monkeypatch, request):
    for theirs, ours in OURS.items():
        monkeypatch.setattr(test_mlp, theirs.__name__, ours)
    # a test that trains theirs would pass whatever ours does
    assert {getattr(test_mlp, theirs.__name__) for theirs in OURS} == set(OURS.values())
    asked_for = set(inspect.signature(test).parameters) - set(arguments)
    given = {name: 42 if name == "global_random_seed" else request.getfixturevalue(name) for name in asked_for}
    test(**arguments, **given)
