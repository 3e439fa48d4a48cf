"""A sweep on disk: a manifest of what it is relative to, and one checksummed record a member.

A record holds all there is of a member (its curves, parameters and optimizer state so far), and a transaction of
SQLite is the only commit point: after a kill at any moment the file holds whole records of some earlier moment, from
which the same call goes on. Rankings and decisions are not stored, for they follow from the curves.
"""

import dataclasses
import functools
import json
import warnings
from pathlib import Path
from typing import Any, NoReturn

import jax
import jaxlib
import numpy as np

from jaxnet.accelerators import EXACT, local_devices, products_precision
from jaxnet.data import StoredArray
from jaxnet.identity import PARTITIONABLE, XLA_FLAGS, installed, surroundings, xla_flags
from jaxnet.storage import CheckpointError, decode_named, digest, encode, match, read_bytes, write_atomically
from jaxnet.sweeps.folder_growth import growth
from jaxnet.sweeps.groups import lanes_rule
from jaxnet.sweeps.history import SweepHistory, gone, state_bytes, state_of
from jaxnet.sweeps.member_identity import MemberIdentity
from jaxnet.sweeps.members_database import MembersDatabase
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.space import configuration_text, space_as_json
from jaxnet.sweeps.states import HELD_BYTES
from jaxnet.sweeps.stored_states import stored_states
from jaxnet.sweeps.tiles import Lane
from jaxnet.training.stopping import CONVERGED, DIVERGED
from jaxnet.training.streamed import RowSource
from jaxnet.types import Batch

_FORMAT = 1


