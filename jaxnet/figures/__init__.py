"""Data in, matplotlib figure out: drawn here, computed elsewhere. Read theme, inputs, image_tiles, confusion,
networks, curves, maps, sickness, dark.

matplotlib is an extra, ``pip install 'jaxnet[plots]'``, imported when the first figure is drawn. Figures
are plain ``matplotlib.figure.Figure`` objects: no pyplot, no global state, no window, so they can be drawn
in any thread.
"""

from jaxnet.figures.confusion import confusion_matrix
from jaxnet.figures.curves import activation_panels, intervals, learning_curves, sigmoid_cases
from jaxnet.figures.dark import darkened
from jaxnet.figures.image_tiles import gallery, weight_tiles
from jaxnet.figures.maps import boundary_slices, loss_surface
from jaxnet.figures.networks import network_diagram
from jaxnet.figures.saving import save
from jaxnet.figures.sickness import sickness_panels
from jaxnet.figures.theme import headline

__all__ = [
    "activation_panels",
    "boundary_slices",
    "confusion_matrix",
    "darkened",
    "gallery",
    "headline",
    "intervals",
    "learning_curves",
    "loss_surface",
    "network_diagram",
    "save",
    "sickness_panels",
    "sigmoid_cases",
    "weight_tiles",
]
