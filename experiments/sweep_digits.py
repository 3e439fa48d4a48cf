"""Question: Which learning rate, momentum and width suit scikit-learn's digits, how sure is that, and does halving pay?

Conclusion: Momentum is a learning rate in disguise, and most of 132 settings cannot be told from the best by five
seeds.

Method: A grid of 11 learning rates (2^-8 to 4), 4 momenta (0, 1/2, 3/4, 7/8) and 3 widths of one hidden layer (ReLU,
softmax, batches of 64, 20 epochs, 5 seeds each) on 1,078 standardised digits, ranked by accuracy on 360 others. The
five best are trained again on 20 fresh seeds and read the 359 test digits once. Theory says that of small rates only
learning_rate / (1 - momentum) counts: the accuracies of configurations with equal effective rates up to 1/16 are
compared, and, as a yardstick, those with twice the learning rate at equal momentum. Last, a halving of 512 random
configurations (eta 3, rungs at 3, 9, 27 of 81 epochs; learning rate, momentum, l2 and width drawn) stands against a
random search of as many model-epochs without pruning, both judged by their lowest validation loss, in 10 draws.

Published: The effective rate: Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.3.2. That halving finds
better configurations than training all at equal budget: Jamieson and Talwalkar (2016). For this grid, nothing.

Measured: The best few are wide and far from timid: 64 units, learning rate 1, no momentum reads the test digits with
.9795 (.9772 to .9819) on fresh seeds. But 84 of the 132 configurations cannot be told from the best by 5 seeds, and the
five best had been flattered by .0025 of validation accuracy. At equal effective rates up to 1/16 accuracies differ by
.0009 on average (48 pairs), at twice the learning rate by .0593 (30 pairs): momentum is a learning rate in disguise.
Halving ends with a loss lower by .0083 ± .0053 than random search at equal budget (.137 against .145, 10 draws); of
260 pruned configurations that were trained to the end all the same, none ended better than the best kept; ranks at
the first rung and at the end correlate by .76. 5817 configurations, 6440 runs.

Command: python experiments/sweep_digits.py
"""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import peers
from reporting import ENOUGH, Claim, Findings, estimate, main

import jaxnet as jn
from jaxnet.data import catalogue

MOMENTA = (0.0, 0.5, 0.75, 0.875)
SMALL = 1 / 16  # the effective rates that are compared


def digits() -> tuple[Any, Any, Any]:
    """Return training, validation and test digits, standardised by the training digits."""
    train, validation, test = catalogue("digits").split(0.6, 0.2, stratify=True)
    return train.standardised(), validation.standardised(by=train), test.standardised(by=train)


def grid(train: Any, validation: Any, quick: bool) -> Any:
    """Train the grid."""
    space = jn.Space(
        learning_rate=jn.Choice(*(2.0**k for k in ((-6, -5, -2) if quick else range(-8, 3)))),
        momentum=jn.Choice(*(MOMENTA[:2] if quick else MOMENTA)),
        hidden=jn.Choice((16,), (32,), (64,)) if not quick else (16,),
        seed=jn.Seeds(2 if quick else 5),
    )
    options = {"method": "grid", "epochs": 5 if quick else 20, "batch_size": 64, "metric": "validation_accuracy"}
    return jn.sweep(jn.plan(space, train, validation=validation, **options))


def differences(result: Any, *, effective: bool) -> Iterator[float]:
    """Yield the differences in mean accuracy between configurations of one width and small effective rates.

    ``effective``: those of equal effective rates and other momenta; else those of one momentum and twice the rate.
    """
    means = result.values().mean(axis=1)
    for (a, one), (b, other) in itertools.permutations(enumerate(result.plan.configurations), 2):
        low, high = (c["learning_rate"] / (1 - c["momentum"]) for c in (one, other))
        same = one["momentum"] == other["momentum"]
        wanted = (low == high and one["momentum"] < other["momentum"]) if effective else (same and high == 2 * low)
        if wanted and high <= SMALL and one["hidden"] == other["hidden"]:
            yield abs(float(means[a] - means[b]))


def halving(train: Any, validation: Any, root: int, quick: bool) -> tuple[Any, Any]:
    """Search by halving, and by training as many model-epochs of configurations that are never pruned."""
    space = jn.Space(
        learning_rate=jn.Float(1e-4, 10, log=True),
        momentum=jn.Float(0, 0.99),
        l2=jn.Float(1e-6, 1e-1, log=True),
        hidden=jn.Choice((16,), (32,)) if not quick else (16,),
    )
    count, epochs = (27, 9) if quick else (512, 81)
    options = {"epochs": epochs, "batch_size": 64, "validation": validation, "root": root}
    pruned = jn.sweep(jn.plan(space, train, n=count, halving=jn.Halving(3, 1 if quick else 3), **options))
    rungs = [(0, ()), *((decision.epochs, decision.ranked) for decision in pruned.history.decisions)]
    spent = sum(len(ranked) * (at - before) for (before, _), (at, ranked) in itertools.pairwise(rungs))
    return pruned, jn.sweep(jn.plan(space, train, n=round(spent / epochs), **options))


