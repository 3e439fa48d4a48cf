"""Mistakes that several causes explain equally: all of them have to be listed."""

import dataclasses

from .mistake import Planted
from .mistakes import MISTAKES
from .problems import PROBLEMS

_NAMED = {mistake.name: mistake for mistake in MISTAKES}


@dataclasses.dataclass(frozen=True)
class Tie:
    """A planted mistake, whether only its arrays are given, and the causes that explain it equally."""

    planted: Planted
    arrays: bool
    causes: frozenset[str]

    def __str__(self):
        return f"{self.planted}{', arrays alone' * self.arrays}"


def _tie(name, on, causes, arrays=False):
    return Tie(Planted((_NAMED[name],), PROBLEMS[on]), arrays, frozenset(causes.split(", ")))


TIES = (
    # p - t is the derivative of cross-entropy after a sigmoid
    _tie("the output's derivative missing", "sigmoid squares", "output_derivative_missing, other_loss"),
    # (p - t) p (1 - p) is the derivative of the squared error after a sigmoid
    _tie("the output's derivative extra", "softplus", "output_derivative_extra, other_loss"),
    # exp(z) - t is the derivative of the Poisson loss
    _tie("softmax not normalised", "softmax regression", "softmax_unnormalised, other_loss"),
    # the sigmoid is the derivative of softplus
    _tie("a for a (1 - a)", "the article's", "activation_derivative_part, activation_derivative_other"),
    # 5 examples, inputs, hidden units and outputs: a function tells them apart, arrays do not
    _tie("summed, not averaged, over the batch", "square relu", "batch_sum, factor", arrays=True),
)
