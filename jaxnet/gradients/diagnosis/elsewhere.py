"""What the gradient under test says at other points: an explanation has to hold there as well.

Other parameters, and half of the batch: there n is another number, and what fitted by chance does not fit again.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.gradients.diagnosis.backward_settings import Setting, Wrong
from jaxnet.gradients.diagnosis.factors import Counts, factor_value
from jaxnet.gradients.diagnosis.tolerances import NOISE_ELSEWHERE, NOTHING, PROBE_ROUNDINGS, SAME_GRADIENT
from jaxnet.gradients.evidence import Evidence
from jaxnet.gradients.example_axis import any_order, examples_at


class Elsewhere(NamedTuple):
    """f at another point, what is countable there, the setting that explanations come from, and the unit roundoff."""

    setting: Setting
    counts: Counts
    origin: Setting
    eps: float

    def there(self, wrong: Wrong) -> Wrong | None:
        """The same wrong line at this point; None where there is none, as of a loop of one turn."""
        mutation = self.setting.same(wrong.mutation, self.origin.recorded)
        return None if mutation is None else wrong._replace(mutation=mutation)

    def holds(self, found: Sequence[Wrong], names: Callable[[Wrong], list[str]]) -> bool:
        """Whether wrong lines explain this point, too: with their factors as numbers, or as what these are called."""
        there = [each for w in found if (each := self.there(w)) is not None]
        if len(there) < len(found):
            return True
        named = lambda w: [w, *(self._called(w, name) for name in names(w))] if w.mutation.free else [w]
        return any(self._near(each) for each in itertools.product(*map(named, there)))

    def names_that_hold(self, wrong: Wrong, found: Sequence[Wrong], names: list[str]) -> list[str]:
        """Of the names of a factor those that it has here as well, beside what else was found."""
        mine = self.there(wrong)
        if mine is None or not wrong.mutation.free:
            return names
        others = [each for w in found if w is not wrong and (each := self.there(w)) is not None]
        return [name for name in names if self._near([self._called(mine, name), *others])]

    def _called(self, wrong: Wrong, name: str) -> Wrong:
        return wrong._replace(extent=1 - factor_value(name, self.counts))

    def _near(self, found: Sequence[Wrong]) -> bool:
        setting, size = self.setting, lambda a: float(np.linalg.norm(a * self.setting.weight))
        (predicted,) = setting.replay([found], everything=True)
        error = size(setting.yours - predicted) / max(size(setting.yours), NOTHING)
        if not np.isfinite(error) or error <= max(PROBE_ROUNDINGS * self.eps, SAME_GRADIENT):
            return True
        # a leaf whose gradient is zero has nothing but rounding, here as there
        return bool((np.abs(setting.yours - predicted) <= NOISE_ELSEWHERE * setting.allowed).all())


def elsewhere(evidence: Evidence, counts: Counts, origin: Setting) -> Iterator[Elsewhere]:
    """Yield the other points at which the function under test answers."""
    for params, data, there in _points(evidence, counts):
        mine = evidence.elsewhere(params, *data)
        setting = None if mine is None else Setting.at(evidence, params, data, mine)
        if setting is not None:
            yield Elsewhere(setting, there, origin, evidence.eps)


def _points(evidence: Evidence, counts: Counts) -> Iterator[tuple[Any, tuple[Any, ...], Counts]]:
    random = np.random.default_rng(1)
    nudged = jax.tree.map(lambda leaf: leaf * (1 + 0.1 * random.normal(size=leaf.shape)), evidence.params)
    yield nudged, evidence.data, counts
    axis, n, f = evidence.example_axis, counts.examples or 0, functools.partial(evidence.objective, evidence.params)
    # there is no half of a sequence, whose length f may have in its code
    if axis is not None and n > 1 and any_order(f, evidence.data, axis):
        half = np.arange((n + 1) // 2)
        yield evidence.params, examples_at(evidence.data, axis, half), counts._replace(examples=len(half))
