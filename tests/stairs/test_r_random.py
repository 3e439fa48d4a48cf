"""Expected values are what R before 3.6 prints, from the R documentation and countless published examples."""

import numpy as np
import pytest

from jaxnet.stairs.r_random import seeded


@pytest.mark.parametrize(
    ("seed", "printed"),
    [(1, [0.2655087, 0.3721239, 0.5728534]), (42, [0.9148060, 0.9370754, 0.2861395])],
)
def test_uniform_draws_what_runif_prints(seed, printed):
    np.testing.assert_allclose(seeded(seed).uniform(3), printed, rtol=0, atol=5e-8)


def test_uniform_is_moved_to_its_range():
    unit, moved = seeded(1).uniform(5), seeded(1).uniform(5, -0.01, 0.01)
    np.testing.assert_allclose(moved, -0.01 + 0.02 * unit, rtol=1e-15)


@pytest.mark.parametrize(
    ("seed", "printed"), [(1, [3, 4, 5, 7, 2, 8, 9, 6, 10, 1]), (42, [10, 9, 3, 6, 4, 8, 5, 1, 2, 7])]
)
def test_a_permutation_is_what_sample_of_ten_prints(seed, printed):
    assert (seeded(seed).permutation(10, 10) + 1).tolist() == printed


def test_a_sample_with_replacement_is_what_a_die_shows():
    assert seeded(1).sample(1, 6, 10).tolist() == [2, 3, 4, 6, 2, 6, 6, 4, 4, 1]


def test_part_of_a_permutation_holds_different_numbers():
    drawn = seeded(7).permutation(50, 20)
    assert len(set(drawn.tolist())) == 20
    assert set(drawn.tolist()) <= set(range(50))


def test_every_draw_advances_the_generator():
    once, twice = seeded(3), seeded(3)
    together = once.uniform(6)
    np.testing.assert_array_equal(np.concatenate([twice.uniform(2), twice.uniform(4)]), together)
