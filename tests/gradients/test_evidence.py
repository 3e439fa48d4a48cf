"""Pytrees as dicts by path, and back; agreement within noise, and how far a replay is off."""

import numpy as np
import pytest

from jaxnet.gradients.evidence import agrees, by_path, from_paths, residual, within

TREE = [{"w": np.ones((2, 3)), "b": np.zeros(3)}, (np.float32(2.0),)]


def test_leaves_are_named_by_their_keystr_path():
    assert list(by_path(TREE)) == ["[0]['b']", "[0]['w']", "[1][0]"]


def test_a_single_array_has_the_empty_path():
    assert list(by_path(np.ones(2))) == [""]


def test_unflatten_puts_leaves_back_into_the_containers_they_came_from():
    doubled = from_paths(TREE, {path: 2 * leaf for path, leaf in by_path(TREE).items()})
    assert isinstance(doubled[1], tuple)
    np.testing.assert_array_equal(doubled[0]["w"], np.full((2, 3), 2.0))


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
