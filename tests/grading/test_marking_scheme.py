"""A solution as a marking scheme: each stage is judged with the learner's own values before it. NumPy only."""

import numpy as np
import pytest

from jaxnet.grading.marking_scheme import MarkingScheme

W, X, Y = np.array([[1.0, -2.0, 0.5]]), np.arange(6.0).reshape(3, 2), np.array([[1.0, 3.0]])


def backward(w, X, y):
    """Half the mean squared error of w X."""
    n = X.shape[1]
    out = w @ X
    scores = out.copy()
    scores[0] -= y[0]
    total = np.zeros_like(scores)
    for i in range(n):
        np.add.at(total, (0, i), scores[0, i])
    dout = total / n
    return dout @ X.T


def variables(**changed):
    """What a learner's function would hold, computed line by line from what was changed."""
    own = {"out": W @ X}
    own["scores"] = changed.get("scores", own["out"] - Y)
    own["dout"] = changed.get("dout", own["scores"] / 2)
    return own, {"": changed.get("dw", own["dout"] @ X.T)}


@pytest.fixture(scope="module")
def scheme():
    return MarkingScheme(backward)


def test_every_stage_of_a_right_derivation_is_right(scheme):
    marks = scheme.marks((W, X, Y), *variables())
    assert marks == ({"out": True, "scores": True, "dout": True}, {"": True})


@pytest.mark.parametrize("wrong", ["scores", "dout", "dw"])
def test_a_mistake_is_wrong_where_it_was_made_and_nowhere_else(scheme, wrong):
    right, gradient = variables()
    value = 3 * (gradient[""] if wrong == "dw" else right[wrong])
    stages, leaves = scheme.marks((W, X, Y), *variables(**{wrong: value}))
    found = {**stages, "dw": leaves[""]}
    assert [name for name, ok in found.items() if not ok] == [wrong]


def test_rounding_of_another_order_is_right_and_float32_in_its_own_precision(scheme):
    single = (W @ X - Y).astype(np.float32)
    assert all(scheme.marks((W, X, Y), *variables(scores=single))[0].values())
    double = (W @ X - Y) * (1 + 1e-9)
    assert not scheme.marks((W, X, Y), *variables(scores=double)).stages["scores"]


def test_another_shape_and_nan_are_wrong(scheme):
    assert not scheme.marks((W, X, Y), {"dout": np.ones((2, 2))}, {}).stages["dout"]
    assert not scheme.marks((W, X, Y), {"dout": np.full((1, 2), np.nan)}, {}).stages["dout"]


def test_counters_and_names_that_are_not_of_the_solution_are_no_stages(scheme):
    marks = scheme.marks((W, X, Y), {"n": 3, "i": 7, "mine": np.ones(2)}, {"": variables()[1][""]})
    assert marks == ({}, {"": True})


def test_only_the_names_that_count_are_stages():
    own, gradient = variables(scores=Y)
    marks = MarkingScheme(backward, only=["dout"]).marks((W, X, Y), own, gradient)
    assert marks == ({"dout": False}, {"": True})  # scores does not count, so dout is judged by the right one


def returns_early(w):
    if w.size:
        return w
    return -w


@pytest.mark.parametrize(
    ("solution", "only", "words"),
    [
        (np.sum, (), "stages: expected a Python function"),
        (lambda w: w, (), "stages: expected a function defined by def"),
        (returns_early, (), "stages: expected a function that ends with its only return"),
        (backward, ["dscore"], "stage: expected one of .*did you mean 'scores'\\?"),
    ],
)
def test_a_solution_that_is_no_marking_scheme_is_refused(solution, only, words):
    with pytest.raises((TypeError, ValueError), match=words):
        MarkingScheme(solution, only)
