"""R's random numbers, so that the article's images and weights need no data file.

R scrambles a seed with 50 rounds of x <- 69069 x + 1 (mod 2^32) and takes 625 further rounds as the state of its
Mersenne Twister, of which the first is the position (624: all used up). NumPy's MT19937 accepts that state. ``sample``
is that of R before 3.6, which rounds: floor(n u).
"""

from typing import NamedTuple

import numpy as np

_UNIT = 2.3283064365386963e-10  # R's i2_32m1: the 32-bit word times this is a uniform number in [0, 1)


class Generator(NamedTuple):
    """R's generator after ``set.seed``; every draw advances it."""

    words: np.random.MT19937

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Draw ``count`` float64 from U(low, high), as ``runif`` does: [count]."""
        return low + (high - low) * (self.words.random_raw(count) * _UNIT)

    def sample(self, low: int, high: int, count: int) -> np.ndarray:
        """Draw ``count`` integers from low to high inclusive, as ``sample(low:high, count, replace = TRUE)`` does."""
        drawn: np.ndarray = low + np.floor((high - low + 1) * self.uniform(count)).astype(np.int64)
        return drawn

    def permutation(self, size: int, count: int) -> np.ndarray:
        """Draw ``count`` different integers from 0 to size - 1, as ``sample(size, count) - 1`` does: [count]."""
        left = list(range(size))
        drawn = []
        for unit in self.uniform(count):
            at = int(len(left) * unit)
            drawn.append(left[at])
            # R fills the gap with the last that is left, which decides what the next draw finds there
            left[at] = left[-1]
            left.pop()
        return np.array(drawn)


def seeded(seed: int) -> Generator:
    """Return the generator that R has after ``set.seed(seed)``."""
    state = [seed]
    for _ in range(50 + 625):
        state.append((69069 * state[-1] + 1) % 2**32)
    words = np.random.MT19937()
    # the last 625: R would read the position from the first, and sets it to "all used up"
    words.state = {"bit_generator": "MT19937", "state": {"key": np.array(state[-624:], np.uint32), "pos": 624}}
    return Generator(words)
