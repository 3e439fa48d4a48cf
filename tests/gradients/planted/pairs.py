"""Two mistakes at once: the report has to name both and nothing else."""

from .mistake import Planted
from .mistakes import MISTAKES
from .problems import PROBLEMS

_NAMED = {mistake.name: mistake for mistake in MISTAKES}
_TABLE = (
    ("the slope missing at the first layer", "the penalty doubled", "square"),
    ("y - p for p - y", "the penalty missing", "square"),
    ("summed, not averaged, over the batch", "the slope twice", "regression"),
    ("the already updated W", "a bias from the first example alone", "square"),
    ("z for a", "the slope missing at the first layer", "regression"),
    ("W not transposed", "the penalty on biases too", "square"),
    ("the softmax's Jacobian cut to its diagonal", "tanh's slope for the sigmoid's", "the article's"),
    ("the output's derivative missing", "the sigmoid's slope at a", "sigmoid squares"),
    ("the half for t = 0 missing", "relu's slope for softplus's", "softplus"),
    ("targets shifted by one example", "the biases not averaged", "regression"),
    ("z (1 - z) for a (1 - a)", "the slope missing at the second layer", "square"),
    ("the input of the layer below", "W left out", "square"),
    ("the penalty missing", "the loss halved", "softplus"),
    ("one bias negated", "one weight doubled", "relu classifier"),
    ("relu's mask from what came down", "a bias summed over everything", "relu classifier"),
    ("a bias never written", "the 2 of the square kept", "regression"),
    ("the last half of the batch dropped", "the penalty doubled", "square"),
    ("the delta before its slope", "the penalty negated", "softplus"),
    ("softmax left out", "W not transposed", "square"),
    ("the target left out", "the slope twice", "softplus"),
    ("a square weight transposed", "the slope missing at the first layer", "square relu"),
    ("the sum of absolute values for squares", "another layer's W", "square"),
    ("the slope missing at the first layer", "one weight doubled", "vanishing"),
    ("summed, not averaged, over the batch", "a bias summed over everything", "tiny"),
)
PAIRS = tuple(
    Planted((_NAMED[first], _NAMED[second]), problem)
    for problem in PROBLEMS.values()
    for first, second, on in _TABLE
    if problem.name == on
)
