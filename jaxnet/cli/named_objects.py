"""Objects of the user's own that a command names: ``MODULE:NAME`` or ``path/to/file.py:NAME``."""

import argparse
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from jaxnet.cli.exits import DATA, USAGE, Refusal

METAVAR = "MODULE:NAME"


class ObjectName(NamedTuple):
    """Where an object stands: a module, or the path of a file, and a name in it, which may have dots."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"

    @property
    def file(self) -> Path | None:
        """The file, when it was named by its path."""
        return Path(self.module) if self.module.endswith(".py") else None


def object_name(text: str) -> ObjectName:
    """Take ``MODULE:NAME`` or ``FILE.py:NAME`` apart. Raises ArgumentTypeError for anything else."""
    module, _, name = text.rpartition(":")  # the last one, for a path may have others
    words = name.split(".") if module.endswith(".py") else [*module.split("."), *name.split(".")]
    if not (module and all(word.isidentifier() for word in words)):
        raise argparse.ArgumentTypeError(f"expected MODULE:NAME or FILE.py:NAME such as mywork:loss, got {text!r}")
    return ObjectName(module, name)


def look_in_current_folder() -> None:
    """Find modules of the current folder first, as ``python -m`` does."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


def named_object(place: ObjectName) -> Any:
    """Import a module, or run a file once, and look a name up in it; Refusal, status 3, where either fails."""
    try:
        value: Any = importlib.import_module(place.module) if place.file is None else _module_of(place.file)
        for part in place.name.split("."):
            value = getattr(value, part)
    except Exception as error:  # a module may fail in any way while it is imported
        raise Refusal(f"cannot load {place}: {type(error).__name__}: {error}", DATA) from error
    return value


def named_object_or_none(place: ObjectName | None) -> Any:
    """Look a name up as ``named_object``; None where none was given."""
    return None if place is None else named_object(place)


def named_loss(arguments: argparse.Namespace) -> tuple[Any, Any, list[Any]]:
    """Look up the function, its parameters and its other arguments, given as ``loss``, ``params`` and ``data``.

    Raises Refusal, status 3, for what cannot be loaded, and status 2 for a loss that is no function.
    """
    loss, params, *data = map(named_object, (arguments.loss, arguments.params, *arguments.data))
    if not callable(loss):
        raise Refusal(f"{arguments.loss} is no function but {type(loss).__name__}", USAGE)
    return loss, params, data


def _module_of(file: Path) -> ModuleType:
    """Import a file under its own name, once; modules beside it are found."""
    path = file.resolve()
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    spec: Any = importlib.util.spec_from_file_location(path.stem if known is None else str(path), path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module
