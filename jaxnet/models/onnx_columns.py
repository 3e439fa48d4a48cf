"""The columns of a table as inputs of an ONNX graph, and their preparation as its nodes.

A column of numbers, booleans or categories is an input as it stands in the table, [N, 1], a date as its seconds since
1970 (a time of day since midnight); scale, fill for missing values, the indicator of these, one-hot code and calendar
are nodes. ONNX has no checksum, so hashed categories are inputs as the features [N, F] that the preparation makes.
"""

import itertools
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import numpy as np

from jaxnet.data import Preparation
from jaxnet.data.preparing.column_codes import BooleanCode, CategoryCode, HashCode, NumberCode, is_number_word
from jaxnet.data.preparing.date_codes import DateCode, seconds_of
from jaxnet.data.preparing.feature_taming import SmoothClip, Taming
from jaxnet.models.onnx_dates import date_features
from jaxnet.models.onnx_graph import Graph

INPUT = "X"  # of a file that takes an array
# what an input of numbers is, by its code
_NUMBERS = MappingProxyType({NumberCode: "a number", BooleanCode: "0 or 1", DateCode: "seconds since 1970, UTC"})


def unprepared_columns(preparation: Preparation) -> list[str]:
    """Name the columns whose features have to be handed to an ONNX file, because it cannot make them."""
    return [name for name, code in preparation.codes.items() if isinstance(code, HashCode)]


def add_columns(g: Graph, preparation: Preparation) -> tuple[str, list[Any]]:
    """Add the preparation of a table; return the name of the features [N, D] and the graph's inputs."""
    from onnx import TensorProto

    info = g.onnx.helper.make_tensor_value_info
    blocks, inputs = [], []
    if takes_array(preparation):
        columns = [column.name for column in preparation.columns if column.role != "target"]
        inputs.append(info(INPUT, TensorProto.DOUBLE, ["N", len(columns)], "numbers, 0 or 1, NaN where one is missing"))
        for name, code in preparation.codes.items():
            blocks += _number(g, g.add("Gather", INPUT, np.array([columns.index(name)]), axis=1), code)
        return _finished(g, blocks, preparation), inputs
    for name, code in preparation.codes.items():
        if isinstance(code, HashCode):
            width = len(code.names(name))
            inputs.append(info(name, TensorProto.FLOAT, ["N", width], "features as the preparation makes them"))
            blocks.append(name)
        elif isinstance(code, CategoryCode):
            inputs.append(info(name, TensorProto.STRING, ["N", 1], "a text, empty where it is missing"))
            blocks.append(_category(g, name, code))
        else:
            what = next(words for kind, words in _NUMBERS.items() if isinstance(code, kind))
            inputs.append(info(name, TensorProto.DOUBLE, ["N", 1], f"{what}, NaN where it is missing"))
            blocks += date_features(g, name, code) if isinstance(code, DateCode) else _number(g, name, code)
    return _finished(g, blocks, preparation), inputs


def takes_array(preparation: Preparation) -> bool:
    """Whether an ONNX file takes X [N, D], for it was fitted to an array of nothing but numbers."""
    kinds = NumberCode, BooleanCode
    return preparation.positional and all(isinstance(code, kinds) for code in preparation.codes.values())


def _finished(g: Graph, blocks: list[str], preparation: Preparation) -> str:
    """Put the features of all columns side by side, tame them, and cast them to what the network computes in."""
    X = _tamed(g, g.add("Concat", *blocks, axis=1), preparation.taming)
    return X if g.dtype == np.float32 else g.add("Cast", X, to=g.element)


def cells_of(preparation: Preparation, rows: list[dict[str, Any]]) -> np.ndarray:
    """Return rows {column: value} as an array of cells [N, D], None where a column is not used."""
    columns = [column.name for column in preparation.columns if column.role != "target"]
    return np.array([[row.get(name) for name in columns] for row in rows], object)


