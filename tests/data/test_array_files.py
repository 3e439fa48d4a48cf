"""An .npy or IDX file is a table, of which a file of targets is a column."""

import struct

import numpy as np
import pytest

from jaxnet.data import DataError, read_table, table_and_target

X = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_its_columns_are_numbered_and_the_targets_are_called_like_their_file(tmp_path):
    np.save(tmp_path / "X.npy", X.reshape(3, 2, 2))
    np.save(tmp_path / "wood.npy", np.array([[1], [0], [1]]))
    (tmp_path / "kinds-ubyte").write_bytes(struct.pack(">HBBI", 0, 8, 1, 3) + bytes([5, 6, 7]))
    assert read_table(tmp_path / "X.npy").names == ("column_1", "column_2", "column_3", "column_4")
    table, target = table_and_target(tmp_path / "X.npy", str(tmp_path / "wood.npy"))
    assert (target, table.names[-1]) == ("wood", "wood")
    assert np.asarray(table.column("column_2").values).tolist() == X[:, 1].tolist()
    table, target = table_and_target(tmp_path / "kinds-ubyte", tmp_path / "wood.npy")
    assert (table.names, len(table)) == (("column_1", "wood"), 3)
    assert table_and_target(table, "column_1") == (table, "column_1")


def test_targets_may_be_words_and_columns_may_stand_first(tmp_path):
    np.save(tmp_path / "X.npy", np.asfortranarray(X))
    np.save(tmp_path / "wood.npy", np.array(["oak", "elm", "oak"]))
    table, target = table_and_target(tmp_path / "X.npy", tmp_path / "wood.npy")
    assert [table.column(name).values[1] for name in ("column_1", target)] == [4.0, "elm"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (np.array([{}]), "not an .npy file of numbers or text"),
        (np.array([1j]), "holds complex128, expected numbers or text"),
        (b"", "not an .npy file of numbers or text"),
        (b"a,b\n1,2\n", "not an .npy file of numbers or text"),
    ],
)
def test_another_file_by_that_name_is_refused(tmp_path, content, said):
    if isinstance(content, bytes):
        (tmp_path / "X.npy").write_bytes(content)
    else:
        np.save(tmp_path / "X.npy", content, allow_pickle=True)
    with pytest.raises(DataError, match=f"X.npy: {said}"):
        read_table(tmp_path / "X.npy")


def test_a_header_that_declares_more_than_the_file_holds_is_refused(tmp_path):
    np.save(tmp_path / "X.npy", X)
    whole = (tmp_path / "X.npy").read_bytes()
    (tmp_path / "X.npy").write_bytes(whole.replace(b"(3, 4), }" + 9 * b" ", b"(3000000000, 4), }"))
    with pytest.raises(DataError, match=r"not an \.npy file of numbers or text \(mmap length"):
        read_table(tmp_path / "X.npy")


def test_what_does_not_fit_is_refused(tmp_path):
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "few.npy", np.arange(2))
    np.save(tmp_path / "none.npy", X[:0])
    with pytest.raises(
        DataError, match=r"few.npy: expected one target for each of the 3 rows of .*X.npy, got .*\(2,\)"
    ):
        table_and_target(tmp_path / "X.npy", tmp_path / "few.npy")
    with pytest.raises(DataError, match="holds no rows of data"):
        read_table(tmp_path / "none.npy")
    with pytest.raises(
        ValueError, match=r"source: expected a text that is still to be read, .* a file of numbers, and del"
    ):
        read_table(tmp_path / "X.npy", delimiter=";")
