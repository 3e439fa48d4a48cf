"""A small file that unfolds to gigabytes is refused before they are there."""

import gzip
import tracemalloc

import pytest

from jaxnet.data import DataError, read_csv, read_idx


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
