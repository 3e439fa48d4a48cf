"""A model as one Python file that needs NumPy and nothing else: functions as text, numbers as text.

The activations are the source of the reference's, and rows of a table are prepared by the source of the codes
themselves, so there is no second copy of a formula; the rest is the source of ``standalone``, tested like any.
"""

import ast
import base64
import inspect
import re
from types import ModuleType
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data import errors, raw_columns
from jaxnet.data.cells import date_texts, number_texts, words
from jaxnet.data.preparing import Preparation, cell_reading, column_codes, date_codes, feature_taming
from jaxnet.models import standalone, standalone_rows
from jaxnet.models.model_file import ModelParts
from jaxnet.reference import operations
from jaxnet.reference.losses import exp, softmax

_HEAD = """
import base64
import dataclasses
import datetime
import functools
import os
import re
import zlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np

Array = np.ndarray
"""
# what prepares a row, each using those before it
_PREPARING = (
    words, number_texts, date_texts, errors, raw_columns, cell_reading, column_codes, date_codes,
    feature_taming, standalone_rows,
)  # fmt: skip
_WIDTH = 110  # characters of base 64 a line
_FORMULAS = {**{name: each.forward for name, each in operations.ACTIVATIONS.items()}, "softmax": softmax, "exp": exp}
_CONSTANTS = {name: getattr(operations, name) for name in ("GELU_SCALE", "GELU_CUBIC", "SELU_SCALE", "SELU_ALPHA")}

_SCALE_WORDS = "# what values are multiplied by, and what is added, in the units of the table"

_EXAMPLES = '''
def features_of(X):
    """Return X [N, D] as it is, and a single row [D] as one of many."""
    return np.atleast_2d(X), np.ndim(X) < 2
'''
_TABLE = '''
def features_of(rows):
    """Return the features [N, D] of rows, each {column: value}; a single row is one of many."""
    single = isinstance(rows, Mapping)
    return prepared_rows(CODES, [rows] if single else list(rows), TAMING), single
'''
_POSITIONAL = '''
def features_of(X):
    """Return the features of rows of cells X [N, D], or of a single row [D]."""
    cells = np.asarray(X, object)
    if cells.shape[-1] != len(COLUMNS) or cells.ndim not in (1, 2):
        raise ValueError(f"X: expected rows of {len(COLUMNS)} cells, got shape {cells.shape}")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in np.atleast_2d(cells)]
    return prepared_rows(CODES, rows, TAMING), cells.ndim < 2
'''
_CLASSIFIER = '''
def predict(rows):
    """Return the most likely class of each row, [N]; of a single row, its class."""
    X, single = features_of(rows)
    labels = class_labels(network_outputs(NETWORKS, X), CLASSES)
    return labels[0] if single else labels


def predict_proba(rows):
    """Return the probabilities of each row, [N, K] in the order of CLASSES; of a single row, [K]."""
    X, single = features_of(rows)
    probabilities = class_probabilities(network_outputs(NETWORKS, X), CLASSES)
    return probabilities[0] if single else probabilities
'''
_REGRESSOR = '''
def predict(rows):
    """Return the values of each row, [N] for one output, else [N, K]; of a single row, its own."""
    X, single = features_of(rows)
    values = network_outputs(NETWORKS, X)
    values = values[:, 0] if values.shape[1] == 1 else values
    values = values if SCALE is None else values.astype(float) * SCALE[0] + SCALE[1]
    return values[0] if single else values
'''


def as_numpy_source(parts: ModelParts, title: str) -> str:
    """Return the text of a Python file with ``predict`` and, of a classifier, ``predict_proba``.

    ``title`` says in its docstring what the model is. Raises ValueError for an activation without a name.
    """
    names = [*parts.net.activations, parts.net.output]
    expected = "an activation by its name, for a function of one's own cannot be written down"
    for name in names:
        checks.require(isinstance(name, str), "activation", expected, name)
    classifier = parts.net.output in ("softmax", "sigmoid")
    networks = ",\n".join(_network(params, names) for params in parts.members)
    blocks = [
        _docstring(title),
        _HEAD.strip(),
        *_formulas(set(map(str, names))),
        _source(standalone),
        *_preparation(parts),
        f"CLASSES = {parts.classes!r}" if classifier else f"{_SCALE_WORDS}\nSCALE = {parts.target_scale!r}",
        f"NETWORKS = [\n{networks},\n]",
        _input(parts.preparation).strip(),
        (_CLASSIFIER if classifier else _REGRESSOR).strip(),
    ]
    return "\n\n\n".join(blocks) + "\n"


def _input(preparation: Preparation | None) -> str:
    if preparation is None:
        return _EXAMPLES
    return _POSITIONAL if preparation.positional else _TABLE


def _preparation(parts: ModelParts) -> list[str]:
    """Return the source of what prepares a row, and what is known of each column."""
    if parts.preparation is None:
        return []
    codes = "\n".join(f"    {name!r}: {code!r}," for name, code in parts.preparation.codes.items())
    names = tuple(column.name for column in parts.preparation.columns if column.role != "target")
    known = [f"CODES = {{\n{codes}\n}}", f"TAMING = {parts.preparation.taming!r}", f"COLUMNS = {names!r}"]
    return [*map(_source, _PREPARING), *known[: 3 if parts.preparation.positional else 2]]


def _source(module: ModuleType) -> str:
    """Return what a module defines, without its docstring and imports."""
    text = inspect.getsource(module)
    tree = ast.parse(text)
    head = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(text.splitlines()[max(node.end_lineno or 0 for node in head) :]).strip()


def _text(function: Any) -> str:
    return inspect.getsource(function).strip()


def _docstring(title: str) -> str:
    # names of classes and columns are the table's, so nothing in them may end the text that they stand in
    safe = title.encode("unicode_escape").decode().replace("\\n", "\n").replace('"', "'")
    return f'"""{safe}\n\nWritten by jaxnet; needs NumPy alone.\n"""'


def _formulas(names: set[str]) -> list[str]:
    """Return the source of some functions and of all that they use."""
    known, waiting, found = {**_FORMULAS, **_CONSTANTS}, sorted(names), {}
    while waiting:
        name = waiting.pop()
        value: Any = known[name]
        found[name] = f"{name} = {value!r}" if name in _CONSTANTS else _text(value)
        waiting += [each for each in known if each not in found and re.search(rf"\b{each}\b[^:=]", found[name])]
    return [found[name] for name in sorted(found)]


def _network(params: Any, names: list) -> str:
    pairs = zip(params, names, strict=True)
    layers = [f"        ({_array(layer['w'])}, {_array(layer['b'])}, {name})," for layer, name in pairs]
    return "\n".join(["    [", *layers, "    ]"])


def _array(value: Any) -> str:
    array = np.asarray(value)
    text = base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()
    lines = "\n".join(f'            "{text[at : at + _WIDTH]}"' for at in range(0, len(text), _WIDTH))
    return f'array_of_text(\n{lines},\n            "{array.dtype}", {array.shape},\n        )'
