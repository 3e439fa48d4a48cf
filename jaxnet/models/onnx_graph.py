"""An ONNX graph as it grows: nodes and constants under names of their own."""

from typing import Any

import numpy as np


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
