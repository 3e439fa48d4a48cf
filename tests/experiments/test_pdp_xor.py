"""The published law, and sweeps counted of the starts that are done."""

import numpy as np
import pytest


def test_the_law_s_ends_are_those_that_the_book_names(experiment):
    assert experiment.chauvin(2) == 247
    assert experiment.chauvin(32) == 115


def test_starts_that_are_not_done_are_left_out_of_the_mean(experiment):
    assert experiment.mean_done(np.array([100.0, np.inf, 300.0])) == 200


def test_a_start_is_done_once_its_loss_is_low(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "SWEEPS", 2)
    monkeypatch.setattr(experiment, "DONE", 1.0)
    np.testing.assert_array_equal(experiment.sweeps_needed(2, 1.0, 3), [1, 1, 1])
    monkeypatch.setattr(experiment, "DONE", 0.0)
    assert experiment.sweeps_needed(2, 1.0, 3) == pytest.approx([np.inf] * 3)
