"""What a class is asked for is checked before any submission runs."""

import numpy as np
import pytest

from jaxnet.grading.assignment import Assignment

from .conftest import PARAMS, X, Y, backward, loss


def test_the_leaves_are_those_of_the_parameters(assignment):
    assert assignment.leaves == ("['V']", "['W']", "['b']")


def test_a_solution_that_is_wrong_itself_is_refused():
    def doubled(P, X, Y):
        return {name: 2 * leaf for name, leaf in backward(P, X, Y).items()}

    with pytest.raises(ValueError, match="solution: expected a right gradient, got The gradient is wrong in 3 of 3"):
        Assignment(loss, PARAMS, X, Y, hidden=0, solution=doubled)


def test_arguments_that_no_other_process_can_be_given_are_refused():
    with pytest.raises(ValueError, match="another process can be given, got a "):
        Assignment(lambda w, f: f(w), np.ones(2), np.sum)
    with pytest.raises(ValueError, match="hidden"):
        Assignment(loss, PARAMS, X, Y, hidden=-1)
