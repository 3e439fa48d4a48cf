"""Question: does a deep linear network learn its modes one after another, as the closed form says, and how near?

Conclusion: A deep linear network follows its closed form to an error that halves with the step, and learns its
strongest mode first from every random start.

Method: Two layers of weights W2 W1 x without activation, 8-8-8, on whitened inputs, whose target map is orthogonal
times the strengths 4, 3, 2 and 1 (and 0 four times). (1) From an aligned start, every mode u0 = .001, each mode's
strength is written down after every step of eta and compared with the closed form u(t) = s e^(2 s t) / (e^(2 s t) - 1
+ s / u0), the solution of du/dt = 2 u (s - u) at t = eta times the step: gradient *flow*, so with eta halved the error
should halve. (2) From random starts, N(0, .03^2 / 8), aligned with nothing, eta .01: when does each mode pass half of
its strength?

Published: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
networks", ICLR 2014.

Measured: (1) The largest distance from the closed form is .2498, .1250, .0625 and .0312 at eta .02, .01, .005 and
.0025: halved to three digits each time. (2) From 200 of 200 random starts the modes are learnt in the order of their
strengths; half of them at t = 1.18, 1.53, 2.21 and 4.15 (medians; 5 to 95 %: 1.06 to 1.28 for the first, 3.75 to 4.98
for the last).

Command: python experiments/deep_linear.py
"""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from reporting import ENOUGH, Claim, Findings, main

import jaxnet as jn

SIZE, STRENGTHS, U0, TIME = 8, (4.0, 3.0, 2.0, 1.0), 1e-3, 6.0
RATES = (0.02, 0.01, 0.005, 0.0025)
SPREAD, RATE = 0.03, 0.01


class Modes(NamedTuple):
    """The target map's directions: out [8, 8] and into [8, 8], columns a mode."""

    out: np.ndarray
    into: np.ndarray

    @property
    def target(self) -> np.ndarray:
        """The map [8, 8] that is to be learnt."""
        strengths = np.zeros(SIZE)
        strengths[: len(STRENGTHS)] = STRENGTHS
        return self.out * strengths @ self.into.T


def modes() -> Modes:
    """Draw directions from a seed."""
    rng = np.random.default_rng(0)
    return Modes(*(np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0] for _ in range(2)))


def loss(params: Any, X: Any, y: Any) -> Any:
    """Half the sum of squares of all outputs over the whitened inputs, which are the unit vectors."""
    first, second = params
    return jnp.sum((X @ first.T @ second.T - y) ** 2) / 2


def strength_of(mode: int, found: Modes) -> Callable[..., Any]:
    """Return the metric that measures how much of a mode is learnt; each has a curve, so a name, of its own."""

    def strength(params: Any, X: Any, y: Any) -> Any:
        first, second = params
        return found.out[:, mode] @ (second @ (first @ found.into[:, mode]))

    strength.__name__ = f"mode{mode}"
    return strength


def follow(start: tuple[np.ndarray, np.ndarray], rate: float, found: Modes) -> np.ndarray:
    """Train by plain descent until TIME; return the strength of every mode after every step [steps, 4]."""

    metrics = [strength_of(mode, found) for mode in range(len(STRENGTHS))]
    data = np.eye(SIZE), found.target.T
    steps = round(TIME / rate)
    run = jn.fit(loss, start, data, optimizer=optax.sgd(rate), epochs=steps, metrics=metrics)
    return np.stack([run.history[f"mode{mode}"] for mode in range(len(STRENGTHS))], axis=1)


def closed_form(strength: float, begin: float, t: np.ndarray) -> np.ndarray:
    """The solution of du/dt = 2 u (s - u) from ``begin``."""
    grown = np.exp(2 * strength * t)
    return strength * grown / (grown - 1 + strength / begin)


def aligned(found: Modes) -> tuple[np.ndarray, np.ndarray]:
    """The start at which every mode, and nothing else, has the strength U0."""
    root = math.sqrt(U0)
    return root * found.into.T, root * found.out


def error(rate: float, found: Modes) -> float:
    """The largest distance of a mode from the closed form on the way from the aligned start."""
    u = follow(aligned(found), rate, found)
    t = rate * np.arange(1, len(u) + 1)
    return float(max(np.abs(u[:, m] - closed_form(s, U0, t)).max() for m, s in enumerate(STRENGTHS)))


def half_times(seed: int, found: Modes) -> np.ndarray:
    """The times [4] at which modes pass half of their strength from a random start, infinite where never."""
    rng = np.random.default_rng(seed)
    start = tuple(rng.normal(0, SPREAD / math.sqrt(SIZE), (SIZE, SIZE)) for _ in range(2))
    past = follow(start, RATE, found) > np.array(STRENGTHS) / 2
    return np.where(past.any(axis=0), (past.argmax(axis=0) + 1) * RATE, np.inf)


def experiment(quick: bool) -> Findings:
    """Measure the errors of four rates, and the order of the modes from random starts."""
    found = modes()
    rates, starts = (RATES[:2], 5) if quick else (RATES, 200)
    errors = {rate: error(rate, found) for rate in rates}
    near = "aligned start, eta {:g}: largest distance"
    claims = [Claim(near.format(rate), "0 at eta 0", f"{distance:.5f}") for rate, distance in errors.items()]
    ratios = [errors[a] / errors[b] for a, b in itertools.pairwise(rates)]
    halves = all(1.8 < ratio < 2.3 for ratio in ratios)
    claims.append(Claim("eta halved: the distance is divided by", "2", ", ".join(f"{r:.2f}" for r in ratios), halves))
    times = np.array([half_times(seed, found) for seed in range(starts)])
    ordered = float(np.mean(np.all(np.diff(times, axis=1) > 0, axis=1)))
    holds = ordered > 0.9 if starts >= ENOUGH else None
    claims.append(Claim("random starts: modes are learnt from the strongest on", "all", f"{ordered:.0%}", holds))
    for mode, strength in enumerate(STRENGTHS):
        low, middle, high = np.quantile(times[:, mode], (0.05, 0.5, 0.95))
        words = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        claims.append(Claim(f"random starts, s = {strength:g}: half is learnt at t, 5 to 95 %", "", words))
    runs = len(rates) + starts
    draw = functools.partial(draw_modes, found)
    results = {"errors": {f"{rate:g}": e for rate, e in errors.items()}, "half times": times.tolist()}
    return Findings(claims, len(rates) + 1, runs, results, {"deep_linear.png": draw})


def draw_modes(found: Modes) -> Any:
    """Draw the modes from the aligned start beside the closed form."""
    from jaxnet import figures

    u = follow(aligned(found), RATE, found)
    t = RATE * np.arange(1, len(u) + 1)
    lines = {f"s = {s:g}": u[:, m] for m, s in enumerate(STRENGTHS)}
    figure = figures.intervals(t, lines, x_label="t = eta x step", y_label="strength of the mode")
    axes = figure.axes[0]
    axes.plot(
        t,
        np.stack([closed_form(s, U0, t) for s in STRENGTHS], axis=1),
        ":",
        color="black",
        label=["closed form", *[""] * (len(STRENGTHS) - 1)],
    )
    figures.theme.legend(axes)
    return figures.headline(figure, "A deep linear network learns its strongest mode first, each in a step of its own")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
