"""What held-out rows say of a network's answers: a temperature for probabilities, the width of conformal intervals."""

import math

import numpy as np
from scipy.optimize import minimize_scalar

from jaxnet import checks

_COLDEST, _HOTTEST = 0.05, 20.0  # a network that is surer, or less sure, than that by this factor is broken


def best_temperature(logits: np.ndarray, targets: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return the T > 0 for which logits / T [N, K] give the lowest log-loss of ``targets`` [N, K].

    One output is the logit of a yes; several are those of classes. It changes no class and no order. Source: Guo et
    al. 2017, "On Calibration of Modern Neural Networks".
    """

    def loss(logarithm: float) -> float:
        scaled = logits / math.exp(logarithm)
        if scaled.shape[1] == 1:
            each = np.logaddexp(0, scaled) - targets * scaled
        else:
            each = targets * (np.logaddexp.reduce(scaled, axis=1, keepdims=True) - scaled)
        return float(np.average(each.sum(axis=1), weights=weight))

    bounds = math.log(_COLDEST), math.log(_HOTTEST)
    return math.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4}).x)


def conformal_width(scores: np.ndarray, level: float) -> np.ndarray:
    """Return how far the target of a new row lies from its prediction at most with probability ``level``, [K].

    ``scores`` [n, K] are the distances of n held-out rows, exchangeable with the new one: the ceil((n + 1) level)-th
    smallest holds on average over draws of both, whatever the network is. Source: Vovk et al. 2005; Lei et al. 2018.
    Raises ValueError for a level that n rows cannot promise.
    """
    level = checks.number("level", level, above=0, below=1)
    rank = math.ceil((len(scores) + 1) * level)
    expected = f"at most n / (n + 1) = {len(scores) / (len(scores) + 1):.4g} with n = {len(scores)} held-out rows"
    checks.require(rank <= len(scores), "level", expected, level)
    width: np.ndarray = np.sort(scores, axis=0)[rank - 1]
    return width
