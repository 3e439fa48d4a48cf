"""Mistakes that several causes explain equally: the report has to mention all of them."""

import dataclasses

from .mistake import Planted
from .mistakes import MISTAKES
from .problems import PROBLEMS

_NAMED = {mistake.name: mistake for mistake in MISTAKES}


@dataclasses.dataclass(frozen=True)
class Tie:
    """A planted mistake, whether only its arrays are given, and the words for each cause that explains it."""

    planted: Planted
    arrays: bool
    words: tuple[str, ...]

    def __str__(self):
        return f"{self.planted}{', arrays alone' * self.arrays}"


def _tie(name, on, *words, arrays=False):
    return Tie(Planted((_NAMED[name],), PROBLEMS[on]), arrays, words)


TIES = (
    # p - t is the derivative of cross-entropy after a sigmoid
    _tie(
        "the output's derivative missing",
        "sigmoid squares",
        "derivative of the output function is left out",
        "binary cross entropy",
    ),
    # (p - t) p (1 - p) is the derivative of the squared error after a sigmoid
    _tie("the output's derivative extra", "softplus", "the loss has cancelled it", "squared error"),
    # exp(z) - t is the derivative of the Poisson loss
    _tie("softmax not normalised", "softmax regression", "not divided by their sum", "poisson"),
    # as many examples as inputs, hidden units and outputs: a function tells them apart, arrays do not
    _tie(
        "summed, not averaged, over the batch",
        "square relu",
        "summed over the examples",
        "number of inputs",
        "number of outputs",
        arrays=True,
    ),
    _tie(
        "averaged over the batch twice", "sigmoid squares", "number of examples twice", "units of layer 1", arrays=True
    ),
)
