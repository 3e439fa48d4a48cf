"""The same figure for a dark page: ink and paper change places, and the colours that mean something stay."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jaxnet import checks
from jaxnet.figures import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER, LIGHT_INK, DIM = "#16181d", "#e6e6e6", "#5a5f6a"  # for white, ink and faint


def darkened(figure: "Figure") -> "Figure":
    """Repaint a figure of this package for a dark page, and return it.

    White paper becomes dark and dark ink light; what is drawn in a colour keeps it, and so do the shades of images with
    the numbers on them, which mean intensities. Raises TypeError for anything but a figure.
    """
    checks.require(hasattr(figure, "findobj"), "figure", "a matplotlib figure", figure, TypeError)
    kept = set(_on_images(figure))
    for artist in figure.findobj():
        if id(artist) not in kept:
            _repaint(artist)
            box = getattr(artist, "get_bbox_patch", lambda: None)()  # what a text stands on is found through it only
            if box is not None:
                _repaint(box)
    return figure


def _on_images(figure: "Figure") -> Iterator[int]:
    """The numbers and lines that lie on an image's shades."""
    for axes in figure.axes:
        if axes.images:
            yield from map(id, (*axes.texts, *axes.collections))
        elif axes.collections:
            yield from map(id, axes.collections)  # the fields of a contour map


def _repaint(artist: Any) -> None:
    from matplotlib.colors import to_hex, to_rgba

    exchange = {"#ffffff": PAPER, to_hex(theme.INK): LIGHT_INK, to_hex(theme.FAINT): DIM, "#000000": LIGHT_INK}
    # each kind of artist has some of these colours; what has none has nothing to repaint
    for part in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor", "labelcolor"):
        get, set_ = getattr(artist, f"get_{part}", None), getattr(artist, f"set_{part}", None)
        if get is None or set_ is None:
            continue
        try:
            old = get()
            if not to_rgba(old)[3]:
                continue  # nothing is painted there
        except (ValueError, TypeError):
            continue  # several colours, "none" or "auto"
        if to_hex(old) in exchange:
            alpha = artist.get_alpha()
            set_(exchange[to_hex(old)])
            artist.set_alpha(alpha)
