"""A call that does not fit its signature is answered with the call that does; one that fits is left alone."""

import inspect
import pickle

import pytest

import jaxnet as jn
from jaxnet.guidance import guided


@guided(positional="data are one pair", seed="give key=", rate="such as rate=0.1")
def train(data, *, rate, key=None):
    """Train."""
    return len(data), rate, key


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: train([1], [2], rate=1), r"train: expected at most 1 argument without a name \(data\), got 2: data are one pair"),
        (lambda: train([1], rate=1, seed=0), "train: expected arguments among data, rate, key, got seed=0: give key="),
        (lambda: train([1], rat=1), r"train: expected arguments among .* got rat=1 \(did you mean 'rate'\?\)"),
        (lambda: train([1]), "train: expected rate=, got none: such as rate=0.1"),
        (lambda: train(rate=1), "train: expected data=, got none$"),
        (lambda: train([1], rate=1, data=[2]), "multiple values for argument 'data'"),
    ],
)  # fmt: skip
def test_a_call_that_does_not_fit_is_answered_with_one_that_does(call, words):
    with pytest.raises(TypeError, match=words):
        call()


def test_a_call_that_fits_is_made_and_its_own_errors_are_its_own():
    assert train([1, 2], rate=3) == (2, 3, None)
    with pytest.raises(TypeError, match=r"object of type 'int' has no len\(\)"):
        train(1, rate=1)


def test_a_guided_function_or_class_keeps_its_signature_name_and_words():
    assert str(inspect.signature(train)) == "(data, *, rate, key=None)"
    assert (train.__name__, train.__doc__) == ("train", "Train.")
    assert list(inspect.signature(jn.MLP).parameters)[:2] == ["sizes", "activation"]
    assert list(inspect.signature(jn.fit).parameters)[:3] == ["f", "params", "data"]


def test_a_guided_class_can_still_be_pickled_compared_and_hashed():
    net = jn.MLP((4, 8, 2), output="softmax")
    assert pickle.loads(pickle.dumps(net)) == net
    assert len({net, jn.MLP((4, 8, 2), output="softmax")}) == 1
