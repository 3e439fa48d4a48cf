"""Configurations are grouped as if each were built, though of many only a few are."""

from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps import grouping
from jaxnet.sweeps.configuration import TrainingSpec
from jaxnet.sweeps.grouping import group_alike
from jaxnet.sweeps.sampling import sample

RATE = jn.Float(1e-3, 1, log=True)
SPACES: dict[str, dict[str, Any]] = {
    "momentum": {"momentum": jn.Float(0, 0.9), "nesterov": jn.Choice(True, False)},
    "adamw": {
        "optimizer": jn.Choice("adamw", "rmsprop"), "eps": jn.Float(1e-9, 1e-3, log=True),
        "b1": jn.when(jn.Float(0.5, 0.9), optimizer="adamw"), "weight_decay": jn.when(0.1, optimizer="adamw"),
    },
    "nothing left out": {"l2": jn.Choice(0.0, 0.1, 0.2), "dropout": jn.Choice(0.0, 0.1, 0.5), "hidden": (3,)},
    "shapes": {"hidden": jn.Choice((3,), (3, 3)), "batch_size": jn.Choice(4, 8), "activation": jn.Choice("relu", "tanh")},
    "a product of two": {"schedule": "linear", "final": jn.Float(0.1, 0.9)},
    "the other one alone": {"schedule": "cosine", "final": jn.Float(0.1, 0.9)},
    "a rounded share": {"schedule": "warmup_cosine", "warmup": jn.Float(0.1, 0.9)},
    "a whole number": {"momentum": jn.Choice(0, 0.5), "label": jn.Choice(1, 2)},
    "padded": {"hidden": jn.Layers((1, 2), (2, 8)), "dropout": jn.Float(0.1, 0.5)},
}  # fmt: skip


def grouped(space: dict[str, Any], **options: Any) -> Any:
    space = {"learning_rate": RATE, **{name: value for name, value in space.items() if name != "label"}}
    spec = TrainingSpec(2, np.array([0, 1, 1, 0]), 20, 8, stop=jn.Stop("loss", 3), **options)
    return group_alike(spec, sample(jn.Space(**space), "random", n=64, root=0))


def leaves_of(alike: Any) -> list[np.ndarray]:
    return [column for each in alike.numbers for column in each]


@pytest.mark.parametrize("name", SPACES)
def test_groups_and_numbers_are_those_of_trainings_that_were_each_built(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"pad": name == "padded"}
    quick = grouped(SPACES[name], **options)
    monkeypatch.setattr(grouping, "_WORTH", 10**9)
    slow = grouped(SPACES[name], **options)
    assert [each.skeletons for each in quick] == [each.skeletons for each in slow]
    for one, other in zip(quick, slow, strict=True):
        assert one.configurations.tolist() == other.configurations.tolist()
        assert one.training.batch_size == other.training.batch_size
        assert [len(each) for each in one.numbers] == [len(each) for each in other.numbers]
        for mine, theirs in zip(leaves_of(one), leaves_of(other), strict=True):
            assert mine.dtype == theirs.dtype
            assert mine.tolist() == theirs.tolist()


@pytest.mark.parametrize(("name", "most"), [("momentum", 20), ("adamw", 20), ("the other one alone", 10)])
def test_of_many_only_a_few_are_built(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    built, real = [], TrainingSpec.training
    monkeypatch.setattr(TrainingSpec, "training", lambda *given, **how: built.append(1) or real(*given, **how))
    grouped(SPACES[name])
    assert len(built) < most


def test_of_many_the_one_that_is_wrong_is_named(problem: Any) -> None:
    space = jn.Space(learning_rate=RATE, momentum=jn.Float(0, 1.2), nesterov=jn.Choice(True, False))
    with pytest.raises(ValueError, match=r"momentum: expected a finite number at least 0 and below 1, got 1\."):
        jn.plan(space, problem.train, n=64, epochs=2)
