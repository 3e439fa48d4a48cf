"""One hidden layer that grows, and depth at equal parameters."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def found(run_experiment):
    return run_experiment("universal_approximation")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if each["holds"] is False] == []


def test_the_error_falls_with_the_width(found):
    means = [np.mean(errors) for errors in found["results"]["rms by width"].values()]
    assert all(np.diff(means) < 0)
    # one unit more than a constant: f's own root mean square about its mean is .60 (by numpy on the grid)
    x = np.linspace(-1, 1, 4001)
    assert means[-1] < np.std(np.sin(12 * x**2 + 3 * x)) / 3


def test_a_staircase_of_four_times_as_many_steps_is_about_four_times_nearer(found):
    errors = [error for error, _ in found["results"]["staircases"].values()]
    np.testing.assert_allclose(np.divide(errors[1:-1], errors[2:]), 4, rtol=0.1)


def test_the_deep_sawtooth_is_exact_and_no_shallow_network_passes_telgarskys_bound(found):
    rows = {each["what"]: each for each in found["claims"]}
    assert rows["deep sawtooth built, 37 parameters: corners right"]["measured"] == "1"
    # 65 corners, 12 bends: 13 pieces cross 1/2 at most 13 times, so at most 14 runs of corners on one side
    assert max(found["results"]["corners"]["shallow"]) <= (65 + 14) / 130
