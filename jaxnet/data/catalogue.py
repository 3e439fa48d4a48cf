"""Data sets by name: generated, from scikit-learn, or from a folder of files that were fetched before.

Nothing is ever fetched here. A file is used only when its contents have the SHA-256 of the published ones.
"""

import functools
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from jaxnet import checks
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import fail
from jaxnet.data.file_bytes import opened
from jaxnet.data.idx import read_idx
from jaxnet.data.mnist1d import mnist1d

_VARIABLE = "JAXNET_DATA"
_INSTALL = "this data set comes with scikit-learn, which is not installed: pip install 'jaxnet[sklearn]'"
_TOYS = ("breast_cancer", "diabetes", "digits", "iris", "wine")
FILES = ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte")
_TRAIN = 60_000  # images
# SHA-256 of the unpacked files, in the order of FILES
_DIGESTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mnist": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        "fashion_mnist": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    }
)
_CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mnist": tuple("0123456789"),
        "fashion_mnist": (
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
    }
)  # fmt: skip


def catalogue(name: str) -> Dataset:
    """Return a published data set by its name.

    ``"mnist"`` and ``"fashion_mnist"``: ``x`` [70000, 784] uint8 intensities 0..255, row by row, 60,000 of them in
    ``train``; looked for in ``data_folder()``. ``"mnist1d"``: as ``mnist1d()`` generates it. ``"digits"``, ``"iris"``,
    ``"wine"``, ``"breast_cancer"``, ``"diabetes"``: scikit-learn's, float64, with the names of inputs and classes.

    Raises ValueError for an unknown name, with the nearest known one; FileNotFoundError for images that were not
    fetched, with the command that does it; DataError for a file that is not the published one; ImportError without
    scikit-learn.
    """
    known: dict[str, Callable[[], Dataset]] = {"mnist1d": mnist1d}
    known |= {each: functools.partial(_images, each) for each in _DIGESTS}
    known |= {each: functools.partial(_toy, each) for each in _TOYS}
    return known[checks.choice("name", name, sorted(known))]()


def data_folder() -> Path:
    """Return where fetched data lies: JAXNET_DATA, or jaxnet's folder in XDG_CACHE_HOME, or in ~/.cache."""
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "jaxnet" / "data"


def _images(name: str) -> Dataset:
    folder = data_folder() / name
    arrays = [_published(folder, file, digest) for file, digest in zip(FILES, _DIGESTS[name], strict=True)]
    x = np.concatenate(arrays[:2]).reshape(-1, 784)
    y = np.concatenate(arrays[2:]).astype(np.int64)
    return Dataset(x, y, classes=_CLASSES[name], train_count=_TRAIN, source=name)


def _published(folder: Path, name: str, digest: str) -> np.ndarray:
    paths = [folder / name, folder / f"{name}.gz"]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        remedy = f"fetch it by: scripts/get_data {folder.name}"
        raise FileNotFoundError(
            f"{paths[0]}: no such file, plain or .gz; {remedy} (or set {_VARIABLE} to its folder's)"
        )
    # read first: what is no IDX file at all is told so, rather than that its digest differs
    array = read_idx(path)
    with opened(path) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        fail(path, f"not the published file: expected SHA-256 {digest[:16]}..., got {found[:16]}...")
    return array


def _toy(name: str) -> Dataset:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    bunch = getattr(datasets, f"load_{name}")()
    # the one toy whose target is a number and not a class
    labelled = name != "diabetes"
    classes = tuple(map(str, bunch.target_names)) if labelled else ()
    y = bunch.target.astype(np.int64) if labelled else bunch.target
    return Dataset(
        bunch.data, y, inputs=tuple(map(str, bunch.feature_names)), classes=classes, source=f"scikit-learn's {name}"
    )
