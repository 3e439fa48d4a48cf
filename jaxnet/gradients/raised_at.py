"""Where in the user's own code an exception was raised: its words are often those of an array library."""

import contextlib
import os
import traceback
from collections.abc import Iterator

import numpy as np

from jaxnet import checks

_NOT_OWN = (
    os.path.dirname(checks.__file__),
    *(os.path.dirname(np.__file__).removesuffix("numpy"), os.path.dirname(os.__file__)),
)


def place_of(error: BaseException) -> str:
    """``file:line: source`` of the last line of the user's own that an exception came through; "" if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_OWN)]
    return f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}: {own[-1].line}" if own else ""


@contextlib.contextmanager
def saying_where() -> Iterator[None]:
    """Note in an exception that f raises at which line of the user's: its own words are those of an array library."""
    try:
        yield
    except Exception as error:  # whatever the user's code raises, as it is
        where = place_of(error)
        if where:
            error.add_note(f"f raises it, at {where}")
        raise
