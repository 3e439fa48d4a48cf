"""The penalty apart from the data term: a leaf is a sum of two known arrays, so two numbers explain it.

    yours = alpha * data + beta * parameter

(1, 0) is a missing penalty, (n, l2) a sum over the batch beside a right penalty, (c, c l2) a factor on everything. A
fitted number counts under the names of the familiar numbers that it equals to within the noise.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from jaxnet.gradients.diagnosis.factors import ANYTHING, FAMILIAR, UNFAMILIAR, factor_kind, factor_value, named_factors
from jaxnet.gradients.diagnosis.replay import Hypothesis, LeafParts, Window
from jaxnet.gradients.diagnosis.tolerances import ABOVE_NOISE, FEWEST_ENTRIES, LIGHTEST, NOTHING, SHARES_CONDITION

LeafMistakes = dict[str, Hypothesis]  # slot without its key and layer -> wrong line


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """Differences that rounding explains: ``noise`` of the leaf, plus ``roundings`` times a computation's size."""

    noise: np.ndarray
    roundings: float

    def of(self, size: np.ndarray) -> np.ndarray:
        """The largest difference for a computation of this size."""
        return self.noise + self.roundings * size + NOTHING

    def at(self, window: Window) -> "Tolerance":
        """The same for a part of the leaf."""
        return self if window is None else Tolerance(self.noise[window], self.roundings)


def fits(target: np.ndarray, value: np.ndarray, tolerance: np.ndarray | float) -> bool:
    """Whether two arrays agree in every entry."""
    return bool((np.abs(target - value) <= tolerance).all())


def linear_mistakes(target: np.ndarray, leaf: LeafParts, tolerance: Tolerance, key: str) -> Iterator[LeafMistakes]:
    """Yield the factors and penalties that make a leaf's parts into the target."""
    allowed = tolerance.of(leaf.size + np.abs(leaf.decay * leaf.parameter) + np.abs(target))
    penalty = leaf.decay * leaf.parameter
    scales = multiples(target - penalty, leaf.data, allowed)
    yield from ({"scale": each} for c, error in scales for each in factors(c, error, leaf))
    if leaf.decay:
        everything = multiples(target, leaf.expected, allowed)
        yield from ({"times": each} for c, error in everything for each in factors(c, error, leaf))
    for beta, error in multiples(target - leaf.data, leaf.parameter, allowed):
        yield from ({"penalty": each} for each in _penalties(beta, error, leaf, key))
    for beta, error in multiples(target - leaf.data, np.sign(leaf.parameter), allowed):
        yield from ({"penalty": each} for each in _signs(beta, error, leaf))
    yield from _both(target, leaf, allowed, key)


def multiples(target: np.ndarray, term: np.ndarray, allowed: np.ndarray) -> list[tuple[float, float]]:
    """The c for which target = c * term, with its uncertainty: one or none."""
    scale = _scale(allowed)
    weighted = term / scale
    norm = float(np.sum(weighted**2))
    if norm < ABOVE_NOISE * term.size:  # hardly above the noise: any c would do
        return []
    c = float(np.sum(weighted * (target / scale)) / norm)
    error = float(np.sqrt(term.size / norm))
    return [(c, error * max(1, abs(c)))] if fits(target, c * term, allowed * max(1, abs(c))) else []


def _scale(allowed: np.ndarray) -> np.ndarray:
    """What a fit weighs its entries by: no entry by more than 1e9 times another's weight, however exact it is."""
    return np.maximum(allowed, LIGHTEST * allowed.max(where=np.isfinite(allowed), initial=0))


def _both(target: np.ndarray, leaf: LeafParts, allowed: np.ndarray, key: str) -> Iterator[LeafMistakes]:
    for (alpha, beta), errors in _shares(target, (leaf.data, leaf.parameter), allowed):
        for factor in factors(alpha, errors[0], leaf):
            for penalty in _penalties(beta, errors[1], leaf, key):
                yield {"scale": factor, "penalty": penalty}


def _shares(
    target: np.ndarray, terms: tuple[np.ndarray, np.ndarray], allowed: np.ndarray
) -> list[tuple[tuple[float, float], np.ndarray]]:
    """The two numbers for which target = alpha * one term + beta * the other, with their uncertainties, or none."""
    scale = _scale(allowed)
    matrix = np.stack([(term / scale).ravel() for term in terms], axis=1)
    norms = np.linalg.norm(matrix, axis=0)
    if not norms.all() or len(matrix) < FEWEST_ENTRIES:
        return []
    shares, _, rank, _ = np.linalg.lstsq(matrix / norms, (target / scale).ravel(), rcond=SHARES_CONDITION)
    if rank < 2:  # one term is a multiple of the other: their shares cannot be told apart
        return []
    alpha, beta = (float(share) for share in shares / norms)
    inverse = np.linalg.inv((matrix / norms).T @ (matrix / norms))
    errors = np.sqrt(target.size * np.diag(inverse)) / norms * max(1, abs(alpha))
    close = fits(target, alpha * terms[0] + beta * terms[1], allowed * max(1, abs(alpha)))
    return [((alpha, beta), errors)] if close else []


