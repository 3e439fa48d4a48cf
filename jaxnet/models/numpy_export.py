"""A model as one Python file that needs NumPy and nothing else: functions as text, numbers as text.

The activations are the source of the reference's, so there is no second copy of a formula; the rest is the source of
``standalone``, which is tested here like any module.
"""

import base64
import inspect
import re
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.models import standalone
from jaxnet.models.model_file import ModelParts
from jaxnet.reference import operations
from jaxnet.reference.losses import exp, softmax

_WIDTH = 110  # characters of base 64 a line
_FORMULAS = {**{name: each.forward for name, each in operations.ACTIVATIONS.items()}, "softmax": softmax, "exp": exp}
_CONSTANTS = {"GELU_SCALE": float(operations.GELU_SCALE), "GELU_CUBIC": operations.GELU_CUBIC}

_SCALE_WORDS = "# what values are multiplied by, and what is added, in the units of the table"

_CLASSIFIER = '''
def predict(X):
    """Return the most likely class of each row of X [N, D]; of a single row [D], its class."""
    labels = class_labels(network_outputs(NETWORKS, np.atleast_2d(X)), CLASSES)
    return labels if np.ndim(X) == 2 else labels[0]


def predict_proba(X):
    """Return the probabilities [N, K] in the order of CLASSES for each row of X [N, D]; of a single row [D], [K]."""
    probabilities = class_probabilities(network_outputs(NETWORKS, np.atleast_2d(X)), CLASSES)
    return probabilities if np.ndim(X) == 2 else probabilities[0]
'''
_REGRESSOR = '''
def predict(X):
    """Return the values for each row of X [N, D], [N] for one output, else [N, K]; of a single row [D], its own."""
    values = network_outputs(NETWORKS, np.atleast_2d(X))
    values = values[:, 0] if values.shape[1] == 1 else values
    values = values if SCALE is None else values.astype(float) * SCALE[0] + SCALE[1]
    return values if np.ndim(X) == 2 else values[0]
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
        "import base64\nfrom collections.abc import Callable, Sequence\nfrom typing import Any\n\nimport numpy as np\n",
        "Array = np.ndarray",
        *_formulas(set(map(str, names))),
        inspect.getsource(standalone).split("import numpy as np\n", 1)[1].strip(),
        f"CLASSES = {parts.classes!r}" if classifier else f"{_SCALE_WORDS}\nSCALE = {parts.target_scale!r}",
        f"NETWORKS = [\n{networks},\n]",
        (_CLASSIFIER if classifier else _REGRESSOR).strip(),
    ]
    return "\n\n\n".join(block for block in blocks if block) + "\n"


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
        found[name] = f"{name} = {value!r}" if name in _CONSTANTS else inspect.getsource(value).strip()
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
