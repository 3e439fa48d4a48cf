"""A run read back without the data and functions that made it, and one written whole.

What ``fit(out=)`` leaves in a folder holds everything but the user's functions; so does what ``save_whole_run``
writes. Parameters come back as lists and dictionaries of arrays, as their names in the file tell: of any objective.
"""

import ast
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnet import storage
from jaxnet.storage import CheckpointError
from jaxnet.training.batches import on_device
from jaxnet.training.checkpoint import RUN_FILE
from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.run import Run
from jaxnet.training.stopping import CONVERGED, DIVERGED, Outcome
from jaxnet.types import Pytree
from jaxnet.user_paths import file_path, folder_path

_STEP = re.compile(r"""\[(\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|\.(\w+)""")  # of a name, as keystr writes it
_OUTCOMES = {CONVERGED: Outcome.CONVERGED, DIVERGED: Outcome.DIVERGED}


class WholeRun(NamedTuple):
    """What ``save_whole_run`` writes beside the history."""

    params: Pytree
    optimizer: Pytree
    epoch: np.ndarray
    behind: np.ndarray  # how many epochs before the end the parameters are of


def save_whole_run(path: str | os.PathLike[str], run: Run) -> None:
    """Write a run, of any objective, to a folder from which ``load_run`` reads it; one that is there is replaced.

    Raises ValueError for what does not fit into one file, and OSError, with the path, from the disk.
    """
    folder = folder_path("path", path)
    storage.make_private(folder)
    behind = run.epoch - (run.params_epoch or run.epoch)
    numbers = (np.asarray(each, np.int32) for each in (run.epoch, behind))
    whole = WholeRun(run.params, run.optimizer_state.optax, *numbers)
    about = {
        "format": 2, "saved": "whole", "network": run.network, "epochs": max(map(len, run.history.values()), default=0),
        "outcome": run.outcome.name, "best_epoch": run.best_epoch, "device": run.device,
    }  # fmt: skip
    storage.save_arrays(folder / RUN_FILE, (whole, dict(run.history)), about)


def load_run(path: str | os.PathLike[str]) -> Run:
    """Read a run from its folder, that of ``fit(out=)`` or of ``jn.save``, without its data and functions.

    The parameters are lists and dictionaries of NumPy arrays; ``optimizer_state`` goes back into ``fit`` with the same
    kind of optimizer. A run that has not come to its end has the outcome COMPLETED and the epochs it has. Raises
    ``CheckpointError`` for a damaged file, where no earlier one is whole either, and for one of something else.
    """
    folder = file_path("path", path, "the path of a folder")
    return storage.read_generation(folder / RUN_FILE, _run_in)


def _run_in(file: Path) -> Run:
    source = str(file)
    named, about = storage.decode_named(storage.read_bytes(file), source=source)
    try:
        epoch = int(named["[0].epoch"])
        best = int(named["[0].best.epoch"]) if "[0].best.epoch" in named else about.get("best_epoch")
        restored = any(name.startswith("[0].best.params") for name in named) and best
        params = _tree(named, "[0].best.params" if restored else "[0].params")
        optimizer = {name.removeprefix("[0].optimizer"): leaf for name, leaf in named.items() if _below(name)}
        status = int(named.get("[0].status", 0))
        outcome = Outcome[about["outcome"]] if "outcome" in about else _OUTCOMES.get(status, Outcome.COMPLETED)
        history = _tree(named, "[1]") if any(name.startswith("[1][") for name in named) else {}
        return Run(
            params=params,
            optimizer_state=OptimizerState(optimizer, on_device(epoch, np.int32)),
            history=history,
            outcome=outcome,
            epoch=epoch,
            best_epoch=best,
            device=str(about.get("device", "")),
            params_epoch=int(best) if restored and best else epoch - int(named.get("[0].behind", 0)),
            network=about.get("network"),
        )
    except (KeyError, ValueError, TypeError, SyntaxError) as error:
        raise CheckpointError(f"{source}: not a run that fit or jn.save keeps ({error})") from error


def _below(name: str) -> bool:
    return name.startswith("[0].optimizer")


def _tree(named: dict[str, np.ndarray], start: str) -> Any:
    """Build the pytree whose leaves are called ``start`` and a path; raises ValueError for what is no path."""
    root: dict[Any, Any] = {}
    for name, leaf in named.items():
        if not name.startswith(start):
            continue
        steps, rest = [], name[len(start) :]
        while rest:
            found = _STEP.match(rest)
            if found is None:
                raise ValueError(f"{name!r} is no name of an array")
            steps.append(found[2] or ast.literal_eval(found[1]))
            rest = rest[found.end() :]
        place = root
        for step in [None, *steps][:-1]:
            place = place.setdefault(step, {})
        place[[None, *steps][-1]] = leaf
    return _listed(root[None])


def _listed(tree: Any) -> Any:
    """Turn what is keyed by 0, 1, 2, ... into a list."""
    if not isinstance(tree, dict):
        return tree
    if tree and set(tree) == set(range(len(tree))):
        return [_listed(tree[at]) for at in range(len(tree))]
    return {key: _listed(value) for key, value in tree.items()}