def _tamed(g: Graph, X: str, taming: Taming | None) -> str:
    """Add what is done to all features at last: clipped in float32 and spread over bins in float64, as there."""
    from onnx import TensorProto

    if isinstance(taming, SmoothClip):
        limit, far = np.float32(taming.limit), np.float32(1e9 * taming.limit)
        near = g.add("Min", g.add("Max", X, -far), far)
        share = g.add("Div", near, limit)
        return g.add("Div", near, g.add("Sqrt", g.add("Add", g.add("Mul", share, share), np.float32(1))))
    if taming is None:
        return X
    bins = [(at, low, high) for at, each in enumerate(taming.edges) for low, high in itertools.pairwise(each)]
    places, low, high = map(np.array, zip(*bins, strict=True))
    first = np.diff(places, prepend=-1) > 0  # which, like the last, goes on in a line
    last = np.diff(places, append=-1) != 0
    wide = g.add("Cast", g.add("Gather", X, places, axis=1), to=TensorProto.DOUBLE)
    share = g.add("Div", g.add("Sub", wide, low), high - low)
    share = g.add("Max", share, np.where(first, -np.inf, 0.0))
    return g.add("Cast", g.add("Min", share, np.where(last, np.inf, 1.0)), to=TensorProto.FLOAT)


def column_inputs(preparation: Preparation, rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return the inputs of an ONNX file for rows {column: value} of numbers, booleans, texts, dates and None."""
    if takes_array(preparation):
        return {INPUT: cells_of(preparation, rows).astype(float)}
    features, at, inputs = preparation.features(rows), 0, {}
    for name, code in preparation.codes.items():
        width = len(code.names(name))
        cells = [row[name] for row in rows]
        if isinstance(code, HashCode):
            inputs[name] = features[:, at : at + width]
        elif isinstance(code, DateCode):
            column = preparation.read(rows).column(name)
            inputs[name] = seconds_of(column, code.style, code.missing_words).values[:, None]
        elif isinstance(code, CategoryCode):
            inputs[name] = np.array([["" if cell is None else str(cell)] for cell in cells], object)
        else:
            inputs[name] = np.array([[np.nan if cell is None else float(cell)] for cell in cells])
        at += width
    return inputs


def _number(g: Graph, name: str, code: Any) -> list[str]:
    """Scale in float64 and round to float32, as the preparation does; where a gap is refused, NaN goes through."""
    from onnx import TensorProto

    missing = g.add("IsNaN", name)
    for word in code.missing_words:
        if is_number_word(word):  # a number that stands for a gap, such as -999
            missing = g.add("Or", missing, g.add("Equal", name, np.float64(word)))
    value = name if code.fill is None else g.add("Where", missing, np.float64(code.fill), name)
    if isinstance(code, NumberCode):
        centred = g.add("Sub", value, np.float64(code.centre))
        value = g.add("Div", centred, np.float64(code.spread))
    parts = [value, missing] if code.indicator else [value]
    return [g.add("Cast", part, to=TensorProto.FLOAT) for part in parts]


def _category(g: Graph, name: str, code: CategoryCode) -> str:
    """One column a category, then for the rare ones and for missing ones, as far as the code has them."""
    known = list(code.categories)
    words = _spellings(code.missing_words) - set(known)
    texts = [*known, *sorted(words)]
    found = g.add("OneHotEncoder", name, domain="ai.onnx.ml", cats_strings=texts, zeros=1)
    one_hot = g.add("Squeeze", found, np.array([1]))
    places = np.zeros((len(texts), len(known) + code.rare + code.missing), np.float32)
    places[: len(known), : len(known)] = np.eye(len(known))
    if code.missing:
        places[len(known) :, -1] = 1
    features = g.add("MatMul", one_hot, places)
    if not code.rare:
        return features
    # what is neither known nor missing goes with the rare ones
    rare = np.zeros((1, places.shape[1]), np.float32)
    rare[0, len(known)] = 1
    other = g.add("Sub", np.float32(1), g.add("ReduceSum", one_hot, np.array([1]), keepdims=1))
    return g.add("Add", features, g.add("Mul", other, rare))


def _spellings(words: Iterable[str]) -> set[str]:
    """Return words in small letters, in capitals and with one at the beginning: ONNX compares letter by letter."""
    return {spelling for word in words for spelling in (word, word.upper(), word.capitalize(), word.title())}
