"""Data sets by name; files are used only when they are the published ones, and never fetched."""

import gzip
import hashlib
import struct
import sys

import numpy as np
import pytest
from sklearn import datasets

import jaxnet as jn
from jaxnet.data import DataError
from jaxnet.data.catalogue import FILES

SHAPES = {
    "breast_cancer": ((569, 30), 2),
    "diabetes": ((442, 10), 0),
    "digits": ((1797, 64), 10),
    "iris": ((150, 4), 3),
    "mnist1d": ((5000, 40), 10),
    "wine": ((178, 13), 3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_needs_no_file_is_there_by_name(name):
    data = jn.data.catalogue(name)
    assert (data.x.shape, len(data.classes)) == SHAPES[name]


def test_the_toys_are_scikit_learns():
    bunch, data = datasets.load_iris(), jn.data.catalogue("iris")
    np.testing.assert_array_equal(data.x, bunch.data)
    np.testing.assert_array_equal(data.y, bunch.target)
    assert (data.inputs[0], data.classes) == ("sepal length (cm)", ("setosa", "versicolor", "virginica"))


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"name: expected one of .*, got 'mnist_1d' \(did you mean 'mnist1d'\?\)"):
        jn.data.catalogue("mnist_1d")


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"pip install 'jaxnet\[sklearn\]'"):
        jn.data.catalogue("iris")


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"JAXNET_DATA": "/a"}, "/a"),
        ({"JAXNET_DATA": "", "XDG_CACHE_HOME": "/b"}, "/b/jaxnet/data"),
        ({"JAXNET_DATA": "", "XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/jaxnet/data"),
    ],
)
def test_the_data_folder_is_the_chosen_one_or_in_the_users_cache(monkeypatch, variables, folder):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(jn.data.data_folder()) == folder


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_images_that_were_not_fetched_are_an_error_that_says_the_command(tmp_path, monkeypatch, name):
    monkeypatch.setenv("JAXNET_DATA", str(tmp_path))
    with pytest.raises(
        FileNotFoundError, match=f"{name}/train-images-idx3-ubyte: no such file.*scripts/get_data {name}"
    ):
        jn.data.catalogue(name)


@pytest.fixture
def images(tmp_path, monkeypatch):
    """A folder with files in MNIST's form, 3 images each, whose digests are taken for the published ones."""
    monkeypatch.setenv("JAXNET_DATA", str(tmp_path))
    folder = tmp_path / "mnist"
    folder.mkdir()
    pixels, labels = bytes(range(3)) * 784, bytes([5, 0, 9])
    contents = {name: _idx(pixels, 3, 28, 28) if "images" in name else _idx(labels, 3) for name in FILES}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    digests = tuple(hashlib.sha256(contents[name]).hexdigest() for name in FILES)
    module = sys.modules["jaxnet.data.catalogue"]  # its name leads to the function
    monkeypatch.setattr(module, "_DIGESTS", {"mnist": digests})
    monkeypatch.setattr(module, "_TRAIN", 3)
    return folder


def _idx(content: bytes, *lengths: int) -> bytes:
    return bytes([0, 0, 8, len(lengths)]) + struct.pack(f">{len(lengths)}I", *lengths) + content


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_images_are_rows_of_pixels_training_set_first(images, pack):
    path = images / FILES[0]
    content = pack(path.read_bytes())
    path.unlink()
    (images / (FILES[0] + (".gz" if pack is gzip.compress else ""))).write_bytes(content)
    data = jn.data.catalogue("mnist")
    assert (data.x.shape, data.x.dtype, data.x[0, :4].tolist()) == ((6, 784), np.uint8, [0, 1, 2, 0])
    assert (len(data.train), data.test.y.tolist()) == (3, [5, 0, 9])


def test_a_file_that_differs_in_one_bit_is_refused(images):
    path = images / FILES[1]
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte: not the published file: expected SHA-256"):
        jn.data.catalogue("mnist")


# Of the real files, where they were fetched: LeCun, Cortes and Burges; Xiao, Rasul and Vollgraf
REAL = {
    "mnist": ([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], 0.1307, 0.3081),
    "fashion_mnist": ([6000] * 10, 0.2860, 0.3530),
}


@pytest.mark.parametrize("name", REAL)
def test_the_published_images_have_their_published_counts_mean_and_deviation(name):
    try:
        train = jn.data.catalogue(name).train
    except FileNotFoundError:
        pytest.skip(f"scripts/get_data {name} was not run")
    counts, mean, deviation = REAL[name]
    assert np.bincount(train.y).tolist() == counts
    assert train.x.mean() / 255 == pytest.approx(mean, abs=5e-5)
    assert train.x.std() / 255 == pytest.approx(deviation, abs=5e-5)
