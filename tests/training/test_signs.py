"""What a history shows for nothing, and what it does not show."""

import numpy as np
import pytest

from jaxnet.training.signs import sign_of_sickness

FALLING = np.exp(-np.arange(50) / 10)


def kind(loss, validation=None, **options):
    history = {"loss": np.asarray(loss)} | ({} if validation is None else {"validation_loss": np.asarray(validation)})
    sign = sign_of_sickness(history, diverged=False, **options)
    return None if sign is None else sign.kind


def test_a_loss_that_falls_shows_nothing():
    assert kind(FALLING) is None


def test_a_loss_that_stands_still_is_told():
    assert kind(np.full(50, 0.7488) - 1e-6 * np.arange(50)) == "rate_too_low"


def test_a_loss_that_rose_is_told_with_both_its_ends():
    sign = sign_of_sickness({"loss": np.linspace(0.7, 3, 50)}, diverged=False)
    assert sign.sentence == "the loss rose, from 0.7 to 2.906"


def test_a_run_that_went_on_may_have_come_to_rest():
    assert kind(np.full(50, 0.01), continued=True) is None


def test_few_epochs_show_nothing():
    assert kind(np.full(9, 0.7)) is None


def test_a_validation_loss_that_turned_is_told_with_its_epoch():
    turned = np.concatenate([np.linspace(0.7, 0.3, 20), np.linspace(0.3, 0.9, 30)])
    sign = sign_of_sickness({"loss": FALLING, "validation_loss": turned}, diverged=False)
    assert (sign.kind, sign.epoch) == ("overfitting", 20)
    assert sign.sentence.startswith("the validation loss was lowest in epoch 20, 0.3, and rose to")


@pytest.mark.parametrize("end", [0.31, 0.4])
def test_a_validation_loss_that_wavers_has_not_turned(end):
    assert kind(FALLING, np.concatenate([np.linspace(0.7, 0.3, 20), np.linspace(0.3, end, 30)])) is None


def test_a_validation_loss_below_the_training_loss_is_no_fault():
    """keras-team/keras#472: with dropout, or as the mean over an epoch, the training loss is the higher one."""
    assert kind(FALLING + 0.1, FALLING) is None


def test_a_diverged_run_is_told():
    assert sign_of_sickness({"loss": np.array([1.0, np.nan])}, diverged=True).sentence == "it diverged in epoch 2"
