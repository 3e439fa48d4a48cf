"""An ONNX graph as it grows: nodes and constants under names of their own, the columns of a table as its inputs.

A column of numbers, booleans or categories is an input as it stands in the table, [N, 1]; its scale, its fill for
missing values, the indicator of these and its one-hot code are nodes. ONNX has no calendar and no checksum, so dates
and hashed categories are inputs as the features [N, F] that the preparation makes of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from jaxnet.data import Preparation
from jaxnet.data.preparing.column_codes import is_number_word

_PREPARED = ("date", "hash")  # kinds of code that are prepared outside


class Graph:
    """Nodes and constants as they are added; each result is named by a number of its own."""

    def __init__(self, dtype: np.dtype) -> None:
        """``dtype`` is what numbers are computed in."""
        import onnx

        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.taken: set[str] = set()  # names of the inputs
        self.element = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        self.onnx, self._count = onnx, 0

    def add(self, operator: str, *inputs: Any, name: str | None = None, domain: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its result; an input that is no name is a constant."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        result = name or self._next()
        self.nodes.append(self.onnx.helper.make_node(operator, names, [result], domain=domain, **attributes))
        return result

    def constant(self, value: Any) -> str:
        """Add a constant and return its name; a Python float is one of the graph's dtype, an int one of int64."""
        array = np.asarray(value, self.dtype if type(value) is float else None)
        array = array.astype(object) if array.dtype.kind == "U" else array  # ONNX takes text as objects
        self.constants.append(self.onnx.numpy_helper.from_array(array, self._next()))
        return self.constants[-1].name

    def free(self, name: str) -> str:
        """Return the name, with as many underscores behind it as make it another than those of the inputs."""
        while name in self.taken:
            name += "_"
        return name

    def _next(self) -> str:
        self._count += 1
        return f"jaxnet:{self._count}"  # which no column is called


def unprepared_columns(preparation: Preparation) -> list[str]:
    """Name the columns whose features have to be handed to an ONNX file, because it cannot make them."""
    codes = preparation.as_dict()["codes"]
    return [name for name, code in codes.items() if code["type"] in _PREPARED]


def add_columns(g: Graph, preparation: Preparation) -> tuple[str, list[Any]]:
    """Add the preparation of a table; return the name of the features [N, D] and the graph's inputs."""
    from onnx import TensorProto

    info = g.onnx.helper.make_tensor_value_info
    blocks, inputs = [], []
    for name, code in preparation.as_dict()["codes"].items():
        if code["type"] in _PREPARED:
            width = len(preparation.codes[name].names(name))
            inputs.append(info(name, TensorProto.FLOAT, ["N", width], "features as the preparation makes them"))
            blocks.append(name)
        elif code["type"] == "category":
            inputs.append(info(name, TensorProto.STRING, ["N", 1], "a text, empty where it is missing"))
            blocks.append(_category(g, name, code))
        else:
            what = "a number" if code["type"] == "number" else "0 or 1"
            inputs.append(info(name, TensorProto.DOUBLE, ["N", 1], f"{what}, NaN where it is missing"))
            blocks += _number(g, name, code)
    X = g.add("Concat", *blocks, axis=1)
    return (X if g.dtype == np.float32 else g.add("Cast", X, to=g.element)), inputs


def column_inputs(preparation: Preparation, rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return the inputs of an ONNX file for rows {column: value} of numbers, booleans, texts, dates and None."""
    features, at, inputs = preparation.features(rows), 0, {}
    for name, code in preparation.as_dict()["codes"].items():
        width = len(preparation.codes[name].names(name))
        cells = [row[name] for row in rows]
        if code["type"] in _PREPARED:
            inputs[name] = features[:, at : at + width]
        elif code["type"] == "category":
            inputs[name] = np.array([["" if cell is None else str(cell)] for cell in cells], object)
        else:
            inputs[name] = np.array([[np.nan if cell is None else float(cell)] for cell in cells])
        at += width
    return inputs


def _number(g: Graph, name: str, code: Mapping[str, Any]) -> list[str]:
    """Scale in float64 and round to float32, as the preparation does; where a gap is refused, NaN goes through."""
    from onnx import TensorProto

    missing = g.add("IsNaN", name)
    for word in code["missing_words"]:
        if is_number_word(word):  # a number that stands for a gap, such as -999
            missing = g.add("Or", missing, g.add("Equal", name, np.float64(word)))
    value = name if code["fill"] is None else g.add("Where", missing, np.float64(code["fill"]), name)
    if code["type"] == "number":
        centred = g.add("Sub", value, np.float64(code["centre"]))
        value = g.add("Div", centred, np.float64(code["spread"]))
    parts = [value, missing] if code["indicator"] else [value]
    return [g.add("Cast", part, to=TensorProto.FLOAT) for part in parts]


def _category(g: Graph, name: str, code: Mapping[str, Any]) -> str:
    """One column a category, then for the rare ones and for missing ones, as far as the code has them."""
    known = list(code["categories"])
    words = _spellings(code["missing_words"]) - set(known)
    texts = [*known, *sorted(words)]
    found = g.add("OneHotEncoder", name, domain="ai.onnx.ml", cats_strings=texts, zeros=1)
    one_hot = g.add("Squeeze", found, np.array([1]))
    places = np.zeros((len(texts), len(known) + code["rare"] + code["missing"]), np.float32)
    places[: len(known), : len(known)] = np.eye(len(known))
    if code["missing"]:
        places[len(known) :, -1] = 1
    features = g.add("MatMul", one_hot, places)
    if not code["rare"]:
        return features
    # what is neither known nor missing goes with the rare ones
    rare = np.zeros((1, places.shape[1]), np.float32)
    rare[0, len(known)] = 1
    other = g.add("Sub", np.float32(1), g.add("ReduceSum", one_hot, np.array([1]), keepdims=1))
    return g.add("Add", features, g.add("Mul", other, rare))


def _spellings(words: Iterable[str]) -> set[str]:
    """Return words in small letters, in capitals and with one at the beginning: ONNX compares letter by letter."""
    return {spelling for word in words for spelling in (word, word.upper(), word.capitalize(), word.title())}
