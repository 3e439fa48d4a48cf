"""What is saved comes back to the bit; what is damaged, hostile or something else is refused in words."""

import json
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

import jaxnet as jn
from jaxnet.models.model_file import MODEL_FILE, ModelParts, decode_parts, encode_parts
from jaxnet.storage import CheckpointError, encode

X = np.random.default_rng(0).normal(size=(6, 4))


def model(output="softmax", *, outputs=3, dtype=jnp.float32, members=1, **options):
    net = jn.MLP((4, 5, outputs), activation="tanh", output=output, weights="normal(1)")
    params = [net.init(jax.random.key(seed), dtype) for seed in range(members)]
    return jn.Model(net, params if members > 1 else params[0], **options)


def parts(saved):
    return ModelParts(saved.net, saved.members, None, {})


MODELS = {
    "three classes": model(classes=["a", "é", '"']),
    "two classes of one output": model("sigmoid", outputs=1, classes=[False, True]),
    "labels": model("sigmoid"),
    "values": model("identity", scores={"r2": 0.1 + 0.2}),
    "counts": model("exp", outputs=1),
    "float64": model(dtype=jnp.float64, classes=[1.5, 2.5, 3.5]),
    "float16": model(dtype=jnp.float16),
    "five networks": model(members=5),
}


@pytest.mark.parametrize("saved", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("name", ["folder/of/mine", "one.safetensors"])
def test_a_model_comes_back_to_the_bit(saved, name, tmp_path):
    saved.save(tmp_path / name)
    found = jn.load(tmp_path / name)
    assert found.net == saved.net
    assert found.scores == saved.scores
    assert len(found.members) == len(saved.members)
    for ours, theirs in zip(jax.tree.leaves(found.members), jax.tree.leaves(saved.members), strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()
    assert found.predict(X).tolist() == saved.predict(X).tolist()
    assert found.predict(X).dtype == saved.predict(X).dtype
    assert str(found) == str(saved)


@pytest.mark.parametrize("target", ["species", "grams"])
def test_the_preparation_of_a_table_travels_with_the_model(target, make_prepared, tmp_path):
    saved, table = make_prepared(target)
    saved.save(tmp_path)
    found = jn.load(tmp_path)
    assert found.preparation.as_dict() == saved.preparation.as_dict()
    assert found.predict(table).tolist() == saved.predict(table).tolist()
    assert found.predict(table).dtype == saved.predict(table).dtype
    assert str(found) == str(saved)


def test_a_saved_model_is_an_ordinary_safetensors_file(tmp_path):
    MODELS["values"].save(tmp_path)
    named = safetensors.numpy.load_file(tmp_path / MODEL_FILE)
    assert np.array_equal(named["['members'][0][0]['w']"], MODELS["values"].params[0]["w"])


def test_saving_again_replaces_the_model_and_nothing_else(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for saved in (MODELS["values"], MODELS["counts"]):
        saved.save(tmp_path)
    assert jn.load(tmp_path).net == MODELS["counts"].net
    assert sorted(path.name for path in tmp_path.iterdir()) == [MODEL_FILE, "notes.txt"]


SMALL = encode_parts(ModelParts(jn.MLP((1, 1)), ([{"w": np.ones((1, 1)), "b": np.ones(1)}],), None, {"r2": 0.5}))


def test_every_flipped_bit_is_noticed():
    for position in range(len(SMALL)):
        for bit in range(8):
            damaged = bytearray(SMALL)
            damaged[position] ^= 1 << bit
            with pytest.raises(CheckpointError, match=r"m\.safetensors: "):
                decode_parts(bytes(damaged), "m.safetensors")


def test_every_truncation_is_noticed(tmp_path):
    file = tmp_path / "m.safetensors"
    for length in range(0, len(SMALL), 7):
        file.write_bytes(SMALL[:length])
        with pytest.raises(CheckpointError, match=r"m\.safetensors: (not a whole|its checksum)"):
            jn.load(file)


def hostile(manifest=None, about=None, members=None):
    """A file whose checksum is right, for whoever writes a hostile file can compute one."""
    net = {
        "sizes": [1, 2],
        "activation": "relu",
        "output": "softmax",
        "dropout": 0.0,
        "weights": "zeros",
        "biases": "zeros",
    }
    plain = {"kind": "a jaxnet model", "format": 1, "jaxnet": "9", "network": net, "dtype": "float64", "members": 1}
    text = (
        about
        if isinstance(about, bytes)
        else json.dumps({"classes": None, "scores": {}, "preparation": None, **(about or {})}).encode()
    )
    members = members or [[{"w": np.zeros((1, 2)), "b": np.zeros(2)}]]
    tree = {"members": members, "about": np.frombuffer(text, np.uint8)}
    changed = (manifest or (lambda net: {}))(net)
    return encode(tree, {**plain, **changed})


def test_the_file_that_the_hostile_ones_are_made_of_is_sound():
    assert decode_parts(hostile(), "m").net == jn.MLP((1, 2), output="softmax", weights="zeros")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (hostile(lambda net: {"kind": "a run"}), "not a model that jaxnet saved"),
        (hostile(lambda net: {"format": 2}), "of format 2, and this jaxnet reads 1; it was written by '9'"),
        (hostile(lambda net: {"format": [1]}), r"of format \[1\]"),
        (hostile(lambda net: {"network": None}), "network: expected an object with sizes"),
        (hostile(lambda net: {"network": {**net, "output": "os.system"}}), "output: expected one of"),
        (hostile(lambda net: {"network": {**net, "sizes": [10**9, 10**9]}}), r"has shape \(2,\)|has shape \(1, 2\)"),
        (hostile(lambda net: {"network": {**net, "sizes": [1, 10**400]}}), "m: "),
        (hostile(lambda net: {"members": 10**9}), "members: expected an integer from 1 to 10000"),
        (hostile(lambda net: {"members": 2}), "other arrays than expected"),
        (hostile(lambda net: {"dtype": "object"}), "dtype: expected one of float16, float32, float64"),
        (hostile(members=[[{"w": np.zeros((1, 2), np.float32), "b": np.zeros(2)}]]), "expected .* and float64"),
        (hostile(members=[[{"w": np.full((1, 2), np.nan), "b": np.zeros(2)}]]), "expected finite numbers"),
        (hostile(about=b"\xff"), "not JSON"),
        (hostile(about=b'{"classes": null, "scores": {"r2": NaN}}'), "NaN is not a number"),
        (hostile(about=b'{"classes": null}'), "expected classes, preparation, scores"),
        (hostile(about={"classes": ["a", "b", "c"]}), "classes: expected 2 different labels"),
        (hostile(about={"classes": [["a"], {}]}), "classes: expected 2 different labels"),
        (hostile(about={"classes": 7}), "classes: expected 2 different labels"),
        (hostile(about={"classes": ["a", "b" * 6_000_000]}), "classes: expected shorter names"),
        (hostile(about={"preparation": {"version": 1}}), "preparation: expected"),
        (hostile(about={"preparation": [1]}), "preparation: expected"),
        (hostile(about={"scores": [1]}), "scores: expected a mapping"),
        (hostile(about={"scores": {"r2": "high"}}), r"scores\['r2'\]: expected a finite number"),
        (encode({"w": np.zeros(2)}, {"epoch": 1}), "not a model that jaxnet saved"),
        (safetensors.numpy.save({"w": np.zeros(2)}), "no manifest: jaxnet did not write this file"),
        (b"PK\x03\x04 a zip file, with a pickle in it", "not a whole safetensors file"),
    ],
)
def test_a_hostile_file_is_refused_by_name_and_nothing_else_happens(content, words, tmp_path):
    (tmp_path / MODEL_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{MODEL_FILE}: .*(?:{words.replace('m: ', '')})"):
        jn.load(tmp_path)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / MODEL_FILE)  # reading it would wait for ever
    with pytest.raises(CheckpointError, match=r"no model here, expected a model\.safetensors"):
        jn.load(tmp_path)
    with pytest.raises(CheckpointError, match="nothing: no such file"):
        jn.load(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="no model here"):
        jn.load(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (
            jn.Model(jn.MLP((1, 1, 1), activation=jax.nn.relu6), jn.MLP((1, 1, 1)).init(jax.random.key(0))),
            "activation: expected an activation by its name",
        ),
        (
            jn.Model(jn.MLP((1, 1)), [{"w": np.ones((1, 1), ml_dtypes.bfloat16), "b": np.ones(1, ml_dtypes.bfloat16)}]),
            "params: expected arrays of dtype float16, float32, float64 to save, got bfloat16",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(refused, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        refused.save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "table.csv").write_text("1,2")
    with pytest.raises(ValueError, match=r"path: expected a folder, or the name of a file that ends in \.safetensors"):
        MODELS["values"].save(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == "1,2"
