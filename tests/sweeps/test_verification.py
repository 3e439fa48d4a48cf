"""A sweep is read back without training, and its bits are compared with those of training again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.result.columns import to_csv
from jaxnet.sweeps.verification import load_sweep, verify


@pytest.fixture(scope="module")
def plan(problem: Any) -> Any:
    space = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=(3,), batch_size=16)
    return jn.plan(space, problem.train, n=9, epochs=4, halving=jn.Halving(3, 2, audit=0))


@pytest.fixture(scope="module")
def folder(plan: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep")
    jn.sweep(plan, out=path)
    return path


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "train", lambda *a: pytest.fail("something was trained"))


@pytest.mark.usefixtures("untrained")
def test_a_finished_sweep_is_read_without_training(plan: Any, folder: Path) -> None:
    result = load_sweep(plan, folder)
    assert (result.levels() == 4).sum() == 3
    assert "not finished" not in str(result)
    assert to_csv(result.columns()) == to_csv(load_sweep(plan, folder).columns())


def test_an_unfinished_sweep_has_the_decisions_of_the_rungs_it_reached(
    plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Engine.train

    def ending(engine: Any, tiling: Any, first: int, epochs: int) -> Any:
        if first >= 2:
            raise KeyboardInterrupt("in the middle")
        return real(engine, tiling, first, epochs)

    monkeypatch.setattr(Engine, "train", ending)
    with pytest.raises(KeyboardInterrupt, match="in the middle"):
        jn.sweep(plan, out=tmp_path)
    result = load_sweep(plan, tmp_path)
    assert [decision.epochs for decision in result.history.decisions] == [2]
    assert set(result.levels().tolist()) == {2}
    assert "not finished: 1 of 2 rungs are decided, " in str(result)


def test_a_folder_without_a_sweep_is_named(plan: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no sweep there"):
        load_sweep(plan, tmp_path)


def test_members_trained_again_have_the_same_bits(plan: Any, folder: Path) -> None:
    found = verify(load_sweep(plan, folder), members=4)
    assert len(found) == 4
    assert all(found.values())


def test_a_changed_bit_is_found(plan: Any, folder: Path) -> None:
    result = load_sweep(plan, folder)
    curve = result.history.curves["loss"]
    curve[5, 0] = np.nextafter(curve[5, 0], np.float32(2))
    found = verify(result, members=99)
    assert [member for member, same in found.items() if not same] == [5]


def test_no_members_are_refused(plan: Any, folder: Path) -> None:
    with pytest.raises(ValueError, match="members: expected an integer of at least 1"):
        verify(load_sweep(plan, folder), members=0)
