"""The verdict on one leaf."""

import numpy as np
import pytest

from jaxnet.gradients.verdict import excesses, judge_leaf, unreadable

TRUE = np.array([[1.0, -2.0], [3.0, 4e-12]])
NOISE = 1e-15 * np.abs(TRUE)


def test_rounding_is_right():
    leaf = judge_leaf("w", TRUE + 0.5 * NOISE, TRUE, NOISE)
    assert leaf.ok
    assert leaf.wrong == 0
    assert leaf.worst == ()
    assert leaf.factor is None
    assert leaf.excess == pytest.approx(0.5, rel=0.5)


def test_wrong_entries_are_counted_and_the_worst_shown_with_index_both_values_and_ratio():
    yours = TRUE.copy()
    yours[1, 1], yours[0, 0] = 8e-12, 1 + 1e-14
    leaf = judge_leaf("w", yours, TRUE, NOISE)
    assert not leaf.ok
    assert leaf.wrong == 2
    assert [entry.index for entry in leaf.worst] == [(1, 1), (0, 0)]
    worst = leaf.worst[0]
    assert (worst.yours, worst.true, worst.ratio) == (8e-12, 4e-12, 2)


def test_a_tiny_leaf_is_judged_as_strictly_as_a_large_one():
    for size in (1e-300, 1e-12, 1e3):
        assert not judge_leaf("w", size * TRUE * (1 + 1e-12), size * TRUE, size * NOISE).ok
        assert judge_leaf("w", size * TRUE, size * TRUE, size * NOISE).ok


@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.5, 1e-9])
def test_a_constant_factor_is_told(factor):
    assert judge_leaf("w", factor * TRUE, TRUE, NOISE).factor == pytest.approx(factor, rel=1e-14)


def test_no_factor_is_told_where_there_is_none():
    assert judge_leaf("w", TRUE + 1, TRUE, NOISE).factor is None
    assert judge_leaf("w", TRUE, 0 * TRUE, NOISE).factor is None


def test_a_true_gradient_of_zero_has_no_relative_error():
    zero = np.zeros(2)
    assert judge_leaf("w", zero, zero, zero).error == 0
    assert judge_leaf("w", zero + 1, zero, zero).error == np.inf


@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_wrong():
    leaf = judge_leaf("w", np.array([np.nan, 1.0]), np.ones(2), np.ones(2))
    assert not leaf.ok
    assert leaf.wrong == 1
    assert leaf.excess == np.inf


def test_a_fault_of_form_makes_right_values_wrong():
    assert not judge_leaf("w", TRUE, TRUE, NOISE, form="it is transposed").ok


def test_what_cannot_be_compared_is_wrong_in_every_entry():
    leaf = unreadable("w", (2, 3), "missing")
    assert not leaf.ok
    assert not leaf.compared
    assert leaf.wrong == 6


def test_no_difference_where_no_noise_is_no_excess_and_any_other_is_infinite():
    assert excesses(np.array([1.0, 1.0]), np.array([1.0, 2.0]), np.zeros(2)).tolist() == [0, np.inf]
