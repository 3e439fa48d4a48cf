"""A folder is worth going on with: longer runs, another metric, another space; and what is new is said."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.folder_growth import growth
from jaxnet.sweeps.result.columns import to_csv

RATES = jn.Choice(0.1, 0.4, 0.7)


def plan(problem: Any, rates: Any = RATES, **changed: Any) -> jn.sweeps.Plan:
    given = {"method": "grid", "epochs": 3, "metrics": ["accuracy"], "metric": "loss", "batch_size": 16}
    return jn.plan(jn.Space(learning_rate=rates, seed=jn.Seeds(2)), problem.train, **given | changed)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The members of every call of the engine times its epochs."""
    real, calls = Engine.train, []

    def train(engine: Engine, tiling: Any, first: int, epochs: int) -> Any:
        calls.append(int(tiling.real.sum()) * epochs)
        return real(engine, tiling, first, epochs)

    monkeypatch.setattr(Engine, "train", train)
    return calls


def test_longer_runs_go_on_where_the_shorter_ended_to_the_bits_of_fresh_ones(
    problem: Any, tmp_path: Path, trained: list[int]
) -> None:
    jn.sweep(plan(problem), out=tmp_path)
    trained.clear()
    longer = jn.sweep(plan(problem, epochs=7, metric="accuracy"), out=tmp_path)
    assert sum(trained) == 6 * 4
    fresh = jn.sweep(plan(problem, epochs=7, metric="accuracy"))
    assert to_csv(longer.columns()) == to_csv(fresh.columns())
    for member in range(6):
        for mine, other in zip(longer.params(member), fresh.params(member), strict=True):
            assert np.array_equal(mine["w"], other["w"])
    said = str(longer).splitlines()
    assert "new in the folder: epochs: 3 there, 7 now" in said
    assert 'new in the folder: metric: ["loss", "min"] there, ["accuracy", "max"] now' in said
    assert "new in the folder" not in str(jn.sweep(plan(problem, epochs=7, metric="accuracy"), out=tmp_path))


def test_a_space_with_some_of_the_members_trains_the_others_only(
    problem: Any, tmp_path: Path, trained: list[int]
) -> None:
    jn.sweep(plan(problem), out=tmp_path)
    trained.clear()
    other = jn.sweep(plan(problem, jn.Choice(0.4, 0.9)), out=tmp_path)
    assert sum(trained) == 2 * 3
    assert to_csv(other.columns()) == to_csv(jn.sweep(plan(problem, jn.Choice(0.4, 0.9))).columns())
    assert "4 of the 6 members trained there are not in this plan: they stay in the folder" in str(other)
    trained.clear()
    jn.sweep(plan(problem), out=tmp_path)  # and the first plan has lost nothing
    assert trained == []


def test_longer_runs_prune_by_the_rungs_that_they_have(problem: Any, tmp_path: Path) -> None:
    make = lambda epochs: plan(problem, epochs=epochs, halving=jn.Halving(2, 2, audit=0))
    jn.sweep(make(3), out=tmp_path)
    longer, fresh = jn.sweep(make(6), out=tmp_path), jn.sweep(make(6))
    assert longer.rung_table()["configuration"].tolist() == fresh.rung_table()["configuration"].tolist()
    assert longer.ranking() == fresh.ranking()


def test_a_schedule_over_more_epochs_is_another_training(problem: Any, tmp_path: Path) -> None:
    jn.sweep(plan(problem, schedule="cosine"), out=tmp_path)
    with pytest.raises(ValueError, match="the optimizer differs, where a schedule spans all epochs, which are more"):
        jn.sweep(plan(problem, schedule="cosine", epochs=7), out=tmp_path)


def test_members_ranked_by_their_best_epoch_train_on_too(problem: Any, tmp_path: Path) -> None:
    jn.sweep(plan(problem, rank="best"), out=tmp_path)
    longer, fresh = (jn.sweep(plan(problem, rank="best", epochs=5), **out) for out in ({"out": tmp_path}, {}))
    assert to_csv(longer.columns()) == to_csv(fresh.columns())


MANIFEST = {
    "must be the same": {"data": "d", "epochs": 4, "metric": ["loss", "min"], "optax": "1"},
    "may be extended": {"space": {"rate": [1, 2]}, "method": "grid", "configurations": 4},
}


def changed(part: str, **values: Any) -> dict[str, Any]:
    found = copy.deepcopy(MANIFEST)
    found[part].update(values)
    return found


@pytest.mark.parametrize(
    ("mine", "members", "asking", "new", "refused"),
    [
        (changed("must be the same", epochs=9), "abcd", False, ["epochs: 4 there, 9 now"], []),
        (changed("must be the same", epochs=3), "abcd", False, [], ["epochs: 4 there, 3 now"]),
        (changed("must be the same", data="e"), "abcd", False, [], ['data: "d" there, "e" now']),
        (changed("may be extended", configurations=6), "abcdef", False, ["configurations: 4 there, 6 now"], []),
        (
            changed("may be extended", configurations=2),
            "ab",
            False,
            [],
            ["configurations: 4 there, 2 now", "2 of the 4"],
        ),
        (
            changed("may be extended", method="list"),
            "wxyz",
            False,
            [],
            ['method: "grid" there, "list" now', "4 of the"],
        ),
        (changed("may be extended", method="list"), "dxyz", False, ['method: "grid" there', "3 of the 4 members"], []),
        (changed("may be extended", configurations=2), "ab", True, [], []),
    ],
)
def test_what_goes_on_and_what_is_refused(
    mine: dict[str, Any], members: str, asking: bool, new: list[str], refused: list[str]
) -> None:
    found = growth(MANIFEST, mine, stored="abcd", members=members, asking=asking)
    for lines, expected in ((found.new, new), (found.refused, refused)):
        assert len(lines) == len(expected)
        assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))


def test_what_the_first_manifests_did_not_say_is_no_difference() -> None:
    old = copy.deepcopy(MANIFEST)
    del old["must be the same"]["optax"]
    assert growth(old, MANIFEST, stored="abcd", members="abcd", asking=False) == ([], [])
