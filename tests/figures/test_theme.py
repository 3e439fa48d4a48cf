"""How figures look, and what they need."""

import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from jaxnet import figures
from jaxnet.figures import theme


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"not installed: pip install 'jaxnet\[plots\]'"):
        figures.gallery([[0, 0, 0, 0]], ["white"])


def test_importing_figures_imports_no_matplotlib_and_drawing_no_pyplot():
    program = """
import sys
from jaxnet import figures
assert "matplotlib" not in sys.modules
figures.learning_curves({"loss": [2, 1]})
assert "matplotlib.pyplot" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_drawing_leaves_the_callers_settings_alone():
    before = dict(matplotlib.rcParams)
    figures.weight_tiles([[1, 2, 3, 4]], ["unit"])
    assert dict(matplotlib.rcParams) == before


def lightness(colour: np.ndarray) -> np.ndarray:
    """Relative luminance of linear RGB (ITU-R BT.709)."""
    return colour @ (0.2126, 0.7152, 0.0722)


# What a colour is for an eye without the cones for red or for green, in linear RGB: the matrices of severity 1 of
# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009
BLINDNESS = {
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_any_two_colours_differ_for_colour_blind_readers(blindness):
    seen = np.array([to_rgb(colour) for colour in theme.COLOURS]) ** 2.2 @ np.transpose(BLINDNESS[blindness])
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 0.1


def test_every_colour_stands_out_from_white():
    assert max(lightness(np.array(to_rgb(colour)) ** 2.2) for colour in theme.COLOURS) < 0.5
