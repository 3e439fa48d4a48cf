"""Question: what do the step size, momentum and the number of nodes do to a training run?

Conclusion: A step is stable up to 2 / L and momentum helps from every start; more nodes overfit only where there is
something wrong to learn by heart.

Method: The article's images, intensities / 255, float64, full batch. (1) Beside a minimum found by L-BFGS the objective
is nearly a bowl, on which gradient descent is stable up to the step 2 / L, with momentum m up to 2 (1 + m) / L, where L
is the largest eigenvalue of the Hessian (by jax.hessian). The largest stable step is found by bisection, without
looking at L: 2000 steps from 1e-4 beside the minimum along the steepest direction must end nearer to it; for linear
regression (a bowl exactly), logistic regression with l2 .01 and a 4-4-2 network with l2 .001. (2) On the bowl, the
factor by which a step shrinks the distance to the minimum, with Polyak's best step and momentum. (3) A 4-4-2 network
from 10 starts U(-1, 1), 1500 steps of each size. (4) The same at step 1 with momentum .9, from the same starts,
3000 steps. (5) Networks of 1 to 32 hidden units learn 100 images, of which 20 or none have the wrong label, from 10
draws of images and start, step .3, momentum .9, 5000 steps; all test images are labelled rightly.

Published: 2 / L and the factors (k - 1) / (k + 1) and (sqrt k - 1) / (sqrt k + 1), for a bowl whose largest curvature
is k times its smallest: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964. The article:
too small a step is slow, too big a step misses the valley, more nodes overfit.

Measured: (1) The largest stable step agrees with 2 / L to 1 in 100,000 without momentum (.876985 against .876993) and
to 5 in 10,000 with it. (2) A step shrinks the distance by .9831 (theory .9831), with Polyak's momentum by .8406
(.8310, which is reached in the limit). (3) Mean loss of 10 starts after 1500 steps of .001, .01, .1, 1, 10 and 100:
.703, .652, .328, .214 ± .036, .49 ± .41 and 33 ± 21; up to 1 it never rises, at 10 and 100 it rises in half of the
steps. (4) With momentum the loss ends lower from 10 of 10 starts, by .080 ± .036. (5) With 20 wrong labels, from 2 to
32 hidden units the training loss falls by .341 ± .028 and the test loss rises by .51 ± .21. With right labels only
the test loss falls too, by .30 ± .14: on these images more nodes overfit only where there is something wrong to learn
by heart. 28 configurations; ± is a 95 % t-interval.

Command: python experiments/step_sizes.py
"""

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import peers
from jax.flatten_util import ravel_pytree
from reporting import ENOUGH, Claim, Findings, estimate, main

import jaxnet as jn

STEPS, MOMENTUM, BESIDE = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0), 0.9, 1e-4
WIDTHS = (1, 2, 4, 8, 16, 32)


def experiment(quick: bool) -> Findings:
    seeds = 3 if quick else 10
    bowls = {name: bowl(*problem) for name, problem in problems(quick).items()}
    critical = {(name, m): critical_step(each, m) for name, each in bowls.items() for m in (0.0, MOMENTUM)}
    runs = {step: [train_small(step, 0.0, 1500, seed) for seed in range(seeds)] for step in STEPS}
    pairs = {m: [train_small(1.0, m, 3000, seed) for seed in range(seeds)] for m in (0.0, MOMENTUM)}
    widths = (2, 16) if quick else WIDTHS
    learnt = {
        wrong: {width: [overfit(width, wrong, seed) for seed in range(seeds)] for width in widths}
        for wrong in ((20,) if quick else (20, 0))
    }
    claims = [
        *critical_steps(bowls, critical),
        *rates(bowls["linear regression"]),
        *step_sizes(runs),
        *momentum_against_none(pairs),
        *(claim for wrong, table in learnt.items() for claim in more_nodes(wrong, table)),
    ]
    losses = lambda table: {key: [float(loss[-1]) for loss in each] for key, each in table.items()}
    results = {"critical steps": {f"{name}, momentum {m:g}": step for (name, m), step in critical.items()}}
    results |= {"loss by step": losses(runs), "loss by momentum": losses(pairs), "loss by width": learnt}
    figures = {
        "step_sizes.png": functools.partial(draw_steps, runs),
        "overfitting_curves.png": functools.partial(draw_curves, [2, max(widths)]),
        "overfitting.png": functools.partial(draw_overfitting, learnt[20]),
    }
    settings = len(runs) + len(pairs) + len(learnt) * len(widths)
    trained = seeds * settings + BISECTIONS * len(critical) + 2 + len(bowls)
    return Findings(claims, len(critical) + 2 + settings, trained, results, figures, {} if quick else times())


def times() -> dict[str, dict[str, float]]:
    """Time a step of the network that was trained most."""
    x, targets, _, _ = data()
    work = peers.Work((4, 4, 2), x, np.argmax(targets, axis=1), activation="sigmoid", rate=1.0, epochs=1500)
    return {"one of 1,500 steps on 400 images, 4-4-2, float64": peers.seconds(work)}


