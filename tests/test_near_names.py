"""A wrong name gets the one that was meant: another spelling, another library's word, or the most alike."""

import pytest

from jaxnet.losses import LOSSES
from jaxnet.near_names import nearest, nearest_name
from jaxnet.network.activations import ACTIVATIONS, OUTPUTS

WEIGHTS = ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "zeros", "normal"]


@pytest.mark.parametrize(
    ("text", "names", "meant"),
    [
        ("mse", LOSSES, "mean_squared_error"),
        ("MSE", LOSSES, "mean_squared_error"),
        ("bce", LOSSES, "binary_cross_entropy"),
        ("crossentropy", LOSSES, "cross_entropy"),
        ("sparse-categorical crossentropy", LOSSES, "cross_entropy"),
        ("hingy", LOSSES, "hinge"),
        ("xavier", WEIGHTS, "glorot_uniform"),
        ("he", WEIGHTS, "he_uniform"),
        ("kaiming_normal", WEIGHTS, "he_normal"),
        ("linear", OUTPUTS, "identity"),
        ("Softmax", OUTPUTS, "softmax"),
        ("logistic", ACTIVATIONS, "sigmoid"),
        ("LeakyReLU", ACTIVATIONS, "leaky_relu"),
        ("val_loss", ["loss", "validation_loss"], "validation_loss"),
        ("val_acc", ["accuracy", "validation_accuracy"], "validation_accuracy"),
        ("MPL", ["MLP", "fit"], "MLP"),
        ("train", ["fit", "plan"], "fit"),
        ("zzz", LOSSES, None),
    ],
)
def test_the_name_that_was_meant(text, names, meant):
    assert nearest_name(text, names) == meant


def test_a_word_counts_only_where_what_it_means_is_known():
    assert nearest_name("mse", ["accuracy", "r2"]) is None


def test_a_hint_is_ready_to_be_put_behind_a_message():
    assert nearest("stairz", ["stairs"]) == " (did you mean 'stairs'?)"
    assert nearest("xyz", ["stairs"]) == ""


def test_what_is_not_here_under_any_name_gets_a_way_on_too():
    assert nearest("mae", LOSSES) == (
        " (nearest is 'huber'; for the absolute error itself give a callable, "
        "lambda logits, target: abs(logits - target).sum())"
    )
