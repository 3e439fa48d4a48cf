"""A sweep on disk: a manifest of what it is relative to, and one checksummed record a member.

A record holds all there is of a member (its curves, parameters and optimizer state so far), and a transaction of
SQLite is the only commit point: after a kill at any moment the file holds whole records of some earlier moment, from
which the same call goes on. Rankings and decisions are not stored, for they follow from the curves.
"""

import dataclasses
import json
import sqlite3
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import jaxlib
import numpy as np

from jaxnet.accelerators import EXACT, local_devices, products_precision
from jaxnet.storage import CheckpointError, decode, digest, encode, write_atomically
from jaxnet.sweeps.groups import lanes_rule
from jaxnet.sweeps.history import SweepHistory
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.space import configuration_text, space_as_json
from jaxnet.training.stopping import CONVERGED, DIVERGED
from jaxnet.types import Batch

_FORMAT = 1
_CREATE = """
create table if not exists members (
    id text primary key, configuration text not null, seed integer not null, fold integer not null,
    epochs integer not null, diverged integer not null, record blob not null)
"""
_UPSERT = "insert or replace into members values (?, ?, ?, ?, ?, ?, ?)"


class Store:
    """The folder of a sweep, opened by the process that holds its lock."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Open or create it; raises ``CheckpointError`` for a damaged one, ValueError for another sweep's."""
        self._plan, self._path = plan, folder / "members.sqlite"
        self._manifest = folder / "manifest.json"
        self._connection = sqlite3.connect(self._path)
        try:
            # a write-ahead log commits by appending, and with full synchronisation a commit is on the disk
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            self._connection.execute(_CREATE)
            stored = {row[0] for row in self._connection.execute("select id from members")}
        except sqlite3.DatabaseError as error:
            raise CheckpointError(f"{self._path}: not a database of members ({error})") from error
        self._check_manifest(stored)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def save(self, history: SweepHistory, members: np.ndarray) -> None:
        """Write the records of some members, all or none of them."""
        rows = [self._row(history, int(member)) for member in members]
        with self._connection:
            self._connection.executemany(_UPSERT, rows)

    def restore(self, history: SweepHistory) -> int:
        """Put every record that belongs to the plan into the history; return how many there were."""
        numbered = {name: member for member, name in enumerate(self._plan.members.ids)}
        count = 0
        for name, epochs, record in self._connection.execute("select id, epochs, record from members"):
            if name in numbered:
                count += self._restore_one(history, numbered[name], epochs, record)
        return count

    def _row(self, history: SweepHistory, member: int) -> tuple[Any, ...]:
        members, epochs = self._plan.members, int(history.epochs[member])
        place, slot = self._plan.place_of(member)
        state = jax.tree.map(lambda leaf: leaf[slot], history.lanes[place])
        curves = {name: curve[member, :epochs] for name, curve in history.curves.items()}
        configuration = configuration_text(self._plan.configurations[members.configuration[member]])
        about = (members.ids[member], configuration, int(members.seed[member]), int(members.fold[member]))
        return (*about, epochs, int(history.diverged[member]), encode((state, curves)))

    def _restore_one(self, history: SweepHistory, member: int, epochs: int, record: bytes) -> bool:
        place, slot = self._plan.place_of(member)
        lanes = history.lanes[place]
        like = jax.tree.map(lambda leaf: leaf[slot], lanes), {n: c[member, :epochs] for n, c in history.curves.items()}
        try:
            (state, curves), _ = decode(record, like, source=f"{self._path}, member {self._plan.members.ids[member]}")
        except CheckpointError as error:
            # one damaged record costs one member, never the sweep
            warnings.warn(f"{error}; the member is trained again", RuntimeWarning, stacklevel=4)
            return False
        for kept, value in zip(jax.tree.leaves(lanes), jax.tree.leaves(state), strict=True):
            kept[slot] = value
        for name, curve in curves.items():
            history.curves[name][member, :epochs] = curve
        history.epochs[member] = epochs
        history.diverged[member] = state.ended if state.status == DIVERGED else 0
        history.stopped[member] = state.ended if state.status == CONVERGED else 0
        return True

    def _check_manifest(self, stored: set[str]) -> None:
        """Refuse another sweep's folder and show the difference; a superset of its members extends it."""
        mine = sweep_manifest(self._plan)
        if self._manifest.exists():
            theirs = read_manifest(self._manifest)
            changed = differences(theirs["must be the same"], mine["must be the same"])
            # what Optuna will ask for is not known yet: members that it asked for before are no surprise
            lost = 0 if self._plan.asking else len(stored - set(self._plan.members.ids))
            if lost:
                changed += differences(theirs["may be extended"], mine["may be extended"])
                own = self._plan.spec.network or self._plan.spec.objective
                hint = ", or network= or objective= makes something else of them" if own else ""
                changed.append(f"{lost} of the {len(stored)} members trained there are not in this plan{hint}")
            if changed:
                lines = "\n  ".join(changed)
                raise ValueError(f"{self._manifest.parent}: another sweep's folder; take another, or undo\n  {lines}")
        write_atomically(self._manifest, (json.dumps(mine, indent=2) + "\n").encode())


