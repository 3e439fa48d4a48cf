"""Which configurations are compared with which."""

from types import SimpleNamespace

import numpy as np
import pytest

ROWS = [
    ({"learning_rate": 1 / 32, "momentum": 0.0, "hidden": (16,)}, 0.9),
    ({"learning_rate": 1 / 64, "momentum": 0.5, "hidden": (16,)}, 0.8),  # the first one's effective rate
    ({"learning_rate": 1 / 16, "momentum": 0.0, "hidden": (16,)}, 0.6),  # twice the first one's rate
    ({"learning_rate": 1 / 32, "momentum": 0.0, "hidden": (32,)}, 0.1),  # another width
    ({"learning_rate": 1 / 8, "momentum": 0.0, "hidden": (16,)}, 0.1),  # twice, but too big
]


@pytest.fixture
def result():
    configurations, means = zip(*ROWS, strict=True)
    # two seeds a configuration, around its mean
    values = np.array(means)[:, None] + [-0.05, 0.05]
    return SimpleNamespace(values=lambda: values, plan=SimpleNamespace(configurations=configurations))


def test_equal_effective_rates_are_compared_at_equal_width(experiment, result):
    assert list(experiment.differences(result, effective=True)) == [pytest.approx(0.1)]


def test_the_yardstick_is_twice_the_rate_at_equal_momentum(experiment, result):
    assert list(experiment.differences(result, effective=False)) == [pytest.approx(0.3)]


def test_what_diverged_has_no_value_in_the_file(experiment):
    assert experiment.finite([0.5, float("nan"), float("inf")]) == [0.5, None, None]


def test_the_test_digits_are_standardised_by_the_training_digits(experiment):
    train, validation, test = experiment.digits()
    assert [len(part) for part in (train, validation, test)] == [1078, 360, 359]
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-12)
    assert np.abs(test.x.mean(axis=0)).max() > 1e-3
