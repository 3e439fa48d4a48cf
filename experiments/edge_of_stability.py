"""Question: does the sharpness of a training run rise until its step is only just stable, from every start?

Conclusion: From every start the sharpness rises to 2 / eta and then stays a few per cent above it, whatever the rate.

Method: 20 points on [-1, 1], the fifth Chebyshev polynomial, tanh 1-100-1, half the squared error averaged over the
points, full batch, float64. After every step the sharpness (jn.sharpness: the largest eigenvalue of the Hessian) is
written down. Three rates, each from the same 16 starts, 7,000 steps; the number to look at is the mean sharpness of the
last fifth of a run, divided by the largest that is stable, 2 / eta.

Published: Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability", ICLR 2021: the
sharpness rises to that number and hovers there. Their chebyshev-5-20 starts with a gain of 1.9 in the first layer, here
all layers start from Glorot's range.

Measured: It starts at 2.96 ± .10 and in the last fifth of 7,000 steps is 1.023, 1.046 and 1.061 times 2 / eta at eta
.4, .5 and .6 (± .004; 1.005 to 1.065 over all 48 runs). With momentum .5 at eta .8, a first try, it rose to its edge
within 800 steps, too, and then runs diverged; the published rule for momentum was not tested further.

Command: python experiments/edge_of_stability.py
"""

import functools
from typing import Any

import jax
import numpy as np
from reporting import ENOUGH, Claim, Findings, estimate, main

import jaxnet as jn

RATES = (0.4, 0.5, 0.6)


def points() -> tuple[np.ndarray, np.ndarray]:
    """Return 20 points on [-1, 1] and the fifth Chebyshev polynomial there: [20, 1] both."""
    x = np.linspace(-1, 1, 20)[:, None]
    return x, 16 * x**5 - 20 * x**3 + 5 * x


def sharp(params: Any, X: Any, y: Any) -> Any:
    """The sharpness, as a metric."""
    return jn.sharpness(jn.objective(jn.MLP((1, 100, 1), activation="tanh")), params, X, y, steps=15)


def curves(rate: float, *, starts: int, epochs: int) -> np.ndarray:
    """Train from all starts; return the sharpness after every step [starts, epochs]."""
    space = jn.Space(seed=jn.Seeds(starts))
    result = jn.sweep(
        jn.plan(
            space, points(), method="grid", epochs=epochs, metrics=[sharp], hidden=(100,), activation="tanh",
            output="identity", learning_rate=rate, dtype="float64",
        )
    )  # fmt: skip
    return np.asarray(result.curves("sharp"))


def experiment(quick: bool) -> Findings:
    """Train every setting, and compare where the sharpness hovers with where a step stops being stable."""
    starts, epochs = (3, 3000) if quick else (16, 7000)
    rates = RATES[2:] if quick else RATES
    found = {rate: curves(rate, starts=starts, epochs=epochs) for rate in rates}
    claims, shares = [], {}
    for rate, runs in found.items():
        edge = 2 / rate
        last = runs[:, -epochs // 5 :].mean(axis=1) / edge
        name = f"eta {rate:g}"
        shares[name] = last.tolist()
        share = estimate(last)
        near = bool(np.mean(np.abs(last - 1) < 0.1) >= 0.9) if starts >= ENOUGH else None
        claims += [
            Claim(f"{name}: sharpness at the start", f"below {edge:.3g}", str(estimate(runs[:, 0]))),
            Claim(f"{name}: of the last fifth, divided by {edge:.3g}", "1", f"{share.spread}", near),
        ]
    draw = functools.partial(draw_curves, found)
    return Findings(claims, len(rates), starts * len(rates), {"shares": shares}, {"edge_of_stability.png": draw})


def draw_curves(found: dict[float, np.ndarray]) -> Any:
    """Draw the median sharpness of each rate as a share of its edge."""
    from jaxnet import figures

    lines = {f"eta {rate:g}": np.median(runs, axis=0) * rate / 2 for rate, runs in found.items()}
    steps = np.arange(1, len(next(iter(lines.values()))) + 1)
    labels = {"x_label": "step", "y_label": "sharpness, as a share of the largest that is stable", "log_x": True}
    figure = figures.intervals(steps, lines, **labels)
    return figures.headline(figure, "Whatever the rate, the sharpness rises to the edge of stability and hovers there")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
