"""The playground: a network that trains live in the browser, every number of it in sight.

Read masked_network and masked_training first: one compiled program for every structure, whose steps are ``jn.fit``'s.
Then shown_data and play_settings, live_training (a training, frame by frame), explanations, reproduction, lessons,
conversation (what the page says and is answered), guards and serving. The page itself is in ``page/``; ``Widget`` shows
it in a notebook (extra ``notebook``).
"""

from typing import Any

from jaxnet.playground.shown_data import formula_data
from jaxnet.playground.toys import toy

__all__ = ["Widget", "formula_data", "toy"]


def __getattr__(name: str) -> Any:
    """Import the widget when it is asked for: it needs anywidget, which nothing else does."""
    if name != "Widget":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from jaxnet.playground.notebook_widget import Widget
    except ImportError as error:
        if error.name != "anywidget":
            raise
        raise ImportError("the widget needs anywidget: pip install 'jaxnet[notebook]'", name="anywidget") from error
    return Widget
