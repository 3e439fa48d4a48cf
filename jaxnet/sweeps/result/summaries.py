"""From a sweep to what it says: the summary of each configuration, what to beware of, what halving missed.

Everything here is a function of a plan and its history, however far that is.
"""

from typing import Any, NamedTuple

import numpy as np

from jaxnet.metrics import metric_bounds
from jaxnet.sweeps.configuration import PARAMETER_NAMES
from jaxnet.sweeps.history import (
    SweepHistory,
    fronts_of,
    levels,
    objective_means,
    ranking,
    scores,
    unfinished,
    values_at,
)
from jaxnet.sweeps.number_ranges import Float, Int
from jaxnet.sweeps.parameters import unconditional
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.result.columns import Columns, parameter_columns
from jaxnet.sweeps.result.selection import chosen_summary, tied_with_best
from jaxnet.sweeps.result.statistics import Summary, rank_correlation, summarise
from jaxnet.training.signs import sign_of_sickness

_NO_BEST = "best: none, for every configuration has a run that diverged or was not begun"
_CHOSEN = "(of what was chosen by these values; confirm(...) needs no such correction)"
_LISTED = 8  # configurations tied with the best that a warning lists
_BOUND = 0.05  # of a parameter's range, within which a best value counts as lying at its bound


class Audit(NamedTuple):
    """What the pruned configurations that were trained to the end say of halving."""

    audited: int
    better: int  # of them that ended better than the best that was kept
    regret: float  # by how much the best of them did; 0 where none did
    correlations: dict[int, float]  # rung's epochs -> Spearman's correlation of its scores and the final ones

    def __str__(self) -> str:
        if not self.audited:
            return "halving was not audited"
        correlations = ", ".join(f"{value:.2f} at {epochs}" for epochs, value in self.correlations.items())
        return (
            f"halving: {self.better} of {self.audited} audited configurations ended better than the best kept "
            f"(regret {self.regret:.4g}); rank correlation with the end: {correlations or 'too few to say'}"
        )


def summary_columns(plan: Plan, history: SweepHistory) -> Columns:
    """Return one row a configuration [C], the best first.

    The interval of the best is for what was chosen, those of the others for one that is looked at for other reasons.
    """
    order, values, bounds = ranking(plan, history), _last_values(plan, history), metric_bounds(plan.metric)
    others = [summarise(values[c], overlap=_overlap(plan), bounds=bounds) for c in order[1:]]
    each = [best_summary(plan, history), *others]
    columns = {"configuration": np.array(order)}
    columns |= {name: column[order] for name, column in parameter_columns(plan.configurations).items()}
    columns |= {"epochs": levels(plan, history)[order], "n": np.full(len(order), values.shape[1])}
    columns |= {name: np.array([getattr(one, name) for one in each]) for name in each[0]._fields}
    diverged = (history.diverged > 0).reshape(len(order), -1)
    same = tied_configurations(plan, history) or ()
    if plan.others:
        means = objective_means(plan, history)[order, 1:]
        columns |= {name: column for (name, _), column in zip(plan.others, means.T, strict=True)}
        columns |= {"front": fronts_of(plan, history)[order]}
    columns |= {"diverged": diverged.mean(axis=1)[order], "tied": np.array([c in same for c in order])}
    return Columns(columns)


def best_summary(plan: Plan, history: SweepHistory) -> Summary:
    """Summarise the best configuration, with an interval that allows for its having been chosen."""
    longest = _longest(plan, history)
    values = _last_values(plan, history)[longest]
    return chosen_summary(values, 0, plan.goal, overlap=_overlap(plan), bounds=metric_bounds(plan.metric))


def tied_configurations(plan: Plan, history: SweepHistory) -> list[int] | None:
    """Return the configurations that cannot be told from the best at 5 %, by a comparison of all with all.

    Only those trained as long as the best are compared; None where each has one value only.
    """
    return tied_with_best(_last_values(plan, history), _longest(plan, history), overlap=_overlap(plan))


