"""MNIST-1D as published: mnist1d_data.pkl of github.com/greydanus/mnist1d."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from jaxnet.data import mnist1d
from jaxnet.data.mnist1d import _smoothed

# of the published file: its first three and last three numbers, first labels and counts of labels in the training set
FIRST = [-0.3320056673693902, -0.4719103656557236, -0.778697076293495]
LAST = [0.6598756470890784, 0.8777343497528006, 1.193151836835276]
LABELS = [2, 6, 4, 5, 6, 6, 6, 0, 3, 1]
COUNTS = [398, 396, 411, 394, 394, 402, 401, 404, 402, 398]


@pytest.fixture(scope="module")
def published():
    return mnist1d()


def test_the_numbers_are_the_published_ones(published):
    # one unit in the last place of a number between 1 and 2, which the sources' machines differ by
    assert np.abs(published.train.x[0, :3] - FIRST).max() <= 2.3e-16
    assert np.abs(published.test.x[-1, -3:] - LAST).max() <= 2.3e-16
    assert published.y[:10].tolist() == LABELS
    assert np.bincount(published.train.y).tolist() == COUNTS
    assert published.train.x.sum() == pytest.approx(-51.78746787509559, abs=1e-9)
    assert np.square(published.train.x).sum() == pytest.approx(159248.2538653486, abs=1e-9)


def test_there_are_4000_for_training_and_1000_for_testing_all_alike(published):
    assert published.train.x.shape == (4000, 40)
    assert published.test.x.shape == (1000, 40)
    assert abs(published.x.mean()) < 1e-12
    assert published.x.std() == pytest.approx(1, abs=1e-12)
    assert np.bincount(published.y).tolist() == [500] * 10


def test_noise_is_smoothed_as_scipy_does_to_the_last_bit():
    noise = np.random.RandomState(0).randn(100, 72)
    np.testing.assert_array_equal([_smoothed(each) for each in noise], [gaussian_filter(each, 2) for each in noise])


def test_shuffled_points_are_the_same_numbers_in_one_other_order():
    plain, shuffled = mnist1d(count=50), mnist1d(count=50, shuffle_points=True)
    np.testing.assert_array_equal(plain.y, shuffled.y)
    np.testing.assert_allclose(np.sort(plain.x), np.sort(shuffled.x), rtol=0, atol=1e-13)
    assert np.abs(plain.x - shuffled.x).max() > 0.1


def test_sizes_and_seeds_are_arguments():
    data = mnist1d(count=40, train_count=10, seed=1)
    assert (len(data.train), len(data.test)) == (10, 30)
    assert np.abs(data.x - mnist1d(count=40, seed=2).x).max() > 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 45}, "count: expected a multiple of 10, the number of digits, got 45"),
        ({"count": 0}, "count: expected an integer of at least 10"),
        (
            {"count": 10, "train_count": 10},
            r"train_count: expected an integer from 1 to 9 \(some are left for testing\)",
        ),
        ({"seed": -1}, "seed: expected an integer from 0 to 4294967295"),
    ],
    ids=str,
)
def test_bad_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        mnist1d(**options)
