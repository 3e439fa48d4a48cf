"""IDX: arrays in their own type, and headers that are not believed before they are checked."""

import gzip
import struct

import numpy as np
import pytest

from jaxnet.data import DataError, read_idx


def header(code: int, *lengths: int) -> bytes:
    return bytes([0, 0, code, len(lengths)]) + struct.pack(f">{len(lengths)}I", *lengths)


TYPES = {0x08: ("B", np.uint8), 0x09: ("b", np.int8), 0x0B: ("h", np.int16), 0x0C: ("i", np.int32),
         0x0D: ("f", np.float32), 0x0E: ("d", np.float64)}  # fmt: skip


@pytest.mark.parametrize("code", TYPES, ids=lambda code: np.dtype(TYPES[code][1]).name)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_numbers_stand_most_significant_byte_first(tmp_path, code, pack):
    letter, dtype = TYPES[code]
    path = tmp_path / "a-idx2-ubyte"
    path.write_bytes(pack(header(code, 2, 3) + struct.pack(f">6{letter}", *range(1, 7))))
    array = read_idx(path)
    assert (array.dtype, array.tolist()) == (dtype, [[1, 2, 3], [4, 5, 6]])


REFUSED = {
    "empty": (b"", "ends after 0 of the 4 bytes of its first word"),
    "text": (b"a,b\n1,2\n", "not an IDX file: expected it to begin with 00 00 and a type, got 61 2c 62 0a"),
    "an unknown type": (header(0x0A, 1) + b"\0", "not an IDX file"),
    "no axes": (header(8), "expected 1 to 32 axes, got 0"),
    "too many axes": (bytes([0, 0, 8, 33]), "expected 1 to 32 axes, got 33"),
    "a short header": (header(8, 1, 1)[:-1], "ends after 7 of the 8 bytes of its lengths"),
    "too few numbers": (header(8, 2, 2) + b"abc", r"ends after 3 of the 4 bytes of its numbers, \(2, 2\) of uint8"),
    "too many numbers": (header(8, 2) + b"abc", "goes on after the 2 bytes that its header declares"),
    "lengths of 2^31": (header(8, *[2**31] * 3), f"declares {2**93} bytes of contents, more than the limit of"),
    "a gigabyte in nothing": (
        header(8, 2**30),
        f"declares {2**30} bytes of contents in 8 bytes of file, more than 200",
    ),
    "a bomb": (gzip.compress(header(8, 2**27) + bytes(2**27), 1), f"declares {2**27} bytes of contents in"),
    "a cut gzip": (gzip.compress(header(8, 3) + b"abc")[:-5], "a damaged gzip file"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_not_what_its_header_says_is_refused(tmp_path, content, words):
    path = tmp_path / "a-idx1-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"a-idx1-ubyte: {words}"):
        read_idx(path)
