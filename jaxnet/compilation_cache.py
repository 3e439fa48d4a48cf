"""Compiled programs kept on disk, so that the second process that trains the same thing does not compile it again.

They are kept in the folder ``jaxnet/compiled`` of the user's cache (``~/.cache``, or XDG_CACHE_HOME), from the first
training of a process on. JAXNET_COMPILATION_CACHE=off turns that off, JAX_COMPILATION_CACHE_DIR names another folder.
"""

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SWITCH = "JAXNET_COMPILATION_CACHE"
CACHE_VARIABLE = "JAX_COMPILATION_CACHE_DIR"
COMPILED = "/jax/core/compile/backend_compile_duration"  # JAX's name of the event, with its seconds
WORTH_A_WORD = 0.5  # seconds: shorter than that nobody wonders
KEPT_SECONDS = 0.1  # what compiles sooner is not worth a file; JAX's own second would leave out most small networks


def enable() -> None:
    """Keep compiled programs in the user's cache folder, unless the user chose another, or none, or it takes no files.

    To be called before something is compiled; from the second time on it does nothing.
    """
    global _tried
    if _tried or os.environ.get(SWITCH, "").lower() in ("off", "0", "false", "no"):
        return
    import jax  # late: the command line answers --help without it

    _tried, settings = True, jax.config.values
    if CACHE_VARIABLE in os.environ or settings["jax_compilation_cache_dir"] is not None:
        return
    folder = cache_folder()
    if folder is None or not writable(folder):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", KEPT_SECONDS)


_tried = False


@contextlib.contextmanager
def saying_compiles() -> Iterator[None]:
    """Say on a terminal what took half a second or more to compile in this context, and whether it is kept."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield
        return
    import jax  # late, as above

    seconds: list[float] = []
    mine = threading.get_ident()  # others compile beside it

    def heard(event: str, duration_secs: float, **_: Any) -> None:
        if event == COMPILED and threading.get_ident() == mine:
            seconds.append(duration_secs)

    jax.monitoring.register_event_duration_secs_listener(heard)
    try:
        yield
    finally:
        jax.monitoring.unregister_event_duration_listener(heard)
        if (took := sum(seconds)) >= WORTH_A_WORD:
            kept = ", kept for next time" if jax.config.values["jax_compilation_cache_dir"] else ""
            print(f"jaxnet: compiling took {took:.1f} s{kept}", file=sys.stderr)


def cache_folder() -> Path | None:
    """Return where compiled programs are kept: jaxnet's part of XDG_CACHE_HOME, or of ~/.cache; None without a home."""
    given: Any = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(given) if given else Path.home() / ".cache") / "jaxnet" / "compiled"
    except RuntimeError:
        return None


def writable(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # machine code: nobody else may write it
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
