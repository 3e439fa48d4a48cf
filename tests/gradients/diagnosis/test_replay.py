"""One wrong line changes just what depends on it; sizes bound what rounding can do."""

import jax
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.layer_mistakes import updated_weights
from jaxnet.gradients.diagnosis.passes import model_of
from jaxnet.gradients.diagnosis.replay import Hypothesis, replay, step_down, total_cost, weight_leaf


@pytest.fixture
def run(pose, example):
    f, params, data = example(l2=0.1)
    return model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)


def changed(run, mistakes):
    right, wrong = replay(run, {}), replay(run, mistakes)
    return {key for key in right if not np.array_equal(right[key], wrong[key])}


@pytest.mark.parametrize(
    ("slot", "layer", "of", "leaves"),
    [
        ("output", 2, lambda s: 2 * s.run.delta, {(l, k) for l in range(3) for k in "wb"}),
        ("examples", 2, lambda s: np.arange(7.0), {(l, k) for l in range(3) for k in "wb"}),
        ("slope", 0, lambda s: 1 + 0 * s.passed, {(0, "w"), (0, "b")}),
        ("left", 1, lambda s: s.run.z[0], {(1, "w")}),
        ("right_b", 1, lambda s: s.passed, {(1, "b")}),
        ("bias", 2, lambda s: s.delta[0], {(2, "b")}),
        ("scale_w", 1, lambda leaf: 3.0, {(1, "w")}),
        ("penalty_b", 1, lambda leaf: leaf.parameter, {(1, "b")}),
        ("times_w", 0, lambda leaf: -1.0, {(0, "w")}),
    ],
)
def test_a_wrong_line_changes_what_depends_on_it(slot, layer, of, leaves, run):
    assert changed(run, {(slot, layer): Hypothesis("unknown", "", of)}) == leaves


def test_updated_weights_use_the_gradient_of_the_layer_above(run, derive, example):
    _, params, data = example(l2=0.1)
    by_hand = derive(l2=0.1, down=lambda s, l: s["delta"][l + 1] @ (s["w"][l + 1] - 0.3 * s["dw"][l + 1]).T)
    gradient = replay(run, {("matrix", layer): updated_weights(0.3) for layer in (0, 1)})
    for layer, leaves in enumerate(by_hand(params, *data)):
        for key, leaf in leaves.items():
            np.testing.assert_allclose(gradient[layer, key], leaf, rtol=1e-12)


def test_a_line_that_does_not_fit_replays_to_nothing(run):
    assert replay(run, {("matrix", 0): Hypothesis("unknown", "", lambda s: None)}) is None
    assert replay(run, {("delta", 1): Hypothesis("unknown", "", lambda s: np.ones((2, 3)))}) is None


def test_a_window_is_a_part_of_the_whole_leaf(run):
    step = step_down(run, None, {})
    window = np.ix_([2, 0], [1])
    np.testing.assert_allclose(weight_leaf(step, {}, window).expected, weight_leaf(step, {}).expected[window])


def test_the_size_of_a_leaf_is_at_least_its_value(run):
    step = step_down(run, step_down(run, None, {}), {})
    leaf = weight_leaf(step, {})
    assert (leaf.size >= np.abs(leaf.data)).all()


def test_a_mistake_made_in_several_layers_counts_once():
    one = Hypothesis("slope", "1", lambda s: None)
    assert total_cost({("slope", 0): one, ("slope", 1): one}) == 1
    assert total_cost({("slope", 0): one, ("left", 1): Hypothesis("input", "z", lambda s: None, 1.25)}) == 2.25
