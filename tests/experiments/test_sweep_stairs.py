"""Which learning rate suits the article's network, on raw intensities and on intensities / 255."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def found(run_experiment):
    return run_experiment("sweep_stairs")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if each["holds"] is False] == []
    assert found["configurations"] == 2 * (5 + 1)
    assert found["runs"] == 2 * (5 + 1) * 3


def test_a_tiny_rate_stays_at_the_loss_of_an_even_guess(found):
    """With weights of at most .01 both outputs are about 1/2: log 2 = .6931."""
    slow = found["results"]["losses"]["intensities / 255"]["0.001"]
    assert slow == pytest.approx([np.log(2)] * 3, abs=2e-3)


def test_intensities_255_times_as_large_want_a_smaller_rate(found):
    best = {
        name: min(losses, key=lambda rate: np.mean(losses[rate])) for name, losses in found["results"]["losses"].items()
    }
    assert float(best["raw intensities"]) < float(best["intensities / 255"])
