"""Six bits: which are palindromes, when a run is done, and what its weights look like."""

import numpy as np


def test_eight_of_64_vectors_are_palindromes(experiment):
    x, y = experiment.vectors()
    assert (len(x), int(y.sum())) == (64, 8)
    assert all("".join(map(str, row)) == "".join(map(str, row[::-1])) for row in x[y == 1].astype(int))


def test_a_run_is_solved_at_its_first_sweep_without_a_mistake(experiment):
    np.testing.assert_array_equal(experiment.solved_after(np.array([[0.5, 1, 0.9], [0.5, 0.5, 0.9]])), [2, np.inf])


def test_ratios_are_those_of_the_stronger_unit_and_mirrored_weights_are_opposite(experiment):
    weights = np.array([[4.0, 0], [1, 0], [-2, 0.5], [2, 0], [-1, 0], [-4, 0]])
    ratios, distance = experiment.ratios_of(weights)
    np.testing.assert_array_equal(ratios, [1, 2, 4])
    assert distance == 0
    weights[0, 0] = 3
    assert experiment.ratios_of(weights)[1] == 0.25
