"""Whose states are kept: those of all members, of the best configuration, or of none."""

from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet import sweeps
from jaxnet.sweeps import states, store, trainer
from jaxnet.sweeps.members_database import MembersDatabase
from jaxnet.sweeps.verification import load_sweep, verify


def made(problem: Any, keep: str = "all", epochs: int = 4, **options: Any) -> sweeps.Plan:
    space = jn.Space(learning_rate=jn.Float(1e-2, 1e31, log=True), hidden=(4,), batch_size=32, seed=jn.Seeds(2))
    return jn.plan(space, problem.train, n=9, epochs=epochs, keep=keep, **options)


def scores(result: sweeps.Result) -> list[bytes]:
    history = result.history
    return [part.tobytes() for part in (*history.curves.values(), history.epochs, history.diverged)]


def params(result: sweeps.Result, member: int) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(result.params(member))]


def kept(result: sweeps.Result) -> list[int]:
    (one,) = result.history.states
    return np.flatnonzero(~one.gone(np.arange(one.count))).tolist()


@pytest.fixture(scope="module")
def full(problem: Any) -> sweeps.Result:
    return jn.sweep(made(problem))


@pytest.mark.parametrize("halving", [None, jn.Halving(3, 2, audit=0.5)], ids=["", "halving"])
def test_what_is_not_kept_changes_no_score_and_no_bit_of_what_is(problem: Any, halving: Any) -> None:
    everything = jn.sweep(made(problem, halving=halving))
    for keep in ("best", "scores"):
        result = jn.sweep(made(problem, keep, halving=halving))
        assert scores(result) == scores(everything)
        assert str(result) == str(everything)
        best = result.plan.members_of([result.ranking()[0]]).tolist()
        assert kept(result) == (best if keep == "best" else [])
        assert all(params(result, member) == params(everything, member) for member in kept(result))
        with pytest.raises(ValueError, match="member: expected a member whose state was kept: keep='all' in the plan"):
            result.params(int(np.setdiff1d(np.arange(18), best)[0]))


def test_a_folder_of_scores_is_small_and_goes_on_to_the_same_bits(
    problem: Any, full: sweeps.Result, tmp_path: Any
) -> None:
    whole, few = jn.sweep(made(problem), out=tmp_path / "all"), jn.sweep(made(problem, "scores"), out=tmp_path / "few")
    assert scores(whole) == scores(few) == scores(load_sweep(made(problem, "scores"), tmp_path / "few"))
    assert kept(load_sweep(made(problem, "scores"), tmp_path / "few")) == []
    assert all(verify(few).values())
    longer = jn.sweep(made(problem, "scores", epochs=6), out=tmp_path / "few")
    assert scores(longer) == scores(jn.sweep(made(problem, epochs=6)))
    again = jn.sweep(made(problem, epochs=6), out=tmp_path / "few")  # now all are wanted: trained once more
    assert kept(again) == list(range(18))
    assert scores(again) == scores(longer)


def test_many_states_are_read_from_the_folder_and_not_held(
    problem: Any, full: sweeps.Result, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "HELD_BYTES", 0)
    halved = made(problem, halving=jn.Halving(3, 2))
    result = jn.sweep(halved, out=tmp_path)
    assert not result.history.states[0]._held
    assert scores(result) == scores(jn.sweep(halved))
    (ended,) = np.flatnonzero(result.history.epochs == 4)[:1]
    assert params(result, ended) == params(full, ended)
    jn.sweep(made(problem, "scores", halving=jn.Halving(3, 2), epochs=4), out=tmp_path)
    (tmp_path / "members.sqlite").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"members.sqlite"):
        result.params(ended)


def test_a_state_is_held_until_it_is_handed_over_or_forgotten() -> None:
    first = lambda slots: {"w": np.zeros((len(slots), 2), np.float32) + np.expand_dims(slots, 1).astype(np.float32)}
    held: Any = states.States(4, first)
    held.write(np.array([2, 0]), {"w": np.array([[5, 6], [7, 8]], np.float32)})
    assert held.read(np.array([[0, 1], [2, 2]]))["w"].tolist() == [[[7, 8], [1, 1]], [[5, 6], [5, 6]]]
    held.source = lambda slots: {"w": np.full((len(slots), 2), 9, np.float32)}
    held.hand_over(np.array([0]))
    assert held.read(np.array([0, 2, 3]))["w"].tolist() == [[9, 9], [5, 6], [3, 3]]
    held.forget(np.array([2]))
    assert held.gone(np.arange(4)).tolist() == [False, False, True, False]
    with pytest.raises(ValueError, match="of which the scores alone are there"):
        held.read(np.array([2]))
    held.begin_again(np.array([2]))
    assert held.read(np.array([2]))["w"].tolist() == [[2, 2]]
    assert held.read(np.zeros(0, np.int64))["w"].shape == (0, 2)


@pytest.mark.parametrize("keep", ["al", "none", 3])
def test_what_cannot_be_kept_is_refused(keep: Any, problem: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="keep: expected one of all, best, scores"):
        made(problem, keep)


def test_where_the_best_is_kept_few_states_are_held_at_a_time_and_each_member_is_written_about_once(
    problem: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All seeds of some configurations are trained before the next: with one tile at a time, 8 lanes of 2 seeds."""
    monkeypatch.setattr(trainer, "resident_tiles", lambda size: 1)
    most, real = [0], states.States.write

    def noting(self: Any, slots: Any, lanes: Any) -> None:
        real(self, slots, lanes)
        most[0] = max(most[0], len(self._held))

    monkeypatch.setattr(states.States, "write", noting)
    rows, save = [], MembersDatabase.save
    monkeypatch.setattr(MembersDatabase, "save", lambda self, some: rows.extend(some) or save(self, some))
    space = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=(4,), batch_size=32, seed=jn.Seeds(2))
    jn.sweep(jn.plan(space, problem.train, n=80, epochs=1, keep="best"), out=tmp_path)
    assert 160 <= len(rows) < 1.3 * 160  # again where a better one came
    devices = jax.local_device_count()
    assert most[0] <= (8 * devices + 1) * 2
