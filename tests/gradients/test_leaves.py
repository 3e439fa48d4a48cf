"""Pytrees as dicts by path, and back."""

import numpy as np

from jaxnet.gradients.leaves import flatten, unflatten

TREE = [{"w": np.ones((2, 3)), "b": np.zeros(3)}, (np.float32(2.0),)]


def test_leaves_are_named_by_their_keystr_path():
    assert list(flatten(TREE)) == ["[0]['b']", "[0]['w']", "[1][0]"]


def test_a_single_array_has_the_empty_path():
    assert list(flatten(np.ones(2))) == [""]


def test_unflatten_puts_leaves_back_into_the_containers_they_came_from():
    doubled = unflatten(TREE, {path: 2 * leaf for path, leaf in flatten(TREE).items()})
    assert isinstance(doubled[1], tuple)
    np.testing.assert_array_equal(doubled[0]["w"], np.full((2, 3), 2.0))
