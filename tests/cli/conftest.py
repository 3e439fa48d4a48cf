"""A model that ``jaxnet train`` made of a small table, for the commands that use one."""

import csv

import numpy as np
import pytest

from jaxnet.cli import main


def write_table(path, rows=60, seed=0):
    """Trees: the kind follows from the height; the target's column last."""
    draw = np.random.default_rng(seed)
    heights = draw.normal(20, 5, rows).round(2)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["height", "wood", "kind"])
        writer.writerows([h, draw.choice(["soft", "hard"]), "=oak" if h > 20 else "elm"] for h in heights)
    return path


@pytest.fixture(scope="session")
def tree_table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("trees") / "trees.csv")


@pytest.fixture(scope="session")
def tree_command(tree_table, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    small = ["--hidden", "6", "--epochs", "40", "--learning-rate", "0.03"]
    return ["train", str(tree_table), "--target", "kind", "--out", str(out), *small], out


@pytest.fixture(scope="session")
def tree_model(tree_command):
    arguments, out = tree_command
    assert main(arguments) == 0
    return out
