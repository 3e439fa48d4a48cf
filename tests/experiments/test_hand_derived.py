"""The layers derived by hand: right derivations, and slips that are what they say. Judged in NumPy, without JAX."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))
from layers_by_hand import LAYERS
from layers_by_hand.slips import Layer, Slip

sys.path.pop(0)
SLIPS = [(layer, slip) for layer in LAYERS for slip in layer.slips]
ALL_LAYERS = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
STEP = 1e-6  # of central differences: STEP**2 and rounding / STEP are both far below the tolerance
TOLERANCE = 1e-6


def leaves(tree):
    return list(tree.values()) if isinstance(tree, dict) else [tree]


def moved(params, direction, step):
    if isinstance(params, dict):
        return {name: leaf + step * direction[name] for name, leaf in params.items()}
    return params + step * direction


@ALL_LAYERS
def test_the_derivation_agrees_with_differences_of_the_loss(layer):
    random = np.random.default_rng(0)
    direction = (
        {name: random.normal(size=leaf.shape) for name, leaf in layer.params.items()}
        if isinstance(layer.params, dict)
        else random.normal(size=layer.params.shape)
    )
    loss = layer.loss_in_numpy
    ahead, behind = (loss(moved(layer.params, direction, step), *layer.data) for step in (STEP, -STEP))
    gradient = layer.backward(layer.params, *layer.data)
    along = sum(np.vdot(a, b) for a, b in zip(leaves(gradient), leaves(direction), strict=True))
    assert_allclose(along, (ahead - behind) / (2 * STEP), rtol=TOLERANCE)


@ALL_LAYERS
def test_a_layer_has_six_to_ten_slips_of_different_names(layer):
    assert 6 <= len({slip.name for slip in layer.slips}) == len(layer.slips) <= 10


@pytest.mark.parametrize(("layer", "slip"), SLIPS, ids=[f"{layer.name}: {slip.name}" for layer, slip in SLIPS])
def test_a_slip_makes_the_gradient_wrong_and_knows_its_line(experiment, layer, slip):
    right, wrong = (each(layer.params, *layer.data) for each in (layer.backward, layer.with_slip(slip)))
    assert experiment.differing(right, wrong)
    assert all(layer.lines_of(name) for name in slip.at.split()), slip.at
    assert layer.right_line(slip) != slip.line


def doubled(w):
    return (w * w).sum()


def doubled_backward(w):
    two = 2.0
    return two * w


ONE = Layer("square", doubled, doubled_backward, np.ones(2), (), ())


def test_a_slip_replaces_the_line_that_assigns_to_the_same_name():
    assert_allclose(ONE.with_slip(Slip("", "two = 3.0", "", ""))(np.ones(2)), [3, 3])
    assert ONE.right_line(Slip("", "two = 3.0", "", "")) == "two = 2.0"


def test_a_slip_that_replaces_no_line_is_refused():
    with pytest.raises(ValueError, match="square, missing: 0 lines assign to three"):
        ONE.with_slip(Slip("missing", "three = 3.0", "", ""))


@pytest.mark.parametrize(
    ("kinds", "verdict"),
    [({"sign"}, "named"), (set(), "unknown"), ({"unknown"}, "unknown"), ({"sign", "zero"}, "false")],
)
def test_a_cause_is_named_when_every_kind_reported_says_what_was_done(experiment, kinds, verdict):
    assert experiment.judged(kinds, Slip("", "", "sign factor", "")) == verdict
