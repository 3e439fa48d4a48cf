"""Which learning rate, momentum and width suit the digits, and does halving pay."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def found(run_experiment):
    return run_experiment("sweep_digits")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if each["holds"] is False] == []


def test_every_configuration_of_the_grid_is_reported(found):
    rates = {(each["learning_rate"], each["momentum"]) for each in found["results"]["grid"]}
    assert len(rates) == len(found["results"]["grid"]) == 3 * 2
    # 27, 9 and 3 configurations for 1, 2 and 6 epochs cost 63 epochs: 7 that train for 9
    assert found["configurations"] == 6 + 2 + 2 * (27 + 7)


def test_the_best_reads_digits_that_nothing_was_chosen_by(found):
    accuracies = np.array(found["results"]["test accuracies of the best"])
    assert accuracies.shape == (2, 3)
    assert accuracies.min() > 0.8  # chance is .1
