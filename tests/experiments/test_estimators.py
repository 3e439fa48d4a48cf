"""The switch from scikit-learn's networks to jaxnet's."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def found(run_experiment):
    return run_experiment("estimators")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if each["holds"] is False] == []


def test_weights_and_losses_differ_by_rounding(found):
    differences = np.array(list(found["results"]["differences of weights and losses"].values()))
    assert differences.shape == (2, 2)
    assert 0 < differences.max() < 1e-12  # 5 epochs; two programs that sum in other orders are never quite equal


def test_what_was_timed_is_reported_for_both(found):
    for times in found["results"]["seconds"].values():
        assert {"cold", "warm", "scikit"} == times.keys()
        assert min(times.values()) > 0


def test_candidates_score_alike(found):
    [(times, difference)] = found["results"]["searches"].values()
    assert times["warm"] > 0
    assert difference <= 0.01  # a candidate's own noise: 9 of 898 digits
