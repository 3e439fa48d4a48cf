"""What is known so far of a sweep: the curves, the epochs and the last state of every member, and how they rank.

Rankings are functions of the curves alone, so whatever was interrupted, extended or read back comes to the same.
"""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.accelerators import require_memory
from jaxnet.sweeps.groups import first_lanes
from jaxnet.sweeps.pareto import fronts
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.rungs import Decision, rank
from jaxnet.sweeps.states import States
from jaxnet.sweeps.tiles import Lane


class Generation(NamedTuple):
    """The configurations of a population from a rung on."""

    epochs: int  # of the rung; 0 at the beginning
    parents: tuple[int, ...]  # of each configuration, the one whose network it goes on with: itself, or another
    configurations: list[dict[str, Any]]


class SweepHistory(NamedTuple):
    """The record of a sweep; its arrays are filled while it runs."""

    curves: dict[str, np.ndarray]  # name -> [P, epochs], NaN where a member was not trained
    epochs: np.ndarray  # [P] that each member was trained for, the diverged one included
    diverged: np.ndarray  # [P], the epoch, from 1, in which it diverged; 0 if it did not
    stopped: np.ndarray  # [P], the epoch, from 1, in which its stopping rule ended it; 0 if it did not
    states: list[States]  # of each group
    decisions: list[Decision]
    audited: list[int]  # configurations that were pruned and trained to the end all the same
    new: list[str]  # what the plan adds to an earlier one of its folder, in lines
    generations: np.ndarray  # [P], of population-based training: the rungs at which members were copied so far
    lineage: list[Generation]  # of it: the first configurations, and those after each rung


def empty_history(plan: Plan) -> SweepHistory:
    """Return the record before the first epoch."""
    count = len(plan.members.ids)
    size = count * plan.epochs * len(plan.names) * plan.task.dtype.itemsize
    require_memory("epochs", size, f"curves of {plan.epochs} epochs of {count} members")
    curves = {name: np.full((count, plan.epochs), np.nan, plan.task.dtype) for name in plan.names}
    first = lambda group: functools.partial(first_lanes, group, plan.members, plan.task)
    states = [States(len(group.members), first(group)) for group in plan.groups]
    epochs, diverged, stopped, generations = np.zeros((4, count), np.int64)
    return SweepHistory(curves, epochs, diverged, stopped, states, [], [], [], generations, [])


def carried_history(plan: Plan, history: SweepHistory, extended: Plan) -> SweepHistory:
    """Return the record of a plan for one that extends it by further configurations; decisions are made anew, but for
    those of a pruner, which each round has for itself."""
    more = empty_history(extended)
    more.new.extend(history.new)
    if plan.asking and plan.asking.pruner:
        more.decisions.extend(history.decisions)
    known = np.arange(len(plan.members.ids))
    for name, curve in history.curves.items():
        more.curves[name][known] = curve
    for kept, old in zip(_counts(more), _counts(history), strict=True):
        kept[known] = old
    for member in known.tolist():
        # further configurations may make new groups, or come between the members of an old one
        (group, slot), (new_group, new_slot) = plan.place_of(member), extended.place_of(member)
        more.states[new_group].carry(new_slot, history.states[group], slot)
    return more


def state_of(plan: Plan, history: SweepHistory, member: int) -> Lane:
    """Return the last state of a member, as NumPy arrays; raises ValueError where it was not kept."""
    group, slot = plan.place_of(member)
    return jax.tree.map(lambda leaf: leaf[0], history.states[group].read(np.array([slot])))


def state_bytes(history: SweepHistory) -> int:
    """Count the bytes of the states of all members."""
    return sum(states.count * states.layout.bytes for states in history.states)


def forget(plan: Plan, history: SweepHistory, members: np.ndarray) -> None:
    """Let the states of some members go."""
    groups, slots = plan.places_of(members)
    for index in np.unique(groups):
        history.states[index].forget(slots[groups == index])


def gone(plan: Plan, history: SweepHistory, members: np.ndarray) -> np.ndarray:
    """Say of which members [n] the states were let go."""
    groups, slots = plan.places_of(members)
    found = np.zeros(len(members), bool)
    for index in np.unique(groups):
        found[groups == index] = history.states[index].gone(slots[groups == index])
    return found


def member_arrays(history: SweepHistory) -> list[np.ndarray]:
    """Return the arrays [P, ...] of a record."""
    return [*history.curves.values(), *_counts(history)]


def _counts(history: SweepHistory) -> tuple[np.ndarray, ...]:
    return history.epochs, history.diverged, history.stopped, history.generations


def behind(plan: Plan, history: SweepHistory, target: int, members: Any = slice(None)) -> np.ndarray:
    """Say which members [P], or of some [n], are still to be trained to an epoch: neither there, nor at their end."""
    ended = (history.diverged[members] > 0) | (history.stopped[members] > 0)
    return ~ended & (history.epochs[members] < np.minimum(target, plan.most[members]))


