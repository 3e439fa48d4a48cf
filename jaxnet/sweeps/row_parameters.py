"""``rows`` and ``label_noise``: parameters of a space for how many rows are trained on, and how many are mislabelled.

Which rows these are is drawn by lot from the root of a plan, once for all configurations and seeds: those of a smaller
number are among those of a larger one, so that points of a curve differ by what was added, and by nothing else.
"""

import numpy as np

from jaxnet import checks
from jaxnet.sweeps.parameters import Configuration

_ROWS, _NOISE = 1, 2  # lots of their own


class FirstRows:
    """Configuration -> mask [N] of the first ``rows`` of N = ``count`` rows in an order by lot; all of them where a
    configuration says nothing."""

    def __init__(self, count: int, root: int) -> None:
        self._places = np.argsort(np.random.default_rng([root, _ROWS]).permutation(count))

    def __call__(self, configuration: Configuration) -> np.ndarray:
        """Return the mask; raises ValueError or TypeError for a number of rows that is not from 1 to N."""
        count = len(self._places)
        wanted = configuration.get("rows", count)
        return self._places < checks.integer("rows", wanted, minimum=1, maximum=count, note="the training data")


class NoisyLabels:
    """Configuration -> labels [N], of which the share ``label_noise`` is another class than in the data.

    Raises ValueError for targets that are no labels of at least two classes.
    """

    def __init__(self, labels: np.ndarray, root: int) -> None:
        whole = labels.ndim == 1 and labels.dtype.kind in "iub"
        classes, codes = np.unique(labels, return_inverse=True) if whole else (labels[:0], labels)
        expected = "targets= for targets that are no labels of two classes or more"
        checks.require(len(classes) > 1, "label_noise", expected, labels)
        draw = np.random.default_rng([root, _NOISE])
        self._places = np.argsort(draw.permutation(len(labels)))
        self._labels = labels
        # a step around the classes that is never a whole turn, so that another is drawn, each as often
        self._others = classes[(codes + draw.integers(1, len(classes), len(labels))) % len(classes)]

    def __call__(self, configuration: Configuration) -> np.ndarray:
        """Return the labels; raises ValueError or TypeError for a share that is not from 0 to 1."""
        share = checks.number("label_noise", configuration.get("label_noise", 0), minimum=0, maximum=1)
        return np.where(self._places < round(share * len(self._labels)), self._others, self._labels)
