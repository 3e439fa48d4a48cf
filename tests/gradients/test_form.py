"""Form before arithmetic: what is wrong is said in words, and what can be compared is."""

import numpy as np
import pytest

from jaxnet.gradients import form
from jaxnet.gradients.submission import receive

PARAMS = {"w": np.zeros((5, 7)), "b": np.zeros(7)}
W, B = np.arange(35.0).reshape(5, 7), np.arange(7.0)
N = 9


def examined(**leaves):
    return form.examine(receive(PARAMS, {"w": W, "b": B, **leaves}), PARAMS, N)


def test_a_gradient_in_good_form_has_no_faults():
    faults, usable = examined()
    assert faults == []
    np.testing.assert_array_equal(usable["['w']"], W)


LEAVES = [
    ("w", W.T, "shape_transposed", "['w'] has shape (7, 5), expected (5, 7): it is transposed", W),
    ("b", B[None], "shape_kept_dimensions", "shape (1, 7), expected (7,): a sum with keepdims=True", B),
    ("b", B[:, None], "shape_kept_dimensions", "shape (7, 1)", B),
    ("b", np.ones((N, 7)), "shape_not_summed", "not summed over the batch of 9 examples", None),
    ("w", np.ones((N, 5, 7)), "shape_not_summed", "not summed over the batch of 9 examples", None),
    ("b", np.float64(2), "shape_summed_over_everything", "shape (), expected (7,): it is summed over everything", None),
    ("w", W.ravel(), "shape_reshaped", "shape (35,), expected (5, 7): it has as many entries", W),
    ("w", np.ones((2, 2)), "shape", "shape (2, 2), expected (5, 7).", None),
    ("w", W.astype(int), "dtype", "integer dtype int64", W),
    ("w", W.astype(complex), "dtype", "dtype complex128; a gradient holds floating-point", None),
    ("w", W.astype(str), "dtype", "dtype <U32; a gradient holds floating-point", None),
    ("w", [[1.0], [1.0, 2.0]], "dtype", "rows of different lengths", None),
    ("b", np.array([0, 1, np.nan, np.inf, 0, 0, 0]), "not_finite", "holds nan at index [2] and 1 more", "as it is"),
]


@pytest.mark.filterwarnings("erro")
@pytest.mark.parametrize(("key", "given", "kind", "words", "compared"), LEAVES)
def test_a_malformed_leaf_is_explained_and_compared_as_what_it_should_be_where_that_is_sure(
    key, given, kind, words, compared
):
    (fault,), usable = examined(**{key: given})
    assert fault.kind == kind
    assert fault.leaves == (f"['{key}']",)
    assert words in fault.sentence
    if compared is None:
        assert f"['{key}']" not in usable
    elif not isinstance(compared, str):
        np.testing.assert_array_equal(usable[f"['{key}']"], compared)


WHOLES = [
    (None, "nothing_returned", "returns None"),
    ((0.7, {"w": W, "b": B}), "loss_beside_gradient", "the loss beside the gradient"),
    ({"w": W}, "missing_leaf", "['b'] is missing"),
    ({"w": W, "b": B, "c": B}, "extra_leaf", "['c'] is extra"),
]


@pytest.mark.parametrize(("whole", "kind", "words"), WHOLES)
def test_a_malformed_whole_is_explained(whole, kind, words):
    (fault,), _ = form.examine(receive(PARAMS, whole), PARAMS, N)
    assert fault.kind == kind
    assert form.FORMS[kind]
    assert words in fault.sentence


def test_another_loss_is_told_with_its_ratio_and_what_the_ratio_is():
    assert "ratio 9: 9 examples times" in form.other_loss(4.5, 0.5, 9).sentence
    assert "ratio 2: twice" in form.other_loss(1.0, 0.5, None).sentence
    assert "ratio inf" in form.other_loss(1.0, 0.0, 9).sentence
