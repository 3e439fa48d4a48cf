"""Sick and healthy recipes: that each plants what it says, and how what is said of them is counted."""

import sys

import numpy as np
import pytest

from jaxnet.health import SICKNESSES


@pytest.fixture(scope="module")
def recipes(experiment):
    """The recipes that it counts on."""
    return sys.modules["sick_recipes"]


def test_every_kind_but_a_bare_divergence_is_planted(recipes):
    planted = {recipe.kind for recipe in recipes.SICK}
    assert planted == set(SICKNESSES) - {"diverged"}  # which comes of a rate, or of scales, and is named beside them
    assert len(recipes.SICK) >= 20
    assert len(recipes.HEALTHY) >= 20
    assert {recipe.kind for recipe in recipes.HEALTHY} == {""}


def test_what_is_counted_was_not_tuned_on(recipes):
    names = [recipe.name for recipe in (*recipes.TUNING, *recipes.SICK, *recipes.HEALTHY)]
    assert len(names) == len(set(names))


def test_a_leak_is_of_rows_that_are_held_out(recipes):
    rows = recipes.data_sets()[0]
    more = recipes.leaking(30)(rows, None)
    np.testing.assert_array_equal(more.x[-30:], rows.held[0][:30])
    assert len(more.x) == len(more.y) == len(rows.x) + 30


def test_only_real_targets_are_scaled(recipes):
    scaled = [recipes.targets(10.0, 3.0)(rows, None) for rows in recipes.data_sets()]
    assert [each is None for each in scaled] == [True, True, False]
    np.testing.assert_allclose(scaled[-1].y, 10 * recipes.data_sets()[-1].y + 3, rtol=1e-5)


def said(experiment, firsts):
    recipe = experiment.Planted("r", "leak", None)
    return [experiment.Said(recipe, "stairs", seed, [first] if first else []) for seed, first in enumerate(firsts)]


def test_a_claim_holds_up_to_the_share_that_may_miss(experiment):
    claim = experiment.claim("named", said(experiment, ["leak"] * 95 + ["overfitting"] * 4 + [""]), 0.95)
    assert (claim.measured, claim.holds) == ("95 of 100 (not r on stairs: overfitting (4); r on stairs: nothing)", True)
    assert not experiment.claim("named", said(experiment, ["leak"] * 94 + [""] * 6), 0.95).holds


def test_quick_takes_every_ninth_recipe_on_one_data_set_each(experiment):
    recipes = [experiment.Planted(str(i), "", None) for i in range(20)]
    every = experiment.tasks(recipes, range(2), quick=False)
    assert [len(every), len(every[0])] == [60, 2]
    assert experiment.tasks(recipes, range(1), quick=True) == [
        [("0", "stairs", 0)],
        [("9", "digits", 0)],
        [("18", "regression", 0)],
    ]


def test_the_picture_counts_what_was_said_of_each_planted_kind(experiment):
    leak = next(each for each in experiment.SICK if each.kind == "leak")
    healthy = experiment.HEALTHY[0]
    said = [(leak, ["leak"]), (leak, ["leak", "overfitting"]), (leak, []), (healthy, [])]
    axes = experiment.draw_said([experiment.Said(*each[:1], "stairs", 0, each[1]) for each in said]).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["leak", "healthy"]
    assert [text.get_text() for text in axes.texts] == ["2", "1", "0", "1"]
