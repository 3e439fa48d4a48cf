"""The plane over which units are drawn goes through the chosen example, and its picture has the data where it is."""

import numpy as np
import pytest

from jaxnet.playground.planes import SIDE, plane_of
from jaxnet.playground.shown_data import DataChoice, ShownData, shown_data


def data_of(X, image=None):
    y = np.arange(len(X)) % 2
    names = tuple(f"x{i + 1}" for i in range(X.shape[1]))
    return ShownData("", X, y, X[:1], y[:1], names, ("no", "yes"), (), image=image)


DATA = data_of(np.random.default_rng(0).uniform(-2, 3, (30, 3)).astype(np.float32))


def test_two_inputs_span_it_and_the_others_stand_as_in_the_example():
    plane = plane_of(DATA, DATA.X[4], (2, 0))
    grid = plane.grid().reshape(SIDE, SIDE, 3)
    assert (grid[..., 1] == DATA.X[4, 1]).all()
    assert (np.diff(grid[0, :, 2]) > 0).all()
    assert (np.diff(grid[:, 0, 0]) < 0).all(), "up is up"
    np.testing.assert_allclose(plane.place(DATA.X), DATA.X[:, [2, 0]])


def test_every_row_lies_within_it():
    for data in (DATA, shown_data(DataChoice("stairs"))):
        plane = plane_of(data, data.X[0])
        places = plane.place(data.X)
        assert (places > plane.low).all()
        assert (places < plane.high).all()


def test_pictures_of_many_pixels_lie_in_the_directions_in_which_they_vary_most():
    base = np.random.default_rng(1).normal(size=(50, 2)) * [5, 2]
    hidden = np.linalg.qr(np.random.default_rng(2).normal(size=(9, 9)))[0][:2]
    data = data_of((base @ hidden).astype(np.float32), image=(3, 3))
    plane = plane_of(data, data.X[0])
    assert plane.inputs == (-1, -1)
    np.testing.assert_allclose(np.abs(np.stack([plane.across, plane.up]) @ hidden.T), np.eye(2), atol=0.1)
    assert abs(plane.across @ plane.up) < 1e-5


def test_one_input_is_drawn_across_and_up_says_nothing():
    one = data_of(DATA.X[:, :1])
    grid = plane_of(one, one.X[0]).grid().reshape(SIDE, SIDE)
    assert (grid == grid[0]).all()


@pytest.mark.parametrize("inputs", [(0, 0), (0, 3), (-1, 1), (0.5, 1), ("x1", 1)])
def test_inputs_that_are_not_two_of_the_data_are_refused(inputs):
    with pytest.raises((ValueError, TypeError), match="plane: expected"):
        plane_of(DATA, DATA.X[0], inputs)
