"""Rows that stay in their file are those of NumPy's own reader, however they are asked for."""

import re

import numpy as np
import pytest

from jaxnet.data import Batches, DataError, Dataset, left_on_disk, read_idx, read_npy, read_parquet, row_blocks

ROWS = [slice(2, 9, 3), np.array([7, 0, 0, 8, 9]), 4, np.arange(12) % 5 == 0, (slice(1, 4), 2)]


@pytest.fixture
def numbers(tmp_path):
    array = np.arange(48, dtype=">f4").reshape(12, 4)
    np.save(tmp_path / "x.npy", array)
    return array, tmp_path / "x.npy"


@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_rows_are_those_of_the_array(numbers, rows):
    array, path = numbers
    stored = read_npy(path)
    assert (stored.shape, stored.dtype, len(stored)) == ((12, 4), np.float32, 12)
    np.testing.assert_array_equal(stored[rows], array[rows])
    np.testing.assert_array_equal(np.asarray(stored.astype(np.int32)), array.astype(np.int32))


@pytest.mark.parametrize("view", [lambda m: m, lambda m: m[3:], lambda m: m[5:7].reshape(4, 2)])
def test_a_memory_map_and_its_views_are_read_from_the_file(numbers, view):
    mapped = view(np.load(numbers[1], mmap_mode="r"))
    stored = left_on_disk(mapped)
    assert type(stored) is not type(mapped)
    np.testing.assert_array_equal(stored[:], mapped)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_rows_are_standardised_when_they_are_read_to_the_bits_of_those_in_memory(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(row_blocks, "BLOCK_BYTES", 1000)  # some seven rows
    array = np.random.default_rng(0).uniform(0, 200, (60, 3, 5)).astype(dtype)
    array[:, 1, 2] = 7  # constant
    np.save(tmp_path / "x.npy", array)
    train, test = Dataset(array[:40], np.zeros(40)), Dataset(array[40:], np.zeros(20))
    stored = read_npy(tmp_path / "x.npy")
    by, rest = stored.take(np.arange(40)), stored.take(np.arange(40, 60)).flat()
    for got, wanted in [(by.standardised(), train.standardised()), (by.flat().standardised(), train.standardised())]:
        assert got.dtype == wanted.x.dtype
        np.testing.assert_array_equal(got[:].reshape(wanted.x.shape), wanted.x)
    np.testing.assert_array_equal(rest.standardised(by=by.flat())[:], test.standardised(by=train).x.reshape(20, 15))
    by_hand = (array[:40] - array[:40].astype(float).mean(0)) / np.where(
        array[:40].std(0) == 0, 1, array[:40].astype(float).std(0)
    )
    np.testing.assert_allclose(by.standardised()[:], by_hand, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match=r"by: expected an array of inputs \(3, 5\)"):
        by.standardised(by=rest)
    with pytest.raises(TypeError, match="by: expected a StoredArray"):
        by.standardised(by=array)


def test_a_map_whose_rows_are_not_those_of_the_file_stays(numbers):
    for mapped in (np.load(numbers[1], mmap_mode="c"), np.load(numbers[1], mmap_mode="r")[::2], np.arange(3)):
        assert left_on_disk(mapped) is mapped


def test_an_idx_file_keeps_its_numbers(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    assert read_idx(path, stored=True)[[2, 0]].tolist() == [4, 5]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"declares \(3,\) of uint8, which is 3 bytes, and holds 2"):
        read_idx(path, stored=True)


def test_a_parquet_file_is_written_row_group_by_row_group(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0], "y": [0, 1, 1]})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    X, y = read_parquet(tmp_path / "t.parquet", target="y", stored=True)
    assert (X[:].tolist(), y[:].tolist()) == ([[1, 4], [2, 5], [3, 6]], [0, 1, 1])
    parquet.write_table(table.set_column(2, "y", [["u", "v", "u"]]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="targets of text"):
        read_parquet(tmp_path / "t.parquet", target="y", stored=True)


BROKEN = {
    "text": (lambda path: path.write_text("a,b"), "not an .npy file"),
    "objects": (lambda path: np.save(path, np.array([None, 1])), "holds object, expected real numbers"),
    "columns first": (lambda path: np.save(path, np.ones((3, 2), order="F")), "columns one after the other"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "which is 192 bytes, and holds 191"),
}


@pytest.mark.parametrize(("break_it", "words"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_array_of_rows_is_refused(numbers, break_it, words):
    break_it(numbers[1])
    with pytest.raises(DataError, match=words):
        read_npy(numbers[1])


def test_a_file_that_is_cut_while_it_is_read_is_refused(numbers):
    stored = read_npy(numbers[1])
    numbers[1].write_bytes(numbers[1].read_bytes()[:200])
    with pytest.raises(DataError, match="became shorter"):
        stored[:]


ONE = (np.ones((2, 3), np.float32), np.array([0, 1]))
REFUSED = {
    "none": ([], "at least 1 batch(es), got an iterator without one"),
    "too few": (Batches([ONE] * 2, count=3), "3 batch(es), got an iterator that ended after 2"),
    "another width": ([ONE, (np.ones((2, 4), np.float32), ONE[1])], "batch 1: expected arrays of (B, 3) float32"),
    "another dtype": ([ONE, (np.ones((2, 3)), ONE[1])], "got (B, 3) float64 and (B) int64"),
    "weights in some": ([ONE, (*ONE, np.ones(2))], "batch 1: expected arrays of"),
    "no pair": ([np.ones((2, 3))], "batch 0: expected (X, y) or (X, y, weight), got ndarray"),
    "other lengths": ([(np.ones((3, 3)), ONE[1])], "as many targets as examples, got lengths [3, 2]"),
    "no rows": ([(np.ones((0, 3)), np.ones(0))], "arrays of at least one example, got lengths [0, 0]"),
    "no iterable": (Batches(lambda: 5), "an iterable of batches (X, y), or a function that returns one, got int"),
}


@pytest.mark.parametrize(("batches", "words"), REFUSED.values(), ids=REFUSED)
def test_batches_that_are_none_are_refused(batches, words):

    with pytest.raises((ValueError, TypeError), match=re.escape(words)):
        (batches if isinstance(batches, Batches) else Batches(batches)).written()


def test_batches_of_any_sizes_become_rows_and_no_more_are_taken_than_asked_for(monkeypatch):
    endless = iter(lambda: ONE, None)
    X, y = Batches(endless, count=2).written()
    assert (X.shape, y[:].tolist()) == ((4, 3), [0, 1, 0, 1])
    monkeypatch.setattr("jaxnet.data.batch_iterators._MOST_BATCHES", 5)
    with pytest.raises(ValueError, match=r"how many batches, as jn.Batches\(source, count=1000\), got 6 so far"):
        Batches(endless).written()
