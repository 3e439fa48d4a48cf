"""A space settles what a configuration is: conditions, derived values, constraints, identity."""

from typing import Any

import pytest

from jaxnet.sweeps import Choice, Derived, Float, Folds, Int, Seeds, Space, when
from jaxnet.sweeps.space import configuration_text, space_as_json


def test_constants_stand_as_they_are_and_axes_are_counted() -> None:
    space = Space(learning_rate=Float(0, 1), momentum=0.9, hidden=[32, 16])
    assert space.axes == 1
    assert space.at([0.5]) == {"learning_rate": 0.5, "momentum": 0.9, "hidden": (32, 16)}


def test_a_conditional_parameter_stands_only_where_its_condition_holds() -> None:
    space = Space(
        optimizer=Choice("sgd", "adam"), momentum=when(Float(0, 1), optimizer="sgd"), b1=when(0.9, optimizer="adam")
    )
    assert space.at([0.0, 0.5]) == {"optimizer": "sgd", "momentum": 0.5}
    assert space.at([0.9, 0.5]) == {"optimizer": "adam", "b1": 0.9}


def test_a_condition_on_what_has_no_place_does_not_hold() -> None:
    """``final`` belongs to a schedule that only SGD has here."""
    space = Space(
        final=when(0.1, schedule="cosine"), schedule=when(Choice("cosine"), optimizer="sgd"),
        optimizer=Choice("sgd", "adam"),
    )  # fmt: skip
    assert [set(configuration) for configuration in space.grid(None)] == [
        {"final", "schedule", "optimizer"}, {"optimizer"},
    ]  # fmt: skip


def test_a_condition_may_name_a_value_that_is_a_tuple() -> None:
    space = Space(hidden=Choice((8,), (8, 8)), l2=when(0.1, hidden=(8,)), dropout=when(0.5, hidden=((8,), (8, 8))))
    assert [sorted(c) for c in space.grid(None)] == [["dropout", "hidden", "l2"], ["dropout", "hidden"]]


def test_a_condition_may_name_several_values() -> None:
    space = Space(optimizer=Choice("sgd", "rmsprop", "adam"), momentum=when(0.5, optimizer=("sgd", "rmsprop")))
    assert ["momentum" in configuration for configuration in space.grid(None)] == [True, True, False]


def test_a_derived_value_follows_the_others() -> None:
    space = Space(learning_rate=Float(0, 1), weight_decay=Derived(lambda c: 0.1 * c["learning_rate"]))
    assert space.at([0.5])["weight_decay"] == pytest.approx(0.05)


def test_a_derived_value_may_follow_one_that_is_derived_before_it() -> None:
    space = Space(a=Choice(2), b=Derived(lambda c: 10 * c["a"]), c=Derived(lambda c: c["b"] + 1))
    assert space.at([0.5]) == {"a": 2, "b": 20, "c": 21}


@pytest.mark.parametrize(
    ("space", "argument"),
    [
        (Space(a=Choice(1, 2), constraints=[lambda c: c["b"] > 0]), "constraints"),
        (Space(a=Choice(1, 2), b=when(3, a=2), c=Derived(lambda c: c["b"])), "c.of"),
        (Space(a=Choice(1, 2), c=Derived(lambda c: c["b"]), b=Derived(lambda c: c["a"])), "c.of"),
    ],
)
def test_a_function_that_asks_for_what_is_not_there_is_told_what_is(space: Space, argument: str) -> None:
    words = rf"{argument}: expected a function of what each configuration has, such as a.*, got one of 'b' \(a condit"
    with pytest.raises(ValueError, match=words):
        space.at([0.0])


def test_constraints_forbid() -> None:
    space = Space(a=Int(1, 3), b=Int(1, 3), constraints=[lambda c: c["a"] < c["b"]])
    assert [tuple(c.values()) for c in space.grid(None)] == [(1, 2), (1, 3), (2, 3)]
    assert space.at([0.9, 0.1]) is None


def test_one_seed_is_a_constant_and_no_parameter() -> None:
    assert Space(seed=7).seeds == Seeds(1, 7)
    assert "seed" not in Space(seed=7).parameters


def test_an_identity_does_not_depend_on_the_order_of_parameters() -> None:
    assert (
        configuration_text({"a": 1, "b": (2, 3)})
        == configuration_text({"b": (2, 3), "a": 1})
        == '{"a": 1, "b": [2, 3]}'
    )


def test_a_space_is_described_for_a_manifest() -> None:
    described = space_as_json(Space(rate=Float(0, 1), hidden=(4,), fold=Folds(3), constraints=[len]))
    assert described["rate"] == {"kind": "Float", "low": 0, "high": 1, "log": False, "step": None}
    assert described["hidden"] == (4,)
    assert described["fold"] == {"kind": "Folds", "count": 3}
    assert described["constraints"] == ["len"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Space(seed=1.5), TypeError, "seed: expected an integer"),
        (lambda: Space(fold=3), TypeError, r"fold: expected jn.Folds\(k\), got 3"),
        (lambda: Space(rate=Seeds(3)), TypeError, "rate: expected Seeds as seed= and Folds as fold="),
        (lambda: Space(rate=print), TypeError, "rate: expected numbers, text"),
        (lambda: Space(seed=[1, 2]), TypeError, r"seed: .*jn.Seeds\(5\) for the first five"),
        (lambda: Space(constraints=[3]), TypeError, "constraints: expected a list of callables"),
        (lambda: Space(constraints=len), TypeError, "constraints: expected a list of callables"),
        (lambda: Space(a=when(1, optimiser="sgd"), optimizer="sgd"), ValueError, "did you mean 'optimizer'"),
        (lambda: Space(a=when(1, b="x"), b=Choice("y", "z")), ValueError, "a.when: expected b as one of y, z, got 'x'"),
        (lambda: Space(a=when(1, b=2), b=Derived(len)), ValueError, "a.when: expected a parameter that is not derived"),
    ],
)
def test_what_is_no_space_is_refused(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()
