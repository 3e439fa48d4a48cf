"""Files that survive: atomic writes, checksummed arrays, locked run folders; knows nothing of training."""

from jaxnet.storage.arrays import (
    decode,
    decode_named,
    digest,
    encode,
    load_arrays,
    manifest_of,
    match,
    read_bytes,
    save_arrays,
    strict_json,
)
from jaxnet.storage.checkpoint_error import CheckpointError
from jaxnet.storage.files import remove_leftovers, write_atomically
from jaxnet.storage.folder import LOCKED, Locked, hold
from jaxnet.storage.generations import has_generation, previous_of, read_generation, write_generation
from jaxnet.storage.interruption import Interrupted, Watch
from jaxnet.storage.regular_files import make_private, opened_regular, read_regular, refuse_other_kinds

__all__ = [
    "LOCKED",
    "CheckpointError",
    "Interrupted",
    "Locked",
    "Watch",
    "decode",
    "decode_named",
    "digest",
    "encode",
    "has_generation",
    "hold",
    "load_arrays",
    "make_private",
    "manifest_of",
    "match",
    "opened_regular",
    "previous_of",
    "read_bytes",
    "read_generation",
    "read_regular",
    "refuse_other_kinds",
    "remove_leftovers",
    "save_arrays",
    "strict_json",
    "write_atomically",
    "write_generation",
]
