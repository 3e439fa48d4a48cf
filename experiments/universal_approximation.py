"""Question: does one hidden layer approximate a continuous function ever better as it grows, and is deep better?

Conclusion: One hidden layer gets ever closer to a function, 91 times from 1 to 32 units; deep is better by
construction, and not by training.

Method: The function is f(x) = sin(12 x² + 3 x) on [-1, 1]. (1) Trained: one hidden layer of 1 to 32 sigmoid units,
L-BFGS for 2000 steps on 401 points without noise, 10 random starts a width, weights N(0, 6²) and biases N(0, 4²), so
that the units' steps lie all over the interval; the error is the root mean square (RMS) at 4001 points. (2) Built by
hand: H steep sigmoids are a staircase of H + 1 steps, whose error cannot exceed f's change over the width of a step.
(3) Deep against shallow at equal parameters, what can be expressed: k hidden layers of 2 relu units make Telgarsky's
sawtooth with 2^k sides exactly, with 6k + 1 parameters; one hidden layer with as many has 2k units, so it is a line
with 2k bends and gets at most (n + 2k + 2) / 2n of the sawtooth's n = 2^k + 1 corners on the right side of 1/2.
(4) Deep against shallow at equal parameters, what training finds: f, from two kinds of start, and the sawtooth.

Published: Cybenko 1989 and Hornik, Stinchcombe and White 1989 (one hidden layer can come as near as one likes; they
promise no rate, and nothing about training); Telgarsky, "Representation Benefits of Deep Feedforward Networks", 2015.

Measured: (means and 95 % t-intervals of 10 starts) (1) RMS error .61, .55, .46, .090, .018 and .0066 ± .0019 with 1,
2, 4, 8, 16 and 32 units: 91 times smaller. (2) Largest error 1.05, .284, .076 and .020 with 16, 64, 256 and 1024
units, each under its bound. (3) The sawtooth of 64 sides is exact with 37 parameters; no shallow network of 37 gets
more than 60.8 % of its corners right. (4) Training finds no such thing: the best shallow network got 53.8 %, every
deep one 50.8 %, no more than a constant. On f, at 189 or 193 parameters, one hidden layer, two and three got to RMS
.0066 ± .0020, .015 ± .011, .081 ± .095 from the wide start and .013 ± .007, .125 ± .12, .146 ± .11 from Glorot's:
deeper was no better here, and less certain. 19 configurations; the wide start was chosen beforehand among three, on 3
seeds.

Command: python experiments/universal_approximation.py
"""

import functools
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import peers
from reporting import Claim, Findings, estimate, main

import jaxnet as jn

WIDTHS, STAIRCASES = (1, 2, 4, 8, 16, 32), (16, 64, 256, 1024)
EQUAL = {"one hidden layer": (1, 64, 1), "two": (1, 12, 12, 1), "three": (1, 9, 8, 9, 1)}  # 193, 193, 189 parameters
WIDE = {"weights": "normal(6)", "biases": "normal(4)"}
STARTS = {"wide start": WIDE, "Glorot's start": {"weights": "glorot_uniform", "biases": "zeros"}}
DEPTH = 6  # of the sawtooth
DEEP, SHALLOW = (1, *[2] * DEPTH, 1), (1, 2 * DEPTH, 1)  # 6 DEPTH + 1 parameters each
TRAIN, FINE = np.linspace(-1, 1, 401)[:, None], np.linspace(-1, 1, 4001)[:, None]


def f(x: np.ndarray) -> np.ndarray:
    """The continuous function to be approximated."""
    return np.sin(12 * x**2 + 3 * x)


def experiment(quick: bool) -> Findings:
    seeds, steps = (3, 300) if quick else (10, 2000)
    widths = (2, 16) if quick else WIDTHS
    starts = {} if quick else STARTS
    by_width = {width: [rms((1, width, 1), WIDE, seed, steps) for seed in range(seeds)] for width in widths}
    by_depth = {
        f"{name}, {start}": [rms(sizes, options, seed, steps) for seed in range(seeds)]
        for start, options in starts.items()
        for name, sizes in EQUAL.items()
    }
    shapes = {"shallow": SHALLOW} if quick else {"shallow": SHALLOW, "deep": DEEP}
    saw = {name: [corners(sizes, seed, steps) for seed in range(seeds)] for name, sizes in shapes.items()}
    built = {width: staircase_error(width) for width in STAIRCASES}
    claims = [*wider_is_better(by_width), *staircases(built), *sawtooth(saw), *depths(by_depth)]
    results = {"rms by width": by_width, "rms by depth": by_depth, "corners": saw, "staircases": built}
    trained = [*by_width.values(), *by_depth.values(), *saw.values()]
    figures = {"universal_approximation.png": functools.partial(draw, by_width)}
    configurations, timed = len(trained) + len(built) + 1, {} if quick else times()
    return Findings(claims, configurations, seeds * len(trained), results, figures, timed)


def times() -> dict[str, dict[str, float]]:
    """Time a step of L-BFGS, with the line search that each library has."""
    options = {"output": "identity", "activation": "sigmoid", "optimizer": "lbfgs", "epochs": 100}
    work = peers.Work((1, 32, 1), TRAIN, f(TRAIN), **options)
    return {"one of 100 steps of L-BFGS on 401 points, 1-32-1, float64": peers.seconds(work)}


def trained(net: Any, data: tuple, seed: int, steps: int) -> Any:
    """Minimise the squared error by L-BFGS from one random start."""
    params = net.init(jax.random.key(seed), jnp.float64)
    return jn.fit(jn.objective(net), params, data, optimizer=optax.lbfgs(), epochs=steps).params


