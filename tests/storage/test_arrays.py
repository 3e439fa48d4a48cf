"""What is saved comes back, and what was damaged says so: every bit of a small file is flipped in turn."""

import hashlib
import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest
import safetensors.numpy

from jaxnet.storage import CheckpointError, decode, digest, encode, load_arrays, save_arrays

TREE = [{"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.float64(3.5) * np.ones(3)}, np.int32(7)]


def structure(tree: object) -> object:
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype), tree)


def equal(a: object, b: object) -> bool:
    return jax.tree.all(jax.tree.map(lambda x, y: np.array_equal(x, y) and np.asarray(x).dtype == y.dtype, a, b))


def test_a_tree_and_its_manifest_come_back_as_they_were() -> None:
    tree, manifest = decode(encode(TREE, {"epoch": 3, "note": 'a "quoted" word'}), structure(TREE))
    assert equal(TREE, tree)
    assert manifest == {"epoch": 3, "note": 'a "quoted" word'}


def test_the_same_tree_is_the_same_bytes() -> None:
    assert encode(TREE, {"a": 1, "b": 2}) == encode(TREE, {"a": 1, "b": 2})


def test_a_file_is_an_ordinary_safetensors_file(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.safetensors", TREE)
    named = safetensors.numpy.load_file(tmp_path / "a.safetensors")
    assert np.array_equal(named["[0]['w']"], [[0, 1, 2], [3, 4, 5]])


def test_every_flipped_bit_is_noticed() -> None:
    tree = {"w": np.arange(2, dtype=np.float32)}
    content, like = encode(tree), structure(tree)
    for position in range(len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            with pytest.raises(CheckpointError, match="checkpoint: "):
                decode(bytes(damaged), like)


def test_every_truncation_is_noticed() -> None:
    content, like = encode(TREE), structure(TREE)
    for length in range(len(content)):
        with pytest.raises(CheckpointError, match=r"not a whole|checksum"):
            decode(content[:length], like)


@pytest.mark.parametrize(
    ("like", "words"),
    [
        ({"v": np.zeros(2, np.float32)}, r"other arrays than expected, for one \['v'\]"),
        ({"w": np.zeros(3, np.float32)}, r"\['w'\] has shape \(2,\) and dtype float32, expected \(3,\) and float32"),
        ({"w": np.zeros(2, np.float64)}, r"\['w'\] has shape \(2,\) and dtype float32, expected \(2,\) and float64"),
    ],
)
def test_arrays_of_something_else_are_refused(like: object, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        decode(encode({"w": np.arange(2, dtype=np.float32)}), like)


def hostile(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff" * 16, "not a whole safetensors file"),
        (hostile(b"[1]"), "not a JSON object"),
        (hostile(b'{"a": NaN}'), "NaN is not a number"),
        (hostile(b'{"a": 1, "a": 2}'), "a key stands twice"),
        (hostile(b"[" * 100_000), "not JSON"),
        (hostile(b"\xff\xfe{}"), "not JSON"),
        (hostile(b"{}"), "no manifest"),
        (hostile(b'{"__metadata__": 3}'), "no manifest"),
        (hostile(json.dumps({str(i): 0 for i in range(10_001)}).encode()), "more than 10000 arrays"),
        (safetensors.numpy.save({"w": np.zeros(2)}), "no manifest: jaxnet did not write this file"),
        (safetensors.numpy.save({"w": np.zeros(2)}, {"manifest": "{}"}), "checksum does not match"),
    ],
)
def test_a_hostile_file_is_refused_and_nothing_else_happens(content: bytes, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        decode(content, {"w": np.zeros(2)}, source="x.safetensors")


def test_a_header_that_lies_about_its_data_is_refused() -> None:
    content = encode({"w": np.zeros(2)})
    lying = content.replace(b'"shape":[2]', b'"shape":[9]')
    blank = re.sub(rb"[0-9a-f]{64}", b"0" * 64, lying)
    digest = hashlib.sha256(blank).hexdigest().encode()
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        decode(blank.replace(b"0" * 64, digest, 1), {"w": np.zeros(9)})


def test_what_can_be_written_can_be_read_and_the_rest_is_refused_by_the_writer() -> None:
    most = {f"w{i}": np.zeros(1) for i in range(10_000)}
    assert len(decode(encode(most), most)[0]) == 10_000
    with pytest.raises(ValueError, match="saved in one file: expected at most 10000 arrays, got 10001"):
        encode({**most, "more": np.zeros(1)})
    with pytest.raises(ValueError, match="expected names and manifest of at most 4000000 bytes, got 40"):
        encode({"w": np.zeros(1)}, {"note": "x" * 4_000_000})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing: cannot be read"):
        load_arrays(tmp_path / "nothing", {})


def test_save_and_load_are_encode_and_decode_of_a_file(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a", TREE, {"epoch": 1})
    tree, manifest = load_arrays(tmp_path / "a", structure(TREE))
    assert equal(TREE, tree)
    assert manifest == {"epoch": 1}


def test_a_digest_is_the_sha_256_of_its_parts_one_after_the_other() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert digest("é", b"\x00", array.T) == hashlib.sha256("é".encode() + b"\x00" + array.T.tobytes()).hexdigest()
