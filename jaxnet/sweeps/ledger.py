"""What is known so far: the curves, the epochs and the last state of every member."""

from typing import NamedTuple

import numpy as np

from jaxnet.sweeps.plan import Plan
from jaxnet.sweeps.preparation import first_lanes
from jaxnet.sweeps.rungs import Decision
from jaxnet.sweeps.tiles import Lane


class Ledger(NamedTuple):
    """The record of a sweep; its arrays are filled while it runs."""

    curves: dict[str, np.ndarray]  # name -> [P, epochs], NaN where a member was not trained
    epochs: np.ndarray  # [P] that each member was trained for, the diverged one included
    diverged: np.ndarray  # [P], the epoch, from 1, in which it diverged; 0 if it did not
    lanes: list[Lane]  # of each group, leaves [P of the group, ...]
    decisions: list[Decision]
    audited: list[int]  # configurations that were pruned and trained to the end all the same


def empty(plan: Plan) -> Ledger:
    """Return the record before the first epoch."""
    count = len(plan.members.ids)
    curves = {name: np.full((count, plan.epochs), np.nan, plan.task.dtype) for name in plan.names}
    lanes = [first_lanes(group, plan.members, plan.task) for group in plan.groups]
    return Ledger(curves, np.zeros(count, np.int64), np.zeros(count, np.int64), lanes, [], [])


def scores(plan: Plan, ledger: Ledger, epochs: int) -> np.ndarray:
    """Return the score [C] of every configuration at an epoch: the mean over its seeds and folds.

    NaN where one of them diverged by then or was not trained so far.
    """
    values = ledger.curves[plan.metric][:, epochs - 1].astype(np.float64)
    diverged = (ledger.diverged > 0) & (ledger.diverged <= epochs)
    values = np.where(diverged | ~np.isfinite(values), np.nan, values)
    return np.array([values[plan.members.configuration == c].mean() for c in range(len(plan.configurations))])
