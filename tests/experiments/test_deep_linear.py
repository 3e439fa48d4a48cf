"""The closed form, the start that it is of, and the modes of the map."""

import numpy as np
import pytest


def test_the_closed_form_solves_its_equation_from_where_it_begins(experiment):
    s, begin, h = 3.0, 0.01, 1e-5
    assert experiment.closed_form(s, begin, np.array(0.0)) == pytest.approx(begin)
    for t in (0.1, 0.5, 1.0):
        low, middle, high = experiment.closed_form(s, begin, np.array([t - h, t, t + h]))
        assert (high - low) / (2 * h) == pytest.approx(2 * middle * (s - middle), rel=1e-6)


def test_the_aligned_start_has_each_mode_at_u0_and_the_target_at_its_strength(experiment):
    found = experiment.modes()
    first, second = experiment.aligned(found)
    for mode, strength in enumerate(experiment.STRENGTHS):
        along = lambda matrix, mode=mode: found.out[:, mode] @ matrix @ found.into[:, mode]
        assert along(second @ first) == pytest.approx(experiment.U0)
        assert along(found.target) == pytest.approx(strength)


def test_a_finer_step_comes_nearer_to_the_flow(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "TIME", 1.5)
    found = experiment.modes()
    assert experiment.error(0.02, found) / experiment.error(0.01, found) == pytest.approx(2, abs=0.1)
