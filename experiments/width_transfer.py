"""Question: Under muP, does the best learning rate of a narrow network stay the best as the network grows?

Conclusion: From 32 to 512 units the best rate falls to a quarter in the standard parametrisation, and in muP it ends
where it began.

Method: scikit-learn's digits, intensities / 16, 64-H-H-10, relu, Adam at a constant rate, batches of 64, 5 epochs; H =
32 to 512, 14 rates 2 apart as one sweep a width, from 3 starts each, in the standard parametrisation (He's start) and
in muP for Adam; both start the last layer from zeros. The best rate is the one with the lowest mean training loss at
the end, as the paper compares. The paper's own check, that the loss before the first step is ln 10 where the read-out
is zero, is held to rounding.

Published: Yang et al., "Tensor Programs V: tuning large neural networks via zero-shot hyperparameter transfer" (2022):
under muP the best rate stays where it is from width 256 to 8192, under the standard parametrisation it falls with the
width. Theirs are other data (CIFAR) and widths; what is claimed is the shape.

Measured: the best rates are 2^-6, 2^-6, 2^-7, 2^-7, 2^-8 in the standard parametrisation; the narrowest network's
costs the widest one 2.1 times its lowest loss. In muP they are 2^-1, 2^-2, 2^-1, 2^0, 2^-1: a step of the grid up and
down between, which 3 starts do not settle, and the narrowest network's is the widest one's.

Command: python experiments/width_transfer.py
"""

import functools
import math
from typing import Any

import jax
import numpy as np
from reporting import Claim, Findings, main

import jaxnet as jn

WIDTHS, EPOCHS, BATCH = (32, 64, 128, 256, 512), 5, 64
RATES = {"standard": tuple(2.0**k for k in range(-15, -1)), "mup": tuple(2.0**k for k in range(-11, 3))}


def images() -> tuple[np.ndarray, np.ndarray]:
    """Return the digits, intensities from 0 to 1: [1797, 64], [1797]."""
    digits = jn.data.catalogue("digits")
    return digits.x / 16, digits.y


def network(width: int, parametrization: str) -> jn.network.Parametrized:
    """The network of a width, whose last layer starts from zeros."""
    net = jn.MLP((64, width, width, 10), activation="relu", output="softmax", weights="he_normal")
    return jn.network.Parametrized(net, parametrization, last_zero=True)


def losses(width: int, parametrization: str, starts: int, rates: tuple[float, ...]) -> np.ndarray:
    """Train all rates from all starts as one population; return the training losses at the end [rates, starts],
    infinite where a run diverged."""
    net = network(width, parametrization)
    configurations = [{"learning_rate": rate} for rate in rates]
    space = jn.Space(learning_rate=jn.Float(min(rates), max(rates), log=True), seed=jn.Seeds(starts))
    result = jn.sweep(
        jn.plan(
            space, images(), method="list", configurations=configurations, epochs=EPOCHS, batch_size=BATCH,
            optimizer="adam", network=lambda configuration: net,
        )
    )  # fmt: skip
    last = np.asarray(result.curves("loss"))[:, -1].reshape(len(rates), starts)
    return np.where(np.isfinite(last), last, np.inf)


def best_of(found: np.ndarray, rates: tuple[float, ...]) -> float:
    """The rate whose mean loss is the lowest."""
    return rates[int(np.argmin(found.mean(axis=1)))]


def experiment(quick: bool) -> Findings:
    """Sweep the rates of all widths in both parametrisations; quick, of two widths in one."""
    starts, widths, step, names = (1, (16, 32), 4, ("mup",)) if quick else (3, WIDTHS, 1, tuple(RATES))
    claims, curves = [first_loss()], {}
    for name in names:
        rates = RATES[name][::step]
        curves[name] = {width: losses(width, name, starts, rates) for width in widths}
        best = {width: math.log2(best_of(found, rates)) for width, found in curves[name].items()}
        claims += [Claim(f"{name}, width {width}: best rate", "", f"2^{power:g}") for width, power in best.items()]
        claims += drift_claims(name, best[widths[0]] - best[widths[-1]], widths[-1] // widths[0], judged=not quick)
        what = f"{name}, widest network at the narrowest one's best rate: loss, times its own lowest"
        claims.append(Claim(what, "1" if name == "mup" else "", f"{lost_by_transfer(curves[name]):.3g}"))
    results = {name: {str(w): found.tolist() for w, found in each.items()} for name, each in curves.items()}
    runs = sum(found.size for each in curves.values() for found in each.values())
    draw = functools.partial(draw_curves, curves)
    return Findings(claims, runs // starts, runs, results, {"width_transfer.png": draw})


def drift_claims(name: str, steps: float, times: int, *, judged: bool) -> list[Claim]:
    """Claim that the best rate stays under muP and falls by two steps or more without it.

    ``steps`` is how many factors of 2 it fell while the width grew by ``times``.
    """
    stays = name == "mup"
    what, expected = ("stays within one step", "the same") if stays else ("falls", "falls")
    holds = (abs(steps) <= 1 if stays else steps >= 2) if judged else None
    said = f"{2**-steps:g} times as large at {times} times the width"
    return [Claim(f"{name}: the best rate {what}", expected, said, holds)]


def first_loss() -> Claim:
    """Claim that the loss before the first step is ln 10, the read-out being zero."""
    x, y = images()
    net = network(WIDTHS[0], "mup")
    found = float(jn.objective(net)(net.init(jax.random.key(0)), x, y))
    what = "loss before the first step"
    return Claim(what, "ln 10 = 2.302585", f"{found:.6f}", math.isclose(found, math.log(10), rel_tol=1e-6))


def lost_by_transfer(found: dict[int, np.ndarray]) -> float:
    """How many times its lowest mean loss the widest network has at the best rate of the narrowest."""
    narrow, wide = (each.mean(axis=1) for each in (found[min(found)], found[max(found)]))
    return float(wide[np.argmin(narrow)] / wide.min())


def draw_curves(curves: dict[str, dict[int, np.ndarray]]) -> Any:
    """Draw the mean loss over the rate, a line a width, a panel a parametrisation."""
    from jaxnet.figures import theme

    figure, panels = theme.grid_of_panels(len(curves), columns=len(curves), width=4.4, height=3.4)
    for axes, (name, each) in zip(panels, curves.items(), strict=True):
        for turn, (width, found) in enumerate(each.items()):
            rates = RATES[name][:: len(RATES[name]) // len(found)]
            mean, at = found.mean(axis=1), int(np.argmin(found.mean(axis=1)))
            axes.plot(rates, mean, color=theme.colour(turn), label=f"width {width}")
            axes.plot(rates[at], mean[at], "o", color=theme.colour(turn))
        axes.set(xscale="log", yscale="log")
        theme.label(axes, title=name, x="learning rate of Adam", y="training loss after 5 epochs")
        theme.legend(axes)
    return theme.headline(figure, TITLE)


TITLE = "In the standard parametrisation the best rate (dot) falls as the network grows; under muP it stays"

if __name__ == "__main__":
    main(__doc__, experiment)
