"""The tables of wrong lines: every kind is in KINDS, every line can be computed, none is the right line itself."""

import itertools

import jax
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.kinds import KINDS
from jaxnet.gradients.diagnosis.layer_mistakes import (
    bias_mistakes,
    left_mistakes,
    matrix_mistakes,
    right_mistakes,
    slope_mistakes,
)
from jaxnet.gradients.diagnosis.output_mistakes import example_mistakes, output_mistakes
from jaxnet.gradients.diagnosis.passes import model_of
from jaxnet.gradients.diagnosis.replay import Step, step_down

CASES = [
    ({"output": "softmax"}, "tanh"),
    ({"output": "sigmoid"}, "sigmoid"),
    ({"output": "sigmoid", "loss": "squared_error"}, "relu"),
    ({"output": "identity", "loss": "mean_squared_error"}, "silu"),
]


@pytest.fixture(params=CASES, ids=["softmax", "logistic", "sigmoid squares", "regression"])
def run(request, pose, example):
    options, activation = request.param
    f, params, data = example((4, 4, 4, 3), activation=activation, **options)
    return model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)


def tables(run, layer):
    return {
        "output": output_mistakes(run), "examples": example_mistakes(run), "matrix": matrix_mistakes(run, layer),
        "slope": slope_mistakes(run, layer), "left": left_mistakes(run, layer), "right": right_mistakes(run, layer),
        "bias": bias_mistakes(run, layer),
    }  # fmt: skip


def test_every_kind_is_explained(run):
    kinds = {mistake.kind for table in tables(run, 0).values() for mistake in table}
    assert kinds <= set(KINDS)


def test_no_two_lines_of_a_table_say_the_same(run):
    for table in tables(run, 1).values():
        habits = [mistake.habit for mistake in table]
        assert len(habits) == len(set(habits))


def test_every_line_gives_an_array_of_its_shape_or_nothing(run):
    last = step_down(run, None, {})
    above = step_down(run, last, {})
    step = step_down(run, above, {})
    shapes = {"matrix": (4, 4), "slope": (7, 4), "left": (7, 4), "right": (7, 4), "bias": (4,)}
    for slot, shape in shapes.items():
        for mistake in tables(run, 0)[slot]:
            line = mistake.of(step)
            assert line is None or line.shape == shape, (slot, mistake.habit)
    for mistake in itertools.chain(tables(run, 0)["output"]):
        assert mistake.of(Step(run, run.last)).shape == (7, 3)
    for mistake in tables(run, 0)["examples"]:
        assert mistake.of(Step(run, run.last)).shape == (7,)


def test_no_wrong_derivative_is_the_right_one(run):
    step = step_down(run, step_down(run, step_down(run, None, {}), {}), {})
    for mistake in slope_mistakes(run, 0):
        line = mistake.of(step)
        assert line is None or not np.allclose(line, step.slope), mistake.habit
