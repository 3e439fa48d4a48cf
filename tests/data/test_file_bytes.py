"""A small file that unfolds to gigabytes is refused before they are there."""

import gzip
import os
import threading
import tracemalloc

import numpy as np
import pytest

from jaxnet.data import DataError, read_csv, read_idx, read_npz, read_table


@pytest.fixture(scope="module")
def zeros(tmp_path_factory):
    """A gibibyte of zeros in a mebibyte of gzip: 16 members, which count as one file."""
    path = tmp_path_factory.mktemp("bomb") / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(2**26), 6) * 16)
    return path


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (read_csv, r"zeros.gz: unpacks to more than \d+ bytes from \d+, which is not believed"),
        (read_idx, "expected 1 to 32 axes|not an IDX file"),
    ],
)
def test_a_gibibyte_of_zeros_is_refused_within_300_mebibytes(zeros, read, words):
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=words):
            read(zeros)
        assert tracemalloc.get_traced_memory()[1] < 300 * 2**20
    finally:
        tracemalloc.stop()


def test_much_text_in_a_small_file_is_read_while_it_is_credible(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 50_000))
    assert len(read_csv(path)) == 50_000


@pytest.fixture
def piped(tmp_path):
    """A pipe that gives some content, in pieces as small as asked for, to whoever opens it."""
    writers = []

    def make(content, piece=2**16):
        path = tmp_path / f"pipe{len(writers)}"
        os.mkfifo(path)

        def write():
            with open(path, "wb", buffering=0) as file:
                for at in range(0, len(content), piece):
                    file.write(content[at : at + piece])

        writers.append(threading.Thread(target=write))
        writers[-1].start()
        return path

    yield make
    for writer in writers:
        writer.join()


ROWS = b"a,b,c\n" + b"".join(b"%d,%d,%d\n" % (i, 2 * i, i % 2) for i in range(5000))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("piece", [2**16, 1])
def test_a_pipe_gives_every_row(piped, packed, piece):
    rows = ROWS if piece > 1 else b"".join(ROWS.splitlines(True)[:60])
    data = read_csv(piped(gzip.compress(rows) if packed else rows, piece))
    assert data.x[:, 0].tolist() == list(range(rows.count(b"\n") - 1))
    assert data.x[:, 1].tolist() == (2 * data.x[:, 0]).tolist()


def test_every_reader_takes_a_pipe(piped, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((4, 2)), y=np.arange(4))
    assert read_npz(piped((tmp_path / "a.npz").read_bytes())).y.tolist() == [0, 1, 2, 3]
    assert len(read_table(piped(gzip.compress(ROWS)))) == 5000
    idx = bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3])
    assert read_idx(piped(gzip.compress(idx))).tolist() == [1, 2, 3]


def test_a_device_is_refused_at_once():
    with pytest.raises(DataError, match="/dev/zero: expected a file, got a device"):
        read_csv("/dev/zero")
