"""Members of one seed and fold share tiles, of which each has as many lanes."""

import numpy as np

from jaxnet.sweeps.tilings import tile_slots

SEEDS, FOLDS = np.array([3, 1, 1, 3, 1, 1]), np.array([0, 0, 0, 0, 0, 1])


def test_a_tile_that_is_not_full_repeats_its_last_member() -> None:
    tiling = tile_slots(SEEDS, FOLDS, np.arange(6), 2)
    assert tiling.slots.tolist() == [[1, 2], [4, 4], [0, 3], [5, 5]]
    assert tiling.real.tolist() == [2, 1, 2, 1]
    assert tiling.seated.tolist() == [[True, True], [True, False], [True, True], [True, False]]
    assert tiling.part(slice(1, 3)).slots.tolist() == [[4, 4], [0, 3]]


def test_whole_tiles_are_dealt_out_without_their_padding() -> None:
    tiling = tile_slots(SEEDS, FOLDS, np.arange(6), 2)
    assert [share.tolist() for share in tiling.shares(3)] == [[1, 2, 5], [4], [0, 3]]
    assert [share.tolist() for share in tiling.shares(5)][-1] == []


def test_nobody_takes_no_tile() -> None:
    tiling = tile_slots(SEEDS, FOLDS, np.arange(0), 2)
    assert tiling.slots.shape == (0, 2)
    assert tiling.seated.shape == (0, 2)
