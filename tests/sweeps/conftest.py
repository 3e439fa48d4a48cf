"""One small problem for all tests of sweeps: two classes of 12 inputs, learnt in a moment."""

from typing import NamedTuple

import numpy as np
import pytest


class Problem(NamedTuple):
    """Examples to train on and to validate with."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def problem() -> Problem:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(96, 4)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)
    return Problem((x[:64], y[:64]), (x[64:], y[64:]))
