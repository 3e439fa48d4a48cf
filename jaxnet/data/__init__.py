"""Where examples come from: ``Dataset``, strict readers, and published data sets by name.

Read row_splits, row_blocks and dataset, then errors, file_bytes, idx, npz, tables, csv_files, frames, then mnist1d and
catalogue. What cannot be read as what it claims to be is a ``DataError`` with file, line and column; nothing is
guessed, unpickled or fetched.

Rows that are to stay in their file, or come in batches, are a ``StoredArray``: stored_arrays, array_files,
batch_iterators.

A table of one's own is read by ``read_table``, which forces nothing to a number, and made ready by ``prepare``, which
says what it decides: read cells, raw_tables, delimiters, header_rows, text_tables, typed_columns, table_sources, then
preparing, and table_splits for the rows that are held out.
"""

from jaxnet.data.array_files import is_array_file
from jaxnet.data.batch_iterators import Batches, batches_or_none
from jaxnet.data.catalogue import catalogue, data_folder
from jaxnet.data.csv_files import read_csv
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import DataError
from jaxnet.data.frames import from_frame, read_parquet
from jaxnet.data.idx import read_idx
from jaxnet.data.mnist1d import mnist1d
from jaxnet.data.npz import read_npz
from jaxnet.data.preparing import (
    BadRow,
    Preparation,
    PreparedColumn,
    piecewise_linear,
    prepare,
    quantile_edges,
    smooth_clip,
)
from jaxnet.data.raw_tables import RawTable
from jaxnet.data.row_blocks import blocks
from jaxnet.data.row_splits import balanced_weights, split_rows
from jaxnet.data.stored_arrays import StoredArray, left_on_disk, read_npy
from jaxnet.data.table_sources import read_table, table_and_target
from jaxnet.data.table_splits import split_table

__all__ = [
    "BadRow",
    "Batches",
    "DataError",
    "Dataset",
    "Preparation",
    "PreparedColumn",
    "RawTable",
    "StoredArray",
    "balanced_weights",
    "batches_or_none",
    "blocks",
    "catalogue",
    "data_folder",
    "from_frame",
    "is_array_file",
    "left_on_disk",
    "mnist1d",
    "piecewise_linear",
    "prepare",
    "quantile_edges",
    "read_csv",
    "read_idx",
    "read_npy",
    "read_npz",
    "read_parquet",
    "read_table",
    "smooth_clip",
    "split_rows",
    "split_table",
    "table_and_target",
]
