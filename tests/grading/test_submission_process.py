"""The process of a submission: what it answers, here in the process of the tests."""

from types import SimpleNamespace

import numpy as np
import pytest

from jaxnet.grading.submission_process import called, failure, load_submission


def test_a_dotted_name_is_found_in_the_file(tmp_path):
    (tmp_path / "mine.py").write_text("class Net:\n    rate = 0.5\n")
    assert load_submission(str(tmp_path / "mine.py"), "Net.rate") == 0.5
    with pytest.raises(NameError, match=r"there is no rat in mine\.py"):
        load_submission(str(tmp_path / "mine.py"), "Net.rat")


def test_own_variables_are_those_of_the_function_itself_as_it_returned():
    def helper(x):
        inner = [x, 1]
        return sum(inner)

    def gradient(params):
        dz = helper(params)
        dz *= 2
        return {"W": dz}

    answer = called(gradient, (np.ones(2),), True)
    np.testing.assert_array_equal(answer["locals"]["dz"], [4, 4])
    assert "inner" not in answer["locals"]


def test_a_gradient_left_behind_in_attributes_is_an_answer():
    def gradient(net):
        net.dW = 2 * net.W

    assert set(called(gradient, (SimpleNamespace(W=np.ones(2)),), False)["value"]) == {"dW"}


def test_an_error_has_its_type_and_words():
    assert failure(KeyError("W"))["error"] == "KeyError"
    assert failure(ValueError("x" * 10_000))["message"] == "x" * 500
