"""Two-dimensional data by name: within the square, of all classes, and the same for the same seed."""

import numpy as np
import pytest

from jaxnet.playground.toys import TOYS, toy


@pytest.mark.parametrize("name", TOYS)
def test_a_toy_has_its_rows_and_all_its_classes_in_even_shares(name):
    data = toy(name, 300)
    assert data.x.shape == (300, 2)
    assert np.abs(data.x).max() < 2
    if data.classes:
        assert np.bincount(data.y).min() > 300 / len(data.classes) * 0.75
    else:
        assert np.ptp(data.y) > 0.5


def test_more_noise_moves_the_same_points_further():
    still, little, much = (toy("moons", 50, noise=noise, seed=3) for noise in (0, 0.1, 0.3))
    np.testing.assert_allclose(much.x - still.x, 3 * (little.x - still.x), atol=1e-12)
    assert (toy("moons", 50, seed=4).x != still.x).any()


def test_the_two_arms_of_the_spiral_are_one_another_turned_by_half():
    data = toy("spiral", 200)
    angle, radius = np.arctan2(*data.x.T), np.hypot(*data.x.T)
    turns = angle - 3.5 * np.pi * radius - np.pi * data.y
    np.testing.assert_allclose(np.cos(turns), 1, atol=1e-9)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"name": "circel"}, "circle"), ({"name": "xor", "rows": 3}, "rows"), ({"name": "xor", "noise": 2}, "noise"),
     ({"name": "xor", "seed": -1}, "seed")],
)  # fmt: skip
def test_anything_else_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        toy(**given)
