"""Data in, matplotlib figure out: drawn here, computed elsewhere. Read theme, inputs, image_tiles, curves, maps,
sickness.

matplotlib is an extra, ``pip install 'jaxnet[plots]'``, imported when the first figure is drawn. Figures
are plain ``matplotlib.figure.Figure`` objects: no pyplot, no global state, no window, so they can be drawn
in any thread.
"""

from jaxnet.figures.curves import intervals, learning_curves, sigmoid_cases
from jaxnet.figures.image_tiles import gallery, weight_tiles
from jaxnet.figures.maps import boundary_slices, loss_surface
from jaxnet.figures.saving import save
from jaxnet.figures.sickness import sickness_panels

__all__ = [
    "boundary_slices",
    "gallery",
    "intervals",
    "learning_curves",
    "loss_surface",
    "save",
    "sickness_panels",
    "sigmoid_cases",
    "weight_tiles",
]
