"""What was handed in: found in its containers, or asked of a function; what is wrong with its form is said in words."""

import collections

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.evidence import by_path
from jaxnet.gradients.submission import FORMS, Caller, examine, other_loss, receive

PARAMS = [{"w": np.ones((2, 3)), "b": np.zeros(3)}]
W, B = np.full((2, 3), 2.0), np.full(3, 3.0)
Layer = collections.namedtuple("Layer", ["w", "b"])

CONTAINERS = {
    "as params": [{"w": W, "b": B}],
    "a tuple for the list": ({"w": W, "b": B},),
    "a named tuple for the dict": [Layer(W, B)],
    "nested lists for arrays": [{"w": W.tolist(), "b": B.tolist()}],
    "JAX arrays": [{"w": jnp.asarray(W), "b": jnp.asarray(B)}],
    "numbers as keys of a dict": {0: {"w": W, "b": B}},
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_gradient_is_found_by_keys_and_positions_in_any_containers(name):
    found = receive(PARAMS, CONTAINERS[name])
    assert found.missing == found.extra == ()
    np.testing.assert_array_equal(found.leaves["[0]['w']"], W)
    np.testing.assert_array_equal(found.leaves["[0]['b']"], B)


def test_params_that_are_one_array_have_a_gradient_that_is_one_array():
    assert receive(np.ones(2), [1.0, 2.0]).leaves == {"": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("given", "missing", "extra"),
    [
        ([{"w": W}], ("[0]['b']",), ()),
        ([{"w": W, "b": None}], ("[0]['b']",), ()),
        ([{"w": W, "b": B, "c": B}], (), ("[0]['c']",)),
        ([{"w": W, "b": B}, B], (), ("[1]",)),
        ([{"v": W, "c": B}], ("[0]['b']", "[0]['w']"), ("[0]['c']", "[0]['v']")),
        (W, ("[0]['b']", "[0]['w']"), ("",)),
    ],
)
def test_missing_and_extra_leaves_are_named(given, missing, extra):
    found = receive(PARAMS, given)
    assert (found.missing, found.extra) == (missing, extra)


def test_an_attribute_of_an_array_is_no_leaf():
    assert receive({"T": W}, W).missing == ("['T']",)


def test_a_function_gets_copies_in_float64():
    seen = []

    def gradient(params, X):
        seen.append((params[0]["w"].dtype, X.dtype))
        params[0]["w"] += 1
        X *= 0
        return params

    params, X = [{"w": np.ones((2, 3)), "b": np.zeros(3)}], np.ones(2)
    Caller(gradient, (PARAMS, X))(params, X)
    assert seen == [(np.float64, np.float64)]
    assert params[0]["w"].sum() == 6
    assert X.sum() == 2


def test_a_function_that_needs_jax_arrays_gets_them():
    assert Caller(lambda w: w.at[0].set(7.0), (np.ones(2),))(np.ones(2))[0].tolist() == [7, 1]


def test_a_function_that_needs_the_dtype_it_was_given_gets_it():
    def gradient(w):
        if w.dtype != np.float32:
            raise TypeError("float32 only")
        return w

    assert Caller(gradient, (np.ones(2, np.float32),))(np.ones(2))[0].dtype == np.float32


def test_the_first_failure_of_a_function_that_always_fails_is_raised():
    def gradient(w):
        raise TypeError(f"no gradient of {type(w).__name__}")

    with pytest.raises(TypeError, match="no gradient of ndarray"):
        Caller(gradient, (jnp.ones(2),))(np.ones(2))


def test_the_gradient_of_a_function_comes_by_path_in_float64_and_in_the_shapes_of_params():
    caller = Caller(lambda params: [{"w": np.float32(W), "b": B[None]}], (PARAMS,))
    found = caller.gradient(PARAMS)
    assert {path: (leaf.shape, leaf.dtype.name) for path, leaf in found.items()} == {
        path: (leaf.shape, "float64") for path, leaf in by_path(PARAMS).items()
    }


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
    assert cause.where.startswith("test_submission.py:")
    assert cause.where.endswith('return {"w": np.ones(2) @ np.ones(3)}')
    assert cause.where in cause.sentence


@pytest.mark.parametrize(("axis", "shape"), [(0, (8, 2)), (1, (2, 8))], ids=["rows", "columns"])
def test_a_sum_that_is_missing_is_over_the_axis_of_the_examples(axis, shape):
    submission = receive({"b": np.ones(2)}, {"b": np.ones(shape)})
    (cause,), _ = examine(submission, {"b": np.ones(2)}, 8)
    assert (cause.kind, cause.fix) == ("shape_not_summed", f".sum(axis={axis})    # over the examples")
