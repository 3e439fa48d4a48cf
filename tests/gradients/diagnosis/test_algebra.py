"""A leaf and what it should be: factors, penalties, rearrangements, gaps and clipping, seen in two arrays alone."""

import numpy as np
import pytest

from jaxnet.gradients.diagnosis.algebra import finishes
from jaxnet.gradients.diagnosis.factors import Counts
from jaxnet.gradients.diagnosis.penalty import Tolerance
from jaxnet.gradients.diagnosis.replay import LeafParts, finish_leaf

DATA = np.random.default_rng(0).normal(size=(4, 3))
PARAMETER = np.random.default_rng(1).normal(size=(4, 3))
COUNTS = Counts(7, 4, (), 3, 0.1)


def leaf(data=DATA, parameter=PARAMETER, decay=0.1):
    return LeafParts(data, np.abs(data), parameter, decay, COUNTS, float(np.linalg.norm(parameter)))


def explained(target, part=None, key="w"):
    """The kinds (and texts) of every explanation; each has to make the target."""
    part = leaf() if part is None else part
    found = finishes(target, part, Tolerance(np.zeros(target.shape), 1e-13), key)
    for lines in found:
        mistakes = {(f"{slot}_{key}", 0): mistake for slot, mistake in lines.items()}
        np.testing.assert_allclose(finish_leaf(part, mistakes, 0, key), target, rtol=1e-11, atol=1e-13)
    return [sorted((mistake.kind, mistake.text) for mistake in lines.values()) for lines in found]


def test_what_is_right_needs_no_explanation():
    assert explained(DATA + 0.1 * PARAMETER) == [[]]


@pytest.mark.parametrize(
    ("target", "mistakes"),
    [
        (7 * (DATA + 0.1 * PARAMETER), [("batch_sum", "n")]),  # everything summed
        (7 * DATA + 0.1 * PARAMETER, [("batch_sum", "n")]),  # the data term alone
        (DATA, [("penalty_missing", "")]),
        (DATA + 0.05 * PARAMETER, [("penalty_factor", "1/2")]),
        (DATA - 0.1 * PARAMETER, [("penalty_factor", "-1")]),
        (DATA + 0.1 / 7 * PARAMETER, [("penalty_factor", "1/n")]),
        (DATA + 0.1 * np.sign(PARAMETER), [("penalty_norm", "sign(W), the derivative of |W|")]),
        (-DATA + 0.2 * PARAMETER, [("penalty_factor", "2"), ("sign", "-1")]),
        (PARAMETER * DATA + 0.1 * PARAMETER, [("times_parameter", "")]),
    ],
)
def test_factor_and_penalty_are_told_apart(target, mistakes):
    assert min(explained(target), key=len) == mistakes


def test_a_factor_of_no_name_is_given_as_a_number():
    assert explained(0.3712 * DATA, leaf(decay=0.0)) == [[("factor", "0.3712")]]


def test_a_penalty_that_nobody_asked_for():
    assert explained(DATA + 0.02 * PARAMETER, leaf(decay=0.0)) == [[("penalty_extra", "0.02")]]


def test_biases_are_not_penalised():
    b = leaf(DATA[0], PARAMETER[0], 0.0)
    assert explained(DATA[0] + 0.1 * PARAMETER[0], b, "b") == [[("penalty_on_biases", "0.1")]]


SQUARE = leaf(DATA[:3], PARAMETER[:3], 0.0)


@pytest.mark.parametrize(
    ("target", "part", "mistake"),
    [
        (DATA[:3].T, SQUARE, ("transposed", "")),
        (DATA.T.reshape(4, 3), leaf(decay=0.0), ("transposed_and_reshaped", "")),
        (DATA.reshape(4, 3, order="F"), leaf(decay=0.0), None),
        (DATA.ravel().reshape((4, 3), order="F"), leaf(decay=0.0), ("fortran_order", "")),
        (DATA[::-1], leaf(decay=0.0), ("permuted_rows", "in reverse")),
        (DATA[:, [1, 2, 0]], leaf(decay=0.0), ("permuted_columns", "rolled by 2")),
        (DATA[[2, 0, 3, 1]], leaf(decay=0.0), ("permuted_rows", "in the order 2, 0, 3, 1")),
        (0 * DATA, leaf(decay=0.0), ("zero", "")),
        (DATA * [1, 0, 1], leaf(decay=0.0), ("unfilled", "column 1")),
        (np.where(np.arange(12).reshape(4, 3) == 7, 0, DATA), leaf(decay=0.0), ("unfilled", "entry [2, 1]")),
        (np.where(np.arange(12).reshape(4, 3) == 7, 9, DATA), leaf(decay=0.0), ("entries", "entry [2, 1]")),
        (np.clip(DATA, -0.5, 0.5), leaf(decay=0.0), ("clipped_by_value", "0.5")),
    ],
)
def test_what_was_done_to_a_whole_leaf(target, part, mistake):
    assert explained(target, part) == [[mistake] if mistake else []]


def test_a_familiar_factor_beside_another_order():
    assert explained(2 * DATA[::-1], leaf(decay=0.0)) == [[("factor", "2"), ("permuted_rows", "in reverse")]]


def test_another_leafs_mistake_is_tried_beside_new_ones():
    (seven,) = finishes(7 * DATA, leaf(decay=0.0), Tolerance(np.zeros((4, 3)), 1e-13), "w")
    target = 7 * DATA * [1, 0, 1]
    alone = finishes(target, leaf(decay=0.0), Tolerance(np.zeros((4, 3)), 1e-13), "w")
    beside = finishes(target, leaf(decay=0.0), Tolerance(np.zeros((4, 3)), 1e-13), "w", known=[seven])
    assert alone == []
    assert [sorted(mistake.kind for mistake in lines.values()) for lines in beside] == [["batch_sum", "unfilled"]]


def test_random_numbers_are_not_explained():
    assert explained(np.random.default_rng(9).normal(size=(4, 3))) == []


def test_a_factor_within_the_noise_of_one_is_none():
    noisy = DATA * (1 + 1e-9)
    assert finishes(noisy, leaf(decay=0.0), Tolerance(np.full((4, 3), 1e-8), 0.0), "w") == [{}]
