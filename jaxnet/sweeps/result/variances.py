"""How much the scores of configurations vary by chance: a two-way model of configurations and seeds, with variances
that borrow strength from each other. NumPy only.

A score is the mean of its configuration, plus what a seed (or fold) adds to all configurations alike, plus noise. A
handful of seeds says little of one configuration's variance, and all together say much where their variances agree: so
each is moved towards the common one by as much as they do (Smyth 2004, "Linear models and empirical Bayes methods").
"""

import math
from typing import NamedTuple

import numpy as np

_LARGEST = 1e9  # degrees of freedom that are as good as infinitely many
_HALVINGS = 60


class Moderated(NamedTuple):
    """Variances [C] that were moved towards each other, and the degrees of freedom that each has now."""

    variances: np.ndarray
    freedom: float
    alike: bool  # whether nothing says that they differ, so that all are the common one


class Noise(NamedTuple):
    """What is known of chance in scores [C, n].

    Attributes:
        own: the variance of a configuration's noise beside what its seed adds to all, [C].
        freedom: the degrees of freedom of each.
        alike: whether all of ``own`` are one common variance.
        weights: of the configurations in the effects of seeds, [C], summing to 1.
        seeds: the variance of these effects, which hold a share of the noise.
    """

    own: np.ndarray
    freedom: float
    alike: bool
    weights: np.ndarray
    seeds: float

    def total(self, configuration: int, count: int) -> tuple[float, int]:
        """Return the variance of a score of a configuration, of ``count``, seeds included, and its degrees of freedom
        (Satterthwaite's)."""
        noise = float(self.own[configuration] * (1 - self.weights[configuration]))
        whole = noise + self.seeds
        if whole == 0:
            return 0.0, 1
        parts = noise**2 / self.freedom + self.seeds**2 / (count - 1)
        return whole, max(1, round(whole**2 / parts))


def noise_of(scores: np.ndarray) -> Noise:
    """Estimate what is chance in finite scores [C, n], n at least 2."""
    count, seeds = scores.shape
    centred = scores - scores.mean(axis=1, keepdims=True)
    if count == 1:
        variance = np.sum(centred**2, axis=1) / (seeds - 1)
        return Noise(variance, seeds - 1, True, np.zeros(1), 0.0)
    rough = moderated(np.sum(centred**2, axis=1) / (seeds - 1), seeds - 1).variances
    # what is noisy says little of a seed; variances of 0 all weigh alike
    precision = 1 / np.where(rough > 0, rough, 1.0) if (rough > 0).all() else np.ones(count)
    weights = precision / precision.sum()
    effects = weights @ centred
    left = centred - np.expand_dims(effects, 0)
    # effects are means of the noise, too: a share of each configuration's own went with them
    own = moderated(np.sum(left**2, axis=1) / ((seeds - 1) * (1 - weights)), seeds - 1)
    freedom = min(own.freedom, (count - 1) * (seeds - 1))
    return Noise(own.variances, freedom, own.alike, weights, float(np.sum(effects**2) / (seeds - 1)))


def moderated(variances: np.ndarray, freedom: float) -> Moderated:
    """Move variances [C], each with ``freedom`` degrees of freedom, towards their common one (Smyth 2004, section 6).

    By how much follows from how their logarithms scatter: not clearly more than by chance makes all the common one.
    """
    common, positive = np.full_like(variances, variances.mean()), variances > 0
    if len(variances) < 2 or np.mean(positive) < 0.5:
        return Moderated(common, freedom * len(variances), True)
    # scores that happened to be alike: a variance of 0 would be infinitely far from all others
    raised = np.where(positive, variances, variances[positive].min())
    logarithms = np.log(raised) - digamma(freedom / 2) + math.log(freedom / 2)
    beyond = float(np.var(logarithms, ddof=1)) - trigamma(freedom / 2)
    # what their scatter scatters by itself: the logarithm's fourth cumulant is the polygamma function of order 3
    error = math.sqrt((_pentagamma(freedom / 2) + 2 * trigamma(freedom / 2) ** 2) / len(variances))
    if beyond <= error:
        return Moderated(common, freedom * len(variances), True)
    prior = 2 * _inverse_trigamma(beyond)
    typical = math.exp(float(logarithms.mean()) + digamma(prior / 2) - math.log(prior / 2))
    total = freedom + prior
    return Moderated((prior * typical + freedom * raised) / total, min(total, freedom * len(variances)), False)


def digamma(x: float) -> float:
    """Return the derivative of log gamma for x > 0: by its recurrence up to 10, beyond by Stirling's series."""
    shift = 0.0
    while x < 10:
        shift, x = shift - 1 / x, x + 1
    square = 1 / x**2
    return shift + math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square / 252))


def trigamma(x: float) -> float:
    """Return the second derivative of log gamma for x > 0, as ``digamma``."""
    shift = 0.0
    while x < 10:
        shift, x = shift + 1 / x**2, x + 1
    square = 1 / x**2
    return shift + 1 / x + square / 2 + square / x * (1 / 6 - square * (1 / 30 - square / 42))


def _pentagamma(x: float) -> float:
    """Return the fourth derivative of log gamma for x > 0, as ``digamma``."""
    shift = 0.0
    while x < 10:
        shift, x = shift + 6 / x**4, x + 1
    return shift + 2 / x**3 + 3 / x**4 + 2 / x**5 - 1 / x**7 + 4 / (3 * x**9)


def _inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = value > 0, by bisection of its logarithm: it falls from infinity to 0."""
    low, high = math.log(1e-4), math.log(_LARGEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if trigamma(math.exp(middle)) > value else (low, middle)
    return math.exp(high)
