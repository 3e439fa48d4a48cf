"""The article's numbers, run and compared."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def outcome(run_experiment):
    return run_experiment("stairs")


@pytest.fixture(scope="module")
def found(outcome):
    return outcome[0]


def claim(found: dict, what: str) -> dict:
    return next(each for each in found["claims"] if each["what"] == what)


def test_no_claim_fails_and_the_exact_ones_are_judged(found):
    assert [each["what"] for each in found["claims"] if each["holds"] is False] == []
    judged = {each["what"] for each in found["claims"] if each["holds"]}
    assert {"gradient of W1", "W2 after", "loss before update 25", "left_right, training / test accuracy"} <= judged


def test_the_losses_are_the_published_ones(found):
    # the article prints the first as 0.6934985; the others are the notes of a NumPy program
    losses = found["results"]["losses"]
    np.testing.assert_allclose(losses[:3], [0.693498469939, 0.692801630874, 0.692104532634], rtol=0, atol=1e-9)
    np.testing.assert_allclose(losses[24], 0.651936660237, rtol=0, atol=1e-9)


def test_hand_set_accuracies_stand_beside_the_published_ones(found):
    row = claim(found, "logistic_figure, training / test accuracy")
    assert (row["published"], row["measured"]) == ("0.8675 / 0.82", "0.8675 / 0.82")


def test_scaling_capacity_and_momentum_lower_the_loss_in_that_order(found):
    ladder = found["results"]["ladder"]
    rungs = ["the article's start, step .1", "the article's start, step 1", "2 hidden units", "4 hidden units"]
    rungs += ["4 hidden units, momentum .9", "8 hidden units, momentum .9"]
    means = [np.mean([run["loss"] for run in ladder[rung]]) for rung in rungs]
    assert means == sorted(means, reverse=True)


def test_the_table_shows_every_claim_and_how_many_runs_there_were(outcome):
    found, printed = outcome
    lines = printed.splitlines()
    assert [line.split("  ")[0] for line in lines[2:-1]] == [each["what"] for each in found["claims"]]
    assert lines[-1].startswith(f"{found['configurations']} configurations, {found['runs']} runs, ")
