"""Files that survive: atomic writes, checksummed arrays, locked run folders; knows nothing of training."""

from jaxnet.storage.arrays import (
    CheckpointError,
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
from jaxnet.storage.files import remove_leftovers, write_atomically
from jaxnet.storage.folder import LOCKED, Locked, hold
from jaxnet.storage.interruption import Interrupted, Watch

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
    "hold",
    "load_arrays",
    "manifest_of",
    "match",
    "read_bytes",
    "remove_leftovers",
    "save_arrays",
    "strict_json",
    "write_atomically",
]
