"""A sweep's examples: a table by its preparation, and classes that weigh alike, and an X that stays on disk, whose sweep has the
bits of one from memory."""

import pickle
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.prepared_groups import prepare_group
from jaxnet.sweeps.store import sweep_manifest
from jaxnet.training import held_out_rows
from jaxnet.training.streamed import Streamed

ROWS = 40
TABLE = {
    "height": [f"{at % 9},5" for at in range(ROWS)],
    "wood": ["soft", "hard"] * (ROWS // 2),
    "kind": ["elm" if at % 4 else "oak" for at in range(ROWS)],
}
SPACE = jn.Space(learning_rate=0.1, hidden=(3,), seed=0)


def plan_of(data: Any, **options: Any) -> Any:
    return jn.plan(SPACE, data, method="grid", epochs=2, **options)


def test_a_table_is_prepared_and_the_models_take_such_tables() -> None:
    prep, (train, held) = jn.data.split_table(TABLE, "kind", 0.8)
    table = jn.data.read_table(TABLE)
    plan = plan_of(table.take(train), validation=table.take(held), preparation=prep)
    X, y = prep(table.take(train))
    np.testing.assert_array_equal(plan.task.data.x, X)
    np.testing.assert_array_equal(plan.task.data.y, y)
    assert plan.task.validation.x.shape == (8, 3)
    assert "note:     Preparation: 3 features of 2 columns, target 'kind' (classification)" in str(plan)
    model = jn.sweep(plan).best_model()
    assert set(model.predict(TABLE).tolist()) <= {"elm", "oak"}
    assert model.preparation is prep


def test_what_is_prepared_already_is_taken_as_it_is() -> None:
    prep = jn.data.prepare(TABLE, "kind")
    X, y = prep(TABLE)
    for data in ((X, y), prep.dataset(TABLE)):
        np.testing.assert_array_equal(plan_of(data, preparation=prep).task.data.x, X)


def test_a_class_that_the_training_rows_lack_has_an_output() -> None:
    prep = jn.data.prepare(TABLE, "kind")
    X, y = prep(TABLE)
    elms = y == 0
    plan = plan_of(
        (X[elms], y[elms]), preparation=jn.data.prepare({**TABLE, "kind": ["elm", "fir"] * 19 + ["oak"] * 2}, "kind")
    )
    assert plan.groups[0].networks[0].sizes == (3, 3, 3)


def test_classes_weigh_alike_by_the_training_part() -> None:
    X, y = jn.data.prepare(TABLE, "kind")(TABLE)
    task = plan_of((X, y, np.full(ROWS, 2.0)), validation=(X[:4], y[:4]), class_weights="balanced").task
    # 30 elms, 10 oaks: 40 / (2 * 30) and 40 / (2 * 10), times the weight of 2 that was there
    np.testing.assert_allclose(task.data.weight[:2], [4.0, 4 / 3])
    np.testing.assert_allclose(task.validation.weight, [2, 2 / 3, 2 / 3, 2 / 3])


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (TABLE, {"preparation": "yes"}, "preparation: expected what jn.data.prepare returns for a target, got 'yes'"),
        (TABLE, {"preparation": jn.data.prepare(TABLE)}, "preparation: expected what jn.data.prepare returns for a target"),
        ((np.ones((4, 2)), np.zeros(4)), {"preparation": jn.data.prepare(TABLE, "kind")}, "data: expected the preparation's 3 features, or a table"),
        ((np.ones((4, 2)), np.zeros(4)), {"class_weights": "balanced"}, "class_weights: expected None, for targets that are no labels"),
        ((np.ones((4, 2)), np.zeros(4, int)), {"class_weights": "balance"}, "class_weights: expected one of balanced"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(data: Any, options: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        plan_of(data, **options)


ON_DISK = jn.Space(learning_rate=jn.Float(0.01, 1, log=True), hidden=(2,), batch_size=16, seed=jn.Seeds(2))


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    path = tmp_path_factory.mktemp("rows") / "X.npy"
    np.save(path, X)
    return X, (X[:, 0] > 0).astype(int), jn.data.read_npy(path)


def stored_plan(X, y, space=ON_DISK, **options):
    return jn.plan(space, (X, y), **({"n": 2, "epochs": 2} | options))


def test_its_members_are_those_of_a_sweep_from_memory_and_its_folder_goes_on(arrays, tmp_path):
    X, y, stored = arrays
    held_out = {"validation": (X[:9], y[:9])}
    here = jn.sweep(stored_plan(X, y, **held_out)).history.curves
    for _ in range(2):
        there = jn.sweep(stored_plan(stored, y, **held_out), out=tmp_path / "out").history.curves
        assert all(np.array_equal(there[name], here[name]) for name in here)
    with pytest.raises(ValueError, match="data"):
        jn.sweep(stored_plan(stored, 1 - y, **held_out), out=tmp_path / "out")


def test_what_looks_at_all_rows_at_once_is_refused(arrays):
    X, y, stored = arrays
    named = stored_plan(stored, y, metric="validation_accuracy", validation=(X, y))
    assert named.names == ("loss", "validation_loss", "validation_accuracy")
    with pytest.raises(ValueError, match="names such as 'validation_accuracy' while data stay on disk"):
        stored_plan(stored, y, metrics=["accuracy"])
    folds = jn.Space(learning_rate=0.1, batch_size=16, fold=jn.Folds(2))
    for own in ({"metrics": [lambda params, x, y: 0.0]}, {"objective": lambda net, c: lambda params, x, y: 0.0}):
        with pytest.raises(ValueError, match=r"rows on disk|while data stay on disk"):
            stored_plan(stored, y, folds, n=1, **own)


HELD_OUT = {
    "folds by time, weighted": {"fold": jn.Folds(3, time=np.arange(60) // 2), "weight": np.arange(60.0)},
    "validation": {"validation": np.arange(9)},
}


@pytest.mark.parametrize("way", HELD_OUT)
def test_rows_that_are_held_out_stay_on_disk_too_and_say_the_same(arrays, way, monkeypatch):
    """They are looked at some at a time, the last of which are fewer."""
    monkeypatch.setattr(held_out_rows, "_MOST_ROWS", 7)
    X, y, stored = arrays
    given = dict(HELD_OUT[way])
    weight, rows = ([given.pop(name)] if name in given else [] for name in ("weight", "validation"))
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.4), batch_size=16, **given)

    def planned(x, held):
        data = {"data": (x, y, *weight), "validation": (held, y[rows[0]]) if rows else None}
        return jn.plan(space, method="grid", epochs=2, metrics=["validation_auc"], **data)

    there = planned(stored, stored.take(rows[0]) if rows else None)
    shared = prepare_group(there.groups[0], there.members, there.task).shared
    assert isinstance(shared.folds.held_out if shared.folds else shared.validation.x, Streamed)
    there, here = jn.sweep(there), jn.sweep(planned(X, X[rows[0]] if rows else None))
    for name, curve in here.history.curves.items():
        np.testing.assert_allclose(there.curves(name), curve, rtol=1e-6)


def test_another_process_opens_the_file_by_its_name_and_a_temporary_file_stays_here(arrays):
    X, y, stored = arrays
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(stored))[:], X)
    with pytest.raises(ValueError, match="data: expected a file that other processes can open"):
        pickle.dumps(jn.data.Batches([(X, y)]).written()[0])


def test_the_file_is_read_once_to_be_checked_and_once_to_be_known_however_many_groups_there_are(
    arrays, tmp_path, monkeypatch
):
    X, y, _ = arrays
    np.save(tmp_path / "X.npy", X)
    stored, rows, real = jn.data.read_npy(tmp_path / "X.npy"), [], jn.data.StoredArray.read
    monkeypatch.setattr(jn.data.StoredArray, "read", lambda self, index: rows.append(index.size) or real(self, index))
    space = jn.Space(learning_rate=0.1, hidden=jn.Choice((2,), (3,), (4,)), loss=jn.Choice("huber", "hinge"))
    plan = jn.plan(space, (stored, y), method="grid", epochs=1, batch_size=16, output="identity")
    for group in plan.groups:
        prepare_group(group, plan.members, plan.task)
    assert (len(plan.groups), sum(rows)) == (6, len(X))
    assert sweep_manifest(plan) == sweep_manifest(plan)
    assert sum(rows) == 2 * len(X)
    np.save(tmp_path / "X.npy", np.where(np.arange(3) == 1, np.nan, X).astype(np.float32))
    with pytest.raises(ValueError, match=r"finite .*among the rows 0 to 59"):  # a file that was written to is another
        jn.plan(space, (stored, y), method="grid", epochs=1, batch_size=16, output="identity")
