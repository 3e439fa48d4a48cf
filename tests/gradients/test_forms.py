"""What is wrong with the form of a gradient is said in words."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.forms import FORMS, examine, other_loss
from jaxnet.gradients.submission import receive

LAYER = {"w": np.zeros((5, 7)), "b": np.zeros(7)}
DW, DB = np.arange(35.0).reshape(5, 7), np.arange(7.0)
N = 9


def examined(**leaves):
    return examine(receive(LAYER, {"w": DW, "b": DB, **leaves}), LAYER, N)


def test_a_gradient_in_good_form_has_no_faults():
    faults, usable = examined()
    assert faults == []
    np.testing.assert_array_equal(usable["['w']"], DW)


LEAVES = [
    ("w", DW.T, "shape_transposed", "['w'] has shape (7, 5), expected (5, 7): it is transposed", DW),
    ("b", DB[None], "shape_kept_dimensions", "shape (1, 7), expected (7,): a sum with keepdims=True", DB),
    ("b", DB[:, None], "shape_kept_dimensions", "shape (7, 1)", DB),
    ("b", np.ones((N, 7)), "shape_not_summed", "not summed over the batch of 9 examples", None),
    ("w", np.ones((N, 5, 7)), "shape_not_summed", "not summed over the batch of 9 examples", None),
    ("b", np.float64(2), "shape_summed_over_everything", "shape (), expected (7,): it is summed over everything", None),
    ("w", DW.ravel(), "shape_reshaped", "shape (35,), expected (5, 7): it has as many entries", DW),
    ("w", np.ones((2, 2)), "shape", "shape (2, 2), expected (5, 7).", None),
    ("w", DW.astype(int), "dtype", "integer dtype int64", DW),
    ("w", DW.astype(complex), "dtype", "dtype complex128; a gradient holds floating-point", None),
    ("w", DW.astype(str), "dtype", "dtype <U32; a gradient holds floating-point", None),
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
    ((0.7, DW), "loss_beside_gradient", "the loss beside the gradient"),
    ({"w": DW}, "missing_leaf", "['b'] is missing"),
    ({"w": DW, "b": DB, "c": DB}, "extra_leaf", "['c'] is extra"),
]


@pytest.mark.parametrize(("whole", "kind", "words"), WHOLES)
def test_a_malformed_whole_is_explained(whole, kind, words):
    (fault,), _ = examine(receive(LAYER, whole), LAYER, N)
    assert fault.kind == kind
    assert FORMS[kind]
    assert words in fault.sentence


def test_another_loss_is_told_with_its_ratio_and_what_the_ratio_is():
    assert "ratio 9: 9 examples times" in other_loss(4.5, 0.5, 9).sentence
    assert "ratio 2: twice" in other_loss(1.0, 0.5, None).sentence
    assert "ratio inf" in other_loss(1.0, 0.0, 9).sentence


def test_where_a_function_fails_is_said_with_its_own_line():
    def fails(params):
        return {"w": np.ones(2) @ np.ones(3)}

    (cause,) = [*jn.check_gradient(lambda p: p["w"].sum(), {"w": np.ones(2)}, gradient=fails).causes]
    assert cause.kind == "raises"
    assert cause.where.startswith("test_forms.py:")
    assert cause.where.endswith('return {"w": np.ones(2) @ np.ones(3)}')
    assert cause.where in cause.sentence


@pytest.mark.parametrize(("axis", "shape"), [(0, (8, 2)), (1, (2, 8))], ids=["rows", "columns"])
def test_a_sum_that_is_missing_is_over_the_axis_of_the_examples(axis, shape):
    submission = receive({"b": np.ones(2)}, {"b": np.ones(shape)})
    (cause,), _ = examine(submission, {"b": np.ones(2)}, 8)
    assert (cause.kind, cause.fix) == ("shape_not_summed", f".sum(axis={axis})    # over the examples")


def test_whole_numbers_that_are_right_have_lost_nothing():
    counts = np.array([[1, 2], [0, 3]])
    f = lambda w, counts: jnp.sum(counts @ w)
    assert jn.check_gradient(f, np.ones(2), counts, gradient=lambda w, counts: counts.sum(0)).ok
    assert not jn.check_gradient(f, np.ones(2), counts / 2, gradient=lambda w, c: c.sum(0).astype(int)).ok