def ratios(target: np.ndarray, terms: tuple[np.ndarray, np.ndarray], allowed: np.ndarray) -> list[tuple[float, float]]:
    """The c for which target is a multiple of (one term + c * the other), with its uncertainty: one or none."""
    single = multiples(target - terms[0], terms[1], allowed)
    if single:
        return single
    shares = _shares(target, terms, allowed)
    return [(beta / alpha, errors[1] / abs(alpha)) for (alpha, beta), errors in shares if abs(alpha) > errors[0]]


def factors(value: float, error: float, leaf: LeafParts) -> Iterator[Hypothesis]:
    """Yield the names of a factor on the data term; a nameless one counts for leaves that are large enough."""
    if abs(value - 1) <= error or abs(value) <= error:
        return
    for name, cost in _names(value, error, leaf):
        yield Hypothesis(factor_kind(name), name, partial(_number, name), cost, factor_value(name, leaf.counts))
    if not list(_names(value, error, leaf)):
        rounded = round_number(value, error)
        yield Hypothesis("factor", f"{rounded:.6g}", lambda leaf: rounded, _price(leaf), rounded)


def _price(leaf: LeafParts) -> float:
    """A factor of no name says nothing about one or two entries, unless a larger leaf has it too."""
    return UNFAMILIAR if leaf.data.size >= FEWEST_ENTRIES else ANYTHING + 1


def _number(name: str, leaf: LeafParts) -> float:
    return factor_value(name, leaf.counts)


def _names(value: float, error: float, leaf: LeafParts) -> Iterator[tuple[str, float]]:
    for name, factor in named_factors(leaf.counts).items():
        if abs(value - factor.value) <= error:
            yield name, factor.cost


def round_number(value: float, error: float) -> float:
    """The number with the fewest digits within the uncertainty, if there is one of 6; else the number itself."""
    rounded = (float(f"{value:.{digits}g}") for digits in range(1, 7))
    return next((number for number in rounded if abs(number - value) <= error), value)


def _penalties(beta: float, error: float, leaf: LeafParts, key: str) -> Iterator[Hypothesis]:
    if abs(beta - leaf.decay) <= error:
        return
    if leaf.decay == 0:
        yield from _unasked(beta, error, leaf, key)
        return
    ratio, error = beta / leaf.decay, error / abs(leaf.decay)
    if abs(ratio) <= error:
        yield Hypothesis("penalty_missing", "", _penalty(lambda leaf: 0.0), FAMILIAR, 0.0)
        return
    if abs(ratio - 1 / leaf.norm) <= error:
        inverse = lambda leaf: 1 / leaf.norm
        yield Hypothesis("penalty_norm", "W / |W|, the norm's derivative", _penalty(inverse))
    names = list(_names(ratio, error, leaf))
    for name, cost in names:
        named = partial(_number, name)
        yield Hypothesis("penalty_factor", name, _penalty(named), cost, ratio)
    if not names:
        rounded = round_number(ratio, error)
        yield Hypothesis("penalty_factor", f"{rounded:.6g}", _penalty(lambda leaf: rounded), _price(leaf), rounded)


def _penalty(ratio: Callable[[LeafParts], float]) -> Callable[[LeafParts], np.ndarray]:
    return lambda leaf: ratio(leaf) * leaf.decay * leaf.parameter


def _unasked(beta: float, error: float, leaf: LeafParts, key: str) -> Iterator[Hypothesis]:
    """A penalty where the loss has none: on biases, or at all."""
    kind = "penalty_on_biases" if key == "b" else "penalty_extra"
    same = leaf.counts.l2 and abs(beta - leaf.counts.l2) <= error
    rounded = leaf.counts.l2 if same else round_number(beta, error)
    familiar = same or rounded == float(f"{rounded:.3g}")
    if familiar or leaf.data.size >= FEWEST_ENTRIES:
        of = lambda leaf: rounded * leaf.parameter
        yield Hypothesis(kind, f"{rounded:.6g}", of, FAMILIAR if familiar else UNFAMILIAR, rounded)


def _signs(beta: float, error: float, leaf: LeafParts) -> Iterator[Hypothesis]:
    """The derivative of the sum of absolute values, where a sum of squares is asked for."""
    if leaf.decay and abs(beta - leaf.decay) <= error and leaf.data.size > 1:
        of = lambda leaf: leaf.decay * np.sign(leaf.parameter)
        yield Hypothesis("penalty_norm", "sign(W), the derivative of |W|", of)
