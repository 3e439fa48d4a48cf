"""Which examples count, and what other batches say about explanations that agree on one."""

import numpy as np
import pytest

from jaxnet.gradients.diagnosis.experiments import counted_examples, settle

RANDOM = np.random.default_rng(0)
CONTRIBUTIONS = RANDOM.normal(size=(40, 6))  # 40 entries of a gradient, 6 examples


@pytest.mark.parametrize("weights", [[1, 1, 0, 1, 1, 1], [0, 0, 2, 2, 2, 0], [1, 1, 1, 1, 1, 2], [6, 0, 0, 0, 0, 0]])
def test_how_each_example_counts_is_solved_for(weights):
    target = CONTRIBUTIONS @ np.array(weights, float)
    np.testing.assert_allclose(counted_examples(target, CONTRIBUTIONS, np.full(40, 1e-12)), weights, atol=1e-9)


@pytest.mark.parametrize(
    "target",
    [CONTRIBUTIONS.sum(axis=1), RANDOM.normal(size=40), CONTRIBUTIONS @ RANDOM.normal(size=6)],
    ids=["all count once", "another gradient", "six different weights"],
)
def test_weights_that_say_nothing_are_none(target):
    assert counted_examples(target, CONTRIBUTIONS, np.full(40, 1e-12)) is None


def test_more_examples_than_entries_cannot_be_solved_for():
    assert counted_examples(np.ones(5), RANDOM.normal(size=(5, 6)), np.full(5, 1e-12)) is None


def test_an_explanation_that_another_batch_contradicts_is_dropped(pose, example):
    f, params, data = example((3, 2), n=2)  # 2 examples, 2 outputs
    evidence = pose(f, params, data, lambda p, X, y: [{"w": 1.0 * len(X) + 0 * p[0]["w"], "b": 0 * p[0]["b"]}])
    constant = lambda number: lambda p, X, y: {"[0]['w']": number(X) + 0 * p[0]["w"], "[0]['b']": 0 * p[0]["b"]}
    by_examples, by_outputs = constant(len), constant(lambda X: 2.0)
    assert settle(evidence, [by_examples, by_outputs]) == [0]
    assert settle(evidence, [by_outputs, by_examples]) == [1]


def test_without_a_function_all_explanations_stay(pose, example):
    f, params, data = example((3, 2), n=2)
    evidence = pose(f, params, data, lambda p, X, y: p, function=False)
    assert settle(evidence, [lambda *_: {}, lambda *_: {}]) == [0, 1]


def test_a_function_that_refuses_other_batches_says_nothing(pose, example):
    f, params, data = example((3, 2), n=4)
    calls = []

    def once(p, X, y):
        calls.append(len(X))
        if len(calls) > 1:
            raise RuntimeError("only once")
        return p

    evidence = pose(f, params, data, once)
    assert settle(evidence, [lambda *_: {}, lambda *_: {}]) == [0, 1]
