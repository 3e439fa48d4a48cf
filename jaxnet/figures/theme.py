"""How every figure looks: colours that colour-blind readers can tell apart, sizes, panels without clutter.

Everything is set on the objects themselves and nothing in ``matplotlib.rcParams``, so that drawing a figure
changes no figure of the caller's.
"""

import functools
import io
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette (Color Universal Design, 2008), without its yellow, which fades on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")  # a second sign beside the colour
INK, FAINT = "#262626", "#B8B8B8"
SHADES = "gray_r"  # 0 = white, as the article prints intensities
HEIGHTS = "GnBu"  # low is light

TEXT, SMALL = 10, 8.5  # points
PANEL = 2.4  # inches, the side of a small panel: four of them fit a page's width
_LETTERS_AN_INCH = 11.5  # of a bold headline, so that its lines stay inside the figure
_INSTALL = "figures are drawn by matplotlib, which is not installed: pip install 'jaxnet[plots]'"


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure of ``width`` x ``height`` inches; raises ImportError, saying what to install."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    # the class itself: pyplot would keep every figure alive, and ask for a window
    return _picture_class(Figure)(figsize=(width, height), layout="constrained", facecolor="white", dpi=150)


@functools.cache
def _picture_class(figure: type) -> type:
    """Return the class of figures that a notebook shows as a picture: matplotlib's own is shown by its name unless
    pyplot was told otherwise."""

    def _repr_png_(self: Any) -> bytes:
        drawn = io.BytesIO()
        self.savefig(drawn, format="png", dpi=110, bbox_inches="tight")
        return drawn.getvalue()

    return type("Picture", (figure,), {"_repr_png_": _repr_png_})


def grid_of_panels(count: int, *, columns: int, width: float = PANEL, height: float = PANEL) -> tuple["Figure", list]:
    """Make a figure of ``count`` panels of ``width`` x ``height`` inches, in rows of at most ``columns``."""
    rows = -(-count // columns)
    # as many columns as these rows need: five panels of at most four columns are 3 + 2, not 4 + 1
    columns = -(-count // rows)
    figure = new_figure(columns * width, rows * height)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for spare in panels[count:]:
        spare.remove()
    return figure, panels[:count]


def label(axes: "Axes", *, title: str = "", x: str = "", y: str = "") -> None:
    """Name a panel and its axes, and draw its frame: left and bottom only."""
    axes.set_title(title, fontsize=TEXT, color=INK)
    axes.set_xlabel(x, fontsize=TEXT, color=INK)
    axes.set_ylabel(y, fontsize=TEXT, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(which="both", labelsize=SMALL, color=FAINT, labelcolor=INK)


def headline(figure: "Figure", text: str) -> "Figure":
    """Write above a figure what there is to see in it, broken to its width, and return the figure."""
    letters = max(24, int(figure.get_size_inches()[0] * _LETTERS_AN_INCH))
    lines = textwrap.fill(text, letters)
    figure.suptitle(lines, x=0.01, ha="left", fontsize=TEXT, fontweight="bold", color=INK)
    # the panels keep their size: the figure grows by the lines
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.2 * (lines.count("\n") + 1))
    return figure


def rule(axes: "Axes") -> None:
    """Draw faint lines behind the data at the ticks."""
    axes.grid(color=FAINT, alpha=0.35, linewidth=0.6)
    axes.set_axisbelow(True)


def legend(axes: "Axes", **options: Any) -> None:
    """Name what is drawn, in a corner where it hides least."""
    axes.legend(fontsize=SMALL, frameon=True, framealpha=0.85, edgecolor="none", labelcolor=INK, **options)


def signed_colours() -> Any:
    """Return the map for numbers on both sides of a middle: red below, white there, blue above; its dark
    ends are cut off, so that lines and black text stay readable on it."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["RdBu"](np.linspace(0.12, 0.88, 256)), name="signed")


def colour(index: int) -> str:
    """Return the colour of the ``index``-th thing drawn in a panel."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """Return the marker of the ``index``-th thing drawn in a panel."""
    return MARKERS[index % len(MARKERS)]


def symmetric(values: np.ndarray, middle: float = 0.0) -> dict[str, float]:
    """Return the limits of a colour scale whose white is at ``middle`` and which holds all ``values``."""
    # 1 where all values are the middle: a scale from a number to itself has no white
    reach = float(np.max(np.abs(values - middle))) or 1.0
    return {"vmin": middle - reach, "vmax": middle + reach}


def round_ticks() -> Any:
    """Return the ticks that people count in, where a contour map's own are its levels."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, steps=[1, 2, 5, 10])


def colour_bar(figure: "Figure", image: Any, axes: list, *, title: str) -> Any:
    """Draw the scale of ``image`` beside ``axes`` and return it."""
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label(title, fontsize=TEXT, color=INK)
    bar.ax.tick_params(labelsize=SMALL, color=FAINT, labelcolor=INK)
    bar.outline.set_visible(False)
    return bar
