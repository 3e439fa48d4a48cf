"""One small table of each task, trained once for all tests: most of the time is compiling."""

import numpy as np
import pytest

import jaxnet as jn


def table_of(rows=80, seed=0):
    """Trees: the kind follows from the height, the weight from height and kind; some cells are missing."""
    draw = np.random.default_rng(seed)
    height = draw.normal(20, 5, rows).round(2)
    kind = np.where(height > 20, "oak", "elm")
    weight = (height * 3 + np.where(kind == "oak", 10, 0) + draw.normal(size=rows)).round(2)
    texts = [f"{h}" if at % 16 else "NA" for at, h in enumerate(height)]
    return {"id": [*range(1, rows + 1)], "height": texts, "wood": [*draw.choice(["soft", "hard"], rows)],
            "weight": [*weight], "kind": [*kind]}  # fmt: skip


def gapped(seed=0):
    """The table with one row more, which has no target."""
    table, more = table_of(seed=seed), table_of(1, seed=9)
    return {name: [*table[name], "" if name == "kind" else more[name][0]] for name in table}


SMALL = {"hidden": (6,), "epochs": 60, "learning_rate": 0.03}


@pytest.fixture(scope="session")
def classified(tmp_path_factory):
    out = tmp_path_factory.mktemp("classified")
    return jn.train_table(gapped(), "kind", out=out, **SMALL), out


@pytest.fixture(scope="session")
def regressed():
    return jn.train_table(table_of(), "weight", ensemble=3, **SMALL)
