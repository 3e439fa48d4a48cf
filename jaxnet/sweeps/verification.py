"""Read a sweep back without training, and train some of its members again to compare every bit."""

import contextlib
import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.execution import Prune, run_plan, train_by_rungs
from jaxnet.sweeps.history import SweepHistory, behind, empty_history, gone, state_of
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.store import Store
from jaxnet.sweeps.trainer import Trainer
from jaxnet.user_paths import file_path


class _Behind(Exception):
    """A member has not been trained as far as the next decision needs."""


class _NoTrainer:
    """Stands in for a trainer where nothing may be trained."""

    def __init__(self, plan: Plan, history: SweepHistory) -> None:
        self._plan, self._history = plan, history

    def advance(self, members: np.ndarray, target: int) -> None:
        """Raise ``_Behind`` unless every member is there already."""
        if behind(self._plan, self._history, target)[members].any():
            raise _Behind

    def forget(self, members: np.ndarray) -> None:
        """Nothing is let go of what is read."""

    def take_over(self, plan: Plan, pairs: Sequence[tuple[int, int]], generation: int) -> None:
        """Raise ``_Behind``: nothing is copied."""
        raise _Behind

    def go_on_with(self, plan: Plan) -> None:
        """Be told of other numbers."""

    def share(self) -> None:
        """There is nobody to share with."""


def load_sweep(plan: Plan, out: str | os.PathLike[str]) -> Result:
    """Read a sweep, finished or not, from its folder, also while it runs; nothing is trained or written.

    Decisions are those of the rungs that were reached. Raises FileNotFoundError where there is no sweep, and what
    ``sweep`` raises for a folder that is another sweep's, or damaged.
    """
    folder = file_path("out", out, "the path of a folder")
    if not (folder / "manifest.json").exists() and not (folder / "members.sqlite").exists():
        raise FileNotFoundError(f"{out}: no sweep there")

    def read(plan: Plan, history: SweepHistory, prune: Prune | None) -> bool:
        with contextlib.closing(Store(folder, plan, reading=True)) as store:
            store.restore(history)
        try:
            train_by_rungs(plan, history, _NoTrainer(plan, history), prune)
        except _Behind:
            return False
        return True

    return run_plan(plan, read)


def verify(result: Result, members: int = 3, *, seed: int = 0) -> dict[int, bool]:
    """Train some members, chosen by lot, again from the beginning; say of each whether every bit is the same.

    Bits are promised for the same platform, versions and width of tiles only; see the manifest.
    """
    trained = np.flatnonzero(result.history.epochs > 0)
    count = min(checks.integer("members", members, minimum=1), len(trained))
    chosen = np.sort(np.random.default_rng(seed).choice(trained, count, replace=False))
    kept = ~gone(result.plan, result.history, chosen)
    plan = dataclasses.replace(result.plan, keep="all")
    if plan.evolution:  # a member is what all of them together make it
        plan = plan.with_numbers(result.history.lineage[0].configurations)
    again = empty_history(plan)
    trainer = Trainer(plan, again, lambda done, reached: None)
    if plan.evolution:
        train_by_rungs(plan, again, trainer)
    for epochs in np.unique(result.history.epochs[chosen]):  # each as far as it came: the pruned no further
        trainer.advance(chosen[result.history.epochs[chosen] == epochs], int(epochs))
    records = lambda history: [_record(plan, history, m, states=s) for m, s in zip(chosen, kept, strict=True)]
    return {int(m): a == b for m, a, b in zip(chosen, records(again), records(result.history), strict=True)}


def _record(plan: Plan, history: SweepHistory, member: Any, *, states: bool) -> bytes:
    leaves = jax.tree.leaves(state_of(plan, history, int(member))) if states else []
    curves = [curve[member] for curve in history.curves.values()]
    # as bytes, for NaN must equal NaN, and 0.0 must not equal -0.0
    return b"".join(np.asarray(part).tobytes() for part in (*leaves, *curves))