# 1 and 2: beside a minimum


class Bowl(NamedTuple):
    """An objective beside a minimum: the minimum [P], the Hessian's eigenvalues [P], rising, the steepest direction
    [P], and ``run(start [P], step, momentum, epochs) -> jn.Run``."""

    minimum: jax.Array
    curvatures: np.ndarray
    steepest: np.ndarray
    run: Callable[..., jn.Run]


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return intensities / 255 and two-column targets, for training and for testing."""
    train, test = jn.stairs.load()
    return train.x / 255, train.targets, test.x / 255, test.targets


def problems(quick: bool) -> dict[str, tuple]:
    """Return each problem's network, penalty and targets."""
    _, targets, _, _ = data()
    linear = {"linear regression": (jn.MLP((4, 1)), 0.0, targets[:, :1])}
    curved = {
        "logistic regression": (jn.MLP((4, 1), output="sigmoid"), 0.01, targets[:, :1]),
        "4-4-2 network": (small_network(), 0.001, targets),
    }
    return linear if quick else linear | curved


def small_network(hidden: int = 4) -> jn.MLP:
    start = {"weights": "uniform(-1, 1)", "biases": "uniform(-1, 1)"}
    return jn.MLP((4, hidden, 2), activation="sigmoid", output="softmax", **start)


def bowl(net: jn.MLP, l2: float, targets: np.ndarray) -> Bowl:
    """Find a minimum and its curvatures."""
    f, examples = jn.objective(net, l2=l2), (data()[0], targets)
    start = net.init(jax.random.key(0), jnp.float64)
    minimum, tree = ravel_pytree(jn.fit(f, start, examples, optimizer=optax.lbfgs(), epochs=1000).params)
    curvatures, directions = np.linalg.eigh(jax.hessian(lambda flat: f(tree(flat), *examples))(minimum))

    def run(start: jax.Array, step: float, momentum: float, epochs: int) -> jn.Run:
        return jn.fit(f, tree(start), examples, optimizer=optax.sgd(step, momentum=momentum), epochs=epochs)

    return Bowl(minimum, curvatures, directions[:, -1], run)


def distance(each: Bowl, run: jn.Run) -> float:
    return float(jnp.linalg.norm(ravel_pytree(run.params)[0] - each.minimum))


BISECTIONS = 20


def critical_step(each: Bowl, momentum: float) -> float:
    """Find the largest stable step between .01 and 1000 by bisection of its logarithm."""
    low, high = math.log(0.01), math.log(1000)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        run = each.run(each.minimum + BESIDE * each.steepest, math.exp(middle), momentum, 2000)
        stable = run.outcome is not jn.Outcome.DIVERGED and distance(each, run) < BESIDE
        low, high = (middle, high) if stable else (low, middle)
    return math.exp(low)


def critical_steps(bowls: dict[str, Bowl], critical: dict[tuple[str, float], float]) -> list[Claim]:
    """Claim that the largest stable step is 2 (1 + m) / L, to 1 in 1000."""
    claims = []
    for (name, m), step in critical.items():
        theory = 2 * (1 + m) / bowls[name].curvatures[-1]
        what = f"{name}, momentum {m:g}: largest stable step"
        claims.append(Claim(what, f"{theory:.6f}", f"{step:.6f}", abs(step / theory - 1) < 1e-3))
    return claims


def rates(each: Bowl) -> list[Claim]:
    """Claim Polyak's factors, which plain descent reaches within 1200 steps and momentum within 120."""
    low, high = each.curvatures[[0, -1]]
    root = math.sqrt(high / low)
    plain = (2 / (low + high), 0.0, 1200)
    best = ((2 / (math.sqrt(low) + math.sqrt(high))) ** 2, ((root - 1) / (root + 1)) ** 2, 120)
    k = root**2
    # at Polyak's momentum the distance goes like t q^t, so between t and 2 t the factor is 2^(1/t) too big
    return [
        rate(each, f"bowl of k = {k:.0f}, best step: factor a step", plain, (k - 1) / (k + 1), within=1e-3),
        rate(each, "the same, best step and momentum", best, (root - 1) / (root + 1), within=2 ** (1 / 60) - 1),
    ]


