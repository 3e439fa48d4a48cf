"""jaxnet beside other libraries: when a difference counts as one."""

import pytest

CASES = {
    "equal": ([90, 91, 92], "+0.00 ± 0.00", True),
    "half a point apart": ([89.5, 90.5, 91.5], "+0.50 ± 0.00", True),
    "two points better": ([88, 89, 90], "+2.00 ± 0.00", False),
    "two points worse": ([92, 93, 94], "-2.00 ± 0.00", False),
    # differences 0, 2, 4: mean 2, deviation 2, t = 4.3027 for two degrees of freedom, so ± 4.97
    "two points better by chance": ([90, 89, 88], "+2.00 ± 4.97", True),
}


@pytest.mark.parametrize(("other", "words", "holds"), CASES.values(), ids=CASES)
def test_libraries_are_compared_seed_by_seed(experiment, other, words, holds):
    own, claim = experiment.compared(("iris", (32,)), {"jaxnet": [90.0, 91, 92], "scikit-learn": other})
    assert (own.what, own.holds) == ("iris, 32: jaxnet's accuracy in %", None)
    assert (claim.what, claim.measured, claim.holds) == ("iris, 32: jaxnet - scikit-learn", words, holds)


def test_every_library_is_given_the_same_examples_and_scores_alike(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 30)
    found, seconds = experiment.accuracies("iris", (8,), 2)
    assert {"jaxnet", "scikit-learn"} <= found.keys() == seconds.keys()
    # 30 test examples: an accuracy is a multiple of 10/3 %
    for values in found.values():
        assert all(value >= 80 and (value * 30 / 100) % 1 == pytest.approx(0, abs=1e-9) for value in values)


def test_a_case_is_named_by_its_data_and_layers(experiment):
    assert experiment.label(("wine", (32, 32))) == "wine, 32-32"
    assert experiment.label(("wine", ())) == "wine, no hidden layer"
