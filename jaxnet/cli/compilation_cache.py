"""Compiled programs kept on disk, so that the second run of a command does not compile again."""

import os
import tempfile
from pathlib import Path

CACHE_VARIABLE = "JAX_COMPILATION_CACHE_DIR"


def enable() -> None:
    """Keep compiled programs in the user's cache folder, unless the user chose another or it cannot be written."""
    folder = cache_folder()
    if CACHE_VARIABLE in os.environ or not writable(folder):
        return
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder))
    # JAX would keep only what took a second to compile, and a command is many small programs
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def cache_folder() -> Path:
    """Return where compiled programs are kept: jaxnet's folder in XDG_CACHE_HOME, or in ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "jaxnet" / "compiled"


def writable(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return False
