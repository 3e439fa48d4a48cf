"""The article's 500 images of 2 x 2 pixels: half of them stairs, generated anew from R's seed 2017.

A pixel is an intensity from 0 (white) to 255 (black). Pixels stand in the order R1C1, R1C2, R2C1, R2C2, the article's
x1 to x4. Source: the article's own generator, ``data_generation.R`` in github.com/ben519/MLPB.
"""

import functools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from jaxnet.stairs.r_random import Generator, seeded

SEED = 2017
TABLE_IDS = (1, 2, 3, 498, 499, 500)  # the rows of the article's table
FIGURE_IDS = (4, 240, 257, 367, 407, 495)  # the images of the article's figures
LIGHT, DARK, ANY = (0, 10), (150, 255), (0, 255)


class Images(NamedTuple):
    """Images and what they show.

    Attributes:
        x: intensities [N, 4], uint8, 0 white to 255 black.
        y: [N], int32: 1 stairs, 0 something else.
        ids: [N], int32: the article's numbers, from 1 to 500.
    """

    x: np.ndarray
    y: np.ndarray
    ids: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """The targets of a network with two outputs, (stairs, something else): [N, 2], float64, rows [y, 1 - y]."""
        return np.stack([self.y, 1 - self.y], axis=1).astype(np.float64)

    def only(self, ids: Iterable[int]) -> "Images":
        """Return the images of the given ids, in the order of the ids; all must be there."""
        rows = [int(np.flatnonzero(self.ids == each)[0]) for each in ids]
        return Images(*(column[rows] for column in self))


def load() -> tuple[Images, Images]:
    """Return the article's 400 images for training and 100 for testing, sorted by id, with raw intensities."""
    images, test_ids = _generated()
    test = np.isin(images.ids, test_ids)
    part = lambda rows: Images(*(column[rows] for column in images))
    return part(~test), part(test)


def every() -> Images:
    """Return all 500 images, sorted by id."""
    return Images(*(column.copy() for column in _generated()[0]))


def chosen(image: int | None, otherwise: Iterable[int] = FIGURE_IDS) -> Images:
    """Return the image of the given id, or, without one, the images of the ids ``otherwise``."""
    return every().only(otherwise if image is None else [image])


@functools.cache
def _generated() -> tuple[Images, np.ndarray]:
    generator = seeded(SEED)
    left = _pixels(generator, (LIGHT, DARK, DARK, DARK), 125)
    right = _pixels(generator, (DARK, LIGHT, DARK, DARK), 125)
    others = _pixels(generator, (ANY, ANY, ANY, ANY), 250)
    order = generator.permutation(500, 500)
    x = np.concatenate([left, right, others])[order].astype(np.uint8)
    y = (order < 250).astype(np.int32)
    return Images(x, y, np.arange(1, 501, dtype=np.int32)), generator.permutation(500, 100) + 1


def _pixels(generator: Generator, ranges: tuple[tuple[int, int], ...], count: int) -> np.ndarray:
    return np.stack([generator.sample(low, high, count) for low, high in ranges], axis=1)
