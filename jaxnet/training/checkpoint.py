"""``fit(out=...)``: a run that can be killed at any moment, and goes on with the same call.

One file holds everything (parameters, optimizer, epoch, best parameters, history), so there is one atomic commit
point, and a manifest of what was asked for: another objective, optimizer, number, key, order or data is refused with
the difference shown. The file before it is kept, and read where the newest is damaged. More epochs may be asked for.
Resumed, a run ends with the bits of one that was never interrupted, on the same platform and with the same versions.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks, storage
from jaxnet.training.loop import State, history_names
from jaxnet.training.preparation import FitPlan
from jaxnet.training.run_manifest import compare, network_record, run_manifest
from jaxnet.types import Pytree
from jaxnet.user_paths import folder_path

RUN_FILE = "run.safetensors"
SAVE_SECONDS = 5.0  # between two saves
_SPARE = 10_000  # bytes by which the header of a file may grow while a run goes on


class Checkpoint:
    """The folder of one run; ``keep`` after every chunk, which saves when it is time to."""

    def __init__(self, folder: Path, plan: FitPlan, watch: storage.Watch) -> None:
        self._path, self._manifest, self._watch = folder / RUN_FILE, run_manifest(plan), watch
        self._network = network_record(plan.described[0])
        self._saved = time.monotonic()
        self._first, self._orders = int(plan.state.epoch), plan.orders

    def restore(self, plan: FitPlan) -> tuple[FitPlan, list[dict[str, np.ndarray]]]:
        """Return the plan of what is left to do, and the history so far, name -> [epochs]; the same plan where nothing
        was saved.

        Raises ValueError where the folder's run is another, and ``storage.CheckpointError`` for a damaged file.
        """
        if not storage.has_generation(self._path):
            about = {**self._about(plan.state, {}), "spare": "0" * _SPARE}
            storage.encode((plan.state, {}), about)  # what cannot be saved is refused now, and not after hours
            return plan, []
        return storage.read_generation(self._path, lambda path: self._restored(path, plan))

    def _restored(self, path: Path, plan: FitPlan) -> tuple[FitPlan, list[dict[str, np.ndarray]]]:
        # the checksum first: only of a whole file it can be said that it is of something else
        named, saved = storage.decode_named(storage.read_bytes(path), source=str(path))
        compare(saved, self._manifest, plan.described)
        epochs = saved.get("epochs")
        if not isinstance(epochs, int):
            raise storage.CheckpointError(f"{path}: it does not say how many epochs it has")
        names = history_names(plan.program.metrics, plan.data.validation is not None)
        dtype = jax.tree.leaves(plan.state.params)[0].dtype
        empty = {name: jax.ShapeDtypeStruct((epochs,), dtype) for name in names}
        state, history = storage.match(named, (plan.state, empty), source=str(path))
        state = jax.tree.map(jax.numpy.asarray, state)
        done = int(state.epoch) - self._first
        expected = f"at least the {done} that the run in out has behind it"
        checks.require(done <= plan.epochs, "epochs", expected, plan.epochs)
        if plan.orders is not None:  # an iterator begins anew with the call; the orders used are behind it
            plan.orders.skip(done)
            words = checks.Words("others than those of the run in out")
            same = saved.get("orders") == plan.orders.digest_of(done)
            checks.require(same, "shuffle", f"the orders of the first {done} epochs as they were", words)
        return plan._replace(state=state, epochs=plan.epochs - done), [history]

    def keep(self, state: State, history: Callable[[], dict[str, np.ndarray]], *, now: bool = False) -> None:
        """Save, if the last time is a while ago, or ``now``, or when a signal asks the run to end: then raise it.

        ``history()`` is name -> [epochs], put together only where it is to be saved.
        """
        if now or self._watch.caught or time.monotonic() - self._saved > SAVE_SECONDS:
            values = history()
            storage.save_arrays(self._path, (state, values), self._about(state, values))
            self._saved = time.monotonic()
        self._watch.check()

    def _about(self, state: State, history: dict[str, np.ndarray]) -> dict[str, Any]:
        about = {**self._manifest, "epochs": len(history.get("loss", ())), "network": self._network}
        if self._orders is not None:
            about["orders"] = self._orders.digest_of(int(state.epoch) - self._first)
        return about


@contextlib.contextmanager
def checkpoint(out: str | os.PathLike[str] | None, plan: FitPlan) -> Iterator[Checkpoint | None]:
    """Hold the folder of a run while it trains; None without ``out``.

    Raises ValueError for the folder of another run, ``storage.CheckpointError`` for a damaged file,
    ``storage.Locked`` while another process trains there, and OSError where nothing can be written.
    """
    if out is None:
        yield None
        return
    # listening first: whoever sees the folder held may send a signal
    with storage.Watch() as watch, storage.hold(out) as folder:
        yield Checkpoint(folder, plan, watch)


class SavedRun(NamedTuple):
    """What ``Run.save`` keeps beside the history: the parameters, and how many epochs before the end they are of."""

    params: Pytree
    behind: np.ndarray


def save_run(path: str | os.PathLike[str], network: Any, saved: SavedRun, history: Mapping[str, np.ndarray]) -> None:
    """Write a finished run, of the network that a record describes, to a folder from which ``jn.load`` makes a model.

    Raises ValueError, before anything is written, for None in place of the record, and for a
    folder that has a run already, which could not go on.
    """
    file = folder_path("path", path) / RUN_FILE
    expected = "a run of jn.objective(net) with a jn.MLP whose functions have names"
    checks.require(network is not None, "save", expected, checks.Words("one of another objective"))
    checks.require(not file.exists(), "path", "a folder without a run", checks.Words(f"{file}, which is one"))
    file.parent.mkdir(parents=True, exist_ok=True)
    epochs = max(map(len, history.values()), default=0)
    storage.save_arrays(file, (saved, dict(history)), {"format": 1, "network": network, "epochs": epochs})
