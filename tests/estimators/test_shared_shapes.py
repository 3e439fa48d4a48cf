"""Which shapes candidates are trained in: as few as pay, and none where padding would change more than last bits."""

import dataclasses

import jax
import numpy as np
import optax
import pytest

from jaxnet.estimators import MLPClassifier
from jaxnet.estimators.descent_plan import DescentChunk, inputs_of
from jaxnet.estimators.shared_shapes import ShapeWork, SharedShapes, in_own_shape, shapes_in_common

ROWS = 40


def descent(hidden, **parameters):
    """What a classifier of 4 inputs and 3 classes would be trained with."""
    mlp, random = MLPClassifier(hidden, **parameters), np.random.RandomState(0)
    examples = np.zeros((ROWS, 4)), np.arange(ROWS) % 3
    mlp._fit_data(
        mlp._validate_input(*examples, first=True, incremental=False),
        None, random, first=True, incremental=False, validation=(None, None),
    )  # fmt: skip
    mlp._begin_record(first=True, validated=False)
    return mlp._descent(mlp._params(), ROWS, random)


def sizes_of(descents, epochs=10):
    shapes = SharedShapes([(each, ROWS, epochs) for each in descents])
    return [shapes.padded(each, ROWS).objective.network.sizes for each in descents]


def test_little_work_is_done_in_one_shape_and_much_in_the_shapes_of_each():
    works = lambda examples: [ShapeWork(hidden, examples) for hidden in ((8,), (16,), (64, 64))]
    assert shapes_in_common(works(1e3), (4, 3)) == dict.fromkeys(((8,), (16,), (64, 64)), (64, 64))
    assert shapes_in_common(works(1e9), (4, 3)) == {}


def test_narrow_shapes_join_where_a_wide_one_would_cost_too_much():
    works = [ShapeWork((8,), 1e6), ShapeWork((9,), 1e6), ShapeWork((300, 300), 1e6)]
    assert shapes_in_common(works, (4, 3)) == {(8,): (9,), (9,): (9,)}


def test_layers_of_one_depth_are_as_wide_as_the_widest_of_each_and_those_of_several_all_alike():
    assert ShapeWork((8, 3), 1).joined(ShapeWork((2, 5), 1)).hidden == (8, 5)
    several = ShapeWork((8,), 1).joined(ShapeWork((2, 5), 1))
    assert several.hidden == (8, 8)
    assert several.joined(ShapeWork((9, 2), 1)).hidden == (9, 9)


def test_operations_are_six_a_weight_and_example():
    assert ShapeWork((5,), 10).operations((4, 3)) == 6 * 10 * (4 * 5 + 5 * 3)


def test_candidates_that_differ_in_shape_and_numbers_share_a_program():
    descents = [descent((3,)), descent((5,), alpha=0.1), descent((2, 4), learning_rate_init=0.1)]
    assert sizes_of(descents) == [(4, 5, 5, 3)] * 3
    shapes = SharedShapes([(each, ROWS, 10) for each in descents])
    assert len({inputs_of(shapes.padded(each, ROWS), ROWS).program for each in descents}) == 1


@pytest.mark.parametrize(
    "parameters",
    [{"dropout": 0.5}, {"solver": optax.sgd(0.1)}, {"activation": jax.nn.relu}],
    ids=["dropout is drawn by the unit", "an optimizer may look at whole layers", "so may an activation"],
)
def test_nothing_is_padded_where_that_could_change_more_than_last_bits(parameters):
    descents = [descent((3,), **parameters), descent((5,), **parameters)]
    assert sizes_of(descents) == [(4, 3, 3), (4, 5, 3)]


def test_what_differs_in_more_than_shape_and_numbers_stays_apart_and_so_does_a_network_without_hidden_layers():
    descents = [descent((3,)), descent((5,), activation="tanh"), descent((7,), solver="sgd"), descent(())]
    assert sizes_of(descents) == [(4, 3, 3), (4, 5, 3), (4, 7, 3), (4, 3)]


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_padded_state_is_cut_to_the_state_of_the_own_network(solver):
    descents = [descent((3,), solver=solver), descent((2, 4), solver=solver)]
    shapes = SharedShapes([(each, ROWS, 10) for each in descents])
    for each in descents:
        padded = shapes.padded(each, ROWS)
        chunk = DescentChunk(inputs_of(padded, ROWS).state, {}, 0.1, False, False, True)
        cut = in_own_shape(chunk, padded.objective.network).state
        jax.tree.map(np.testing.assert_array_equal, cut, inputs_of(each, ROWS).state)
        assert in_own_shape(chunk, dataclasses.replace(each.objective.network)) is chunk
