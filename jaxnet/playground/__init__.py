"""The playground: a network that trains live in the browser, every number of it in sight.

Read masked_network and masked_training first: one compiled program for every structure, whose steps are ``jn.fit``'s.
Then shown_data and play_settings, live_training (a training, frame by frame), explanations, reproduction, lessons,
conversation (what the page says and is answered), guards and serving. The page itself is in ``page/``.
"""

from jaxnet.playground.shown_data import formula_data
from jaxnet.playground.toys import toy

__all__ = ["formula_data", "toy"]
