"""The article's 500 images of 2 x 2 pixels: half of them stairs, generated anew from R's seed 2017.

A pixel is an intensity from 0 (white) to 255 (black). Pixels stand in the order R1C1, R1C2, R2C1, R2C2, the article's
x1 to x4. Source: the article's own generator, ``data_generation.R`` in github.com/ben519/MLPB.
"""

import functools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from jaxnet.stairs.r_random import seeded

DARKEST = 255.0
TABLE_IDS = (1, 2, 3, 498, 499, 500)  # the rows of the article's table
FIGURE_IDS = (4, 240, 257, 367, 407, 495)  # the images of the article's figures
_SEED = 2017
_LIGHT, _DARK, _ANY = (0, 10), (150, 255), (0, 255)
_CASES = {"A": (0, 60), "B": (60, 120)}  # x3 before and after


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
        """Return the images of the given ids, in the order of the ids; IndexError for one that is not there."""
        rows = [int(np.flatnonzero(self.ids == each)[0]) for each in ids]
        return Images(*(column[rows] for column in self))


def load() -> tuple[Images, Images]:
    """Return the article's 400 images for training and 100 for testing, sorted by id, with raw intensities."""
    images, test_ids = _generated()
    test = np.isin(images.ids, test_ids)
    # indexing by a mask copies, so a caller may change what it gets
    part = lambda rows: Images(*(column[rows] for column in images))
    return part(~test), part(test)


def every() -> Images:
    """Return all 500 images, sorted by id."""
    return Images(*(column.copy() for column in _generated()[0]))


def chosen(image: int | None, otherwise: Iterable[int] = FIGURE_IDS) -> Images:
    """Return the image of the given id, or, without one, the images of the ids ``otherwise``."""
    return every().only(otherwise if image is None else [image])


def case_images() -> dict[str, np.ndarray]:
    """Return the two images of the article's cases A and B, before and after: name -> uint8 [2, 4].

    Case A darkens x3 of [100, 0, 0, 125] from 0 to 60, which makes it look like stairs; case B darkens it from 60 to
    120, when it already did. A straight line must answer both alike.
    """
    return {name: np.array([[100, 0, x3, 125] for x3 in change], np.uint8) for name, change in _CASES.items()}


@functools.cache
def _generated() -> tuple[Images, np.ndarray]:
    """Return all images and the ids of those for testing."""
    generator = seeded(_SEED)
    # the draws come in the order of the article's program, pixel by pixel: any other order makes other images
    kinds = (
        ((_LIGHT, _DARK, _DARK, _DARK), 125),
        ((_DARK, _LIGHT, _DARK, _DARK), 125),
        ((_ANY, _ANY, _ANY, _ANY), 250),
    )
    pixels = [np.stack([generator.sample(*range, count) for range in ranges], axis=1) for ranges, count in kinds]
    order = generator.permutation(500, 500)
    # the label is how an image was drawn, not how it looks: some of the noise looks just like stairs
    y = (order < 250).astype(np.int32)
    images = Images(np.concatenate(pixels)[order].astype(np.uint8), y, np.arange(1, 501, dtype=np.int32))
    return images, generator.permutation(500, 100) + 1
