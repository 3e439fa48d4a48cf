"""Three gradient checkers are asked about the same gradients, in one run."""

import pytest


@pytest.fixture(scope="module")
def results(run_experiment):
    return run_experiment("gradient_checkers")[0]["results"]


def test_jaxnet_flags_and_names_every_mistake_asked_about(results):
    for sort in ("mistakes", "pairs of mistakes"):
        counts = results[f"jaxnet, {sort}"]
        assert counts["asked"] == counts["flagged"] == counts["named"] > 0


def test_jaxnet_flags_no_sound_gradient(results):
    assert results["jaxnet, sound gradients"]["asked"] > 10
    assert results["jaxnet, sound gradients"]["flagged"] == 0


def test_the_others_are_asked_the_same(results):
    asked = {sort: results[f"jaxnet, {sort}"]["asked"] for sort in ("mistakes", "sound gradients")}
    for sort, count in asked.items():
        assert results[f"check_grads, {sort}"]["asked"] == count


def test_the_others_flag_most_mistakes_so_they_are_asked_rightly(results):
    counts = results["check_grads, mistakes"]
    assert counts["flagged"] > 0.8 * counts["asked"]
