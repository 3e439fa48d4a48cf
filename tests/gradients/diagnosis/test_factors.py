"""Familiar numbers have names; equal ones share a name unless another batch tells them apart."""

import math

import pytest

from jaxnet.gradients.diagnosis.factors import Counts, factor_kind, factor_sentence, named_factors

COUNTS = Counts(examples=7, inputs=5, hidden=(4, 3), outputs=2, l2=0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("-1", -1), ("1/2 or 1/number of outputs", 0.5), ("n", 7), ("1/n", 1 / 7), ("n/(n - 1)", 7 / 6), ("1/ln 2", 1 / math.log(2)),
     ("number of inputs", 5), ("1/units of layer 2", 1 / 3), ("n/number of inputs", 7 / 5), ("the penalty's factor", 0.1)],
)  # fmt: skip
def test_a_number_has_its_name(name, value):
    assert named_factors(COUNTS)[name].value == pytest.approx(value, rel=1e-15)


def test_equal_numbers_of_a_network_share_a_name():
    table = named_factors(Counts(7, 5, (5,), 3))
    assert table["number of inputs or units of layer 1"].value == 5


def test_the_number_of_examples_stays_apart_from_an_equal_width():
    table = named_factors(Counts(5, 5, (), 3))
    assert table["n"].value == table["number of inputs"].value == 5


def test_one_is_no_factor():
    assert 1 not in {factor.value for factor in named_factors(Counts(1, 1, (1,), 1)).values()}


def test_without_anything_to_count_only_plain_numbers_have_names():
    assert not any("n" in name.split() for name in named_factors(Counts()))


@pytest.mark.parametrize(
    ("name", "kind"), [("-1", "sign"), ("n", "batch_sum"), ("1/n", "batch_mean_twice"), ("2", "factor")]
)
def test_some_factors_are_a_kind_of_their_own(name, kind):
    assert factor_kind(name) == kind


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("2", 2.0, "2 times"),
        ("n", 7.0, "7 = n times"),
        ("2 or number of outputs", 2.0, "2 (or the number of outputs) times"),
    ],
)
def test_a_factor_is_said_by_number_and_name(name, value, words):
    assert factor_sentence(name, value) == words
