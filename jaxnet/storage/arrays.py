"""A pytree of arrays and its manifest as one file: safetensors, with a SHA-256 over every byte.

The safetensors format has no checksum, so a flipped bit of a weight would load without a word. Here the manifest,
which is kept in the header's metadata, holds the digest of the whole file (computed with zeros in the digest's
place); any reader of safetensors can still open the file. Nothing in a file is ever executed: names are compared with
what the caller expects, never looked up. A damaged or hostile file raises ``CheckpointError`` and nothing else.
"""

import hashlib
import json
import os
from typing import Any, NoReturn

import jax
import numpy as np
import safetensors
import safetensors.numpy

from jaxnet import checks
from jaxnet.random_keys import of_words, words_of
from jaxnet.storage.checkpoint_error import CheckpointError
from jaxnet.storage.generations import write_generation
from jaxnet.storage.regular_files import FILE_LIMIT, read_regular
from jaxnet.types import Pytree

HEADER_LIMIT = 4_000_000  # bytes; the names of 10,000 arrays have two million, and a length must not fill the memory
TENSOR_LIMIT = 10_000  # arrays; a network of a thousand layers with Adam has 6,000
_DIGEST = "file_sha256"
_BLANK = "0" * 64
_DAMAGED = "its checksum does not match: the file is damaged"


def encode(tree: Pytree, manifest: dict[str, Any] | None = None) -> bytes:
    """Return a pytree of arrays, with a manifest of JSON values, as the bytes of a safetensors file.

    Keys of ``jax.random`` are written as their words. Raises ValueError for what ``decode`` would not read again: too
    many arrays, too long names, too many bytes.
    """
    named = {name: np.asarray(words_of(leaf), order="C") for name, leaf in _named(tree).items()}
    text = json.dumps({_DIGEST: _BLANK, **(manifest or {})}, allow_nan=False)
    _require(len(named) <= TENSOR_LIMIT, f"at most {TENSOR_LIMIT} arrays", len(named))
    size = sum(array.nbytes for array in named.values())
    _require(size <= FILE_LIMIT - 2 * HEADER_LIMIT, f"at most {FILE_LIMIT} bytes", size)
    content = safetensors.numpy.save(named, {"manifest": text})
    length = int.from_bytes(content[:8], "little")
    _require(length <= HEADER_LIMIT, f"names and manifest of at most {HEADER_LIMIT} bytes", length)
    # the digest stands in the header, before any payload, so the first blank is the one; its length never changes
    return content.replace(_BLANK.encode(), digest(content).encode(), 1)


def _require(holds: bool, expected: str, got: int) -> None:
    checks.require(holds, "what is to be saved in one file", expected, got)


def decode(content: bytes, like: Pytree, *, source: str = "checkpoint") -> tuple[Pytree, dict[str, Any]]:
    """Return the pytree, with the structure of ``like`` and NumPy leaves, and the manifest.

    ``like`` has arrays or ``jax.ShapeDtypeStruct`` for leaves; names, shapes and dtypes must be the same. ``source``
    names the file in errors. Raises ``CheckpointError``.
    """
    named, manifest = decode_named(content, source=source)
    return match(named, like, source=source), manifest


