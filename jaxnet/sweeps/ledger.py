"""What is known so far: the curves, the epochs and the last state of every member."""

from typing import NamedTuple

import jax
import numpy as np

from jaxnet.sweeps.planning import Plan, place_of
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


def columns(ledger: Ledger) -> list[np.ndarray]:
    """Return the arrays [P, ...] of a record."""
    return [*ledger.curves.values(), ledger.epochs, ledger.diverged]


def carried(plan: Plan, ledger: Ledger, extended: Plan) -> Ledger:
    """Return the record of a plan for one that extends it by further configurations; decisions are made anew."""
    more = empty(extended)
    known = np.arange(len(plan.members.ids))
    for name, curve in ledger.curves.items():
        more.curves[name][known] = curve
    more.epochs[known], more.diverged[known] = ledger.epochs, ledger.diverged
    for member in known.tolist():
        (group, slot), (place, seat) = place_of(plan, member), place_of(extended, member)
        for old, new in zip(jax.tree.leaves(ledger.lanes[group]), jax.tree.leaves(more.lanes[place]), strict=True):
            new[seat] = old[slot]
    return more


def values_at(plan: Plan, ledger: Ledger, epochs: int | np.ndarray) -> np.ndarray:
    """Return the metric [C, seeds x folds] of every member at an epoch, one for all or one a configuration [C].

    NaN where a member diverged by then or was not trained so far.
    """
    at = np.broadcast_to(epochs, len(plan.configurations))[plan.members.configuration]
    values = ledger.curves[plan.metric][np.arange(len(at)), at - 1].astype(np.float64)
    diverged = (ledger.diverged > 0) & (ledger.diverged <= at)
    return np.where(diverged | ~np.isfinite(values), np.nan, values).reshape(len(plan.configurations), -1)


def scores(plan: Plan, ledger: Ledger, epochs: int | np.ndarray) -> np.ndarray:
    """Return the score [C] of every configuration at an epoch: the mean over its seeds and folds, NaN as above."""
    return values_at(plan, ledger, epochs).mean(axis=1)


def unfinished(plan: Plan, ledger: Ledger) -> str:
    """Say how far a sweep is that has not come to its end; nothing of one that has."""
    rungs = sum(len(bracket.rungs) for bracket in plan.brackets)
    audited = plan.members_of(ledger.audited)
    behind = (ledger.epochs[audited] < plan.epochs) & (ledger.diverged[audited] == 0)
    if len(ledger.decisions) == rungs and not behind.any():
        return ""
    where = f"{len(ledger.decisions)} of {rungs} rungs are decided"
    return f"not finished: {where}, {int(ledger.epochs.sum())} model-epochs trained; the same sweep goes on"


def levels(plan: Plan, ledger: Ledger) -> np.ndarray:
    """Return the epoch [C] at which every configuration was ranked last: the end, unless it was pruned before."""
    found = np.zeros(len(plan.configurations), np.int64)
    for decision in ledger.decisions:
        found[list(decision.ranked)] = decision.epochs
    found[ledger.audited] = plan.epochs
    return found