def rms(sizes: tuple[int, ...], start: dict[str, str], seed: int, steps: int) -> float:
    """Train a sigmoid network on f; return its root mean square error between the points it was trained on."""
    net = jn.MLP(sizes, activation="sigmoid", **start)
    params = trained(net, (TRAIN, f(TRAIN)), seed, steps)
    return float(np.sqrt(np.mean((np.asarray(net.predict(params, FINE)) - f(FINE)) ** 2)))


def wider_is_better(by_width: dict[int, list[float]]) -> list[Claim]:
    """Claim that the mean error falls from each width to the next."""
    found = {width: estimate(errors) for width, errors in by_width.items()}
    claims = [Claim(f"trained, {width} units: RMS error", "", each.spread) for width, each in found.items()]
    falls = all(after.mean < before.mean for before, after in pairwise(found.values()))
    first, last = min(found), max(found)
    times = f"{found[first].mean / found[last].mean:.0f} times smaller from {first} to {last}"
    return [*claims, Claim("the mean error falls with the width", "as near as one likes", times, falls)]


def staircase_error(width: int) -> tuple[float, float]:
    """Build a staircase of ``width`` steep sigmoids; return its largest error and the largest it may be."""
    edges = np.linspace(-1, 1, width + 2)
    step = edges[1] - edges[0]
    heights = f((edges[:-1] + edges[1:]) / 2)
    steep = 40 / step  # a sigmoid is within e^-20 of 0 or 1 half a step away
    params = [
        {"w": jnp.full((1, width), steep), "b": jnp.asarray(-steep * edges[1:-1])},
        {"w": jnp.asarray(np.diff(heights)[:, None]), "b": jnp.asarray(heights[:1])},
    ]
    net = jn.MLP((1, width, 1), activation="sigmoid")
    return float(np.max(np.abs(np.asarray(net.predict(params, FINE)) - f(FINE)))), change(step)


def change(distance: float) -> float:
    """How much f changes, at most, over a distance: its modulus of continuity, on a fine grid."""
    grid = f(np.linspace(-1, 1, 20_001))
    reach = int(np.ceil(distance * 10_000))
    windows = np.lib.stride_tricks.sliding_window_view(grid, reach + 1)
    return float(np.max(windows.max(axis=1) - windows.min(axis=1)))


def staircases(built: dict[int, tuple[float, float]]) -> list[Claim]:
    """Claim that no staircase is farther from f than f's change over a step."""
    return [
        Claim(f"built, {width} units: largest error", f"<= {bound:.4f}", f"{error:.4f}", error <= bound)
        for width, (error, bound) in built.items()
    ]


def deep_sawtooth() -> list[dict[str, jax.Array]]:
    """Fold the interval [0, 1] on itself ``DEPTH`` times: x -> 2 relu(x) - 4 relu(x - 1/2)."""
    fold, bend = jnp.array([[2.0], [-4.0]]), jnp.array([0.0, -0.5])
    first = {"w": jnp.ones((1, 2)), "b": bend}
    again = {"w": fold @ jnp.ones((1, 2)), "b": bend}
    return [first, *[again] * (DEPTH - 1), {"w": fold, "b": jnp.zeros(1)}]


def corner_data() -> tuple[np.ndarray, np.ndarray]:
    """The sawtooth's corners: 0, 1, 0, 1, ... at multiples of 2^-DEPTH."""
    count = 2**DEPTH + 1
    return np.linspace(0, 1, count)[:, None], np.arange(count)[:, None] % 2.0


def share_right(net: Any, params: Any) -> float:
    x, y = corner_data()
    return float(np.mean((np.asarray(net.predict(params, x)) > 0.5) == (y > 0.5)))


def corners(sizes: tuple[int, ...], seed: int, steps: int) -> float:
    """Train a relu network on the corners; return the share of them on the right side of 1/2."""
    net = jn.MLP(sizes, activation="relu")
    return share_right(net, trained(net, corner_data(), seed, steps))


def sawtooth(saw: dict[str, list[float]]) -> list[Claim]:
    """Claim what Telgarsky's network can do and what no shallow one can."""
    built = share_right(jn.MLP(DEEP, activation="relu"), deep_sawtooth())
    count = 2**DEPTH + 1
    most = {"shallow": (count + 2 * DEPTH + 2) / (2 * count), "deep": 1}
    words = f"{6 * DEPTH + 1} parameters: corners right"
    claims = [Claim(f"deep sawtooth built, {words}", "1", f"{built:.4g}", built == 1)]
    for name, shares in saw.items():
        found = estimate(shares)
        claims.append(
            Claim(f"{name} trained, {words}", f"<= {most[name]:.4g}", found.spread, found.largest <= most[name])
        )
    return claims


def depths(by_depth: dict[str, list[float]]) -> list[Claim]:
    """Report what training finds at equal parameters."""
    return [
        Claim(f"equal parameters, {name}: RMS error", "", estimate(errors).spread) for name, errors in by_depth.items()
    ]


def draw(by_width: dict[int, list[float]]) -> Any:
    from jaxnet import figures

    found = [estimate(errors) for errors in by_width.values()]
    means, halves = (
        {"trained, mean and 95 % interval": values} for values in zip(*[each[:2] for each in found], strict=True)
    )
    best = {"best of the starts": tuple(each.smallest for each in found)}
    labels = {"x_label": "hidden units", "y_label": "RMS error"}
    figure = figures.intervals(list(by_width), means | best, halves, log_x=True, log_y=True, **labels)
    return figures.headline(figure, "One hidden layer comes ever closer to a continuous function as it grows")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
