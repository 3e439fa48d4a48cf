"""How examples count, in words, and batches that are commonly cut short."""

import jax
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.output_mistakes import example_mistakes, output_mistakes, weighted_examples
from jaxnet.gradients.diagnosis.passes import model_of
from jaxnet.gradients.diagnosis.replay import Step


@pytest.mark.parametrize(
    ("weights", "kind", "words"),
    [
        ([1, 0, 1, 0], "examples_dropped", "examples 1, 3 do not count"),
        ([2, 0, 2, 0], "examples_dropped", "examples 1, 3 do not count, the others 2 times"),
        ([1, 1, 3, 1], "examples_reweighted", "examples 2 (3 times) count otherwise"),
    ],
)
def test_weights_of_examples_in_words(weights, kind, words):
    first = weighted_examples(np.array(weights, float))[0]
    assert (first.kind, first.text) == (kind, words)


def test_a_share_that_is_neither_one_nor_the_rests_is_a_factor_beside(pose, example):
    f, params, data = example()
    run = model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)
    scaled, plain = weighted_examples(np.array([0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]))
    np.testing.assert_array_equal(plain.of(Step(run, 2)), [0, 1, 1, 1, 1, 1, 1])
    assert plain.cost < scaled.cost


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("only the first example counts", [1, 0, 0, 0, 0]),
        ("only the first example counts, divided by their number", [5, 0, 0, 0, 0]),
        ("the last example does not count", [1, 1, 1, 1, 0]),
        ("only the first half of the examples counts", [1, 1, 1, 0, 0]),
    ],
)
def test_a_batch_that_is_cut_short(text, weights, pose, example):
    f, params, data = example(n=5)
    run = model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)
    table = {mistake.text: mistake for mistake in example_mistakes(run)}
    np.testing.assert_array_equal(table[text].of(Step(run, 2)), weights)


def test_a_batch_of_one_cannot_be_cut_short(pose, example):
    f, params, data = example(n=1)
    assert example_mistakes(model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)) == []


def test_a_loss_that_is_another_mistakes_formula_is_said_beside_it(pose, example):
    f, params, data = example(output="sigmoid")  # the squared error's delta is an extra derivative
    run = model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)
    texts = {mistake.kind: mistake.text for mistake in output_mistakes(run)}
    assert texts["output_derivative_extra"] == "(p - Y) * p * (1 - p), as for the loss squared error"
