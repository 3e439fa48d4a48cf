"""Which learning rate? A small sweep of constant rates and several seeds, in place of one ramp of one network."""

import dataclasses
import os
from typing import Any

import numpy as np

from jaxnet.sweeps.execution import sweep
from jaxnet.sweeps.number_ranges import Float
from jaxnet.sweeps.parameters import Seeds
from jaxnet.sweeps.plan_arguments import plan
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.space import Space


@dataclasses.dataclass(frozen=True, eq=False)
class Rates:
    """What a sweep over learning rates says.

    Attributes:
        result: the sweep, for figures and tables.
        best: the rate with the lowest mean loss after these few epochs.
        tied: the rates that cannot be told from it, and itself; empty with one seed.
        stable: the highest rate up to which no seed diverged; NaN where every rate diverged.
    """

    result: Result
    best: float
    tied: tuple[float, ...]
    stable: float

    def __str__(self) -> str:
        others = ", ".join(f"{rate:.3g}" for rate in self.tied if rate != self.best)
        tied = f" (not to be told from {others})" if others else ""
        stable = f"no seed diverged up to {self.stable:.3g}" if self.stable == self.stable else "every rate diverged"
        return f"best learning rate {self.best:.3g}{tied}; {stable}"


def learning_rates(
    data: Any,
    *,
    low: float = 1e-4,
    high: float = 10.0,
    n: int = 16,
    seeds: int = 3,
    epochs: int = 5,
    out: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Rates:
    """Train with ``n`` constant learning rates from ``low`` to ``high``, ``seeds`` times each, for a few epochs.

    ``out`` is a folder that keeps the sweep. ``options`` are those of ``plan``: hidden=, optimizer=, batch_size=,
    output=, validation= and so on. Returns ``Rates``; raises what ``plan`` and ``sweep`` raise.
    """
    space = Space(learning_rate=Float(low, high, log=True), seed=Seeds(seeds))
    result = sweep(plan(space, data, method="grid", n=n, epochs=epochs, **options), out=out)
    rates = result.parameters()["learning_rate"]
    summary = result.summary()
    diverged = np.zeros(len(rates), bool)
    diverged[np.asarray(summary["configuration"])] = np.asarray(summary["diverged"]) > 0
    # rates ascend, so the first that diverged for any seed bounds the stable ones, whatever came out beyond it
    before = int(np.argmax(diverged)) if diverged.any() else len(rates)
    tied = np.asarray(summary["configuration"])[np.asarray(summary["tied"])]
    stable = float(rates[before - 1]) if before else float("nan")
    return Rates(result, float(rates[result.ranking()[0]]), tuple(sorted(rates[tied].tolist())), stable)
