"""The model of a population's cost: that it finds what it was made of; and the sums for a million members by hand."""

import json

import numpy as np
import pytest


def cases(count):
    draw = np.random.default_rng(0)
    widths, lanes = draw.choice((8, 32, 128), count), draw.choice((2, 8), count)
    members, epochs = draw.integers(1, 1000, count), draw.integers(1, 20, count)
    names = ("members", "width", "epochs", "lanes")
    return [dict(zip(names, map(int, each), strict=True)) for each in zip(members, widths, epochs, lanes, strict=True)]


def test_operations_are_those_of_every_product_but_the_one_that_no_layer_waits_for(experiment):
    # 3-5-2: products of 3 x 5 and 5 x 2 forwards, both gradients, and what the second passes back; 2 an entry and row
    assert experiment.operations((3, 5, 2), 7) == 7 * 2 * (15 + 10 + 15 + 10 + 10)


def test_lanes_without_a_member_are_paid_for_and_no_parameters_are_drawn_for_them(experiment):
    one = {"members": 9, "width": 8, "epochs": 3, "lanes": 8}
    call, members, drawn, steps, products = experiment.amounts(one)
    assert (call, members) == (1, 9)
    assert drawn * 1e6 == pytest.approx(9 * (16 * 8 + 8 + 8 * 8 + 8 + 8 * 4 + 4))
    assert steps == 2 * 3 * 256 / 64  # two tiles
    assert products * 1e9 == pytest.approx(16 * 3 * experiment.operations((16, 8, 8, 4), 256))
    assert experiment.amounts(one | {"members": 16})[3:] == [steps, products]


def test_the_fit_finds_the_coefficients_that_the_seconds_were_made_of(experiment):
    counted = np.array([experiment.amounts(case) for case in cases(30)])
    terms = np.array([0.02, 2e-4, 0.0, 1e-5, 0.03])
    np.testing.assert_allclose(experiment.fit(counted, counted @ terms), terms, atol=1e-9)
    np.testing.assert_allclose(experiment.left_out(counted, counted @ terms), 1)


def test_a_case_that_is_left_out_does_not_fit_itself(experiment):
    counted = np.array([experiment.amounts(case) for case in cases(30)])
    seconds = counted @ [0.02, 2e-4, 0.1, 1e-5, 0.03]
    seconds[4] *= 2  # disturbed
    assert experiment.left_out(counted, seconds)[4] == pytest.approx(0.5, rel=0.2)


def test_the_rate_of_the_nearest_network_is_taken_from_what_was_measured(experiment):
    row = lambda sizes, members, micro: json.dumps(
        {"part": "populations", "sizes": sizes, "members": members, "microseconds a model-epoch": {"jaxnet": micro}}
    )
    lines = [row([8, 8, 2], 1024, 1), row([64, 100, 10], 64, 30), row([64, 100, 10], 1024, 10), '{"part": "end"}']
    found = experiment.nearest(lines, experiment.SIZES, 1000)
    assert (found.sizes, found.members) == ([64, 100, 10], 1024)
    assert found.flops == pytest.approx(4096 * (4 * 6400 + 6 * 1000) / 10e-6)


def test_the_device_that_was_measured_is_in_the_repository(experiment):
    found = experiment.nearest(experiment.MEASURED.read_text().splitlines(), experiment.SIZES, 1000)
    assert found.sizes == [64, 100, 10]
    assert found.flops == pytest.approx(8.34e12, rel=0.01)  # as the file says itself, to its digits


def test_more_gpus_divide_training_and_first_parameters_alone(experiment):
    rates = experiment.Rates(plan=1e-3, record=1e-4, draw=1e-5, write={"all": 2e-3}, flops=1e12)
    alone, many = experiment.stages(rates, 10_000, 1), experiment.stages(rates, 10_000, 100)
    train = 10_000 * 100 * 4096 * (4 * 8512 + 6 * 1330) / 1e12
    by_hand = {"plan": 10, "record, at most": 1, "draw parameters": 0.1, "train": train, "write, keep=all": 20}
    assert alone == pytest.approx(by_hand)
    assert many == pytest.approx(by_hand | {"draw parameters": 1e-3, "train": train / 100})


def test_a_member_too_much_is_a_whole_member_of_some_gpu(experiment):
    rates = experiment.Rates(plan=0, record=0, draw=0, write={}, flops=1e12)
    assert experiment.stages(rates, 11, 10)["train"] == experiment.stages(rates, 20, 10)["train"]


def test_what_the_model_foretells_is_judged_by_a_factor_either_way(experiment):
    case = {"members": 1, "width": 8, "epochs": 1, "cpu": 1.0}
    holds = lambda seconds: experiment.foretold_claims([case], [seconds], judged=True)[0].holds
    assert [holds(seconds) for seconds in (0.6, 0.7, 1.4, 1.6)] == [False, True, True, False]
    assert experiment.foretold_claims([case], [9.0], judged=False)[0].holds is None
