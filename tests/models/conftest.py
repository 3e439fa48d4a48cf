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


# numbers with gaps, a category, a boolean, a hash-free text column and a target of each kind
ROWS = 60


def table_of(target):
    random = np.random.default_rng(1)
    grams = random.normal(4000, 500, ROWS)
    columns = {
        "bill, mm": [f"{x:.1f}" if at % 7 else "NA" for at, x in enumerate(random.normal(40, 5, ROWS))],
        "island": [("Torgersen", "Biscoe", 'Dr"eam', "?")[at % 4] for at in range(ROWS)],
        "tagged": [("yes", "no", "yes")[at % 3] for at in range(ROWS)],
        "seen": [f"2020-{1 + at % 12:02d}-{1 + at % 28:02d}" for at in range(ROWS)],
        "grams": [f"{x:.0f}" for x in grams],
        "species": [("Adelie", "Gentoo", "Chinstrap")[at] for at in (np.arange(ROWS) * 7 % 3)],
    }
    return {
        name: values for name, values in columns.items() if name in ("bill, mm", "island", "tagged", "seen", target)
    }


def prepared_model(target, **options):
    table = table_of(target)
    prep = jn.data.prepare(table, target=target)
    net = jn.MLP((prep.inputs, 5, prep.outputs), activation="tanh", output=prep.output)
    random = np.random.default_rng(2)
    shapes = list(zip(net.sizes, net.sizes[1:], strict=False))
    draw = lambda a, b: {"w": random.normal(0, 0.7, (a, b)).astype("f4"), "b": random.normal(size=b).astype("f4")}
    members = [[draw(*shape) for shape in shapes] for _ in range(options.pop("members", 1))]
    return jn.Model(net, members, prep, **options), table


@pytest.fixture
def make_prepared():
    return prepared_model
