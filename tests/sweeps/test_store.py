"""What is saved is never lost: kill a sweep anywhere and the same call ends with the same bytes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jaxnet import sweeps
from jaxnet.network import MLP
from jaxnet.storage import CheckpointError, hold
from jaxnet.storage.interruption import Interrupted, Watch
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.result.columns import to_csv
from jaxnet.sweeps.store import Store, differences, sweep_manifest

CHILD = """
import functools, os, signal, sqlite3, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from jaxnet import sweeps

class Dying(sqlite3.Connection):
    saves = 0
    def executemany(self, command, rows):
        Dying.saves += 1
        if Dying.saves == 2:
            super().executemany(command, rows[:1])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().executemany(command, rows)

sqlite3.connect = functools.partial(sqlite3.connect, factory=Dying)
problem = np.load(sys.argv[2])
rate = sweeps.Float(1e-2, 1e31, log=True)
space = sweeps.Space(learning_rate=rate, hidden=(4,), batch_size=16, seed=sweeps.Seeds(2))
halving = sweeps.Halving(2, 2, audit=0.2)
sweeps.sweep(sweeps.plan(space, (problem["x"], problem["y"]), n=7, epochs=4, halving=halving), out=sys.argv[3])
"""


def make(problem: Any, n: int = 7, **options: Any) -> sweeps.Plan:
    space = sweeps.Space(
        learning_rate=sweeps.Float(1e-2, 1e31, log=True), hidden=(4,), batch_size=16, seed=sweeps.Seeds(2)
    )
    settings = {"n": n, "epochs": 4, "halving": sweeps.Halving(2, 2, audit=0.2), **options}
    return sweeps.plan(space, problem.train, **settings)


def tables(result: sweeps.Result) -> list[str]:
    return [to_csv(table) for table in (result.columns(), result.curve_table(), result.rung_table())]


@pytest.fixture(scope="module")
def whole(problem: Any) -> list[str]:
    return tables(sweeps.sweep(make(problem)))


class Killed(BaseException):
    """Stands for a process that ends here and now."""


@pytest.mark.parametrize("moment", range(6))
def test_killed_at_any_save_the_same_call_goes_on_to_the_same_bytes(
    moment: int, problem: Any, whole: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, saves = Store.save, []

    def killing(store: Store, history: Any, members: np.ndarray) -> None:
        if moment % 2:  # just after the commit, else just before it
            real(store, history, members)
        if len(saves) == moment // 2:
            raise Killed
        saves.append(len(members))
        if not moment % 2:
            real(store, history, members)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "save", killing)
        try:
            sweeps.sweep(make(problem), out=tmp_path)
        except Killed:
            saves.append(-1)
    trained = Engine.train
    calls = []
    monkeypatch.setattr(Engine, "train", lambda *a: calls.append(a[2:]) or trained(*a))
    assert tables(sweeps.sweep(make(problem), out=tmp_path)) == whole
    if moment == 1:
        assert min(first for first, _ in calls) > 0  # what was committed is not trained again


def test_a_process_killed_inside_a_transaction_leaves_whole_records(
    problem: Any, whole: list[str], tmp_path: Path
) -> None:
    np.savez(tmp_path / "problem.npz", x=problem.train[0], y=problem.train[1])
    command = [sys.executable, "-c", CHILD, os.getcwd(), str(tmp_path / "problem.npz"), str(tmp_path / "out")]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "out" / "members.sqlite") as database:
        assert database.execute("select count(*) from members").fetchone()[0] > 0
        assert database.execute("pragma integrity_check").fetchone()[0] == "ok"
    assert tables(sweeps.sweep(make(problem), out=tmp_path / "out")) == whole


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_sweep_when_its_work_is_saved(
    number: signal.Signals, status: int, problem: Any, whole: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Engine.train, []

    def signalled(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(number)
        return real(*arguments)

    before = signal.getsignal(number)
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "train", signalled)
        with pytest.raises(Interrupted, match=f"interrupted by {number.name}; what was done is saved") as caught:
            sweeps.sweep(make(problem), out=tmp_path)
    assert caught.value.status == status
    assert signal.getsignal(number) is before
    with sqlite3.connect(tmp_path / "members.sqlite") as database:
        assert database.execute("select max(epochs) from members").fetchone()[0] > 0
    assert tables(sweeps.sweep(make(problem), out=tmp_path)) == whole


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Watch() as watch:
            signal.raise_signal(signal.SIGHUP)
            watch.check()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_does_what_it_did_before() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with Watch() as watch:
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
            signal.raise_signal(signal.SIGTERM)
            with pytest.raises(Interrupted, match="SIGTERM"):
                watch.check()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_a_finished_sweep_trains_nothing_again(
    problem: Any, whole: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps.sweep(make(problem), out=tmp_path)
    monkeypatch.setattr(Engine, "train", lambda *a: pytest.fail("trained again"))
    again = sweeps.sweep(make(problem), out=tmp_path)
    assert tables(again) == whole


def test_a_plan_with_further_members_extends_a_sweep(problem: Any, tmp_path: Path) -> None:
    sweeps.sweep(make(problem, 5), out=tmp_path)
    extended = sweeps.sweep(make(problem, 9), out=tmp_path)
    fresh = sweeps.sweep(make(problem, 9))
    best = fresh.plan.members_of(fresh.ranking()[:1])
    assert extended.rung_table()["configuration"].tolist() == fresh.rung_table()["configuration"].tolist()
    for name in fresh.plan.names:
        assert np.array_equal(extended.curves(name)[best], fresh.curves(name)[best])


def test_another_plan_or_other_data_is_refused_with_the_difference(problem: Any, tmp_path: Path) -> None:
    sweeps.sweep(make(problem), out=tmp_path)
    with pytest.raises(ValueError, match=r"(?s)another sweep's folder.*epochs: 4 there, 5 now"):
        sweeps.sweep(make(problem, epochs=5), out=tmp_path)
    with pytest.raises(
        ValueError, match=r"(?s)configurations: 7 there, 3 now.*8 of the 14 members .* not in this plan"
    ):
        sweeps.sweep(make(problem, 3), out=tmp_path)
    other = problem._replace(train=(problem.train[0] + 1, problem.train[1]))
    with pytest.raises(ValueError, match=r'data: "[0-9a-f]{64}" there, "[0-9a-f]{64}" now'):
        sweeps.sweep(make(other), out=tmp_path)


def test_a_changed_network_of_ones_own_is_refused(problem: Any, tmp_path: Path) -> None:
    def plan(activation: str) -> Any:
        network = lambda c: MLP((4, 3, 2), activation=activation, output="softmax")
        return sweeps.plan(sweeps.Space(learning_rate=0.1), problem.train, epochs=1, network=network)

    sweeps.sweep(plan("relu"), out=tmp_path)
    with pytest.raises(ValueError, match=r"1 of the 1 members trained there .*, or network= or objective= makes some"):
        sweeps.sweep(plan("tanh"), out=tmp_path)


def test_a_second_process_is_refused(problem: Any, tmp_path: Path) -> None:
    from jaxnet.storage import Locked

    with hold(tmp_path), pytest.raises(Locked, match=f"locked by process {os.getpid()}"):
        sweeps.sweep(make(problem), out=tmp_path)


def test_a_damaged_record_is_trained_again_and_said(problem: Any, whole: list[str], tmp_path: Path) -> None:
    sweeps.sweep(make(problem), out=tmp_path)
    with sqlite3.connect(tmp_path / "members.sqlite") as database:
        name, record = database.execute("select id, record from members order by id limit 1").fetchone()
        damaged = record[:-1] + bytes([record[-1] ^ 1])
        database.execute("update members set record = ? where id = ?", (damaged, name))
    with pytest.warns(RuntimeWarning, match=f"member {name}: its checksum does not match.*is trained again"):
        assert tables(sweeps.sweep(make(problem), out=tmp_path)) == whole


def test_a_damaged_database_is_named(problem: Any, tmp_path: Path) -> None:
    (tmp_path / "members.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(CheckpointError, match=r"members\.sqlite: not a database of members"):
        sweeps.sweep(make(problem), out=tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1", "not a manifest of a sweep"),
        ("{}", "not a manifest of a sweep"),
        (json.dumps({"format": 1, "must be the same": 1, "may be extended": {}}), "not a manifest of a sweep"),
        (json.dumps({"format": 99, "must be the same": {}, "may be extended": {}}), "written by a newer jaxnet"),
    ],
)
def test_a_damaged_or_newer_manifest_is_named(content: str, words: str, problem: Any, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(CheckpointError, match=f"manifest.json: {words}"):
        sweeps.sweep(make(problem), out=tmp_path)


def test_differences_name_what_changed_at_any_depth() -> None:
    old, new = {"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 5}, "e": 6}
    assert differences(old, new) == ["b.c: 2 there, 5 now", "b.d: 3 there, null now", "e: null there, 6 now"]


def test_a_manifest_says_what_bits_are_relative_to(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    same = sweep_manifest(make(problem))["must be the same"]
    assert {"data", "jax", "jaxlib", "kernel", "lanes of a tile", "platform", "root", "dtype"} <= same.keys()

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("jaxnet.sweeps.store.version", missing)
    assert sweep_manifest(make(problem))["jaxnet"] == "not installed"
