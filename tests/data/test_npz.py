"""npz: two arrays by name; nothing is unpickled, and no header is believed."""

import io
import sys
import zipfile

import numpy as np
import pytest

from jaxnet.data import DataError, read_npz

X, Y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])


def test_the_arrays_are_read_as_numpy_wrote_them(tmp_path):
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "a.npz", inputs=np.asfortranarray(X), y=Y.astype(">i4"))
        data = read_npz(tmp_path / "a.npz", x="inputs")
        np.testing.assert_array_equal(data.x, X)
        np.testing.assert_array_equal(data.y, Y)
        assert data.y.dtype == np.int32


def member(array: np.ndarray, **changes: object) -> bytes:
    """An array as .npy, with a header that lies where ``changes`` say."""
    file = io.BytesIO()
    described = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **changes}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue() + array.tobytes()


def archive(path, x: bytes, **more: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in {"x": x, "y": member(Y), **more}.items():
            file.writestr(f"{name}.npy", content)


LIES = {
    "more than there is": (
        member(X, shape=(2**40,)),
        rf"x.npy declares \({2**40},\) of float64, which is {2**43} bytes, and holds 48",
    ),
    "less than there is": (member(X, shape=(2,)), r"x.npy declares \(2,\) of float64, which is 16 bytes, and holds 48"),
    "objects": (member(X, descr="|O"), "x.npy holds object, expected real numbers"),
    "text": (member(np.array(["a"])), "x.npy holds <U1, expected real numbers"),
    "complex numbers": (member(X * 1j), "x.npy holds complex128, expected real numbers"),
    "no array": (b"hello, world", "a damaged .npz file"),
    "another version": (
        b"\x93NUMPY\x03\x00" + member(X)[8:],
        r"x.npy is of .npy version \(3, 0\), expected 1.0 or 2.0",
    ),
    "a bomb": (member(np.zeros(2**24)), rf"declares {2**27 + 128} bytes of contents in \d+ bytes of file"),
}


@pytest.mark.parametrize(("content", "words"), LIES.values(), ids=LIES)
def test_a_header_that_lies_is_refused(tmp_path, content, words):
    archive(tmp_path / "a.npz", content)
    with pytest.raises(DataError, match=f"a.npz: {words}"):
        read_npz(tmp_path / "a.npz")


def test_a_missing_name_and_a_repeated_one_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, label=Y)
    with pytest.raises(DataError, match=r"a.npz: holds no array 'y', but label, x"):
        read_npz(tmp_path / "a.npz")
    archive(tmp_path / "b.npz", member(X))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "b.npz", "a") as file:
        file.writestr("x.npy", member(X))
    with pytest.raises(DataError, match=r"b.npz: holds two arrays of one name"):
        read_npz(tmp_path / "b.npz")


def test_nothing_is_ever_unpickled(tmp_path):
    found = []
    sys.addaudithook(lambda event, _: found.append(event) if event == "pickle.find_class" else None)
    np.savez(tmp_path / "a.npz", x=np.array([print], object), y=Y)
    with pytest.raises(DataError, match=r"x.npy holds object"):
        read_npz(tmp_path / "a.npz")
    assert found == []


def test_whatever_byte_is_wrong_the_error_is_ours_or_the_numbers_are_right(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=X, y=Y)
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        try:
            data = read_npz(path)
            right, words = np.array_equal(data.x, X) and np.array_equal(data.y, Y), str(path)
        except DataError as error:
            right, words = True, str(error)
        assert right
        assert words.startswith(str(path))