def _longest(plan: Plan, history: SweepHistory) -> list[int]:
    """Return the configurations that were trained as long as the best, which stands first."""
    order, reached = ranking(plan, history), levels(plan, history)
    return [c for c in order if reached[c] == reached[order[0]]]


def cautions(plan: Plan, history: SweepHistory) -> list[str]:
    """Say what to beware of."""
    best, values = ranking(plan, history)[0], _last_values(plan, history)
    behind = unfinished(plan, history)
    said = [behind] if behind else []
    found = np.isfinite(values[best]).all()
    said += [f"{text}: widen the space there" for text in at_bounds(plan, best)] if found else []
    same = tied_configurations(plan, history)
    if same is None:
        said.append("one seed a configuration says nothing of chance: use seed=jn.Seeds(5) or confirm(...)")
    elif len(same) > 1:
        others = [str(c) for c in same if c != best]
        listed = ", ".join(others[:_LISTED]) + (", ..." if len(others) > _LISTED else "")
        said.append(f"{len(others)} others cannot be told from the best by {values.shape[1]} values each: {listed}")
    diverged = int(np.sum(history.diverged > 0))
    if diverged:
        said.append(f"{diverged} of {len(history.diverged)} members diverged")
    return said + [f"the best looks sick: {words} (jn.diagnose says more)" for words in sickness(plan, history, best)]


def sickness(plan: Plan, history: SweepHistory, configuration: int) -> list[str]:
    """Return what the curves of a configuration show to be wrong, in one sentence or none: that of the members of
    which most show the same."""
    signs = []
    for member in plan.members_of([configuration]):
        curves = {name: curve[member, : history.epochs[member]] for name, curve in history.curves.items()}
        sign = sign_of_sickness(curves, diverged=bool(history.diverged[member] > 0))
        signs += [sign] if sign is not None else []
    kinds = [sign.kind for sign in signs]
    # one seed of several that went astray is chance, not sickness
    most = [sign for sign in signs if 2 * kinds.count(sign.kind) > len(plan.members_of([configuration]))]
    return [sign.sentence for sign in most[:1] if sign.kind != "diverged"]  # which is counted already


def at_bounds(plan: Plan, configuration: int) -> list[str]:
    """Name the parameters whose value lies within 5 % of a bound of the space (of its logarithm, where it has one).

    A lower bound of 0 is no bound of the space but of the parameter.
    """
    found = []
    for name, value in plan.configurations[configuration].items():
        parameter = unconditional(plan.space.parameters.get(name))
        if isinstance(parameter, Float | Int):
            unit = parameter.unit(value)
            natural = unit <= _BOUND and parameter.low == 0 and name in PARAMETER_NAMES  # none of them can be less
            if not _BOUND < unit < 1 - _BOUND and not natural:
                bound = parameter.low if unit <= _BOUND else parameter.high
                found.append(f"the best {name}, {value:.4g}, lies at its bound {bound:g}")
    return found


def halving_audit(plan: Plan, history: SweepHistory) -> Audit | None:
    """Compare the audited with the best that was kept, and each rung's scores with the final ones."""
    if plan.halving is None:
        return None
    sign = 1 if plan.goal == "min" else -1  # below, less is better
    final = sign * scores(plan, history, plan.epochs)
    finished = np.flatnonzero(levels(plan, history) == plan.epochs)
    kept = np.setdiff1d(finished, history.audited)
    best = np.nanmin(np.append(final[kept], np.inf))
    gain = best - final[history.audited]
    # two means of the same numbers may differ by the rounding of their sums: that is no gain
    rounding = np.finfo(plan.task.dtype).eps * abs(best) if np.isfinite(best) else 0.0
    better = gain[gain > rounding]
    correlations = {}
    for epochs in sorted({decision.epochs for decision in history.decisions} - {plan.epochs}):
        early = sign * scores(plan, history, epochs)
        both = finished[np.isfinite(early[finished]) & np.isfinite(final[finished])]
        value = rank_correlation(early[both], final[both])
        if np.isfinite(value):
            correlations[epochs] = value
    return Audit(len(history.audited), len(better), float(better.max()) if len(better) else 0.0, correlations)


