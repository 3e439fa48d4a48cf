"""Experiments: what the gradient under test says about other batches settles what one batch leaves open.

A factor that equals both the number of examples and a width is told apart by half of the batch. Which examples count
is read from the gradient itself: it is linear in the weights of the examples.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from jaxnet.gradients.diagnosis.replay import Hypothesis, Mistakes
from jaxnet.gradients.diagnosis.tolerances import (
    MOST_WEIGHED,
    PROBE_ROUNDINGS,
    PROBE_SPEAKS,
    PROBE_SPREAD,
    WEIGHT_DIGITS,
    WEIGHTS_CONDITION,
    WHOLE_WEIGHT,
)
from jaxnet.gradients.evidence import Evidence, Gradient, residual
from jaxnet.gradients.example_axis import examples_at

Replay = Callable[..., Gradient | None]  # (params, *data) -> the gradient that an explanation predicts


def settle(evidence: Evidence, replays: Sequence[Replay]) -> list[int]:
    """Return which explanations also predict the gradient under test on other batches and other parameters.

    All stay where no experiment is possible, and where an experiment speaks for none of them.
    """
    left = list(range(len(replays)))
    for params, data in _probes(evidence) if len(left) > 1 else ():
        pairs = {i: _mine_and_predicted(evidence, replays[i], params, data) for i in left}
        errors = {i: residual(*pair) for i, pair in pairs.items() if pair is not None}
        best = min(errors.values(), default=np.inf)
        near = max(PROBE_ROUNDINGS * evidence.eps, PROBE_SPREAD * best)
        left = [i for i in left if i not in errors or errors[i] <= near] if best < PROBE_SPEAKS else left
        if len(left) == 1:
            break
    return left


def refuted(evidence: Evidence, replay: Replay) -> set[str]:
    """The leaves that are something else than an explanation predicts, on another batch or at other parameters."""
    found: set[str] = set()
    for params, data in _probes(evidence):
        pair = _mine_and_predicted(evidence, replay, params, data)
        off = lambda path, mine, predicted: residual({path: mine[path]}, {path: predicted[path]})
        found |= {path for path in pair[1] if off(path, *pair) > PROBE_SPEAKS} if pair else set()
    return found


def settled(evidence: Evidence, found: Sequence[Any], replay: Callable[[Any], Replay]) -> list[Any]:
    """Keep what other batches agree with of explanations, named tuples with ``mistakes``.

    Each is tried beside itself with mere numbers for factors of n: what stays when n changes is one of those.
    """
    candidates = [*found, *(each._replace(mistakes=m) for each in found if (m := _constants(evidence, each.mistakes)))]
    kept = settle(evidence, [replay(each) for each in candidates])
    return [candidates[i] for i in kept if i < len(found)] or [candidates[i] for i in kept]


def _constants(evidence: Evidence, mistakes: Mistakes) -> Mistakes | None:
    """The same wrong lines with mere numbers where a factor depends on n; None without any, or no function to tell."""
    numbers = {
        slot: Hypothesis(
            "factor", f"{each.factor:.6g}", lambda leaf, number=each.factor: number, each.cost, each.factor
        )
        for slot, each in mistakes.items()
        if slot[0].startswith(("scale", "times")) and each.factor and re.search(r"\bn\b", each.text)
    }
    return {**mistakes, **numbers} if numbers and evidence.gradient else None


def _probes(evidence: Evidence) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Half of the batch, the batch twice, one example, and the same batch at other parameters; none without a function
    to ask."""
    if evidence.gradient is None:
        return
    random = np.random.default_rng(0)
    nudge = lambda leaf: leaf * (1 + 0.1 * random.normal(size=leaf.shape))
    axis = evidence.example_axis
    if axis is not None:
        every = np.arange(np.shape(evidence.data[0])[axis])
        for chosen in (every[: (len(every) + 1) // 2], np.concatenate([every, every]), every[-1:]):
            yield evidence.params, examples_at(evidence.data, axis, chosen)
    yield jax.tree.map(nudge, evidence.params), evidence.data


def _mine_and_predicted(
    evidence: Evidence, replay: Replay, params: Any, data: tuple[Any, ...]
) -> tuple[Gradient, Gradient] | None:
    """The gradient under test elsewhere and what an explanation predicts; None where one has nothing to say."""
    try:
        predicted = replay(params, *data)
    except Exception:  # the user's own loss may refuse other batches, as one that divides by n - 1
        return None
    if predicted is None or not all(np.isfinite(leaf).all() for leaf in predicted.values()):
        return None
    mine = evidence.elsewhere(params, *data)
    return None if mine is None else (mine, predicted)


def counted_examples(target: np.ndarray, contributions: np.ndarray, allowed: np.ndarray) -> np.ndarray | None:
    """Find how each example counts in a gradient, from what each contributes to its entries.

    Args:
        target: entries of the gradient [M].
        contributions: what every example adds to them when it counts once [M, N].
        allowed: the differences that rounding explains [M].

    Returns the weights [N], 1 where an example counts as it should; None unless they are determined, fit, and are
    plain: some 0, or some counted twice.
    """
    count = contributions.shape[1]
    if not 2 <= count <= MOST_WEIGHED or len(target) <= count or not np.isfinite(contributions).all():
        return None
    scaled = contributions / allowed[:, None]
    weights, _, rank, _ = np.linalg.lstsq(scaled, target / allowed, rcond=WEIGHTS_CONDITION)
    fits = np.abs(contributions @ weights - target) <= allowed * max(1, np.abs(weights).max())
    values = {round(float(weight), WEIGHT_DIGITS) for weight in weights}
    plain = len(values) <= 3 and max(values) > 0
    if rank < count or not fits.all() or not plain or values == {1.0}:
        return None
    whole = np.round(weights)  # where a weight is one but for the error of the fit
    return np.where(np.abs(weights - whole) < WHOLE_WEIGHT, whole, weights) if len(values) > 1 else None
