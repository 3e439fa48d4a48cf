"""Real tables out of R packages as Debian ships them, without R: python scripts/debian_tables.py PACKAGES FOLDER

PACKAGES is where the .deb files were unpacked; FOLDER gets one CSV file a table, named as R names it in small letters,
an empty cell for NA. Raises ValueError where a table has other contents than those that were published.
"""

import bz2
import hashlib
import lzma
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import pandas as pd
import rdata

# package -> table -> the first half of the SHA-256 of its CSV file
TABLES: dict[str, dict[str, str]] = {
    "mlbench": {
        "BostonHousing": "a5f8f009a6e4a89a7d332b56be822368",
        "BreastCancer": "a05e3cf1c519523a56a9661923939206",
        "DNA": "44f669458489c02c426fe51ad2f57a0d",
        "Glass": "c610d6045e9a29a39a270026ef5f86a7",
        "Ionosphere": "9d1dac13ab7a4ba1a0aaafec6a96789b",
        "LetterRecognition": "143b56adb63c0d6b7beb6c5b4ecf6e59",
        "Ozone": "6f88b9cff31fa290284f71666129247e",
        "PimaIndiansDiabetes": "9a2dcc210fe94ecfd34fed6491882e0b",
        "Satellite": "603e183b8f6bbe3fb29b7c6fca0b82ca",
        "Sonar": "87e18926f42bb35b32308c80d1c7bde2",
        "Soybean": "965d41faf0b6b7e58715a71cbc7e0a51",
        "Vehicle": "59a1210827b420739cc22b6678960a74",
        "Vowel": "9fd0acb7a6db386d7b4ec15b7b50e7c0",
    },
    "kernlab": {
        "spam": "118eb7ac6537494ccbff79fed03ec084",
    },
    "modeldata": {
        "Sacramento": "929561214693e2599c1557994cfeae3e",
        "ames": "fffc39d8da28326db8f32c310aaad9ae",
        "attrition": "9f387b89f481735800bb4290afc6a4ef",
        "car_prices": "b786aec981a2b445f1a321b07d7e8f9e",
        "cells": "b7460887cdb59cf38f4bc9a868587891",
        "concrete": "431e0b0b8bab99794c905cb45440a089",
        "credit_data": "43c83a4630f1995f00b456becc4a8421",
        "meats": "c8d0fa4920c56bb115cc6e53b9df5aa0",
        "mlc_churn": "977e9701c245abc90ea21b882ffafea6",
    },
    "ggplot2": {
        "diamonds": "0e7164799468299f8dc09b006cf396c4",
    },
}
_LZMA2 = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 27}]


def read_tables(library: Path, package: str) -> dict[str, pd.DataFrame]:
    """Return the tables of ``TABLES`` that a package has in its folder of R's site library."""
    folder = library / package / "data"
    if not (index := folder / "Rdata.rdx").exists():
        return {name: rdata.read_rda(folder / f"{name}.rda")[name] for name in TABLES[package]}
    places = _converted(zlib.decompress(index.read_bytes(), wbits=47))["variables"]
    database = (folder / "Rdata.rdb").read_bytes()
    return {name: _converted(_unpacked(database, *map(int, places[name]))) for name in TABLES[package]}


def _converted(data: bytes) -> Any:
    return rdata.conversion.convert(rdata.parser.parse_data(data))


def _unpacked(database: bytes, start: int, length: int) -> bytes:
    """Return an object of a lazy-load database: four bytes say how long it is, a letter how it is compressed."""
    body = database[start + 4 : start + length]
    if body[:1] == b"2":
        return bz2.decompress(body[1:])
    if body[:1] == b"Z":
        return lzma.decompress(body[1:], lzma.FORMAT_RAW, filters=_LZMA2)
    return zlib.decompress(body)


def main(packages: str, folder: str) -> None:
    """Write all tables."""
    (library,) = Path(packages).glob("usr/lib/R/site-library")
    for package, digests in TABLES.items():
        for name, table in read_tables(library, package).items():
            text = table.to_csv(index=False, lineterminator="\n").encode()
            digest = hashlib.sha256(text).hexdigest()[:32]
            if digests[name] != digest:
                raise ValueError(
                    f"{name}: expected a table whose CSV file has SHA-256 {digests[name]}..., got {digest}"
                )
            (Path(folder) / f"{name.lower()}.csv").write_bytes(text)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # R's classes that rdata does not know are plain arrays to it, as they are here
        main(*sys.argv[1:])
