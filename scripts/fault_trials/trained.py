"""The small run and the small sweep that are disturbed, and what says whether they came to the same in the end."""

import contextlib
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import numpy as np
import optax

import jaxnet as jn
from jaxnet import storage
from jaxnet.training import checkpoint, run

EPOCHS = 6
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 3)).astype(np.float32), RNG.integers(0, 2, 30)
CHUNK = 1  # epochs
PATIENCE = 50


def digest_of(tree: Any) -> str:
    """Digest every array of a tree."""
    total = hashlib.sha256()
    for leaf in jax.tree.leaves(tree):
        array = np.asarray(leaf)
        total.update(f"{array.shape}{array.dtype}".encode() + array.tobytes())
    return total.hexdigest()


def fit(folder: str | None, cache: str, **options: Any) -> str:
    """Train the small run, saving after every epoch; return the digest of all that it is."""
    _compile_into(cache)
    checkpoint.SAVE_SECONDS, run.next_chunk = -1.0, lambda *_, **__: CHUNK
    net = jn.MLP((3, 4, 2), activation="tanh", output="softmax", dropout=0.2)
    with _noted(storage, "save_arrays", folder, lambda path, tree, about: {"run": about["epochs"]}):
        found = jn.fit(
            jn.objective(net, l2=1e-3), net.init(jax.random.key(0)), (X, Y), optimizer=optax.adam(0.01), epochs=EPOCHS,
            batch_size=8, key=jax.random.key(1), validation=(X, Y), stop=jn.Stop("validation_loss", PATIENCE),
            out=folder, **options,
        )  # fmt: skip
    state = (found.params, tuple(found.optimizer_state), dict(found.history), np.int64(found.epoch))
    return f"{digest_of(state)} {found.outcome.name} {found.best_epoch}"


def sweep(folder: str | None, cache: str, **options: Any) -> str:
    """Train the small sweep, saving after every call; return the digest of its curves and states."""
    _compile_into(cache)
    from jaxnet.sweeps import execution, executors, members_database

    execution._SAVE_SECONDS, executors._CALL_SECONDS = -1.0, 0.0
    space = jn.Space(learning_rate=jn.Float(1e-2, 1e31, log=True), hidden=(4,), batch_size=16, seed=jn.Seeds(2))
    plan = jn.plan(space, (X, Y), n=5, epochs=4, halving=jn.Halving(2, 2))
    epochs = lambda database, rows: {row[0]: row[4] for row in rows}
    with _noted(members_database.MembersDatabase, "save", folder, epochs):
        history = jn.sweep(plan, out=folder, **options).history
    params = [states.read_all().params for states in history.states]
    return digest_of((history.curves, history.epochs, history.diverged, params))


def _compile_into(cache: str) -> None:
    jax.config.update("jax_compilation_cache_dir", cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@contextlib.contextmanager
def _noted(home: Any, name: str, folder: str | None, epochs: Any) -> Any:
    """Note beside the folder, after each save that returned, how many epochs of what are safe from now on."""
    real = getattr(home, name)

    def saving(*arguments: Any) -> None:
        real(*arguments)
        with open(f"{folder}.saved", "a") as file:
            file.write(f"{json.dumps(epochs(*arguments))}\n")

    with mock.patch.object(home, name, saving) if folder else contextlib.nullcontext():
        yield


def all_there(folder: Path) -> bool:
    """Whether a folder still has every epoch that it was told is saved; called in a process of its own."""
    notes = Path(f"{folder}.saved")
    promised: dict[str, int] = {}
    for line in notes.read_text().splitlines() if notes.exists() else []:
        promised |= json.loads(line)
    return all(_found(folder).get(name, 0) >= epochs for name, epochs in promised.items())


def _found(folder: Path) -> dict[str, int]:
    if (folder / "members.sqlite").exists():
        with contextlib.closing(sqlite3.connect(folder / "members.sqlite")) as connection:
            return dict(connection.execute("select id, epochs from members"))
    read = lambda path: storage.manifest_of(path)["epochs"]
    return {"run": storage.read_generation(folder / "run.safetensors", read)}


def tidy(folder: Path) -> bool:
    """Whether nothing lies in a run folder that does not belong there, once its owner has ended."""
    return not any(storage.files._MADE_HERE.fullmatch(path.name) for path in folder.iterdir())
