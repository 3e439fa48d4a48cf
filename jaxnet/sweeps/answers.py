"""From a sweep to what it says: the summary of each configuration, what to beware of, what halving missed."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxnet.sweeps.ledger import scores, unfinished
from jaxnet.sweeps.parameters import Float, Int, unconditional
from jaxnet.sweeps.recipe import NAMES
from jaxnet.sweeps.statistics import rank_correlation, summarise, tied_with_best
from jaxnet.sweeps.tables import Table

if TYPE_CHECKING:
    from jaxnet.sweeps.planning import Plan
    from jaxnet.sweeps.result import Result

NONE = "best: none, for every configuration has a run that diverged or was not begun"
LISTED = 8  # configurations tied with the best that a warning lists
BOUND = 0.05  # of a parameter's range, within which a best value counts as lying at its bound


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


def overlap_of(plan: "Plan") -> float:
    """Return the size of a held-out fold over that of its training part; 0 without folds."""
    return 0.0 if plan.space.folds is None else 1 / (plan.space.folds.count - 1)


def summary(result: "Result") -> Table:
    """Return one row a configuration, the best first."""
    order, values, overlap = result.ranking(), result.values(), overlap_of(result.plan)
    each = [summarise(values[c], overlap=overlap) for c in order]
    columns = {"configuration": np.array(order)}
    columns |= {name: column[order] for name, column in result.parameters().items()}
    columns |= {"epochs": result.levels()[order], "n": np.full(len(order), values.shape[1])}
    columns |= {name: np.array([getattr(one, name) for one in each]) for name in each[0]._fields}
    diverged = (result.ledger.diverged > 0).reshape(len(order), -1)
    same = tied(result) or ()
    columns |= {"diverged": diverged.mean(axis=1)[order], "tied": np.array([c in same for c in order])}
    return Table(columns)


def tied(result: "Result") -> list[int] | None:
    """Return the configurations that cannot be told from the best, by Holm's correction of paired tests, at 5 %.

    Only those trained as long as the best are compared; None where each has one value only.
    """
    order = result.ranking()
    longest = [c for c in order if result.levels()[c] == result.levels()[order[0]]]
    return tied_with_best(result.values(), longest, overlap=overlap_of(result.plan))


def warnings(result: "Result") -> list[str]:
    """Say what to beware of."""
    best = result.ranking()[0]
    behind = unfinished(result.plan, result.ledger)
    said = [behind] if behind else []
    found = np.isfinite(result.values()[best]).all()
    said += [f"{text}: widen the space there" for text in at_bounds(result.plan, best)] if found else []
    same, seeds = tied(result), result.values().shape[1]
    if same is None:
        said.append("one seed a configuration says nothing of chance: use seed=jn.Seeds(5) or confirm(...)")
    elif len(same) > 1:
        others = [str(c) for c in same if c != best]
        listed = ", ".join(others[:LISTED]) + (", ..." if len(others) > LISTED else "")
        said.append(f"{len(others)} others cannot be told from the best by {seeds} values each: {listed}")
    diverged = int(np.sum(result.ledger.diverged > 0))
    if diverged:
        said.append(f"{diverged} of {len(result.ledger.diverged)} members diverged")
    return said


def at_bounds(plan: "Plan", configuration: int) -> list[str]:
    """Name the parameters whose value lies within 5 % of a bound of the space (of its logarithm, where it has one).

    A lower bound of 0 is no bound of the space but of the parameter.
    """
    found = []
    for name, value in plan.configurations[configuration].items():
        parameter = plan.space.parameters.get(name)
        parameter = unconditional(parameter)
        if isinstance(parameter, Float | Int):
            unit = parameter.unit(value)
            natural = unit <= BOUND and parameter.low == 0 and name in NAMES  # none of them can be less
            if not BOUND < unit < 1 - BOUND and not natural:
                bound = parameter.low if unit <= BOUND else parameter.high
                found.append(f"the best {name}, {value:.4g}, lies at its bound {bound:g}")
    return found


def audit(result: "Result") -> Audit | None:
    """Compare the audited with the best that was kept, and each rung's scores with the final ones."""
    plan, ledger = result.plan, result.ledger
    if plan.halving is None:
        return None
    sign = 1 if plan.goal == "min" else -1
    final = sign * scores(plan, ledger, plan.epochs)
    finished = np.flatnonzero(result.levels() == plan.epochs)
    kept = np.setdiff1d(finished, ledger.audited)
    best = np.nanmin(np.append(final[kept], np.inf))
    gain = best - final[ledger.audited]
    rounding = np.finfo(plan.task.dtype).eps * abs(best) if np.isfinite(best) else 0.0  # of a mean
    better = gain[gain > rounding]
    correlations = {}
    for epochs in sorted({decision.epochs for decision in ledger.decisions} - {plan.epochs}):
        early = sign * scores(plan, ledger, epochs)
        both = finished[np.isfinite(early[finished]) & np.isfinite(final[finished])]
        value = rank_correlation(early[both], final[both])
        if np.isfinite(value):
            correlations[epochs] = value
    return Audit(len(ledger.audited), len(better), float(better.max()) if len(better) else 0.0, correlations)


def describe(result: "Result") -> str:
    """Say in a few lines what came out: size, best, what to beware of."""
    plan, best = result.plan, result.ranking()[0]
    one = summarise(result.values()[best], overlap=overlap_of(plan))
    interval = f", 95 % interval {one.low:.4g} to {one.high:.4g}" if np.isfinite(one.low) else ""
    values = ", ".join(f"{name}={_short(value)}" for name, value in plan.configurations[best].items())
    lines = [
        f"{len(plan.configurations)} configurations, {len(plan.members.ids)} members, "
        f"{int(result.ledger.epochs.sum())} model-epochs",
        f"best: {best} ({values}): {plan.metric} {one.mean:.4g}{interval}" if np.isfinite(one.mean) else NONE,
        *result.warnings(),
    ]
    return "\n".join(lines + ([str(result.audit())] if plan.halving else []))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def cv_results(result: "Result") -> dict[str, Any]:
    """Return what scikit-learn's ``cv_results_`` has: parameters, split, mean, standard deviation and rank."""
    plan, sign = result.plan, -1 if result.plan.goal == "min" else 1
    values = sign * result.values()
    found: dict[str, Any] = {"params": [dict(configuration) for configuration in plan.configurations]}
    for name in result.parameters():
        column = np.empty(len(plan.configurations), object)
        column[:] = [configuration.get(name) for configuration in plan.configurations]
        absent = [name not in configuration for configuration in plan.configurations]
        found[f"param_{name}"] = np.ma.MaskedArray(column, mask=absent, fill_value=None)
    found |= {f"split{i}_test_score": column for i, column in enumerate(values.T)}
    ranks = np.empty(len(values), np.int32)
    ranks[result.ranking()] = np.arange(1, len(values) + 1)
    return found | {"mean_test_score": values.mean(1), "std_test_score": values.std(1), "rank_test_score": ranks}
