"""Two generations of one file: the newest, and the one before it, which is read where the newest is damaged.

One flipped bit of a disk would otherwise cost all epochs. The older one keeps its content under a second name before
the new one takes the first, so at every moment at least one whole generation stands there.
"""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from jaxnet.operating_system import replace
from jaxnet.storage.checkpoint_error import CheckpointError
from jaxnet.storage.files import temporary_name, write_atomically

_Read = TypeVar("_Read")


def previous_of(path: str | os.PathLike) -> Path:
    """Return where the older generation of a file stands: ``run.previous.safetensors`` beside ``run.safetensors``."""
    path = Path(path)
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write_generation(path: str | os.PathLike, content: bytes) -> None:
    """Write a file atomically, and keep what it held before as the older generation.

    Raises OSError, with path and bytes in its words; the newest generation is then whole, the old one or the new.
    """
    path = Path(path)
    if path.exists():
        beside = temporary_name(path)
        try:
            os.link(path, beside)  # a second name of the same content: nothing is copied
            replace(beside, previous_of(path))
        except OSError:  # a file system without such names: one generation then
            pass
        finally:  # two names of one file are not renamed but left, as after a kill between the two generations
            beside.unlink(missing_ok=True)
    write_atomically(path, content)


def read_generation(path: str | os.PathLike, read: Callable[[Path], _Read]) -> _Read:
    """Read the newest generation, or, with a warning, the one before it where that is damaged or gone.

    Raises the ``CheckpointError`` of the newest where no generation can be read.
    """
    path = Path(path)
    try:
        return read(path)
    except CheckpointError as fault:
        try:
            found = read(previous_of(path))
        except CheckpointError:
            raise fault from None
        words = f"{fault}; what was saved before it is taken instead, {previous_of(path).name}"
        warnings.warn(words, RuntimeWarning, stacklevel=4)
        return found


def has_generation(path: str | os.PathLike) -> bool:
    """Whether a generation of a file is there, also as a link or something else that will be refused."""
    return os.path.lexists(path) or os.path.lexists(previous_of(path))
