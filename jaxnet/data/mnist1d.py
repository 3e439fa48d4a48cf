"""MNIST-1D, generated: ten digits drawn as lines, then padded, stretched, moved, sheared and made noisy.

Greydanus, "Scaling down deep learning", 2020 (arXiv 2011.14439); the recipe and its constants are those of
github.com/greydanus/mnist1d. Drawn from NumPy's legacy stream, whose numbers never change, and smoothed in the
order in which SciPy's ``gaussian_filter`` adds, so that the numbers are those of the published file.
"""

import functools

import numpy as np

from jaxnet import checks
from jaxnet.data.dataset import Dataset

_DIGITS = np.array(
    [
        [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
        [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
        [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
        [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
        [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
        [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
        [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
        [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
    ]
)
_LENGTH, _LONG = 40, 72  # points of an example, and of the line before it is sampled
_PADDING = (36, 60)  # zeros behind a digit's 12 points
_STRETCH, _SHEAR = 0.4, 0.75
_SMOOTH_NOISE, _NOISE = 0.25, 0.02
_SHIFTS = 48
_SIGMA, _RADIUS = 2, 8  # of the Gaussian that smooths the noise between digits; SciPy cuts it off at 4 deviations
_PUBLISHED_SEED = 42
_MARK = 1e-8  # added to a digit, so that its own zeros differ from the padding; lost beside its noise


def mnist1d(
    *, count: int = 5000, train_count: int | None = None, seed: int = _PUBLISHED_SEED, shuffle_points: bool = False
) -> Dataset:
    """Generate MNIST-1D: ``x`` [count, 40] float64 of mean 0 and deviation 1, ``y`` [count] int64 digits.

    Args:
        count: examples, a multiple of 10, as many of each digit.
        train_count: how many of them, from the first, are for training; by default 4/5, as published.
        seed: of NumPy's legacy generator; 42 as published.
        shuffle_points: whether the 40 points are put in one random order, so that space tells nothing.

    Raises ValueError or TypeError for bad arguments.
    """
    checks.integer("count", count, minimum=10)
    checks.require(count % 10 == 0, "count", "a multiple of 10, the number of digits", count)
    if train_count is None:
        train_count = int(count * 0.8)
    checks.integer("train_count", train_count, minimum=1, maximum=count - 1, note="some are left for testing")
    checks.integer("seed", seed, maximum=2**32 - 1)
    x, y = _generated(count, seed, bool(shuffle_points))
    return Dataset(x, y, classes=tuple("0123456789"), train_count=train_count, source="MNIST-1D")


@functools.lru_cache(maxsize=4)
def _generated(count: int, seed: int, shuffle_points: bool) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.RandomState(seed)
    # each digit's line: mean 0 and deviation 1, then moved so that it begins at 0, where the padding is
    lines = _DIGITS - _DIGITS.mean(1, keepdims=True)
    lines /= lines.std(1, keepdims=True)
    lines = (lines - lines[:, :1]) / 6
    y = np.repeat(np.arange(10), count // 10)
    x = np.stack([_example(lines[digit], stream) for digit in y])
    order = stream.permutation(count)
    x, y = x[order], y[order]
    if shuffle_points:
        x = x[:, stream.permutation(_LENGTH)]
    return (x - x.mean()) / x.std(), y


def _example(line: np.ndarray, stream: np.random.RandomState) -> np.ndarray:
    # every draw is taken in the order of the published program, or all numbers after it are others
    low, high = _PADDING
    zeros = low + int(stream.rand() * (high - low + 1))
    x = _sampled(np.concatenate([line + _MARK, np.zeros(zeros)]), _LONG)
    x = x * (1 + _STRETCH * (stream.rand() - 0.5))
    x = np.roll(x, stream.choice(_SHIFTS))
    # smooth noise in the padding alone, so that nothing but its shape tells the digit from it
    inside = x != 0
    x = inside * x + (1 - inside) * _smoothed(_SMOOTH_NOISE * stream.randn(_LONG))
    x = x + _NOISE * stream.randn(_LONG)
    x = x - _SHEAR * (stream.rand() - 0.5) * np.linspace(-0.5, 0.5, _LONG)
    return _sampled(x, _LENGTH)


def _sampled(x: np.ndarray, count: int) -> np.ndarray:
    """Interpolate linearly at ``count`` points, evenly from the first to the last."""
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(x)), x)


def _smoothed(x: np.ndarray) -> np.ndarray:
    """Convolve with a Gaussian that ends after 4 deviations, mirrored at the ends: [L] -> [L]."""
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    kernel = np.exp(-0.5 / _SIGMA**2 * offsets**2)
    kernel = kernel / kernel.sum()
    long = np.pad(x, _RADIUS, mode="symmetric")
    at = lambda offset: long[_RADIUS + offset : _RADIUS + offset + len(x)]
    # SciPy's order of additions: another order differs in the last bit, and the published file was made with this one
    smooth = at(0) * kernel[_RADIUS]
    for offset in range(_RADIUS, 0, -1):
        smooth = smooth + (at(-offset) + at(offset)) * kernel[_RADIUS - offset]
    return smooth
