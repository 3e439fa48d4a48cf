"""Files that survive: atomic writes, checksummed arrays, locked run folders; knows nothing of training."""

from jaxnet.storage.arrays import CheckpointError, decode, digest, encode, load_arrays, manifest_of, save_arrays
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
    "digest",
    "encode",
    "hold",
    "load_arrays",
    "manifest_of",
    "remove_leftovers",
    "save_arrays",
    "write_atomically",
]