def lowest(result: Any) -> float:
    """Return the lowest loss among the configurations that a search trained to the end by its own choice."""
    kept = (result.levels() == result.plan.epochs) & ~np.isin(np.arange(len(result.levels())), result.history.audited)
    return float(np.nanmin(result.values()[kept, 0]))


def claims_of_grid(result: Any, confirmed: Any) -> list[Claim]:
    """Say what is best, how sure that is, and what the effective rate explains."""
    best, tied = confirmed.table(), np.asarray(result.summary()["tied"])
    winner = result.plan.configurations[int(best["configuration"][0])]
    names = ("learning_rate", "momentum", "hidden")
    fresh = confirmed.result.values().mean(axis=1)
    equal, twice = (list(differences(result, effective=each)) for each in (True, False))
    interval = f"{best['mean'][0]:.4f} ({best['low'][0]:.4f} to {best['high'][0]:.4f})"
    compared = f"{np.mean(equal):.4f} ({len(equal)} pairs), {np.mean(twice):.4f} ({len(twice)} pairs)"
    less = bool(np.mean(equal) < np.mean(twice))
    flattery = f"{np.mean(confirmed.searched - fresh):.4f}"
    return [
        Claim("best on fresh seeds: test accuracy", "", interval),
        Claim("its learning rate, momentum, hidden", "", ", ".join(f"{winner[name]}" for name in names)),
        Claim("configurations that cannot be told from the best", "", f"{tied.sum()} of {len(tied)}"),
        Claim("the best few: accuracy in the search - on fresh seeds", "above 0", flattery),
        Claim("mean difference: equal effective rate, twice the rate", "less, more", compared, less),
    ]  # fmt: skip


def claims_of_halving(searches: list[tuple[Any, Any]]) -> list[Claim]:
    """Say what halving gains and misses."""
    gain = estimate(lowest(random) - lowest(pruned) for pruned, random in searches)
    audits = [pruned.audit() for pruned, _ in searches]
    missed, audited = (sum(getattr(audit, name) for audit in audits) for name in ("better", "audited"))
    early = [next(iter(audit.correlations.values())) for audit in audits if audit.correlations]
    holds = gain.mean - gain.half > 0 if gain.runs >= ENOUGH else None
    return [
        Claim("random search's lowest loss - halving's, equal budget", "above 0", f"{gain}", holds),
        Claim("audited configurations that ended better than the best kept", "few", f"{missed} of {audited}"),
        Claim("rank correlation of the first rung with the end", "", f"{np.mean(early):.2f}" if early else "unknown"),
    ]


def finite(values: list[float]) -> list[float | None]:
    """Return the values with None, as JSON says it, for the runs that diverged."""
    return [value if np.isfinite(value) else None for value in values]


def draw(result: Any) -> Any:
    """Draw the best curves of the grid."""
    from jaxnet import figures
    from jaxnet.figures.sweeps import curve_fans

    best = {}
    for configuration in result.ranking()[:4]:
        values = result.plan.configurations[configuration]
        name = f"rate {values['learning_rate']:g}, momentum {values['momentum']:g}, width {values['hidden'][0]}"
        best[name] = result.curves("validation_accuracy")[result.plan.members_of([configuration])]
    figure = curve_fans(best, y_label="validation accuracy")
    return figures.headline(figure, "The four best of 132 settings, five starts each, cannot be told from one another")


def experiment(quick: bool) -> Findings:
    """Search the grid, confirm its best, and compare halving with random search."""
    train, validation, test = digits()
    result = grid(train, validation, quick)
    confirmed = result.confirm(top=2 if quick else 5, seeds=3 if quick else 20, test=test)
    searches = [halving(train, validation, root, quick) for root in range(2 if quick else ENOUGH)]
    everything = [result, confirmed.result, *itertools.chain(*searches)]
    accuracies = zip(result.plan.configurations, result.values().tolist(), strict=True)
    return Findings(
        claims=claims_of_grid(result, confirmed) + claims_of_halving(searches),
        configurations=sum(len(each.plan.configurations) for each in everything),
        runs=sum(len(each.plan.members.ids) for each in everything),
        results={
            "grid": [{**configuration, "accuracies": finite(values)} for configuration, values in accuracies],
            "test accuracies of the best": confirmed.test.tolist(),
            "lowest losses of halving and random search": [[lowest(one) for one in pair] for pair in searches],
        },
        figures={"sweep_digits.png": functools.partial(draw, result)},
        times={} if quick else times(train, epochs=20),
    )


def times(train: Any, epochs: int) -> dict[str, dict[str, float]]:
    """Time an epoch of one network: jaxnet's among all those of a sweep, the others' by itself."""
    x = np.float32(train.x)
    work = peers.Work((64, 64, 10), x, train.y, rate=0.1, batch_size=64, epochs=epochs)
    space = jn.Space(learning_rate=jn.Float(1e-3, 1, log=True), momentum=jn.Float(0, 0.9), hidden=(64,))
    options = {"method": "random", "n": 64, "epochs": epochs, "batch_size": 64}
    ours = lambda: jn.sweep(jn.plan(space, (x, train.y), **options))
    what = f"an epoch of one of 64 networks on {len(x):,} digits, 64-64-10, batches of 64"
    return {what: peers.seconds(work, ours, models=64)}


if __name__ == "__main__":
    main(__doc__, experiment)