def sweep_manifest(plan: Plan) -> dict[str, Any]:
    """Say what the bits of a sweep are relative to, and what varies in it, as JSON values."""
    task, halving = plan.task, plan.halving
    named = lambda function: getattr(function, "__qualname__", None)
    same = {
        "data": fingerprint(task.data),
        "validation": None if task.validation is None else fingerprint(task.validation),
        "folds": None if plan.space.folds is None else plan.space.folds.count,
        "epochs": plan.epochs,
        "names": list(plan.names),
        "metric": [plan.metric, plan.goal],
        "trials at once": None if plan.asking is None else plan.asking.batch,
        "halving": None if halving is None else str(halving),
        "network": named(plan.spec.network),
        "objective": named(plan.spec.objective),
        "root": task.root,
        "dtype": str(task.dtype),
        "kernel": _kernel(plan),
        "lanes of a tile": lanes_rule(plan.spec),
        "platform": local_devices()[0].device_kind,
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
    }
    if products_precision() != EXACT:
        same["precision"] = products_precision()
    if plan.spec.stop is not None:
        same["stop"], same["rank"] = dataclasses.asdict(plan.spec.stop), plan.rank
    extendable = {"space": space_as_json(plan.space), "method": plan.method, "configurations": len(plan.configurations)}
    about = {"format": _FORMAT, "jaxnet": _version()}
    # through JSON, so that it compares with one that was read: tuples are lists there
    found: dict[str, Any] = json.loads(json.dumps({**about, "must be the same": same, "may be extended": extendable}))
    return found


def _kernel(plan: Plan) -> str:
    """Say how members are computed; a sweep of narrow networks alone has the name that all had before."""
    wide = any(getattr(network, "by_rows", False) for group in plan.groups for network in group.networks[:1])
    return "vmap, examples of wide networks as rows" if wide else "vmap"


def _version() -> str:
    try:
        return version("jaxnet")
    except PackageNotFoundError:
        return "not installed"


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest; raises ``CheckpointError`` for a damaged one and for one of a newer format."""
    try:
        found = json.loads(path.read_bytes())
        number = int(found["format"])
        whole = isinstance(found["must be the same"], dict) and isinstance(found["may be extended"], dict)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a manifest of a sweep ({error})") from error
    if number > _FORMAT:
        raise CheckpointError(f"{path}: written by a newer jaxnet (format {number}, this one reads {_FORMAT})")
    if not whole:
        raise CheckpointError(f"{path}: not a manifest of a sweep")
    return found


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """List what differs between two manifests, one line a name: what it was, and what it is now."""
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    lines = []
    for name in names:
        before, now = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            lines += [f"{name}.{line}" for line in differences(before, now)]
        else:
            lines.append(f"{name}: {json.dumps(before)} there, {json.dumps(now)} now")
    return lines


def fingerprint(batch: Batch) -> str:
    """Return the SHA-256 of examples: shapes, dtypes and every byte."""
    arrays = [np.asarray(part) if part is not None else np.zeros(0) for part in batch]
    return digest(*(part for array in arrays for part in (f"{array.shape} {array.dtype}", array)))
