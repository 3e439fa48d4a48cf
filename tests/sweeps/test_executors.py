"""Whoever trains tiles, the bits are the same; an executor of one's own needs ``submit`` and nothing more."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet import sweeps
from jaxnet.sweeps import trainer


def small(problem: Any, **options: Any) -> sweeps.Plan:
    space = jn.Space(learning_rate=jn.Float(1e-2, 1e30, log=True), hidden=(5,), batch_size=16, seed=jn.Seeds(3))
    return jn.plan(space, problem.train, n=19, epochs=4, halving=jn.Halving(3, 2), **options)


def bits(result: sweeps.Result) -> bytes:
    states = [each.read_all() for each in result.history.states]
    parts = [*result.history.curves.values(), *jax.tree.leaves(states), result.history.epochs]
    return b"".join(np.asarray(part).tobytes() for part in parts)


@pytest.fixture(scope="module")
def whole(problem: Any) -> bytes:
    return bits(jn.sweep(small(problem)))


class Here:
    """Trains where it is asked, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[sweeps.TileTask] = []

    def submit(self, tiles: sweeps.TileTask) -> Any:
        self.asked.append(tiles)
        return tiles.train()


class Pool:
    """Trains in a thread, and says how many it could."""

    workers = 2

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2)

    def submit(self, tiles: sweeps.TileTask) -> Any:
        return self._pool.submit(tiles.train)


@pytest.mark.parametrize("kind", [Here, Pool, sweeps.Local])
def test_an_executor_of_ones_own_comes_to_the_same_bits(kind: Any, problem: Any, whole: bytes) -> None:
    assert bits(jn.sweep(small(problem), executor=kind())) == whole


def test_tiles_that_would_take_long_come_back_on_their_way(
    problem: Any, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "_FIRST_PIECE", 1)
    monkeypatch.setattr(trainer, "_PIECE_SECONDS", 0)
    here = Here()
    assert bits(jn.sweep(small(problem), executor=here)) == whole
    assert {(tiles.first, tiles.target) for tiles in here.asked} == {(0, 1), (1, 2), (2, 3), (3, 4)}
    assert {len(tiles.slots) <= 64 for tiles in here.asked} == {True}


def test_where_the_driver_was_killed_the_same_call_goes_on(problem: Any, whole: bytes, tmp_path: Any) -> None:
    class Dies(Here):
        def submit(self, tiles: sweeps.TileTask) -> Any:
            if len(self.asked) == 2:
                raise MemoryError("no more")
            return super().submit(tiles)

    with pytest.raises(MemoryError, match="no more"):
        jn.sweep(small(problem), executor=Dies(), out=tmp_path)
    here = Here()
    assert bits(jn.sweep(small(problem), executor=here, out=tmp_path)) == whole
    assert sum(len(tiles.slots) for tiles in here.asked if tiles.first == 0) < 19 * 3


@pytest.mark.parametrize(
    ("executor", "words"),
    [
        (3, "executor: expected 'local', 'distributed', 'ray' or an object with submit"),
        (Here, "executor: expected 'local', 'distributed', 'ray' or an object with submit"),
        ("rai", "executor: expected one of local, distributed, ray, got 'rai' .did you mean 'ray'"),
    ],
)
def test_what_is_no_executor_is_refused(executor: Any, words: str, problem: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        jn.sweep(small(problem), executor=executor)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda lanes, curves: lanes, "expected .lanes, curves., or a future"),
        (lambda lanes, curves: (lanes, curves[:, :1]), r"curves of shape \(\d+, 2, 1\), got an array of shape"),
        (lambda lanes, curves: (lanes.params, curves), "lanes like those that it was given"),
        (lambda lanes, curves: (jax.tree.map(lambda leaf: leaf[:1], lanes), curves), "lanes like those"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any, words: str, problem: Any) -> None:
    class Wrong:
        def submit(self, tiles: sweeps.TileTask) -> Any:
            return answer(tiles.lanes, np.zeros((len(tiles.slots), 2, 1)))

    with pytest.raises((TypeError, ValueError), match=rf"executor.submit: .*{words}"):
        jn.sweep(small(problem), executor=Wrong())


def test_what_an_executor_raises_is_heard(problem: Any) -> None:
    class Broken:
        def submit(self, tiles: sweeps.TileTask) -> Any:
            raise OSError("no host left")

    with pytest.raises(OSError, match="no host left"):
        jn.sweep(small(problem), executor=Broken())
