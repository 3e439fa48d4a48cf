"""What functions of one's own read of a configuration; what nothing reads is refused."""

from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.own_functions import Watched

X = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
Y = (X[:, 0] > 0.3).astype(np.int32)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"objective": lambda network, c: jn.objective(network), "l2": 0.1}, "l2"),
        ({"network": lambda c: jn.MLP((3, 2)), "hidden": (4,), "output": "softmax"}, "hidden, output"),
        ({"network": lambda c: jn.MLP((3, 2)), "space": jn.Space(learning_rate=0.1, width=jn.Choice(1, 2))}, "width"),
    ],
    ids=["a penalty", "sizes", "a name of one's own"],
)
def test_a_parameter_that_a_function_of_ones_own_does_not_read_is_refused(given: dict, name: str) -> None:
    arguments = {"space": jn.Space(learning_rate=0.1), "method": "grid", "epochs": 1} | given
    with pytest.raises(ValueError, match=f"^{name}: expected something that reads it"):
        jn.plan(arguments.pop("space"), (X, Y), **arguments)


def test_what_a_condition_a_constraint_or_a_derived_value_reads_is_read() -> None:
    space = jn.Space(
        kind=jn.Choice("a", "b"), momentum=jn.when(0.5, kind="a"), scale=jn.Choice(1.0, 2.0), most=3.0,
        learning_rate=jn.Derived(lambda c: 0.1 * c["scale"]), constraints=[lambda c: c["scale"] < c["most"]],
    )  # fmt: skip
    plan = jn.plan(space, (X, Y), method="grid", epochs=1, network=lambda c: jn.MLP((3, 2), output="softmax"))
    assert len(plan.configurations) == 4


@pytest.mark.parametrize(
    "ask",
    [lambda c: dict(c), lambda c: {**c}, lambda c: dict(**c), lambda c: c.copy(), lambda c: list(c.items())],
    ids=["dict", "stars", "keywords", "copy", "items"],
)
def test_who_takes_a_whole_configuration_reads_all_of_it(ask: Any) -> None:
    read: set[str] = set()
    taken = ask(Watched({"a": 1, "b": 2}, read))
    assert read == {"a", "b"}
    assert dict(taken) == {"a": 1, "b": 2}


def test_one_name_is_read_alone() -> None:
    read: set[str] = set()
    watched = Watched({"a": 1, "b": 2}, read)
    assert (watched["a"], watched.get("c"), "d" in watched) == (1, None, False)
    assert read == {"a", "c", "d"}
    assert watched.pop("b") == 2
