"""Sick and healthy recipes: that each plants what it says, and how what is said of them is counted."""

import numpy as np

from jaxnet.health import SICKNESSES


def test_every_kind_but_a_bare_divergence_is_planted(experiment):
    planted = {recipe.kind for recipe in experiment.SICK}
    assert planted == set(SICKNESSES) - {"diverged"}  # which comes of a rate, or of scales, and is named beside them
    assert len(experiment.SICK) >= 20
    assert len(experiment.HEALTHY) >= 20
    assert {recipe.kind for recipe in experiment.HEALTHY} == {""}


def test_what_is_counted_was_not_tuned_on(experiment):
    names = [recipe.name for recipe in (*experiment.TUNING, *experiment.SICK, *experiment.HEALTHY)]
    assert len(names) == len(set(names))


def test_a_leak_is_of_rows_that_are_held_out(experiment):
    rows = experiment.data_sets()[0]
    more = experiment.leaking(30)(rows, None)
    np.testing.assert_array_equal(more.x[-30:], rows.held[0][:30])
    assert len(more.x) == len(more.y) == len(rows.x) + 30


def test_only_real_targets_are_scaled(experiment):
    scaled = [experiment.targets(10.0, 3.0)(rows, None) for rows in experiment.data_sets()]
    assert [each is None for each in scaled] == [True, True, False]
    np.testing.assert_allclose(scaled[-1].y, 10 * experiment.data_sets()[-1].y + 3, rtol=1e-5)


def said(experiment, firsts):
    recipe = experiment.Planted("r", "leak", None)
    return [experiment.Said(recipe, "stairs", seed, first) for seed, first in enumerate(firsts)]


def test_a_claim_holds_up_to_the_share_that_may_miss(experiment):
    claim = experiment.claim("named", said(experiment, ["leak"] * 95 + ["overfitting"] * 5), 0.95)
    assert (claim.measured, claim.holds) == ("95 of 100 (not r on stairs: overfitting)", True)
    assert not experiment.claim("named", said(experiment, ["leak"] * 94 + [""] * 6), 0.95).holds
