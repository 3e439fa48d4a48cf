"""Population-based training (Jaderberg et al. 2017): at rungs the worst take over the networks of the best, and go on
with other numbers.

Lanes and traced numbers are gathered at each rung anyway, so a copy is a copy of lanes, other numbers are other inputs
of the same program, and nothing compiles. Whatever is drawn follows from the root, the configuration and the rung, and
who copies whom from the curves, so that the same plan does the same again, also after it was interrupted.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.groups import Group, shapes_of_params
from jaxnet.sweeps.history import Generation, SweepHistory, member_arrays
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.parameters import Configuration, unconditional
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.rungs import PBT, Decision, rank
from jaxnet.sweeps.traced_numbers import Parting

_Number = Float | Int | Normal


class Copy(NamedTuple):
    """A configuration that takes over the networks of another, and with which numbers it goes on."""

    receiver: int
    parent: int
    configuration: dict[str, Any]


def evolving(plan: Plan) -> Plan:
    """Return a plan after refusing one by "pbt" whose numbers cannot change: ValueError, naming the argument."""
    if plan.evolution is None:
        return plan
    varied = [name for name, each in plan.space.parameters.items() if isinstance(unconditional(each), _Number)]
    checks.require(varied, "space", "a Float, Int or Normal that method='pbt' can change", checks.Words("none"))
    never = "none with method='pbt', whose members change their numbers on the way"
    checks.require("epochs" not in plan.space.parameters, "epochs", f"as a parameter {never}", checks.Words("one"))
    checks.require(plan.spec.stop is None, "stop", f"{never}; rank='last'", checks.Words("one, or rank='best'"))
    checks.require(plan.halving is None, "halving", never, plan.halving)
    checks.require(plan.keep == "all", "keep", "'all' with method='pbt'", plan.keep)
    every = plan.evolution.every
    checks.require(every < plan.epochs, "pbt.every", f"fewer than the plan's {plan.epochs} epochs", every)
    for group in plan.groups:
        shapes = shapes_of_params(group.networks[0], plan.task.dtype)
        params = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
        # a number within the state would go on with the lane that it was copied with, whatever it is changed to
        states = [jax.tree.leaves(optimizer.init(params)) for optimizer in group.optimizers]
        alike = all(np.array_equal(a, b) for state in states[1:] for a, b in zip(states[0], state, strict=True))
        checks.require(alike, "optimizer", "one without numbers in its state (inject_hyperparams)", checks.Words("one"))
    return plan


def begun(plan: Plan, history: SweepHistory) -> None:
    """Write down the first generation; begin all over where members of a folder are of several, one having been lost:
    what it was copied from is gone."""
    history.lineage[:] = [Generation(0, tuple(range(len(plan.configurations))), plan.configurations)]
    if len(np.unique(history.generations)) > 1:
        for states in history.states:
            states.begin_again(np.arange(states.count))
        for array in member_arrays(history):
            array[:] = np.nan if array.dtype.kind == "f" else 0


def evolve(plan: Plan, history: SweepHistory, decision: Decision, trainer: Any) -> Plan:
    """Let the worst of a decision take over from the best; return the plan with the numbers that members go on with."""
    scores = dict(zip(decision.ranked, decision.scores, strict=True))
    copies = [copy for group in plan.groups for copy in _copies(plan, group, scores, decision.epochs)]
    changed = {copy.receiver: copy.configuration for copy in copies}
    configurations = [changed.get(c, configuration) for c, configuration in enumerate(plan.configurations)]
    parents = {copy.receiver: copy.parent for copy in copies}
    parent_of = tuple(parents.get(c, c) for c in range(len(configurations)))
    generation = len(history.lineage)
    history.lineage.append(Generation(decision.epochs, parent_of, configurations))
    after = plan.with_numbers(configurations)
    if (history.generations < generation).all():  # else a folder has it already
        trainer.take_over(after, [(copy.receiver, copy.parent) for copy in copies], generation)
    else:
        trainer.go_on_with(after)
    return after


def take_over(plan: Plan, history: SweepHistory, pairs: Sequence[tuple[int, int]], generation: int) -> None:
    """Copy the states of the parents, as they are before any copy, to the receivers, seed by seed and fold by fold."""
    held: list[tuple[Any, ...]] = []  # all are read before any is written, for a parent may be a receiver elsewhere
    for receiver, parent in pairs:
        to, of = plan.members_of([receiver]), plan.members_of([parent])
        groups, slots = plan.places_of(of)
        held.append((to, of, history.states[int(groups[0])], slots))
    for to, of, states, lanes in [(*each, states, states.read(slots)) for *each, states, slots in held]:
        states.write(plan.places_of(to)[1], lanes)
        for counts in (history.epochs, history.diverged, history.stopped):
            counts[to] = counts[of]
    history.generations[:] = generation


def _copies(plan: Plan, group: Group, scores: dict[int, float], epochs: int) -> list[Copy]:
    """Say who takes over from whom in a group, whose members share a program; from the best share, drawn by lot."""
    mine = group.configurations.tolist()
    values = [scores[c] for c in mine]
    ranked = [mine[i] for i in rank(mine, values, plan.goal)]
    sound = [c for c in ranked if np.isfinite(scores[c])]
    rule = plan.evolution or PBT(1)
    count = max(1, int(rule.share * len(ranked)))
    best = sound[: min(count, len(sound) - 1) or 1]
    # whoever diverged is a receiver however many there are
    worst = [c for c in ranked[len(ranked) - count :] if c not in best]
    worst += [c for c in ranked if c not in sound and c not in worst]
    if not best or len(ranked) < 2:
        return []
    parting, found = Parting(plan.spec), []
    for receiver in worst:
        draw = np.random.default_rng([plan.task.root, receiver, epochs])
        parent = best[int(draw.integers(len(best)))]
        found.append(
            Copy(receiver, parent, _explored(plan, group, plan.configurations[parent], draw, how=(rule, parting)))
        )
    return found


def _explored(
    plan: Plan, group: Group, configuration: Configuration, draw: Any, *, how: tuple[PBT, Parting]
) -> dict[str, Any]:
    """Change the numbers of a configuration, each by itself; what would need another program, or break a constraint,
    stays."""
    rule, parting = how
    kept = dict(configuration)
    for name, each in plan.space.parameters.items():
        parameter = unconditional(each)
        if not isinstance(parameter, _Number) or name not in kept:
            continue
        anew, up = draw.random() < rule.resample, draw.random() < 0.5
        value = parameter.at([draw.random()])  # drawn in any case, so that what follows does not depend on it
        value = value if anew else changed(parameter, kept[name], rule.factor if up else 1 / rule.factor)
        settled = plan.space.settle({**kept, name: value})
        if settled is not None and _same_program(plan, group, settled, parting):
            kept = settled
    return kept


def _same_program(plan: Plan, group: Group, configuration: Configuration, parting: Parting) -> bool:
    try:
        training = parting.settled(plan.spec.training(configuration, padding=True))
        if plan.spec.varied:
            plan.spec.varied.of(configuration)
    except (ValueError, TypeError):  # a number that this network, optimizer, weight= or targets= cannot have
        return False
    return parting(training)[0] == group.skeletons and training.batch_size == group.training.batch_size


def changed(parameter: Any, value: float, factor: float) -> Any:
    """Return a number multiplied by a factor, brought to what its parameter can be: within bounds, and on its steps.

    Of a ``Normal`` around any middle it is moved by as many of its standard deviations as the factor is above 1.
    """
    if isinstance(parameter, Normal):
        moved = value * factor if parameter.log else value + (factor - 1) * parameter.sd
        low = -np.inf if parameter.low is None else parameter.low
        return float(min(max(moved, low), parameter.highest))
    if isinstance(parameter, Int):
        moved = round(value * factor)
        if moved == value:  # a small whole number rounds to itself
            moved = value + (1 if factor > 1 else -1)
        if parameter.step is not None:
            return min(parameter.levels(None), key=lambda level: abs(level - moved))
        return int(min(max(moved, parameter.low), parameter.high))
    inside = min(max(value * factor, parameter.low), parameter.high)
    return parameter.at([parameter.unit(inside)]) if parameter.step is not None else float(inside)
