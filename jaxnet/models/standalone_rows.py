"""How an exported NumPy file prepares rows of a table: this source is copied into it, beside that of the codes.

So there is one meaning of a cell: that of the codes themselves, which work on the column that the rows make.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet.data.preparing.column_codes import Code
from jaxnet.data.preparing.feature_taming import Taming
from jaxnet.data.raw_columns import typed_column


def prepared_rows(
    codes: Mapping[str, Code], rows: Sequence[Mapping[str, Any]], taming: Taming | None = None
) -> np.ndarray:
    """Return the features [N, D], float32, of rows {column: value}; None and NaN are missing values.

    Raises ValueError, naming the column, for one that is not there and for a cell that cannot be prepared.
    """
    for row in rows:
        if missing := [name for name in codes if name not in row]:
            raise ValueError(f"no column {missing[0]!r} in the row, which has {', '.join(map(str, row))}")
    blocks, faults = [np.zeros((len(rows), 0))], dict[int, str]()
    for name, code in codes.items():
        cells = np.empty(len(rows), object)
        cells[:] = [row[name] for row in rows]
        encoded = code.encode(typed_column(cells, f"column {name!r}"))
        blocks.append(encoded.features)
        faults = {row: f"column {name!r}: {reason}" for row, reason in encoded.faults.items()} | faults
    if faults:
        first = min(faults)
        raise ValueError(f"row {first}, {faults[first]}")
    features = np.concatenate(blocks, axis=1).astype(np.float32)
    return features if taming is None else taming(features)