def rate(each: Bowl, what: str, run: tuple, theory: float, *, within: float) -> Claim:
    step, momentum, epochs = run
    zero = jnp.zeros_like(each.minimum)
    half, whole = (distance(each, each.run(zero, step, momentum, n)) for n in (epochs // 2, epochs))
    factor = (whole / half) ** (2 / epochs)
    return Claim(what, f"{theory:.4f}", f"{factor:.4f}", abs(factor / theory - 1) <= within)


# 3 and 4: a network from random starts


def train_small(step: float, momentum: float, epochs: int, seed: int) -> np.ndarray:
    """Train a 4-4-2 network; return its loss before every step."""
    x, targets, _, _ = data()
    net = small_network()
    start = net.init(jax.random.key(seed), jnp.float64)
    optimizer = optax.sgd(step, momentum=momentum)
    return jn.fit(jn.objective(net), start, (x, targets), optimizer=optimizer, epochs=epochs).history["loss"]


def step_sizes(runs: dict[float, list[np.ndarray]]) -> list[Claim]:
    """Claim that small steps fall steadily and slowly, and that big ones rise half of the time."""
    claims = []
    for step, losses in runs.items():
        final = estimate(loss[-1] for loss in losses)
        rises = estimate(np.mean(np.diff(loss) > 0) for loss in losses)
        published, holds = "", None
        if step != 10:
            published = "falls steadily" if step <= 1 else "misses the valley"
            holds = rises.mean < 0.01 if step <= 1 else rises.mean > 0.4
        words = f"loss {final}, rose in {100 * rises.mean:.1f} % of steps"
        claims.append(Claim(f"step {step:g}, 1500 steps", published, words, holds))
    return claims


def momentum_against_none(pairs: dict[float, list[np.ndarray]]) -> list[Claim]:
    """Claim that momentum ends lower, start by start."""
    without, with_it = ([float(loss[-1]) for loss in losses] for losses in pairs.values())
    gain = estimate(a - b for a, b in zip(without, with_it, strict=True))
    lower = sum(a > b for a, b in zip(without, with_it, strict=True))
    what = f"momentum {MOMENTUM:g} against none, 3000 steps of 1: loss lower by"
    measured = f"{gain}, in {lower} of {gain.runs} starts"
    return [Claim(what, "> 0", measured, gain.mean > gain.half if gain.runs >= ENOUGH else None)]


# 5: more nodes overfit


def learn(width: int, wrong: int, seed: int) -> Mapping[str, np.ndarray]:
    """Learn 100 images, some of them with the wrong label; return the training and test loss of every epoch."""
    x, targets, test_x, test_targets = data()
    drawn = np.random.default_rng(seed).permutation(len(x))[:100]
    labels = targets[drawn].copy()
    labels[:wrong] = 1 - labels[:wrong]
    net = small_network(width)
    start, optimizer = net.init(jax.random.key(seed), jnp.float64), optax.sgd(0.3, momentum=MOMENTUM)
    held_out = (test_x, test_targets)
    f = jn.objective(net)
    return jn.fit(f, start, (x[drawn], labels), optimizer=optimizer, epochs=5000, validation=held_out).history


def overfit(width: int, wrong: int, seed: int) -> tuple[float, float]:
    """Return the last training and test loss."""
    history = learn(width, wrong, seed)
    return float(history["loss"][-1]), float(history["validation_loss"][-1])


def more_nodes(wrong: int, learnt: dict[int, Sequence[tuple[float, float]]]) -> list[Claim]:
    """Claim that the widest network has learnt the training data better and the test data worse than 2 units."""
    claims = []
    for width, losses in learnt.items():
        train, test = (estimate(each) for each in zip(*losses, strict=True))
        claims.append(Claim(f"{wrong} of 100 labels wrong, {width} units: loss", "", f"training {train}, test {test}"))
    wide = learnt[max(learnt)]
    train, test = (
        estimate(b - a for a, b in zip(few, many, strict=True))
        for few, many in zip(zip(*learnt[2], strict=True), zip(*wide, strict=True), strict=True)
    )
    holds = train.mean < -train.half and test.mean > test.half
    words = f"training {train}, test {test}"
    return [
        *claims,
        Claim(f"{wrong} wrong, from 2 to {max(learnt)} units: loss changes by", "training < 0 < test", words, holds),
    ]


# the figures


def draw_steps(runs: dict[float, list[np.ndarray]]) -> Any:
    from jaxnet import figures

    means = {f"step {step:g}": np.mean(losses, axis=0) for step, losses in runs.items()}
    epochs = np.arange(1, 1501)
    labels = {"x_label": "step number", "y_label": "loss, mean over starts"}
    figure = figures.intervals(epochs, means, log_x=True, log_y=True, **labels)
    return figures.headline(
        figure, "Steps up to 1 learn the faster the larger they are; 10 oscillates, 100 never comes down"
    )


def draw_overfitting(noisy: dict[int, Sequence[tuple[float, float]]]) -> Any:
    from jaxnet import figures

    found = {width: [estimate(each) for each in zip(*losses, strict=True)] for width, losses in noisy.items()}
    means, halves = (
        {name: [each[column][part] for each in found.values()] for column, name in enumerate(("training", "test"))}
        for part in (0, 1)
    )
    labels = {"x_label": "hidden units", "y_label": "loss after 5000 steps"}
    figure = figures.intervals(list(found), means, halves, log_x=True, **labels)
    return figures.headline(
        figure, "With a fifth of the labels wrong, wider networks fit the training rows and lose the others"
    )


def draw_curves(widths: Iterable[int]) -> Any:
    """Draw one run of each width, epoch by epoch."""
    from jaxnet import figures

    history = {}
    for width in widths:
        run = learn(width, wrong=20, seed=0)
        name = f"loss, {width} hidden units"
        history |= {name: run["loss"], f"test_{name}": run["validation_loss"]}
    return figures.headline(figures.learning_curves(history), "The wider network learns the wrong labels, too")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
