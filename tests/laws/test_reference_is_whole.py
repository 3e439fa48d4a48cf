"""What jaxnet accepts by name, the reference knows, too: a name that it lacks is met here and not by a user."""

import pytest

from jaxnet import losses, network, reference
from jaxnet.reference import losses as reference_losses


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (network.ACTIVATIONS, reference.ACTIVATIONS),
        (network.OUTPUTS, reference.OUTPUTS),
        (losses.LOSSES, reference.LOSSES),
    ],
    ids=["activations", "outputs", "losses"],
)
def test_every_name_has_its_derivation(ours, theirs):
    assert set(ours) == set(theirs)


def test_each_output_has_the_same_canonical_loss_on_both_sides():
    assert losses.CANONICAL == reference_losses.CANONICAL


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
def test_a_loss_takes_the_same_targets_on_both_sides(name):
    ours, theirs = losses.LOSSES[name], reference.LOSSES[name]
    assert theirs.target == ours.target.name.lower()
    assert ours.on_predictions == theirs.on_predictions
