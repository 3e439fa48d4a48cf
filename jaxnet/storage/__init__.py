"""Files that survive: atomic writes, checksummed arrays, locked run folders; knows nothing of training."""

from jaxnet.storage.arrays import CheckpointError, decode, digest, encode, load, manifest_of, save
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
    "load",
    "manifest_of",
    "remove_leftovers",
    "save",
    "write_atomically",
]
