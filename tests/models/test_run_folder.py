"""The folder of a run is a model: the network of its objective, the parameters that ``fit`` returned."""

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.models import run_folder
from jaxnet.storage import CheckpointError
from jaxnet.training.checkpoint import RUN_FILE

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 2)), RNG.integers(0, 3, 30)
NET = jn.MLP((2, 4, 3), activation="tanh", output="softmax", weights="normal(0.5)")


def fitted(out, objective=None, **options):
    params = NET.init(jax.random.key(0), np.float64)
    f = objective or jn.objective(NET)
    return jn.fit(f, params, (X, Y), optimizer=optax.adam(0.3), epochs=6, out=out, validation=(X[:5], Y[:5]), **options)


def test_a_run_s_folder_has_the_last_parameters_and_scores(tmp_path):
    run = fitted(tmp_path)
    model = jn.load(tmp_path)
    assert model.net == NET
    for ours, theirs in zip(jax.tree.leaves(model.members), jax.tree.leaves(run.params), strict=True):
        assert np.array_equal(ours, theirs)
    assert model.scores == {name: values[-1] for name, values in run.history.items()}
    assert model.predict(X).tolist() == np.argmax(NET.predict(run.params, X), axis=1).tolist()


def test_with_early_stopping_it_has_the_best_ones(tmp_path):
    run = fitted(tmp_path, stop=jn.Stop("validation_loss", 2))
    model = jn.load(tmp_path)
    assert run.best_epoch < run.epoch  # so that there is something to tell apart
    for ours, theirs in zip(jax.tree.leaves(model.members), jax.tree.leaves(run.params), strict=True):
        assert np.array_equal(ours, theirs)
    assert model.scores["validation_loss"] == run.history["validation_loss"].min()


def test_a_saved_model_comes_before_the_run_in_its_folder(tmp_path):
    run = fitted(tmp_path)
    jn.Model(NET, run.params, classes=["a", "b", "c"]).save(tmp_path)
    assert jn.load(tmp_path).classes.tolist() == ["a", "b", "c"]
    assert fitted(tmp_path).epoch == 6  # and the run goes on beside it


@pytest.mark.parametrize("stop", [None, jn.Stop("validation_loss", 2)])
def test_a_run_is_saved_without_a_folder_of_its_own(stop, tmp_path):
    run = fitted(None, stop=stop)
    run.save(tmp_path / "kept")
    model = jn.load(tmp_path / "kept")
    assert model.net == NET
    assert model.outputs(X).tolist() == jn.Model(NET, run.params).outputs(X).tolist()
    assert run.params_epoch == (run.epoch if stop is None else run.best_epoch)
    assert model.scores == {name: values[run.params_epoch - 1] for name, values in run.history.items()}


def test_scores_are_of_the_right_epoch_of_a_run_that_was_continued(tmp_path):
    first = fitted(None)
    f = jn.objective(NET)
    again = jn.fit(
        f, first.params, (X, Y), optimizer=optax.adam(0.3), optimizer_state=first.optimizer_state, epochs=6,
        validation=(X[:5], Y[:5]), stop=jn.Stop("validation_loss", 2), out=tmp_path,
    )  # fmt: skip
    assert again.epoch > 6
    expected = {name: values[again.best_epoch - 7] for name, values in again.history.items()}
    assert jn.load(tmp_path).scores == expected


def test_a_run_that_no_file_describes_is_not_saved(tmp_path):
    f = jn.objective(NET)
    with pytest.raises(ValueError, match=r"save: expected a run of jn\.objective\(net\) with a jn\.MLP"):
        fitted(None, lambda params, x, y: f(params, x, y)).save(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    run = fitted(tmp_path)
    with pytest.raises(
        ValueError, match=r"path: expected a folder without a run, got .*run\.safetensors, which is one"
    ):
        run.save(tmp_path)


def test_a_run_of_ones_own_objective_says_what_to_do(tmp_path):
    f = jn.objective(NET)
    fitted(tmp_path, lambda params, x, y: f(params, x, y))
    with pytest.raises(CheckpointError, match=r"run\.safetensors: a run of an objective or network of one's own.*save"):
        jn.load(tmp_path)


def test_a_run_of_before_networks_were_written_down_says_so(tmp_path, monkeypatch):
    fitted(tmp_path)
    monkeypatch.setattr(run_folder.storage, "decode_named", lambda content, source: ({}, {"format": 1}))
    with pytest.raises(
        CheckpointError, match=r"a run that an earlier jaxnet kept, .*jn\.Model\(net, run\.params\)\.save"
    ):
        jn.load(tmp_path)


def test_a_damaged_or_foreign_run_is_refused(tmp_path, monkeypatch):
    fitted(tmp_path)
    file = tmp_path / RUN_FILE
    content = file.read_bytes()
    for position in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[position] ^= 1
        file.write_bytes(bytes(damaged))
        with pytest.raises(CheckpointError, match=r"run\.safetensors: "):
            jn.load(tmp_path)
    file.write_bytes(content)
    monkeypatch.setattr(run_folder, "described_network", lambda record: jn.MLP((2, 9, 3), output="softmax"))
    with pytest.raises(CheckpointError, match=r"has shape \(4,\)|has shape \(2, 4\)"):
        jn.load(tmp_path)
