"""Right here, wrong elsewhere: a gradient function that is right at the point is asked at two more, nearby.

A point may hide a mistake: while b = 0 the gradient of a penalty on b is 0, and nobody misses it. So what is zero is
moved away from zero, and all the rest by a tenth of its size.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from jaxnet.gradients.also_right import also_right
from jaxnet.gradients.evidence import Cause, Evidence, by_path, within
from jaxnet.gradients.truth.comparison import Comparison, Truth
from jaxnet.gradients.truth.oracles import Automatic
from jaxnet.gradients.verdict import leaf_name

_POINTS, _STEP = 2, 0.1


def wrong_nearby(f: Callable[..., Any], truth: Truth, evidence: Evidence, *, precision: float) -> Evidence | None:
    """The evidence at a point nearby where a gradient is wrong that is right at the point itself; None if at none.

    A gradient that does not depend on its arguments says nothing about other points; a loss that is not finite there,
    has a corner there, or has nothing but differences of its values to judge by, neither.
    """
    if evidence.gradient is None or not isinstance(truth.oracle, Automatic):
        return None
    for params in _moved(evidence.params):
        with np.errstate(all="ignore"), contextlib.suppress(FloatingPointError):
            found = _wrong_at(f, truth, replace(evidence, params=params), precision)
            if found is not None:
                return found
    return None


def _moved(params: Any) -> Iterator[Any]:
    random = np.random.default_rng(20)

    def one(leaf: np.ndarray) -> np.ndarray:
        size = float(np.abs(leaf).max(initial=0.0)) or 1.0
        step = _STEP * random.uniform(0.5, 1.0, leaf.shape) * random.choice([-1.0, 1.0], leaf.shape)
        return leaf + step * np.where(leaf == 0, size, leaf)

    for _ in range(_POINTS):
        yield jax.tree.map(one, params)


def _wrong_at(f: Callable[..., Any], truth: Truth, evidence: Evidence, precision: float) -> Evidence | None:
    oracle, point = truth.oracle, (evidence.params, *evidence.data)
    mine = evidence.elsewhere(*point)
    if mine is None or not np.isfinite(oracle.value(*point)):
        return None
    true, high = oracle.gradient(*point), oracle.gradient(*point, slope=1.0)
    finite = all(np.isfinite(leaf).all() for leaf in true.values())
    if not finite or any(not np.array_equal(leaf, high[path]) for path, leaf in true.items()):
        return None
    noise = {path: leaf + precision for path, leaf in oracle.noise(*point, eps=evidence.eps).items()}
    right = all(within(leaf, true[path], noise[path]).all() for path, leaf in mine.items())
    compared = also_right(f, point, mine, Comparison(true, noise, right, evidence.eps, oracle.gradient))
    return None if compared.right else replace(evidence, yours=mine, true=compared.true, noise=compared.noise)


def hidden(here: Evidence, there: Evidence, causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """Say causes that were found nearby: which leaves are wrong there, and what hides it here."""
    wrong = [p for p, leaf in there.yours.items() if not within(leaf, there.true[p], there.noise[p]).all()]
    zero = [leaf_name(path) for path, leaf in by_path(here.params).items() if path in wrong and not leaf.any()]
    words = "Right at this point, wrong at parameters nearby"
    words += f" ({' and '.join(zero)} = 0 hides it here)" if zero else f" in {', '.join(map(leaf_name, wrong))}"
    known = [each for each in causes if each.kind != "unknown"]
    if not known:
        fix = "try the gradient at parameters of which none is 0 or equal to another"
        return (Cause("wrong_elsewhere", (), tuple(wrong), None, f"{words}.", fix, 1.0),)
    return tuple(replace(each, sentence=f"{words}: {each.sentence}") for each in known)
