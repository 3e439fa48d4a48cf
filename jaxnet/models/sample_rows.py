"""Rows of a table that a preparation might see, drawn at random: what an export is compared with the model on."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxnet.data import Preparation

_GAPS = 0.1  # of the cells that may be missing
_UNKNOWN = "a word that was not there before"


def sample_rows(preparation: Preparation, count: int) -> list[dict[str, Any]]:
    """Return ``count`` rows {column: value}, the same each time: numbers and dates around those of the training rows,
    every category and some that are not known, and None where a value may be missing."""
    random = np.random.default_rng(0)
    codes = preparation.as_dict()["codes"]
    columns = {name: [_cell(code, random) for _ in range(count)] for name, code in codes.items()}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _cell(code: Mapping[str, Any], random: np.random.Generator) -> Any:
    refuses = code["refuse"] if "refuse" in code else code["fill"] is None
    if not refuses and random.random() < _GAPS:
        return None
    if code["type"] == "number":
        return code["centre"] + code["spread"] * float(random.normal())
    if code["type"] == "boolean":
        return bool(random.random() < 0.5)
    if code["type"] == "date":
        since = datetime.datetime(1970, 1, 1)
        centre = dict(zip(code["parts"], code["centres"], strict=True)).get("seconds", 1.6e9)
        spread = dict(zip(code["parts"], code["spreads"], strict=True)).get("seconds", 1e7)
        return since + datetime.timedelta(seconds=round(centre + spread * float(random.normal())))
    return str(random.choice([*code.get("categories", ("a", "b", "c")), _UNKNOWN]))