def standing_epochs(plan: Plan, history: SweepHistory, epochs: int | np.ndarray) -> np.ndarray:
    """Return the epoch [P], from 1, whose values and parameters stand for a member that is ranked at ``epochs``, which
    are one for all or one a member [P].

    The last one that it was trained for by then; or where members are ranked by their best, the one that was best of
    what its stopping rule watches (of several the first, or the latest, as it says), 0 where it has not come so far.
    """
    at = np.minimum(epochs, plan.most)
    at = np.where(history.stopped > 0, np.minimum(at, history.stopped), at)
    if (stop := plan.best_by) is not None:
        watched = history.curves[stop.monitor] * (1 if stop.goal == "min" else -1)
        seen = np.arange(watched.shape[1]) < np.expand_dims(at, 1)
        counted = np.where(seen & np.isfinite(watched), watched, np.inf)
        best = np.argmin(counted, axis=1) + 1
        if stop.latest:
            lowest = np.isfinite(counted) & (counted == counted.min(axis=1, keepdims=True))
            best = np.where(lowest.any(axis=1), watched.shape[1] - np.argmax(lowest[:, ::-1], axis=1), best)
        return np.where(history.epochs >= at, best, 0)
    return at


def values_at(plan: Plan, history: SweepHistory, epochs: int | np.ndarray, name: str | None = None) -> np.ndarray:
    """Return the metric, or another name of the history, [C, seeds x folds] of every member at an epoch, one for all or
    one a configuration [C].

    NaN where a member diverged by then or was not trained so far.
    """
    at = np.broadcast_to(epochs, len(plan.configurations))[plan.members.configuration]
    standing = standing_epochs(plan, history, at)
    values = history.curves[name or plan.metric][np.arange(len(at)), np.maximum(standing, 1) - 1].astype(np.float64)
    missing = (standing == 0) | ((history.diverged > 0) & (history.diverged <= at))
    return np.where(missing | ~np.isfinite(values), np.nan, values).reshape(len(plan.configurations), -1)


def scores(plan: Plan, history: SweepHistory, epochs: int | np.ndarray) -> np.ndarray:
    """Return the score [C] of every configuration at an epoch: the mean over its seeds and folds, NaN as above."""
    return values_at(plan, history, epochs).mean(axis=1)


def levels(plan: Plan, history: SweepHistory) -> np.ndarray:
    """Return the epoch [C] at which every configuration was ranked last: the end, unless it was pruned before."""
    found = np.zeros(len(plan.configurations), np.int64)
    for decision in history.decisions:
        found[list(decision.ranked)] = decision.epochs
    found[history.audited] = plan.epochs
    return found


def objective_means(plan: Plan, history: SweepHistory) -> np.ndarray:
    """Return the mean over seeds and folds of every objective [C, M], at the last rung of each configuration."""
    reached = levels(plan, history)
    return np.stack([values_at(plan, history, reached, name).mean(axis=1) for name, _ in plan.objectives], axis=1)


def fronts_of(plan: Plan, history: SweepHistory) -> np.ndarray:
    """Return the front [C] of each configuration: 1 where no other beats it in all objectives; 0 of none."""
    return fronts(objective_means(plan, history), [goal for _, goal in plan.objectives])


def ranking(plan: Plan, history: SweepHistory) -> list[int]:
    """Return all configurations, the best first: those trained longest by their score, then the pruned, then those
    with a member that diverged."""
    reached = levels(plan, history)
    last = scores(plan, history, reached)
    order = rank(range(len(last)), last, plan.goal)
    if plan.others:  # front by front, and within one by the first objective
        front = fronts_of(plan, history)
        order.sort(key=lambda configuration: int(front[configuration]) or len(front) + 1)
    longest = -np.where(np.isnan(last), 0, reached)
    return sorted(order, key=lambda configuration: longest[configuration])  # stable: within a level by the score


def unfinished(plan: Plan, history: SweepHistory) -> str:
    """Say how far a sweep is that has not come to its end; nothing of one that has."""
    rungs = sum(len(bracket.rungs) for bracket in plan.brackets)
    audited = plan.members_of(history.audited)
    if len(history.decisions) == rungs and not behind(plan, history, plan.epochs)[audited].any():
        return ""
    where = f"{len(history.decisions)} of {rungs} rungs are decided"
    return f"not finished: {where}, {int(history.epochs.sum())} model-epochs trained; the same sweep goes on"


def so_far(plan: Plan, history: SweepHistory) -> str:
    """Say in a few words, which must fit beside a bar: the rung, the best value so far, members begun, diverged."""
    values = history.curves[plan.metric][np.arange(len(history.epochs)), np.maximum(history.epochs - 1, 0)]
    seen = values[np.isfinite(values)]
    rungs = sum(len(bracket.rungs) for bracket in plan.brackets)
    words = [f"rung {min(len(history.decisions) + 1, rungs)}/{rungs}"] if rungs > 1 else []
    words += [f"best {seen.min() if plan.goal == 'min' else seen.max():.4g}"] if len(seen) else []
    words.append(f"{int((history.epochs > 0).sum())}/{len(history.epochs)} begun")
    diverged = int((history.diverged > 0).sum())
    return "  ".join([*words, *([f"{diverged} diverged"] if diverged else [])])
