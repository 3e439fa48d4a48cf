"""A model as an ONNX graph, written by hand: weighted sums, activations, the mean of several networks, labels.

Only operators are used that runtimes have for float32 and float64 alike, so an activation is composed of simpler ones
where ONNX has it for float32 alone. float16 is computed in float32.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.models.model_file import ModelParts
from jaxnet.models.onnx_columns import INPUT, add_columns
from jaxnet.models.onnx_graph import Graph
from jaxnet.reference.operations import SELU_ALPHA, SELU_SCALE
from jaxnet.types import Params

OPSET, ML_OPSET, IR_VERSION = 17, 3, 8  # of 2022: what runtimes of the last years read


def _elu(g: Graph, z: str) -> str:
    return g.add("Add", g.add("Max", z, 0.0), g.add("Sub", g.add("Exp", g.add("Min", z, 0.0)), 1.0))


def _softplus(g: Graph, z: str) -> str:
    below = g.add("Exp", g.add("Neg", g.add("Abs", z)))  # at most 1, so that nothing overflows
    return g.add("Add", g.add("Max", z, 0.0), g.add("Log", g.add("Add", below, 1.0)))


def _gelu(g: Graph, z: str) -> str:
    cube = g.add("Mul", g.add("Mul", g.add("Mul", z, z), z), 0.044715)
    t = g.add("Tanh", g.add("Mul", g.add("Add", z, cube), float(np.sqrt(2 / np.pi))))
    return g.add("Mul", g.add("Mul", z, 0.5), g.add("Add", t, 1.0))


def _selu(g: Graph, z: str) -> str:
    below = g.add("Mul", g.add("Sub", g.add("Exp", g.add("Min", z, 0.0)), 1.0), SELU_ALPHA)
    return g.add("Mul", g.add("Add", g.add("Max", z, 0.0), below), SELU_SCALE)


_FUNCTIONS: Mapping[str, Callable[[Graph, str], str]] = MappingProxyType(
    {
        "identity": lambda g, z: z,
        "relu": lambda g, z: g.add("Relu", z),
        "tanh": lambda g, z: g.add("Tanh", z),
        "sigmoid": lambda g, z: g.add("Sigmoid", z),
        "leaky_relu": lambda g, z: g.add("Max", z, g.add("Mul", z, 0.01)),
        "elu": _elu,
        "gelu": _gelu,
        "silu": lambda g, z: g.add("Mul", z, g.add("Sigmoid", z)),
        "softplus": _softplus,
        "selu": _selu,
        "mish": lambda g, z: g.add("Mul", z, g.add("Tanh", _softplus(g, z))),
        "softmax": lambda g, z: g.add("Softmax", z, axis=1),
        "exp": lambda g, z: g.add("Exp", z),
    }
)


def as_onnx(parts: ModelParts) -> Any:
    """Return a model as an ``onnx.ModelProto``: input X [N, D], or one a column of its table; outputs "label" [N] and
    "probabilities" [N, K], or for a regression "values", of the shape that ``Model.predict`` returns. Where a column
    is called like an output, that is called "label_" and so on.

    Raises ValueError for an activation without a name, ImportError without the package onnx.
    """
    import onnx

    dtype = np.asarray(parts.members[0][0]["w"]).dtype
    g = Graph(np.dtype(np.float64 if dtype == np.float64 else np.float32))
    info = onnx.helper.make_tensor_value_info
    X, inputs = INPUT, [info(INPUT, g.element, ["N", parts.net.sizes[0]])]
    if parts.preparation is not None:
        X, inputs = add_columns(g, parts.preparation)
    g.taken = {each.name for each in inputs}
    each = [_network(g, parts, params, X) for params in parts.members]
    outputs = each[0] if len(each) == 1 else g.add("Div", g.add("Sum", *each), float(len(each)))
    results = [info(name, element, shape) for name, element, shape in _answers(g, parts, outputs)]
    graph = onnx.helper.make_graph(g.nodes, "jaxnet", inputs, results, g.constants)
    domains = [onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = onnx.helper.make_model(graph, opset_imports=domains, ir_version=IR_VERSION, producer_name="jaxnet")
    onnx.checker.check_model(model, full_check=True)
    return model


def _network(g: Graph, parts: ModelParts, params: Params, a: str) -> str:
    for layer, function in zip(params, [*parts.net.activations, parts.net.output], strict=True):
        expected = "an activation by its name, for a function of one's own cannot be written down"
        checks.require(isinstance(function, str), "activation", expected, function)
        w, b = (np.asarray(layer[name], g.dtype) for name in ("w", "b"))
        a = _FUNCTIONS[str(function)](g, g.add("Gemm", a, w, b))
    return a


def _answers(g: Graph, parts: ModelParts, outputs: str) -> list[tuple[str, int, list]]:
    """Add what is asked of a model to its graph; return name, element type and shape of each answer."""
    from onnx import TensorProto
    from onnx.helper import np_dtype_to_tensor_dtype

    count = parts.net.sizes[-1]
    if parts.net.output not in ("softmax", "sigmoid"):
        return [_values(g, parts, outputs)]
    label, probabilities = g.free("label"), g.free("probabilities")
    if parts.classes is None:
        g.add("Cast", g.add("Greater", outputs, 0.5), to=TensorProto.INT64, name=label)
        g.add("Identity", outputs, name=probabilities)
        return [(label, TensorProto.INT64, ["N", count]), (probabilities, g.element, ["N", count])]
    if count == 1:
        g.add("Concat", g.add("Sub", 1.0, outputs), outputs, axis=1, name=probabilities)
        above = g.add("Greater", g.add("Squeeze", outputs, np.array([1])), 0.5)
        index = g.add("Cast", above, to=TensorProto.INT64)
    else:
        g.add("Identity", outputs, name=probabilities)
        index = g.add("ArgMax", outputs, axis=1, keepdims=0)
    classes = np.array(parts.classes)
    g.add("Gather", classes, index, name=label)
    element = TensorProto.STRING if classes.dtype.kind == "U" else np_dtype_to_tensor_dtype(classes.dtype)
    return [(label, element, ["N"]), (probabilities, g.element, ["N", len(classes)])]


def _values(g: Graph, parts: ModelParts, outputs: str) -> tuple[str, int, list]:
    from onnx import TensorProto

    count, name = parts.net.sizes[-1], g.free("values")
    if parts.target_scale is not None:
        spread, centre = map(np.float64, parts.target_scale)  # as in the model, whatever the network computes in
        wide = g.add("Cast", outputs, to=TensorProto.DOUBLE)
        g.add("Squeeze", g.add("Add", g.add("Mul", wide, spread), centre), np.array([1]), name=name)
        return name, TensorProto.DOUBLE, ["N"]
    if count == 1:
        g.add("Squeeze", outputs, np.array([1]), name=name)
        return name, g.element, ["N"]
    g.add("Identity", outputs, name=name)
    return name, g.element, ["N", count]
