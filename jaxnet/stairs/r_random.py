"""R's random numbers, so that the article's images and weights need no data file.

R scrambles a seed with 50 rounds of x <- 69069 x + 1 (mod 2^32) and takes 625 further rounds as the state of its
Mersenne Twister, of which the first is the position (624: all used up). NumPy's MT19937 accepts that state. ``sample``
is that of R before 3.6, which rounds: floor(n u).
"""

from typing import NamedTuple

import numpy as np

WORD = 2**32
UNIT = 2.3283064365386963e-10  # R's i2_32m1: the 32-bit word times this is a uniform number in [0, 1)


class Generator(NamedTuple):
    """R's generator after ``set.seed``; every draw advances it."""

    words: np.random.MT19937

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Draw ``count`` float64 from U(low, high), as ``runif`` does."""
        return low + (high - low) * (self.words.random_raw(count) * UNIT)

    def sample(self, low: int, high: int, count: int) -> np.ndarray:
        """Draw ``count`` integers from low to high inclusive, as ``sample(low:high, count, replace = TRUE)`` does."""
        return low + np.floor((high - low + 1) * self.uniform(count)).astype(np.int64)

    def permutation(self, size: int, count: int) -> np.ndarray:
        """Draw ``count`` different integers from 0 to size - 1, as ``sample(size, count) - 1`` does: what is drawn
        is replaced by the last that is left."""
        left = list(range(size))
        drawn = []
        for unit in self.uniform(count):
            at = int(len(left) * unit)
            drawn.append(left[at])
            left[at] = left[-1]
            left.pop()
        return np.array(drawn)


def seeded(seed: int) -> Generator:
    """Return the generator that R has after ``set.seed(seed)``."""
    word = seed
    for _ in range(50):
        word = _next(word)
    state = []
    for _ in range(625):
        word = _next(word)
        state.append(word)
    words = np.random.MT19937()
    key = np.array(state[1:], dtype=np.uint32)
    words.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": 624}}
    return Generator(words)


def _next(word: int) -> int:
    return (69069 * word + 1) % WORD
