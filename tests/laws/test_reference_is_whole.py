"""The reference and what is held against it say the same of each name, and its lines of NumPy can be pasted."""

import numpy as np
import pytest

from jaxnet import losses, reference
from jaxnet.reference import losses as reference_losses


def test_each_output_has_the_same_canonical_loss_on_both_sides():
    assert losses.CANONICAL == reference_losses.CANONICAL


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
def test_a_loss_takes_the_same_targets_on_both_sides(name):
    ours, theirs = losses.LOSSES[name], reference.LOSSES[name]
    assert theirs.target == ours.target.name.lower()
    assert ours.outputs == theirs.outputs


@pytest.mark.parametrize("name", [name for name in reference.ACTIVATIONS if name != "gelu"])  # whose line is a name
def test_the_line_of_a_derivative_is_a_factor_that_needs_no_parentheses_round_it(name):
    z = np.array([-3.0, -0.7, 0.2, 1.9])
    activation = reference.ACTIVATIONS[name]
    known = {"z": z, "a": activation.forward(z), "np": np, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    product = eval(f"3.0 * {activation.line.format(z='z', a='a')} * np.ones(4)", known)
    np.testing.assert_allclose(product, 3 * activation.slope(z), rtol=1e-12)
