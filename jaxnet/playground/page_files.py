"""The page's files, and its modules put one behind the other where there is no server to import them from."""

import re
from importlib.resources import files

# in the order in which they need each other
_MODULES = ("frames.js", "drawing.js", "controls.js", "examples.js", "race.js", "page.js")


def page_file(name: str) -> bytes:
    """Return a file of the page by its name."""
    return files("jaxnet.playground").joinpath("page", name).read_bytes()


def one_script(last: str) -> str:
    """Return the page's modules and a last one, by its name, as one module that imports nothing."""
    sources = [page_file(name).decode() for name in (*_MODULES, last)]
    # imports are a line each, and names differ: tests/playground/page holds them to it by running what comes of them
    return "\n".join(re.sub(r"(?m)^(import .*\n|export (?!default))", "", source) for source in sources)
