"""A model as one file: its parameters and all that is needed to build it again, checksummed, and nothing executable.

The network is described by names that are looked up in closed tables; what may be long (the classes, the preparation
of a table) is JSON text that travels as an array of bytes, because the header of a file is kept short. A damaged or
hostile file raises ``CheckpointError``, whose words name the file and the fault.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks, storage
from jaxnet.data import Preparation
from jaxnet.data.preparing.target_codes import NumberTarget
from jaxnet.identity import installed
from jaxnet.network import MLP, describe_network, described_network
from jaxnet.types import Params
from jaxnet.user_paths import file_path, folder_path

MODEL_FILE = "model.safetensors"
DTYPES = ("float16", "float32", "float64")  # those of NumPy: readers of safetensors have no other in common
_KIND, _FORMAT = "a jaxnet model", 1
_ABOUT = {"classes", "scores", "preparation"}
_MOST_MEMBERS = 10_000  # a file may say any number, and a structure is built of it before its arrays are looked for


class ModelParts(NamedTuple):
    """What a model is made of, as a file holds it."""

    net: MLP
    members: tuple[Params, ...]
    classes: list | None
    scores: Mapping[str, float]
    preparation: Preparation | None = None

    @property
    def target_scale(self) -> tuple[float, float] | None:
        """What a regression's outputs are multiplied by, and what is then added, in the units of the table; or None."""
        code = None if self.preparation is None else self.preparation.target_code
        return (float(code.spread), float(code.centre)) if isinstance(code, NumberTarget) else None


def save_parts(path: str | os.PathLike, parts: ModelParts) -> None:
    """Write a model to a folder, created where it is missing, or to one file where ``path`` ends in .safetensors.

    Raises ValueError, naming the argument, for what cannot be written, before anything is; OSError from the disk.
    """
    content = encode_parts(parts)
    path = file_path("path", path, "the path of a folder, or of a .safetensors file")
    if path.suffix == ".safetensors":
        storage.write_atomically(path, content)
        return
    expected = "a folder, or the name of a file that ends in .safetensors"
    checks.require(path.is_dir() or not path.exists(), "path", expected, checks.Words(f"the file {path}"))
    folder_path("path", path).mkdir(parents=True, exist_ok=True)
    storage.write_atomically(path / MODEL_FILE, content)


def encode_parts(parts: ModelParts) -> bytes:
    """Return a model as the bytes of a file; raises ValueError, naming the argument, for what cannot be written."""
    dtype = str(parts.members[0][0]["w"].dtype)
    checks.require(dtype in DTYPES, "params", f"arrays of dtype {', '.join(DTYPES)} to save", checks.Words(dtype))
    manifest = {
        "kind": _KIND,
        "format": _FORMAT,
        "jaxnet": installed("jaxnet", "an uninstalled copy"),
        "network": describe_network(parts.net),
        "dtype": dtype,
        "members": len(parts.members),
    }
    prepared = None if parts.preparation is None else parts.preparation.as_dict()
    about = {"classes": parts.classes, "scores": dict(parts.scores), "preparation": prepared}
    text = np.frombuffer(json.dumps(about, allow_nan=False).encode(), np.uint8)
    return storage.encode({"members": list(parts.members), "about": text}, manifest)


def decode_parts(content: bytes, source: str) -> ModelParts:
    """Return the model that the bytes of a file hold; raises ``CheckpointError``, which names ``source``."""
    named, manifest = storage.decode_named(content, source=source)
    if manifest.get("kind") != _KIND:
        raise storage.CheckpointError(f"{source}: not a model that jaxnet saved")
    number = manifest.get("format")
    if number != _FORMAT:
        words = f"of format {number!r}, and this jaxnet reads {_FORMAT}; it was written by {manifest.get('jaxnet')!r}"
        raise storage.CheckpointError(f"{source}: {words}")
    try:
        net = described_network(manifest.get("network"))
        dtype = checks.choice("dtype", manifest.get("dtype"), DTYPES)
        count = checks.integer("members", manifest.get("members"), minimum=1, maximum=_MOST_MEMBERS)
    except (ValueError, TypeError) as error:
        raise storage.CheckpointError(f"{source}: {error}") from error
    text = named.pop("['about']", np.zeros(0, np.uint8))
    # shapes follow from the description; nothing is allocated by what the file claims of its arrays
    tree = storage.match(named, {"members": [params_like(net, dtype)] * count}, source=source)
    about = storage.strict_json(text.tobytes(), source)
    if about.keys() != _ABOUT:
        words = f"it says {', '.join(sorted(about))} of the model, expected {', '.join(sorted(_ABOUT))}"
        raise storage.CheckpointError(f"{source}: {words}")
    try:
        prepared = None if about["preparation"] is None else Preparation.from_dict(about["preparation"])
    except (ValueError, TypeError) as error:
        raise storage.CheckpointError(f"{source}: {error}") from error
    return ModelParts(net, tuple(tree["members"]), about["classes"], about["scores"], prepared)


def params_like(net: MLP, dtype: Any) -> list[dict[str, Any]]:
    """Return the structure of a network's parameters, with shapes and a dtype in place of arrays."""
    shapes = zip(net.sizes, net.sizes[1:], strict=False)
    struct = lambda shape: jax.ShapeDtypeStruct(shape, np.dtype(dtype))
    return [{"w": struct(shape), "b": struct(shape[1:])} for shape in shapes]
