"""Files that survive: atomic writes, checksummed arrays, locked run folders; knows nothing of training."""

from jaxnet.storage.arrays import CheckpointError, decode, encode, load, save
from jaxnet.storage.files import remove_leftovers, write_atomically
from jaxnet.storage.folder import LOCKED, Locked, hold

__all__ = [
    "LOCKED",
    "CheckpointError",
    "Locked",
    "decode",
    "encode",
    "hold",
    "load",
    "remove_leftovers",
    "save",
    "write_atomically",
]