def decode_named(content: bytes, *, source: str = "checkpoint") -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays under the names of their places in the pytree, as ``[0]['w']``, and the manifest.

    For whoever has to read the manifest before it is known what the arrays should be. Raises ``CheckpointError``.
    """
    manifest = _manifest(content, source)
    stated = manifest.pop(_DIGEST, None)
    # checked before safetensors parses a byte of it; through views, for a copy would need as much memory again
    view, at = memoryview(content), content.find(str(stated).encode())
    if not isinstance(stated, str) or len(stated) != len(_BLANK) or at < 0:
        _fail(source, _DAMAGED)
    if stated != digest(view[:at], _BLANK, view[at + len(_BLANK) :]):
        _fail(source, _DAMAGED)
    try:
        named = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, TypeError, KeyError, MemoryError) as error:
        _fail(source, f"not a safetensors file ({error})")
    return named, manifest


def save_arrays(path: str | os.PathLike, tree: Pytree, manifest: dict[str, Any] | None = None) -> None:
    """Write a pytree of arrays and a manifest to one file, atomically; what it held before is kept beside it."""
    write_generation(path, encode(tree, manifest))


def load_arrays(path: str | os.PathLike, like: Pytree) -> tuple[Pytree, dict[str, Any]]:
    """Read what ``save`` wrote; raises ``CheckpointError`` for a file that is missing, damaged or of something else."""
    return decode(read_bytes(path), like, source=str(path))


def manifest_of(path: str | os.PathLike) -> dict[str, Any]:
    """Read the manifest alone, to learn what a file holds; raises ``CheckpointError`` for a damaged one."""
    return decode_named(read_bytes(path), source=str(path))[1]


def read_bytes(path: str | os.PathLike) -> bytes:
    """Read a whole regular file, no link; raises ``CheckpointError`` where it cannot be."""
    try:
        return read_regular(path)
    except OSError as error:
        # the words of our own refusals begin with the path
        fault = f"{path}: cannot be read ({error.strerror})" if error.strerror else str(error)
        raise CheckpointError(fault) from error


def _named(tree: Pytree) -> dict[str, Any]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): leaf for path, leaf in leaves}


def digest(*parts: bytes | memoryview | str | np.ndarray) -> str:
    """Return the SHA-256, as 64 hexadecimal digits, of all parts one after the other.

    Text counts as UTF-8 and an array as its bytes in C order, without its shape and dtype: whoever needs them hands
    them over as text.
    """
    total = hashlib.sha256()
    for part in parts:
        total.update(
            part.encode() if isinstance(part, str) else part.tobytes() if isinstance(part, np.ndarray) else part
        )
    return total.hexdigest()


def _manifest(content: bytes, source: str) -> dict[str, Any]:
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(HEADER_LIMIT, len(content) - 8):
        _fail(source, "not a whole safetensors file")
    header = strict_json(content[8 : 8 + length], source)
    metadata = header.pop("__metadata__", None)
    if len(header) > TENSOR_LIMIT:
        _fail(source, f"more than {TENSOR_LIMIT} arrays")
    text = metadata.get("manifest") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        _fail(source, "no manifest: jaxnet did not write this file")
    return strict_json(text.encode(), source)


def strict_json(text: bytes, source: str) -> dict[str, Any]:
    """Parse a JSON object; Python's reader would accept NaN and let the last of two equal keys win.

    Raises ``CheckpointError`` with ``source`` for the name of the file.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        _fail(source, f"its header is not JSON ({error})")
    if not isinstance(value, dict):
        _fail(source, "its header is not a JSON object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value


def match(named: dict[str, np.ndarray], like: Pytree, *, source: str) -> Pytree:
    """Put arrays by name into the structure of ``like``; raises ``CheckpointError`` where one differs from it."""
    expected = _named(like)
    if named.keys() != expected.keys():
        odd = sorted(named.keys() ^ expected.keys())
        _fail(source, f"it holds other arrays than expected, for one {odd[0]}")
    for name, leaf in expected.items():
        words = words_of(leaf)
        got, wanted = (named[name].shape, named[name].dtype), (tuple(words.shape), np.dtype(words.dtype))
        if got != wanted:
            _fail(source, f"{name} has shape {got[0]} and dtype {got[1]}, expected {wanted[0]} and {wanted[1]}")
    found = [of_words(named[name], leaf) for name, leaf in expected.items()]
    return jax.tree.unflatten(jax.tree.structure(like), found)


def _fail(source: str, fault: str) -> NoReturn:
    raise CheckpointError(f"{source}: {fault}")
