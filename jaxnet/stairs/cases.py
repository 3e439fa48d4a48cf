"""The article's cases A and B: the same change of one pixel, asked of a line and of a sigmoid.

Case A darkens x3 of [100, 0, 0, 125] from 0 to 60, which makes it look like stairs; case B darkens it from 60 to 120,
when it already did. A straight line must answer both alike.
"""

import numpy as np

CASES = {"A": (0, 60), "B": (60, 120)}  # x3 before and after


def case_images() -> dict[str, np.ndarray]:
    """Return the two images of each case, before and after: name -> uint8 [2, 4]."""
    return {name: np.array([[100, 0, x3, 125] for x3 in change], np.uint8) for name, change in CASES.items()}
