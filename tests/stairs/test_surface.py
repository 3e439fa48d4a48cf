import numpy as np
import pytest

from jaxnet.stairs.images import load
from jaxnet.stairs.surface import START, STEPS, surface


@pytest.fixture(scope="module")
def drawn():
    return surface()


def loss_at(top, bottom):
    """The mean of log(1 + exp(z)) - y z for z = top (x1 + x2) + bottom (x3 + x4), by NumPy alone."""
    train, _ = load()
    x = train.x / 255
    z = top * (x[:, 0] + x[:, 1]) + bottom * (x[:, 2] + x[:, 3])
    return np.mean(np.logaddexp(0, z) - train.y * z)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (10, 40), (80, 80)])
def test_a_point_of_the_surface_is_the_loss_of_its_two_weights(drawn, row, column):
    assert drawn.losses[row, column] == pytest.approx(loss_at(drawn.x[column], drawn.y[row]), rel=1e-12)


def test_every_path_begins_at_the_start_and_steps_down_its_gradient(drawn):
    width = 1e-6
    for path in drawn.paths.values():
        assert path.shape == (STEPS + 1, 2)
        assert tuple(path[0]) == START
    a, b = START
    slope = [
        (loss_at(a + width, b) - loss_at(a - width, b)) / (2 * width),
        (loss_at(a, b + width) - loss_at(a, b - width)) / (2 * width),
    ]
    np.testing.assert_allclose(drawn.paths["plain, step 1"][1], np.subtract(START, slope), atol=1e-8)


def test_momentum_gets_further_than_plain_descent_and_too_big_a_step_jumps_to_and_fro(drawn):
    ends = {name: loss_at(*path[-1]) for name, path in drawn.paths.items()}
    assert ends["momentum .8, step 1"] < ends["plain, step 1"]
    jumps = np.diff(drawn.paths["too big a step, 7"][:, 1])
    assert np.mean(jumps[1:] * jumps[:-1] < 0) > 0.9
