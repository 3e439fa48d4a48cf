"""The states of members, read from the folder of a sweep where they are too many to be held."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np

from jaxnet.storage import CheckpointError, decode_named, match
from jaxnet.sweeps.members_database import MembersDatabase
from jaxnet.sweeps.tiles import Lane


def stored_states(path: Path, ids: Sequence[str], like: Lane, slots: np.ndarray) -> Lane:
    """Read the states of some members of a group from their folder, leaves [n, ...].

    Raises FileNotFoundError where it is gone, ``CheckpointError`` where a member is, or is damaged.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: gone, and the states of this sweep are there alone")
    found = {}
    with contextlib.closing(MembersDatabase(path, reading=True)) as database:
        for name, record in database.records([ids[slot] for slot in slots]):
            source = f"{path}, member {name}"
            named, said = decode_named(record, source=source)
            if "stopped" in said:
                raise CheckpointError(f"{source}: its state was let go since it was read")
            state = {at.removeprefix("[0]"): leaf for at, leaf in named.items() if at.startswith("[0]")}
            found[name] = match(state, like, source=source)
    lost = [ids[slot] for slot in slots if ids[slot] not in found]
    if lost:
        raise CheckpointError(f"{path}, member {lost[0]}: its record is not there any more")
    return jax.tree.map(lambda *leaves: np.stack(leaves), *(found[ids[slot]] for slot in slots))
