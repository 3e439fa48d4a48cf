"""Agreement within noise, and how far a replay is off."""

import numpy as np
import pytest

from jaxnet.gradients.problem import agrees, residual, within

ONES = {"w": np.ones(2)}


def test_a_difference_of_exactly_the_noise_is_explained_by_it():
    assert within(np.array([1.5]), np.array([1.0]), np.array([0.5])).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_never_within_the_noise(value):
    assert not within(np.array([value]), np.array([1.0]), np.array([1e300])).any()


def test_one_entry_beyond_its_noise_is_disagreement():
    assert agrees(ONES, {"w": np.array([1.0, 1.1])}, {"w": np.array([0.0, 0.2])})
    assert not agrees(ONES, {"w": np.array([1.0, 1.1])}, {"w": np.array([1.0, 0.05])})


def test_the_residual_is_relative_to_the_gradient_under_test():
    assert residual(ONES, {"w": np.array([1.0, 2.0])}) == pytest.approx(1 / np.sqrt(2))
    assert residual({"w": np.zeros(2)}, {"w": np.zeros(2)}) == 0
    assert residual({"w": np.zeros(2)}, ONES) == 1