class Store:
    """The folder of a sweep, opened by the process that holds its lock, or by any that only reads it.

    ``new`` are the lines that say what a plan adds to an earlier one of the folder.
    """

    def __init__(self, folder: Path, plan: Plan, *, reading: bool = False) -> None:
        """Open it, or create it unless ``reading``.

        Raises ``CheckpointError`` for a damaged one, ValueError for another sweep's, OSError, with the path, where it
        cannot be opened or written.
        """
        self._plan, self._path, self._manifest = plan, folder / "members.sqlite", folder / "manifest.json"
        self._identity = MemberIdentity(plan)
        self._grown = False  # whether runs are longer than those of the folder
        self._emptied = not self._path.exists() or not self._path.stat().st_size
        self._database = MembersDatabase(self._path, reading=reading)
        try:
            theirs, self._programs = self._found()
            self._mine, self._reading = sweep_manifest(plan), reading
            self.new = [] if theirs is None else self._compare(theirs, self._mine)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def save(self, history: SweepHistory, members: np.ndarray) -> None:
        """Write the records of some members, all or none of them."""
        self._database.save([self._row(history, int(member)) for member in members])
        if self._spooled(history):
            groups, slots = self._plan.places_of(members[~gone(self._plan, history, members)])
            for index in np.unique(groups):
                history.states[index].hand_over(slots[groups == index])

    def _spooled(self, history: SweepHistory) -> bool:
        """Whether states are so many that they are held here alone."""
        return state_bytes(history) > HELD_BYTES

    def restore(self, history: SweepHistory) -> int:
        """Put every record that belongs to the plan into the history; return how many there were.

        Raises ValueError where a record is of another training than the plan's.
        """
        for group, states in zip(self._plan.groups, history.states, strict=True):
            ids = [self._plan.members.ids[member] for member in group.members]
            states.source = functools.partial(stored_states, self._path, ids, states.like)
        numbered = {name: member for member, name in enumerate(self._plan.members.ids)}
        count = 0
        for name, epochs, diverged, record in self._database.rows():
            if name in numbered:
                about = {"member": name, "epochs": epochs, "diverged": diverged}
                count += self._restore_one(history, numbered[name], about, record)
        if not self._reading:
            self._say()
        return count

    def _say(self) -> None:
        """Write down what the members are of; not before it is known that those that are there are of the same."""
        text, programs = json.dumps(self._mine, indent=2), json.dumps(self._programs | self._identity.programs)
        self._database.say({"manifest": text, "programs": programs, "digest": digest(text, programs)})
        write_atomically(self._manifest, f"{text}\n".encode())

    def _row(self, history: SweepHistory, member: int) -> tuple[Any, ...]:
        members, epochs, diverged = self._plan.members, int(history.epochs[member]), int(history.diverged[member])
        kept = not gone(self._plan, history, np.array([member]))[0]
        curves = {name: curve[member, :epochs] for name, curve in history.curves.items()}
        configuration = configuration_text(self._plan.configurations[members.configuration[member]])
        name = members.ids[member]
        about = {"member": name, "epochs": epochs, "diverged": diverged, **self._identity.of(member)}
        if self._plan.evolution:
            about["generation"] = int(history.generations[member])
        if kept:
            record = encode((state_of(self._plan, history, member), curves), about)
        else:
            record = encode((curves,), {**about, "stopped": int(history.stopped[member])})
        return name, configuration, int(members.seed[member]), int(members.fold[member]), epochs, diverged, record

    def _restore_one(self, history: SweepHistory, member: int, about: dict[str, Any], record: bytes) -> bool:
        place, slot = self._plan.place_of(member)
        states, source = history.states[place], f"{self._path}, member {self._plan.members.ids[member]}"
        try:
            named, said = decode_named(record, source=source)
            # what stands beside a record is outside its checksum, so it stands in it, too
            if said and any(said.get(name) != value for name, value in about.items()):
                raise CheckpointError(f"{source}: the record of another member or epoch")
            if said and (changes := self._identity.changes(said, member, self._programs)):
                spans = ", where a schedule spans all epochs, which are more now"
                self._refuse([f"{each}{spans if self._grown and 'optimizer' in each else ''}" for each in changes])
            epochs = about["epochs"]
            curves = {name: curve[member, :epochs] for name, curve in history.curves.items()}
            alone = "stopped" in said  # its scores were kept alone
            like = (curves,) if alone else (states.like, curves)
            *state, curves = match(named, like, source=source)
        except (CheckpointError, TypeError) as error:
            # one damaged record costs one member, never the sweep
            warnings.warn(f"{error}; the member is trained again", RuntimeWarning, stacklevel=4)
            return False
        if alone:
            states.forget(np.array([slot]))
        elif self._spooled(history):
            states.hand_over(np.array([slot]))
        else:
            states.write(np.array([slot]), jax.tree.map(lambda leaf: np.expand_dims(leaf, 0), state[0]))
        for name, curve in curves.items():
            history.curves[name][member, :epochs] = curve
        history.epochs[member] = epochs
        history.generations[member] = said.get("generation", 0)
        history.diverged[member] = about["diverged"] if alone else _ended(state[0], DIVERGED)
        history.stopped[member] = said["stopped"] if alone else _ended(state[0], CONVERGED)
        return True

    def _found(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return the manifest and the programs that the folder's members are of; None where it has no members yet."""
        about = self._database.about()
        if about:
            text, programs = about.get("manifest", ""), about.get("programs", "")
            if digest(text, programs) != about.get("digest"):
                raise CheckpointError(f"{self._path}: what it says of its members is damaged")
            self._warn_of_another_manifest(text)
            return manifest_in(text.encode(), self._path), json.loads(programs)
        if self._manifest.exists():
            theirs = read_manifest(self._manifest)
            if self._plan.spec.own_functions and self._database.ids():
                words = "an earlier jaxnet saved it, which knew functions of one's own by name only: whether they are"
                self._refuse([f"{words} the same cannot be known"])
            if self._emptied:  # the manifest is written last, so there were members once, or nearly
                warnings.warn(
                    f"{self._path}: empty or gone; its members are trained again", RuntimeWarning, stacklevel=4
                )
            return theirs, {}
        if stored := len(self._database.ids()):
            words = f"it does not say what its {stored} members are of, and {self._manifest.name} is missing"
            raise CheckpointError(f"{self._path}: {words}; put that back, or take another folder")
        return None, {}

    def _warn_of_another_manifest(self, text: str) -> None:
        """The database knows what it is of; the file beside it is for people, and may have been damaged or exchanged.

        That it is missing, or from before the plan was extended, a kill can do.
        """
        kept = "must be the same"
        try:
            same = not self._manifest.exists() or read_manifest(self._manifest)[kept] == json.loads(text)[kept]
        except CheckpointError:
            same = False
        if not same:
            words = f"{self._manifest}: not the manifest of {self._path.name}, which says itself what it is of"
            warnings.warn(words, RuntimeWarning, stacklevel=5)

    def _compare(self, theirs: dict[str, Any], mine: dict[str, Any]) -> list[str]:
        """Refuse another sweep's folder and show the difference; return what is new in one that goes on."""
        about = {"stored": self._database.ids(), "members": self._plan.members.ids}
        new, refused = growth(theirs, mine, **about, asking=self._plan.asking is not None)
        if refused and self._plan.spec.own_functions and "members trained there" in refused[-1]:
            refused[-1] += ", or network= or objective= makes something else of them"
        if refused:
            self._refuse(refused)
        self._grown = any(line.startswith("epochs:") for line in new)
        return new

    def _refuse(self, changed: list[str]) -> NoReturn:
        lines = "\n  ".join(changed)
        raise ValueError(f"{self._manifest.parent}: another sweep's folder; take another, or undo\n  {lines}")


def _ended(state: Lane, status: int) -> int:
    return int(state.ended) if state.status == status else 0


def sweep_manifest(plan: Plan) -> dict[str, Any]:
    """Say what the bits of a sweep are relative to, and what varies in it, as JSON values."""
    task, halving = plan.task, plan.halving
    named = lambda function: getattr(function, "__qualname__", None)
    same = {
        "data": fingerprint(task.data),
        "validation": None if task.validation is None else fingerprint(task.validation),
        "folds": _folds(plan),
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
        "optax": installed("optax"),
        XLA_FLAGS: xla_flags(),
    }
    same |= _chosen(plan)
    extendable = {"space": space_as_json(plan.space), "method": plan.method, "configurations": len(plan.configurations)}
    about = {"format": _FORMAT, "jaxnet": installed("jaxnet")}
    # through JSON, so that it compares with one that was read: tuples are lists there
    found: dict[str, Any] = json.loads(json.dumps({**about, "must be the same": same, "may be extended": extendable}))
    return found


def _chosen(plan: Plan) -> dict[str, Any]:
    """Say what else a sweep was asked for that its bits are relative to; nothing of what is as it was before."""
    same: dict[str, Any] = {}
    if products_precision() != EXACT:
        same["precision"] = products_precision()
    if not surroundings()[PARTITIONABLE]:  # JAX's default is that they are
        same[PARTITIONABLE] = False
    for name, given, value in (
        ("pad", plan.spec.pad, True),
        ("orders", plan.task.shared_orders, "shared"),
        ("compiled", plan.spec.hurry, "in a hurry"),
        ("optimizer", plan.spec.optimizer, getattr(plan.spec.optimizer, "__qualname__", None)),
    ):
        if given:
            same[name] = value
    same |= plan.spec.varied.own if plan.spec.varied else {}
    if plan.evolution is not None:  # all of this makes every member
        how = str(plan.evolution), len(plan.members.ids), plan.metric, plan.goal
        same["pbt"] = [*how, space_as_json(plan.space)]
    if plan.asking is not None and plan.asking.pruner is not None:
        same["pruner"] = [str(plan.asking.pruner), plan.asking.pruner.rung_epochs(plan.epochs)]
    if plan.others:
        same["further objectives"] = [list(each) for each in plan.others]
    if plan.spec.stop is not None:
        same["stop"], same["rank"] = dataclasses.asdict(plan.spec.stop), plan.rank
    return same


def _folds(plan: Plan) -> Any:
    """Say how the examples are dealt out to folds: by their number, which the root and the targets follow, or by all
    rows of each where the user had a say."""
    folds = plan.space.folds
    if folds is None or plan.task.folds is None or folds.plain:
        return None if folds is None else folds.count
    rows = [np.asarray(part, np.int64) for fold in plan.task.folds for part in fold]
    return [folds.count, digest(*(each for part in rows for each in (f"{len(part)} rows ", part)))]


def _kernel(plan: Plan) -> str:
    """Say how members are computed; a sweep of narrow networks alone has the name that all had before."""
    wide = any(getattr(network, "by_rows", False) for group in plan.groups for network in group.networks[:1])
    return "vmap, examples of wide networks as rows" if wide else "vmap"


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest; raises ``CheckpointError`` for a damaged one and for one of a newer format."""
    return manifest_in(read_bytes(path), path)


def manifest_in(content: bytes, path: Path) -> dict[str, Any]:
    """Return the manifest that some bytes hold; raises ``CheckpointError``, which names ``path``."""
    try:
        found: dict[str, Any] = json.loads(content)
        number = int(found["format"])
        whole = isinstance(found["must be the same"], dict) and isinstance(found["may be extended"], dict)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a manifest of a sweep ({error})") from error
    if number > _FORMAT:
        raise CheckpointError(f"{path}: written by a newer jaxnet (format {number}, this one reads {_FORMAT})")
    if not whole:
        raise CheckpointError(f"{path}: not a manifest of a sweep")
    return found


def fingerprint(batch: Batch) -> str:
    """Return the SHA-256 of examples: shapes, dtypes and every byte."""
    if isinstance(batch.x, StoredArray):
        return RowSource(batch, len(batch.x)).digest()
    arrays = [np.asarray(part) if part is not None else np.zeros(0) for part in batch]
    return digest(*(part for array in arrays for part in (f"{array.shape} {array.dtype}", array)))