def overview(plan: Plan, history: SweepHistory) -> str:
    """Say in a few lines what came out: size, best, what to beware of."""
    best = ranking(plan, history)[0]
    one = best_summary(plan, history)
    interval = f", 95 % interval {one.low:.4g} to {one.high:.4g} {_CHOSEN}" if np.isfinite(one.low) else ""
    short = lambda value: f"{value:.4g}" if isinstance(value, float) else str(value)
    values = ", ".join(f"{name}={short(value)}" for name, value in plan.configurations[best].items())
    lines = [
        f"{len(plan.configurations)} configurations, {len(plan.members.ids)} members, "
        f"{int(history.epochs.sum())} model-epochs",
        f"best: {best} ({values}): {plan.metric} {one.mean:.4g}{interval}" if np.isfinite(one.mean) else _NO_BEST,
        *([_evolved(history)] if plan.evolution else []),
        *([_front(plan, history)] if plan.others else []),
        *cautions(plan, history),
        *(f"new in the folder: {line}" for line in history.new),
    ]
    return "\n".join(lines + ([str(halving_audit(plan, history))] if plan.halving else []))


def _front(plan: Plan, history: SweepHistory) -> str:
    """Say which configurations no other beats in all objectives."""
    front, means = fronts_of(plan, history), objective_means(plan, history)
    first = [c for c in ranking(plan, history) if front[c] == 1]
    names = ", ".join(name for name, _ in plan.objectives)
    each = "; ".join(f"{c}: {', '.join(f'{value:.4g}' for value in means[c])}" for c in first[:_LISTED])
    return f"Pareto front, {len(first)} of {len(front)} configurations ({names}): {each}" + (
        "; ..." if len(first) > _LISTED else ""
    )


def _evolved(history: SweepHistory) -> str:
    copies = sum(parent != c for one in history.lineage for c, parent in enumerate(one.parents))
    rungs = len(history.lineage) - 1
    return f"pbt: {copies} networks were taken over at {rungs} rungs; the numbers shown are the last (result.lineage())"


def sklearn_results(plan: Plan, history: SweepHistory) -> dict[str, Any]:
    """Return what scikit-learn's ``cv_results_`` has: parameters, split, mean, standard deviation and rank [C]."""
    values = (-1 if plan.goal == "min" else 1) * _last_values(plan, history)  # there, greater is better
    found: dict[str, Any] = {"params": [dict(configuration) for configuration in plan.configurations]}
    for name in parameter_columns(plan.configurations):
        column = np.empty(len(plan.configurations), object)
        column[:] = [configuration.get(name) for configuration in plan.configurations]
        absent = [name not in configuration for configuration in plan.configurations]
        found[f"param_{name}"] = np.ma.MaskedArray(column, mask=absent, fill_value=None)
    found |= {f"split{i}_test_score": column for i, column in enumerate(values.T)}
    ranks = np.empty(len(values), np.int32)
    ranks[ranking(plan, history)] = np.arange(1, len(values) + 1)
    return found | {"mean_test_score": values.mean(1), "std_test_score": values.std(1), "rank_test_score": ranks}


def _last_values(plan: Plan, history: SweepHistory) -> np.ndarray:
    """Return the metric [C, seeds x folds] at the epoch where each configuration was ranked last."""
    return values_at(plan, history, levels(plan, history))


def _overlap(plan: Plan) -> float:
    """Return the size of a held-out fold over that of its training part; 0 without folds."""
    folds = plan.space.folds
    if folds is None or plan.task.folds is None:
        return 0.0
    if folds.plain:
        return 1 / (len(plan.task.folds) - 1)
    return float(np.mean([len(fold.held) / len(fold.train) for fold in plan.task.folds]))
