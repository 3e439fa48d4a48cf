"""Question: How many sweeps does a network need to see whether six bits are a palindrome, and was 1,425 a lucky number?

Conclusion: The run of 1986 with its 1,425 sweeps is an ordinary one among those that get there, and two in five do
not get there within 4,000.

Method: 6 inputs, 2 hidden units, 1 output, all sigmoids with biases, learn all 64 vectors: 8 palindromes, 56 others.
The error is half the *sum* of squares, weights change after every full sweep with epsilon .1 and momentum .9 (on the
mean of 64 examples that is a rate of 6.4), from 200 starts U(-.3, .3), at most 4,000 sweeps. Solved: all 64 outputs
are on the right side of .5. The limit belongs to every quantile: starts that are not solved within it are counted, not
averaged.

Published: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323:533
(1986), figure 1: 1,425 sweeps in one run; weights of mirrored inputs are equal and opposite, and on one side their
sizes stand as 1 : 2 : 4.

Measured: 119 of 200 starts are solved within 4,000 sweeps: 5 % of them by 483, half by 1,307, 95 % by 3,295. The
published 1,425 is at 52 % of the solved. Their weights stand as 1 : 1.995 : 3.977 (medians), mirrored ones differ from
opposite by 2e-4 of the largest.

Command: python experiments/symmetry.py
"""

import functools
import itertools
from typing import Any

import numpy as np
from reporting import Claim, Findings, main

import jaxnet as jn

SWEEPS, EPSILON, PUBLISHED = 4000, 0.1, 1425
RATIOS = (1, 2, 4)


def vectors() -> tuple[np.ndarray, np.ndarray]:
    """Return all 64 vectors of six bits, and which of them are palindromes: [64, 6], [64]."""
    x = np.array(list(itertools.product((0.0, 1.0), repeat=6)))
    return x, (x == x[:, ::-1]).all(axis=1).astype(int)


def train(starts: int, sweeps: int) -> Any:
    """Train from all starts, as one population."""
    x, y = vectors()
    start = "uniform(-0.3, 0.3)"
    space = jn.Space(seed=jn.Seeds(starts))
    return jn.sweep(
        jn.plan(
            space, (x, y[:, None].astype(float)), method="grid", epochs=sweeps, metrics=["accuracy"], hidden=(2,),
            activation="sigmoid", output="sigmoid", loss="squared_error", weights=start, biases=start,
            learning_rate=EPSILON * len(x), momentum=0.9,
        )
    )  # fmt: skip


def solved_after(curves: np.ndarray) -> np.ndarray:
    """Return the first sweep [starts] after which every vector is judged rightly, infinite where there is none.

    ``curves`` [starts, sweeps] are accuracies.
    """
    right = curves >= 1
    return np.where(right.any(axis=1), right.argmax(axis=1) + 1.0, np.inf)


def ratios_of(weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the sizes of one side's three weights, the smallest being 1, and how far mirrored weights are from being
    opposite, as a share of the largest.

    ``weights`` [6, 2] of the hidden units; the unit with the larger weights is looked at.
    """
    unit = weights[:, np.abs(weights).max(axis=0).argmax()]
    sizes = np.sort(np.abs(unit[:3]))
    return sizes / sizes[0], float(np.abs(unit + unit[::-1]).max() / np.abs(unit).max())


def experiment(quick: bool) -> Findings:
    """Train, and set the published run among the others."""
    starts = 30 if quick else 200
    result = train(starts, SWEEPS)
    after = solved_after(np.asarray(result.curves("accuracy")))
    done = np.sort(after[np.isfinite(after)])
    found = [
        ratios_of(np.asarray(result.params(member)[0]["w"]))
        for member, sweeps in enumerate(after)
        if np.isfinite(sweeps)
    ]
    middle = np.median([ratios for ratios, _ in found], axis=0)
    mirrored = float(np.median([distance for _, distance in found]))
    share = float(np.mean(done <= PUBLISHED))
    low, high = map(float, np.quantile(done, (0.05, 0.95)))
    quantiles = ", ".join(f"{np.quantile(done, q):.0f}" for q in (0.05, 0.25, 0.5, 0.75, 0.95))
    near = bool(np.all(np.abs(middle / RATIOS - 1) < 0.05))
    claims = [
        Claim("starts that are solved", "", f"{len(done)} of {starts} within {SWEEPS:,} sweeps"),
        Claim("sweeps until solved: 5, 25, 50, 75, 95 %", "", quantiles),
        Claim("the published run lies inside 5 to 95 %", f"{PUBLISHED:,}", f"at {share:.0%}", low <= PUBLISHED <= high),
        Claim("sizes of the weights of one side, medians", "1 : 2 : 4", " : ".join(f"{r:.3f}" for r in middle), near),
        Claim("mirrored weights, distance from opposite", "0", f"{mirrored:.1g} of the largest", mirrored < 0.01),
    ]
    draw = functools.partial(draw_distribution, after, starts)
    sweeps = [float(sweep) if np.isfinite(sweep) else None for sweep in after]
    return Findings(claims, 1, starts, {"sweeps": sweeps}, {"symmetry.png": draw})


def draw_distribution(after: np.ndarray, starts: int) -> Any:
    """Draw the share of starts that are solved by each sweep."""
    from jaxnet import figures

    sweeps = np.arange(1, SWEEPS + 1)
    share = np.array([np.mean(after <= sweep) for sweep in sweeps])
    figure = figures.intervals(sweeps, {"solved": share}, x_label="sweeps", y_label=f"share of {starts} starts")
    axes = figure.axes[0]
    axes.axvline(PUBLISHED, color="#D55E00", label=f"published: {PUBLISHED:,}")
    axes.legend(frameon=False)
    return figures.headline(figure, "The run of 1986 is an ordinary one, among those that get there at all")


if __name__ == "__main__":
    main(__doc__, experiment)
