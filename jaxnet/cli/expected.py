"""Errors that a command expects, each with its exit status: one sentence, and no traceback."""

import contextlib
from collections.abc import Callable, Iterator

from jaxnet.cli.exits import DATA, USAGE, Refusal


@contextlib.contextmanager
def refusing(spelt: Callable[[str], str] = str) -> Iterator[None]:
    """Turn what the library raises for bad files, folders and arguments into a ``Refusal``, its words ``spelt`` as the
    command has them.

    3 for data and files, 2 for arguments and for what is not installed, 75 for a folder that another process holds,
    130 or 143 after a signal.
    """
    from jaxnet.data import DataError
    from jaxnet.storage import LOCKED, CheckpointError, Locked
    from jaxnet.sweeps import Interrupted

    try:
        yield
    except Interrupted as interrupted:
        raise Refusal(str(interrupted), interrupted.status) from interrupted
    except Locked as locked:
        raise Refusal(str(locked), LOCKED) from locked
    except (DataError, CheckpointError) as error:
        raise Refusal(spelt(str(error)), DATA) from error
    except BrokenPipeError:  # the reader has seen enough: no error at all
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        raise Refusal(f"{where}{error.strerror or error}", DATA) from error
    except (ValueError, TypeError, ImportError) as error:
        raise Refusal(spelt(str(error)), USAGE) from error
