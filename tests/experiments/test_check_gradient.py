"""The tutorial on the worked example: the derivation is right, every mistake is named, the misprint is explained."""

import pytest


@pytest.fixture(scope="module")
def outcome(run_experiment):
    return run_experiment("check_gradient", "--device", "cpu")


@pytest.fixture(scope="module")
def claims(outcome):
    return {claim["what"]: claim for claim in outcome[0]["claims"]}


def test_no_claim_fails(claims):
    assert [what for what, claim in claims.items() if claim["holds"] is False] == []


def test_it_runs_on_the_device_asked_for(outcome):
    assert outcome[0]["environment"]["device"] == "cpu"
    assert "22 configurations" in outcome[1]


def test_the_mistakes_that_learners_make_are_made(claims):
    made = {"target minus prediction", "not averaged over the images", "W2 not transposed", "the slope forgotten"}
    assert made <= claims.keys()
    assert len(claims) > 20


def test_the_misprint_comes_from_weights_that_were_already_updated(claims):
    claim = claims["what the printed W1 was stepped with"]
    assert (claim["published"], claim["measured"]) == ("the updated W2", "weight_already_updated")
    assert claims["the step size found"]["measured"] == "0.1"


def test_the_first_numbers_are_those_of_the_article(outcome):
    # Z1 and d1 of the first image, and the first entries of the gradients, from a NumPy program written for comparison
    for number in ("-0.4220261959", "-0.5013502123", "0.0014229136", "-0.0072250355", "-0.0156423678"):
        assert number in outcome[1]


def test_wrong_and_right_lines_stand_beside_each_other(outcome):
    assert "d2 = d1 @ W2    # should be d1 @ W2.T" in outcome[1]
