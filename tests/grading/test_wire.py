"""Messages hold numbers, arrays and plain containers, and reading one runs nothing."""

import json
import os
import time
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from jaxnet.grading import wire

Pair = namedtuple("Pair", "w b")


def through(value):
    return wire.read_plain(json.loads(json.dumps(wire.write_plain(value))))


@pytest.mark.parametrize(
    "value", [None, 1, 2.5, "text", [1, (2, 3)], {"a": [None], 3: "three", ("t", 1): 2}, True, float("inf")]
)
def test_plain_values_come_through_as_they_are(value):
    assert through(value) == value
    assert type(through(value)) is type(value)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool", ">f8"])
def test_arrays_keep_shape_dtype_and_bits(dtype):
    array = np.array([[0.0, 1.0, 3.0]]).astype(dtype)
    got = through({"W": array})["W"]
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(got, array)
    assert got.flags.writeable


def test_named_tuples_and_objects_keep_their_names():
    got = through(Pair(np.ones(2), SimpleNamespace(rate=0.1)))
    assert got._fields == ("w", "b")
    assert got.b.rate == 0.1


@pytest.mark.parametrize("value", [len, object(), np.array([object()]), {1, 2}])
def test_what_is_none_of_these_becomes_the_name_of_its_type(value):
    assert isinstance(through(value), wire.Other)


def test_containers_in_themselves_end():
    loop = []
    loop.append(loop)
    assert "containers without end" in repr(through(loop))


@pytest.mark.parametrize(
    "message",
    [{"array": ["|O", [1], ""]}, {"array": ["<f8", [5], ""]}, {"array": 3}, {"dict": [[[1], 2]]}, {"pickle": ""}, {}],
)
def test_messages_that_nobody_writes_are_refused(message):
    with pytest.raises(wire.Unreadable, match=r"^(a message|an array) (that cannot be read|of)"):
        wire.read_plain(message)


def test_a_pipe_that_ends_is_silent_or_lies_is_told():
    reading, writing = os.pipe()
    with pytest.raises(TimeoutError, match=r"^$"):
        wire.read_message(reading, time.monotonic() + 0.01)
    os.write(writing, b"\xff" * 8)
    with pytest.raises(wire.Unreadable, match="a message of"):
        wire.read_message(reading)
    os.write(writing, (3).to_bytes(8, "big") + b"{,}")
    with pytest.raises(wire.Unreadable, match="no JSON"):
        wire.read_message(reading)
    wire.write_message(writing, {"W": np.ones(2)})
    np.testing.assert_array_equal(wire.read_message(reading)["W"], [1, 1])
    os.close(writing)
    with pytest.raises(EOFError, match=r"^$"):
        wire.read_message(reading)
    os.close(reading)
