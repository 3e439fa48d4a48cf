"""Who sits where: the members of a group in tiles, and in fewer tiles when some of them have ended."""

from typing import NamedTuple

import numpy as np


class Tiling(NamedTuple):
    """Who sits where: ``slots`` [tiles, T] into the members of a group, ``real`` [tiles] lanes that are not padding."""

    slots: np.ndarray
    real: np.ndarray

    @property
    def seated(self) -> np.ndarray:
        """Which lanes [tiles, T] are no padding."""
        return np.arange(self.slots.shape[1]) < np.expand_dims(self.real, 1)

    def part(self, tiles: slice) -> "Tiling":
        """Some of the tiles."""
        return Tiling(self.slots[tiles], self.real[tiles])

    def shares(self, count: int) -> list[np.ndarray]:
        """Deal whole tiles out to so many; return the slots of each."""
        tiles = [row[:real] for row, real in zip(*self, strict=True)]
        none = np.zeros(0, self.slots.dtype)
        return [np.concatenate([none, *tiles[rank::count]]) for rank in range(count)]


def tile_slots(seeds: np.ndarray, folds: np.ndarray, slots: np.ndarray, lanes: int) -> Tiling:
    """Fill tiles with members of one seed and fold, and the rest of a tile by repeating its last member."""
    rows, real = [], []
    for fold, seed in sorted({(int(folds[slot]), int(seeds[slot])) for slot in slots}):
        mine = slots[(folds[slots] == fold) & (seeds[slots] == seed)]
        for start in range(0, len(mine), lanes):
            part = mine[start : start + lanes]
            rows.append(np.concatenate([part, np.repeat(part[-1:], lanes - len(part))]))
            real.append(len(part))
    return Tiling(np.array(rows, np.int64).reshape(-1, lanes), np.array(real, np.int64))
