"""``fit(out=...)``: a run that can be killed at any moment, and goes on with the same call.

One file holds everything (parameters, optimizer, epoch, best parameters, history), so there is one atomic commit
point, and a manifest of what was asked for: another objective, optimizer, number, key or data is refused with the
difference shown. More epochs may be asked for. Resumed, a run ends with the bits of one that was never interrupted, on
the same platform and with the same versions.
"""

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks, storage
from jaxnet.accelerators import platform
from jaxnet.losses import Objective
from jaxnet.network import MLP, describe_network
from jaxnet.training.hyperparameters import as_text
from jaxnet.training.loop import State, history_names
from jaxnet.training.preparation import FitPlan
from jaxnet.types import Pytree

RUN_FILE = "run.safetensors"
SAVE_SECONDS = 5.0  # between two saves
ENVIRONMENT = ("jax", "platform", "examples as")  # on these only the last bits depend


class Checkpoint:
    """The folder of one run; ``keep`` after every chunk, which saves when it is time to."""

    def __init__(self, folder: Path, plan: FitPlan, watch: storage.Watch) -> None:
        self._path, self._manifest, self._watch = folder / RUN_FILE, run_manifest(plan), watch
        self._network = network_record(plan.described[0])
        self._saved = time.monotonic()
        self._first = int(plan.state.epoch)

    def restore(self, plan: FitPlan) -> tuple[FitPlan, list[dict[str, np.ndarray]]]:
        """Return the plan of what is left to do, and the history so far, name -> [epochs]; the same plan where nothing
        was saved.

        Raises ValueError where the folder's run is another, and ``storage.CheckpointError`` for a damaged file.
        """
        if not self._path.exists():
            return plan, []
        saved = storage.manifest_of(self._path)
        self._compare(saved)
        names = history_names(plan.program.metrics, plan.data.validation is not None)
        dtype = jax.tree.leaves(plan.state.params)[0].dtype
        empty = {name: jax.ShapeDtypeStruct((saved["epochs"],), dtype) for name in names}
        # shapes are known from the plan, so nothing in the file decides what is allocated
        (state, history), _ = storage.load_arrays(self._path, (plan.state, empty))
        state = jax.tree.map(jax.numpy.asarray, state)
        done = int(state.epoch) - self._first
        if plan.orders is not None:  # an iterator begins anew with the call; the orders used are behind it
            plan.orders.skip(done)
        return plan._replace(state=state, epochs=plan.epochs - done), [history]

    def keep(self, state: State, history: Callable[[], dict[str, np.ndarray]], *, now: bool = False) -> None:
        """Save, if the last time is a while ago, or ``now``, or when a signal asks the run to end: then raise it.

        ``history()`` is name -> [epochs], put together only where it is to be saved.
        """
        if now or self._watch.caught or time.monotonic() - self._saved > SAVE_SECONDS:
            values = history()
            about = {"epochs": len(values["loss"]), "network": self._network}
            storage.save_arrays(self._path, (state, values), {**self._manifest, **about})
            self._saved = time.monotonic()
        self._watch.check()

    def _compare(self, saved: dict[str, Any]) -> None:
        # the network is part of the objective's text; here it stands for whoever makes a model of the folder
        given = {**self._manifest, "epochs": saved.get("epochs"), "network": saved.get("network")}
        odd = sorted(name for name in saved.keys() | given.keys() if saved.get(name) != given.get(name))
        if outside := [name for name in odd if name not in ENVIRONMENT]:
            lines = [f"{name} was {saved.get(name)} and is {given.get(name)}" for name in outside]
            words = f"a run of something else: {'; '.join(lines)}"
            checks.refuse("out", "an empty folder, or that of a run with the same arguments", checks.Words(words))
        for name in odd:
            changed = f"{name} was {saved.get(name)} and is {given.get(name)}"
            words = f"{changed}: the last bits may differ from an uninterrupted run"
            warnings.warn(words, stacklevel=4)


@contextlib.contextmanager
def checkpoint(out: str | os.PathLike[str] | None, plan: FitPlan) -> Iterator[Checkpoint | None]:
    """Hold the folder of a run while it trains; None without ``out``.

    Raises ValueError for the folder of another run, ``storage.CheckpointError`` for a damaged file,
    ``storage.Locked`` while another process trains there, and OSError where nothing can be written.
    """
    if out is None:
        yield None
        return
    checks.require(isinstance(out, str | os.PathLike), "out", "the path of a folder", out, TypeError)
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
    file = Path(path) / RUN_FILE
    expected = "a run of jn.objective(net) with a jn.MLP whose functions have names"
    checks.require(network is not None, "save", expected, checks.Words("one of another objective"))
    checks.require(not file.exists(), "path", "a folder without a run", checks.Words(f"{file}, which is one"))
    file.parent.mkdir(parents=True, exist_ok=True)
    epochs = max(map(len, history.values()), default=0)
    storage.save_arrays(file, (saved, dict(history)), {"format": 1, "network": network, "epochs": epochs})


def run_manifest(plan: FitPlan) -> dict[str, Any]:
    """Say what a run is of: digests of its arrays, names of its parts, and every number."""
    program, (objective, optimizer, stop) = plan.program, map(as_text, plan.described)
    return {
        "format": 1,
        "jax": jax.__version__,
        "platform": platform(),
        "objective": objective,
        "optimizer": optimizer,
        "stop": stop,
        "metrics": [metric if isinstance(metric, str) else metric.__name__ for metric in program.metrics],
        "batch_size": program.batch_size,
        "shuffle": "given orders" if plan.orders is not None else program.shuffled,
        "key": np.asarray(jax.random.key_data(plan.key)).tolist(),
        "start": _digest_arrays((plan.state.params, plan.state.epoch)),
        "data": _digest_arrays(plan.data.train),
        "validation": _digest_arrays(plan.data.validation),
        **_layout_record(plan.described[0]),
    }


def _layout_record(objective: Any) -> dict[str, Any]:
    """Say how a wide network's examples lie; nothing for the others, whose folders have never said it."""
    return {"examples as": "rows"} if getattr(getattr(objective, "network", None), "by_rows", False) else {}


def network_record(objective: Any) -> dict[str, Any] | None:
    """Describe the network of an objective, so that its folder can become a model; None for one without names."""
    net = objective.network if isinstance(objective, Objective) else None
    try:
        return describe_network(net) if isinstance(net, MLP) else None
    except ValueError:
        return None


def _digest_arrays(tree: Pytree) -> str:
    """Digest the arrays of a pytree, each behind its shape and dtype: equal bytes may be other numbers."""
    arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]
    return storage.digest(*(part for array in arrays for part in (f"{array.shape}{array.dtype}", array)))
