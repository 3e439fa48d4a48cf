"""The plane of the loss holds the start and the ends, and what is drawn there is their loss."""

import numpy as np
import pytest

from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.loss_surfaces import plane_through, surface_of
from jaxnet.playground.play_settings import PlaySettings
from jaxnet.playground.shown_data import DataChoice


@pytest.fixture
def trainer(ready):
    return LiveTrainer(PlaySettings(DataChoice("moons"), hidden=(3,), activations=("tanh",), batch=40))


@pytest.mark.parametrize("rival", [None, {"rate": 1.0}, {}])
def test_what_is_drawn_at_the_start_and_at_the_ends_is_their_loss(rival, trainer):
    if rival is not None:
        trainer.race(rival)
    for _ in range(4):
        pictures = trainer.frame(5)
    surface = surface_of(trainer)
    np.testing.assert_allclose(surface["ways"][0]["points"][-1][2], pictures.shown.losses[0], rtol=1e-5)
    (left, _), (right, top) = surface["low"], surface["high"]
    values = np.array(surface["values"]).reshape(surface["side"], surface["side"])
    step = (right - left) / (surface["side"] - 1)
    for way in surface["ways"]:
        for u, v, loss in (way["points"][0], way["points"][-1]):
            # between its four neighbours, as far as the surface bends
            column, row = (u - left) / step, (top - v) / step
            near = values[int(row) : int(row) + 2, int(column) : int(column) + 2]
            bend = np.abs(np.diff(values, n=2, axis=0)).max() + np.abs(np.diff(values, n=2, axis=1)).max()
            assert near.min() - bend <= loss <= near.max() + bend
        assert 0.5 < way["within"] <= 1 + 1e-9


def test_untrained_there_is_a_surface_all_the_same(trainer):
    surface = surface_of(trainer)
    assert len(surface["values"]) == surface["side"] ** 2
    assert surface["ways"][0]["points"][0] == surface["ways"][0]["points"][-1]


@pytest.mark.parametrize(
    "ways",
    {
        "two ends": [[[0, 0, 0], [3, 0, 0]], [[0, 0, 0], [1, 2, 0]]],
        "one end": [[[0, 0, 0], [1, 1, 0], [2, 0, 0]]],
        "the same end twice": [[[0, 0, 0], [0, 1, 0]], [[0, 0, 0], [0, 1, 0]]],
        "back at the start": [[[0, 0, 0], [1, 2, 0], [0, 0, 0]]],
        "nowhere": [[[0, 0, 0], [0, 0, 0]]],
    }.items(),
    ids=lambda case: case[0],
)
def test_two_directions_at_right_angles_hold_the_ends(ways):
    offsets = [np.array(way, float) for way in ways[1]]
    plane = plane_through(offsets)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
    for way in offsets:
        np.testing.assert_allclose((way[-1] @ plane.T) @ plane, way[-1], atol=1e-12)
