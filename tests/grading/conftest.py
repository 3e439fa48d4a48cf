"""A small course: a loss in columns, its solution, an assignment compiled once, and submissions made of the solution."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.grading.assignment import Assignment
from jaxnet.grading.grades import Work, grade
from jaxnet.grading.isolation import Limits

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(3, 6)), RANDOM.normal(size=(1, 6))
PARAMS = {"W": RANDOM.normal(size=(2, 3)), "b": np.zeros((2, 1)), "V": RANDOM.normal(size=(1, 2))}
LIMITS = Limits(seconds=20.0, memory=1024)


def loss(P, X, Y):
    A = jnp.tanh(P["W"] @ X + P["b"])
    E = P["V"] @ A - Y
    return jnp.mean(E**2) / 2 + 0.05 * jnp.sum(P["b"] ** 2)


def backward(P, X, Y):
    m = X.shape[1]
    A = np.tanh(P["W"] @ X + P["b"])
    E = P["V"] @ A - Y
    dE = E / m
    dA = P["V"].T @ dE
    dZ = dA * (1 - A**2)
    dW = dZ @ X.T
    db = dZ.sum(axis=1, keepdims=True) + 0.1 * P["b"]
    return {"W": dW, "b": db, "V": dE @ A.T}


@pytest.fixture(scope="session")
def assignment():
    return Assignment(loss, PARAMS, X, Y, hidden=2, solution=backward)


@pytest.fixture(scope="session")
def submit(tmp_path_factory):
    """(right line, wrong line)... -> the file of a submission with these lines replaced."""

    def write(*replaced, name="mine"):
        text = "import numpy as np\n\n\n" + inspect.getsource(backward)
        for right, wrong in replaced:
            assert text.count(right) == 1, right
            text = text.replace(right, wrong)
        file = tmp_path_factory.mktemp(name) / f"{name}.py"
        file.write_text(text)
        return file

    return write


@pytest.fixture(scope="session")
def graded(assignment, submit):
    """(right line, wrong line)... -> the grade, of 4 points; each is asked for once."""
    known = {}

    def one(*replaced):
        if replaced not in known:
            known[replaced] = grade(Work("mine", submit(*replaced)), "backward", assignment, LIMITS, max_score=4.0)
        return known[replaced]

    return one


SLOPE_FORGOTTEN = ("dZ = dA * (1 - A**2)", "dZ = dA")
LEARNT_BY_HEART = ("m = X.shape[1]", "m = 6")
PENALTY_FORGOTTEN = (' + 0.1 * P["b"]', "")
EXITS = ("m = X.shape[1]", "import os; os._exit(3)")
