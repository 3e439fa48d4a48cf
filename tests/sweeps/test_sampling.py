"""Which configurations are tried: distinct ones, in an order that only ever grows at its end."""

import builtins
from typing import Any

import numpy as np
import pytest

from jaxnet.sweeps import Choice, Derived, Float, Int, Space, when
from jaxnet.sweeps.sampling import sample

SPACE = Space(rate=Float(1e-3, 1, log=True), momentum=Float(0, 1), kind=Choice("a", "b"))


def test_a_grid_crosses_all_levels_with_the_last_varying_fastest() -> None:
    space = Space(a=Int(1, 2), b=Choice("x", "y"), c=0)
    found = sample(space, "grid", n=None, root=0)
    assert [(c["a"], c["b"], c["c"]) for c in found] == [(1, "x", 0), (1, "y", 0), (2, "x", 0), (2, "y", 0)]


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_more_points_only_add_to_the_end(method: str) -> None:
    few, many = (sample(SPACE, method, n=n, root=3) for n in (5, 37))
    assert len(many) == 37
    assert many[:5] == few


@pytest.mark.parametrize("method", ["random", "grid"])
def test_configurations_of_ones_own_come_first_and_the_others_stay_as_they_were(method: str) -> None:
    space = Space(rate=Float(0, 1), hidden=(3,))
    drawn = sample(space, method, n=3, root=0)
    mine = [{"rate": 0.3}, {"rate": drawn[1]["rate"]}]
    found = sample(space, method, n=3, root=0, configurations=mine)
    assert found == [{"rate": 0.3, "hidden": (3,)}, drawn[1], drawn[0], drawn[2]]


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_another_root_draws_other_points(method: str) -> None:
    assert sample(SPACE, method, n=4, root=0) != sample(SPACE, method, n=4, root=1)


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_configurations_are_distinct(method: str) -> None:
    found = sample(Space(a=Int(1, 3), b=Int(1, 3)), method, n=9, root=0)
    assert sorted((c["a"], c["b"]) for c in found) == [(a, b) for a in (1, 2, 3) for b in (1, 2, 3)]


def test_sobol_points_fill_every_slice_evenly() -> None:
    """A scrambled Sobol sequence is a net: each of 16 slices of each axis holds one of the first 16 points."""
    found = sample(Space(a=Float(0, 1), b=Float(0, 1)), "sobol", n=16, root=0)
    for name in ("a", "b"):
        assert sorted(int(16 * c[name]) for c in found) == list(range(16))


def test_constraints_are_kept_and_the_number_is_still_met() -> None:
    space = Space(a=Float(0, 1), b=Float(0, 1), constraints=[lambda c: c["a"] + c["b"] < 0.5])
    found = sample(space, "random", n=20, root=0)
    assert len(found) == 20
    assert all(c["a"] + c["b"] < 0.5 for c in found)


def test_a_space_of_constants_is_one_configuration() -> None:
    assert sample(Space(rate=0.1), "random", n=None, root=0) == [{"rate": 0.1}]


def test_a_list_is_completed_by_the_constants() -> None:
    found = sample(
        Space(rate=Float(0, 1), hidden=(3,)), "list", n=None, root=0, configurations=[{"rate": np.float64(0.5)}]
    )
    assert found == [{"rate": 0.5, "hidden": (3,)}]


def test_a_configuration_of_a_list_needs_no_more_than_has_a_place_in_it() -> None:
    space = Space(
        optimizer=Choice("sgd", "adam"), momentum=when(Float(0, 1), optimizer="sgd"), b1=when(0.8, optimizer="adam"),
        l2=Derived(lambda c: 0.5 if "momentum" in c else 0.25),
    )  # fmt: skip
    given = [{"optimizer": "adam"}, {"optimizer": "sgd", "momentum": 0.5}]
    assert sample(space, "list", n=None, root=0, configurations=given) == [
        {"optimizer": "adam", "b1": 0.8, "l2": 0.25}, {"optimizer": "sgd", "momentum": 0.5, "l2": 0.5},
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"a value for momentum in each, got {'optimizer': 'sgd'}"):
        sample(space, "list", n=None, root=0, configurations=[{"optimizer": "sgd"}])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"method": "grids", "n": 1}, ValueError, "did you mean 'grid'"),
        (
            {"method": "random", "n": None},
            TypeError,
            r"n: expected an integer from 1 to 1048576 \(configurations to draw\)",
        ),
        ({"method": "random", "n": 1, "configurations": "rate"}, TypeError, "configurations: expected a list"),
        ({"method": "list", "n": None}, ValueError, "configurations: expected a list with method='list'"),
        (
            {"method": "list", "n": None, "configurations": [{"rate": 1}]},
            ValueError,
            "a value for momentum, kind in each",
        ),
        ({"method": "list", "n": 2, "configurations": [{}]}, ValueError, "n: expected none with method='list'"),
        ({"method": "list", "n": None, "configurations": {"rate": 1}}, TypeError, "configurations: expected a list"),
        ({"method": "list", "n": None, "configurations": ["rate"]}, TypeError, "configurations: expected dicts by"),
    ],
)
def test_what_cannot_be_sampled_is_refused(options: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sample(SPACE, root=0, **options)


def test_a_space_with_too_few_configurations_says_how_many_it_has() -> None:
    with pytest.raises(
        ValueError, match="n: expected at most 3, for the space seems to hold no more configurations, got 4"
    ):
        sample(Space(a=Int(1, 3)), "random", n=4, root=0)


def test_constraints_that_nothing_keeps_are_refused() -> None:
    space = Space(a=Float(0, 1), constraints=[lambda c: False])
    with pytest.raises(ValueError, match=r"constraints: expected some that leave .*, got 64 drawn configurations that"):
        sample(space, "random", n=1, root=0)


@pytest.mark.parametrize("method", ["grid", "list"])
def test_no_configuration_at_all_is_refused(method: str) -> None:
    given = {"configurations": []} if method == "list" else {}
    space = Space(a=Int(1, 3), constraints=[lambda c: False])
    with pytest.raises(ValueError, match="configurations: expected at least one that keeps the constraints, got none"):
        sample(space, method, n=None, root=0, **given)


def test_a_list_that_breaks_a_constraint_is_refused() -> None:
    space = Space(a=Int(1, 3), constraints=[lambda c: c["a"] > 1])
    with pytest.raises(ValueError, match="configurations that keep the constraints"):
        sample(space, "list", n=None, root=0, configurations=[{"a": 1}])


def test_without_scipy_the_words_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="needs SciPy, which the extra 'sklearn' installs"):
        sample(SPACE, "sobol", n=4, root=0)
