"""What is saved is never lost: kill a sweep anywhere and the same call ends with the same bytes."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import safetensors.numpy

import jaxnet as jn
from jaxnet import sweeps
from jaxnet.network import MLP
from jaxnet.storage import CheckpointError, decode_named, digest, hold
from jaxnet.storage.interruption import Interrupted, Watch
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.folder_growth import differences, growth
from jaxnet.sweeps.members_database import MembersDatabase
from jaxnet.sweeps.result.columns import to_csv
from jaxnet.sweeps.store import Store, sweep_manifest
from jaxnet.sweeps.verification import load_sweep

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
            watch.check()  # would raise Interrupted
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
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
    with pytest.raises(ValueError, match=r"(?s)another sweep's folder.*epochs: 4 there, 3 now"):
        sweeps.sweep(make(problem, epochs=3), out=tmp_path)
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


def times(factor: float) -> Any:
    def objective(net: Any, configuration: Any) -> Any:
        return lambda q, x, y, weight=None: factor * jn.objective(net)(q, x, y, weight=weight)

    return objective


def test_a_changed_objective_of_the_same_name_is_refused_by_its_line(problem: Any, tmp_path: Path) -> None:
    sweeps.sweep(make(problem, objective=times(1.0)), out=tmp_path)
    before = (tmp_path / "members.sqlite").read_bytes()
    with pytest.raises(ValueError, match=r"the objective differs \(line \d+ of test_store.py\)"):
        sweeps.sweep(make(problem, objective=times(30.0)), out=tmp_path)
    assert (tmp_path / "members.sqlite").read_bytes() == before


@pytest.fixture(scope="module")
def trained(problem: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep, to be copied."""
    folder = tmp_path_factory.mktemp("trained") / "sweep"
    sweeps.sweep(make(problem), out=folder)
    return folder


def moved(problem: Any) -> Any:
    return problem._replace(train=(problem.train[0] + 1, problem.train[1]))


def test_the_database_knows_what_it_is_of(problem: Any, trained: Path, whole: list[str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "sweep"))
    (folder / "manifest.json").unlink()
    with pytest.raises(ValueError, match=r"another sweep's folder.*\n  data: "):
        sweeps.sweep(make(moved(problem)), out=folder)
    (folder / "manifest.json").write_text("{")
    with pytest.warns(RuntimeWarning, match="manifest.json: not the manifest of members.sqlite, which says itself"):
        assert tables(sweeps.sweep(make(problem), out=folder)) == whole
    assert (folder / "manifest.json").read_bytes() == (trained / "manifest.json").read_bytes()


def first_format(folder: Path) -> None:
    """Make of a folder what an earlier jaxnet would have left there."""
    with sqlite3.connect(folder / "members.sqlite") as database:
        database.execute("drop table about")
        for name, record in database.execute("select id, record from members").fetchall():
            named, _ = decode_named(record)
            content = safetensors.numpy.save(named, {"manifest": json.dumps({"file_sha256": "0" * 64})})
            content = content.replace(b"0" * 64, digest(content).encode(), 1)
            database.execute("update members set record = ? where id = ?", (content, name))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["must be the same"]["optax"]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_folder_of_the_first_format_goes_on_but_not_without_its_manifest(
    problem: Any, trained: Path, whole: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "sweep"))
    first_format(folder)
    lost = Path(shutil.copytree(folder, tmp_path / "lost"))
    (lost / "manifest.json").unlink()
    with pytest.raises(CheckpointError, match="does not say what its 14 members are of, and manifest"):
        sweeps.sweep(make(problem), out=lost)
    monkeypatch.setattr("jaxnet.sweeps.engine.Engine.train", None)  # nothing is trained again
    assert tables(sweeps.sweep(make(problem), out=folder)) == whole


@pytest.mark.parametrize("column", ["epochs", "diverged"])
def test_what_stands_beside_a_record_is_vouched_for_by_it(
    problem: Any, trained: Path, whole: list[str], tmp_path: Path, column: str
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "sweep"))
    with sqlite3.connect(folder / "members.sqlite") as database:
        database.execute(f"update members set {column} = 1 where id in (select id from members limit 1)")
    with pytest.warns(RuntimeWarning, match="the record of another member or epoch; the member is trained again"):
        assert tables(sweeps.sweep(make(problem), out=folder)) == whole


def test_errors_of_the_database_are_sentences_with_its_path(
    problem: Any, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jaxnet.sweeps.members_database._WAIT_SECONDS", 0.1)
    folder = Path(shutil.copytree(trained, tmp_path / "sweep"))
    path = folder / "members.sqlite"
    other = sqlite3.connect(path)
    other.execute("begin immediate")
    with pytest.raises(OSError, match=f"another program has held it.*{path}"):
        sweeps.sweep(make(problem), out=folder)
    assert load_sweep(make(problem), folder).history.epochs.sum() > 0  # readers need no lock
    other.rollback()
    other.close()
    os.truncate(path, 5000)
    for act in (lambda: sweeps.sweep(make(problem), out=folder), lambda: load_sweep(make(problem), folder)):
        with pytest.raises(CheckpointError, match=f"{path}: not a database of members"):
            act()
    os.truncate(path, 0)
    with pytest.warns(RuntimeWarning, match="empty or gone; its members are trained again"):
        Store(folder, make(problem)).close()


def test_a_full_disk_is_said_and_what_was_saved_before_is_whole(trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "sweep"))
    database = MembersDatabase(folder / "members.sqlite")
    before = sorted(database.ids())
    pages = database._connection.execute("pragma page_count").fetchone()[0]
    database._connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(OSError, match=r"No space|the disk is full; the members that were saved before are whole"):
        database.save([("new", "", 0, 0, 1, 0, bytes(10**6))])
    assert sorted(database.ids()) == before
    database.close()


def test_reading_writes_nothing_and_needs_no_lock(problem: Any, trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "sweep"))
    content = lambda: {each.name: each.read_bytes() for each in folder.iterdir() if each.name != "lock"}
    before = content()
    with hold(folder):
        assert load_sweep(make(problem), folder).history.epochs.sum() > 0
    assert content() == before


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
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    fast = sweep_manifest(make(problem))
    assert fast["must be the same"] == {**same, "xla_flags": "--xla_cpu_enable_fast_math=true"}
    # a folder from before it was told goes on
    told = {**fast, "must be the same": {name: each for name, each in same.items() if name != "xla_flags"}}
    assert growth(told, fast, stored=(), members=(), asking=False).refused == []
    monkeypatch.undo()
    with jax.threefry_partitionable(False):  # other random numbers from the same root
        assert sweep_manifest(make(problem))["must be the same"] == {**same, "threefry_partitionable": False}

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(sys.modules["jaxnet.identity.surroundings"], "version", missing)
    assert sweep_manifest(make(problem))["jaxnet"] == "not installed"
