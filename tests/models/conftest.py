"""Models of every output, activation and dtype, for whatever has to hold for all of them."""

import numpy as np
import pytest

import jaxnet as jn

KINDS = {
    "three classes": ("softmax", 3, ["b", 'c"""\\', "a\n"]),
    "two classes of a softmax": ("softmax", 2, ["z", "é"]),
    "two classes of one output": ("sigmoid", 1, [True, False]),
    "numbered classes": ("softmax", 4, [7, 2, 1, 0]),
    "labels": ("sigmoid", 3, None),
    "a value": ("identity", 1, None),
    "values": ("identity", 3, None),
    "counts": ("exp", 1, None),
}


def model_of(kind, *, activation="relu", hidden=(5,), dtype=np.float64, members=1):
    output, outputs, classes = KINDS[kind]
    net = jn.MLP((4, *hidden, outputs), activation=activation, output=output)
    random = np.random.default_rng(0)
    draw = lambda a, b: {"w": random.normal(0, 0.7, (a, b)).astype(dtype), "b": random.normal(size=b).astype(dtype)}
    params = [[draw(*shape) for shape in zip(net.sizes, net.sizes[1:], strict=False)] for _ in range(members)]
    return jn.Model(net, params if members > 1 else params[0], classes=classes)


@pytest.fixture
def make_model():
    return model_of


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param
