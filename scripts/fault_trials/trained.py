"""The small run and the small sweep that are killed, and how they die: at the nth moment of some kind."""

import hashlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import numpy as np
import optax

import jaxnet as jn
from jaxnet import storage
from jaxnet.training import checkpoint, loop, run

EPOCHS = 6
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 3)).astype(np.float32), RNG.integers(0, 2, 30)


def digest_of(tree: Any) -> str:
    """Digest every array of a tree."""
    total = hashlib.sha256()
    for leaf in jax.tree.leaves(tree):
        array = np.asarray(leaf)
        total.update(f"{array.shape}{array.dtype}".encode() + array.tobytes())
    return total.hexdigest()


def fit(folder: str | None, cache: str, death: tuple[str, int, float] | None = None, **options: Any) -> str:
    """Train the small run, saving after every epoch, and die on the way; return the digest of all that it is."""
    jax.config.update("jax_compilation_cache_dir", cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    checkpoint.SAVE_SECONDS, run.next_chunk = -1.0, lambda *_, **__: 1
    if death is not None:
        die(*death)
    net = jn.MLP((3, 4, 2), activation="tanh", output="softmax", dropout=0.2)
    found = jn.fit(
        jn.objective(net, l2=1e-3), net.init(jax.random.key(0)), (X, Y), optimizer=optax.adam(0.01), epochs=EPOCHS,
        batch_size=8, key=jax.random.key(1), validation=(X, Y), stop=jn.Stop("validation_loss", 50), out=folder, **options,  # noqa: E501
    )  # fmt: skip
    state = (found.params, tuple(found.optimizer_state), dict(found.history), np.int64(found.epoch))
    return f"{digest_of(state)} {found.outcome.name} {found.best_epoch}"


def sweep(folder: str | None, cache: str, death: tuple[str, int, float] | None = None) -> str:
    """Train the small sweep; return the digest of its curves and states."""
    jax.config.update("jax_compilation_cache_dir", cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    from jaxnet.sweeps import execution

    execution._SAVE_SECONDS, execution._CALL_SECONDS = -1.0, 0.0
    if death is not None:
        die(*death)
    space = jn.Space(learning_rate=jn.Float(1e-2, 1e31, log=True), hidden=(4,), batch_size=16, seed=jn.Seeds(2))
    result = jn.sweep(jn.plan(space, (X, Y), n=5, epochs=4, halving=jn.Halving(2, 2)), out=folder)
    history = result.history
    return digest_of((history.curves, history.epochs, history.diverged, [lane.params for lane in history.lanes]))


def die(moment: str, number: int, delay: float) -> None:
    """Kill this process at the nth moment of a kind: before it, or after ``delay`` seconds of it."""
    place = {
        "compiling": (loop, "_run_program"), "stepping": (run, "run_program"), "saving": (os, "fsync"),
        "renaming": (os, "replace"), "recovering": (os, "open"),
        "sweep stepping": ("jaxnet.sweeps.engine.Engine", "train"),
        "sweep saving": ("jaxnet.sweeps.members_database.MembersDatabase", "save"),
    }[moment]  # fmt: skip
    target = place[0] if not isinstance(place[0], str) else _named(place[0])
    real, calls = getattr(target, place[1]), []

    def dying(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) != number:
            return real(*arguments, **options)
        if delay < 0:  # when it is done
            real(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Thread(target=_later, args=(delay,), daemon=True).start() if delay else _later(0)
        return real(*arguments, **options)

    mock.patch.object(target, place[1], dying).start()


def _later(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def _named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(__import__(module, fromlist=[name]), name)


def tidy(folder: Path) -> bool:
    """Whether nothing lies in a run folder that does not belong there, once its owner has ended."""
    return not list(folder.glob(".*")) or not any(storage.files._MADE_HERE.fullmatch(p.name) for p in folder.iterdir())
