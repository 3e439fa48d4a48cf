"""Question: does jaxnet give the article's numbers, and what does each improvement on its recipe bring?

Conclusion: The article's numbers are right to the last printed digit, and its final accuracy is what rounding makes
of it, .83 to .90.

Method: The article's data and initial weights are made anew (R's seeds 2017 and 1), and its network (4-2-2, sigmoid,
softmax, raw intensities, full batch of 400, step 0.1, 1500 steps) is trained in float64. The first step and the
losses before it turns chaotic are compared digit by digit; the end is compared as a range, over runs whose first
weights differ by 1e-15 relative. The hand-set networks are scored on both sets of images. Then a ladder, each rung
from 20 random starts U(-1, 1) but for the first two, which start at the article's weights: intensities / 255, a
bigger step, 4 hidden units, momentum, 8 hidden units. Published is one start, which should lie in the range of ours.

Published: "Neural Networks - A Worked Example" by Ben Gorman (GormAnalysis, 2017) and its R script; the digits after
the first five, the hand-set networks' accuracies and the ladder are from a NumPy program written for the comparison.

Measured: All 48 numbers of the first step agree to the last printed digit (largest difference 5.0e-11), the losses up
to the 25th within 2e-10. After 1500 steps, 30 starts that differ by rounding end at test accuracies .83 to .90, mean
.874 ± .005. The hand-set networks score what was published (the one that looks for light stairs says yes to the two
of six images that are). The ladder's means over 20 starts (95 % t-intervals), loss / test accuracy: 2 units .185 ±
.029 / .902 ± .013; 4 units .085 ± .031 / .964 ± .011; with momentum, in 3000 steps, .072 ± .033 / .962 ± .012; 8
units and momentum .021 ± .023 / .979 ± .009. The published starts lie in their ranges, which are wide: 2 units end
near loss .21 and, 3 of 20 times, near .04; 4 units about as often near .16 as far below it; 3 of 20 runs of 8 units
still stay near .13. The worst of those, .93, beats the best hand-set network, .82. 13 configurations.

Command: python experiments/stairs.py
"""

import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import peers
from reporting import Claim, Findings, estimate, main

import jaxnet as jn

STEP, EPOCHS, SEEDS = 0.1, 1500, 20

# Matrices row by row; the bias is the first row, as in the article.
FIRST_STEP = {
    "W1 before": "-.0046898267 .0079677937; -.0025575220 .0088935054; .0014570673 .0032159558;"
    " .0081641558 .0025822809; -.0059663614 -.0087642746",
    "W2 before": "-.0058805085 -.0023179256; -.0064688649 .0053968284; .0037404569 -.0000460152",
    "gradient of W1": ".0000560713 -.0000447823; -.0072250355 -.0018621247; -.0176999326 .0004157154;"
    " .0616700679 -.0231490394; .0631735046 -.0208770425",
    "gradient of W2": "-.0094889051 .0094889051; -.0156423678 .0156423678; .0370330450 -.0370330450",
    "W1 after": "-.0046954339 .0079722719; -.0018350185 .0090797178; .0032270605 .0031743843;"
    " .0019971490 .0048971848; -.0122837118 -.0066765703",
    "W2 after": "-.0049316180 -.0032668161; -.0049046282 .0038325916; .0000371524 .0036572893",
}
# the loss before the k-th update
LOSSES = {
    1: 0.693498469939,
    2: 0.692801630874,
    3: 0.692104532634,
    4: 0.690224622868,
    5: 0.686646196596,
    10: 0.675599531732,
    15: 0.684626105946,
    20: 0.655154691789,
    25: 0.651936660237,
}
HAND_SET = {  # accuracy on the 400 and the 100 images
    "perceptron": (0.6925, 0.68),
    "logistic_figure": (0.8675, 0.82),
    "left_right": (0.76, 0.75),
    "bottom_and_top": (0.715, 0.64),
}


class Rung(NamedTuple):
    """One experiment of the ladder, on intensities / 255; published: loss, training and test accuracy."""

    what: str
    hidden: int
    step: float
    momentum: float
    epochs: int
    published: tuple[float, float | None, float]
    given_start: bool = False


LADDER = (
    Rung("the article's start, step .1", 2, 0.1, 0.0, 1500, (0.681, None, 0.58), given_start=True),
    Rung("the article's start, step 1", 2, 1.0, 0.0, 1500, (0.2448, 0.910, 0.88), given_start=True),
    Rung("2 hidden units", 2, 1.0, 0.0, 10_000, (0.2094, 0.9225, 0.90)),
    Rung("4 hidden units", 4, 1.0, 0.0, 10_000, (0.1590, 0.945, 0.94)),
    Rung("4 hidden units, momentum .9", 4, 1.0, 0.9, 3000, (0.1403, 0.960, 0.94)),
    Rung("8 hidden units, momentum .9", 8, 1.0, 0.9, 10_000, (0.0013, 1.000, 0.98)),
)


def experiment(quick: bool) -> Findings:
    train, test = jn.stairs.load()
    seeds = 2 if quick else SEEDS
    worked, losses = worked_example(train)
    end, ends = chaotic_end(train, test, draws=4 if quick else 30)
    rungs = {rung: climb(rung, train, test, 1 if rung.given_start else seeds) for rung in LADDER}
    claims = [
        *worked,
        *end,
        *hand_set(train, test),
        *light_stairs(),
        *cases(),
        *ladder(rungs),
        *trained_against_hand_set(rungs),
    ]
    results = {"losses": losses, "ends": ends, "ladder": {rung.what: runs["scores"] for rung, runs in rungs.items()}}
    runs = 2 + len(ends) + sum(len(runs["scores"]) for runs in rungs.values())
    figures = {
        "stairs_worked_example.png": functools.partial(draw_worked_example, train, test),
        "stairs.png": functools.partial(draw_ladder, rungs),
    }
    return Findings(claims, 2 + len(HAND_SET) + 1 + len(LADDER), runs, results, figures, {} if quick else times(train))


def times(train: Any) -> dict[str, dict[str, float]]:
    """Time a step of the worked example."""
    work = peers.Work((4, 2, 2), np.float64(train.x), train.y, activation="sigmoid", rate=STEP, epochs=EPOCHS)
    return {f"one of {EPOCHS:,} steps on 400 images, 4-2-2, float64": peers.seconds(work)}


def worked_example(train: Any) -> tuple[list[Claim], list[float]]:
    """Compare the first step's matrices and the losses up to the 25th epoch."""
    net, params = jn.stairs.worked_example()
    f = jn.objective(net)
    gradient = jax.grad(f)(params, train.x, train.targets)
    first = descend(f, params, train, epochs=1)
    found = {**rows(params, "{} before"), **rows(gradient, "gradient of {}"), **rows(first.params, "{} after")}
    claims = []
    for name, text in FIRST_STEP.items():
        published = np.array([row.split() for row in text.split(";")], np.float64)
        claims.append(digits(name, published, found[name], within=5.1e-11))  # ten decimals are printed
    losses = descend(f, params, train, epochs=25).history["loss"]
    for epoch, value in LOSSES.items():
        claims.append(digits(f"loss before update {epoch}", np.array(value), losses[epoch - 1], within=1e-9))
    return claims, losses.tolist()


def descend(f: Any, params: Any, train: Any, *, epochs: int, **options: Any) -> jn.Run:
    """Train as the article does: full batch, step 0.1."""
    return jn.fit(f, params, (train.x, train.targets), optimizer=optax.sgd(STEP), epochs=epochs, **options)


def rows(params: list[dict], name: str) -> dict[str, np.ndarray]:
    """Write parameters as the article's W1 and W2: the bias is the first row."""
    return {name.format(f"W{i}"): np.vstack([layer["b"], layer["w"]]) for i, layer in enumerate(params, 1)}


def digits(what: str, published: np.ndarray, found: Any, *, within: float) -> Claim:
    off = float(np.max(np.abs(found - published)))
    first = published.flat[0]
    return Claim(what, f"{first:.12g}" + " ..." * (published.size > 1), f"differs by {off:.1e}", off <= within)


def chaotic_end(train: Any, test: Any, draws: int) -> tuple[list[Claim], list[dict]]:
    """Train to the end from starts that differ by rounding: raw intensities make the step too big to be exact."""
    net, params = jn.stairs.worked_example()
    f = jn.objective(net)
    ends = []
    for key in jax.random.split(jax.random.key(0), draws):
        noise = 1 + 1e-15 * jax.random.normal(key, params[0]["w"].shape)
        start = [{**params[0], "w": params[0]["w"] * noise}, params[1]]
        run = descend(f, start, train, epochs=EPOCHS)
        ends.append({"loss": float(run.history["loss"][-1]), "test": accuracy(net, run.params, test, scale=1)})
    accuracies, losses = ([end[name] for end in ends] for name in ("test", "loss"))
    mean = estimate(accuracies)
    close = abs(mean.mean - 0.877) <= math.sqrt(2) * mean.half  # the published mean is of as many draws
    return [
        Claim("test accuracy after 1500 steps, mean", ".877", str(mean), close),
        Claim("test accuracy after 1500 steps", ".83 to .90", f"{mean.smallest:.2f} to {mean.largest:.2f}"),
        Claim("loss after 1500 steps", ".253 to .340", f"{min(losses):.3f} to {max(losses):.3f}"),
    ], ends


def accuracy(net: Any, params: Any, images: Any, *, scale: float) -> float:
    """The share of images that a network with outputs (stairs, something else), or with one output, gets right."""
    answers = np.asarray(net.predict(params, images.x / scale))
    threshold = 0 if net.output == "identity" else 0.5
    return float(np.mean((answers[:, 0] > threshold) == images.y))


def hand_set(train: Any, test: Any) -> list[Claim]:
    """Score the networks whose weights the article sets by hand."""
    claims = []
    for name, published in HAND_SET.items():
        net, params = jn.stairs.hand_set(name)
        found = tuple(accuracy(net, params, images, scale=1) for images in (train, test))
        words = [f"{a:.4g} / {b:.4g}" for a, b in (published, found)]
        claims.append(Claim(f"{name}, training / test accuracy", *words, np.allclose(found, published, atol=1e-12)))
    return claims


def light_stairs() -> list[Claim]:
    """Show six images to the network that looks for light stairs: it should say yes to the second and third only."""
    net, params = jn.stairs.hand_set("light_stairs")
    images = [[15, 10, 5, 20], [5, 30, 30, 30], [50, 0, 50, 50], [250, 0, 250, 250], [0, 20, 20, 0], [0, 100, 75, 125]]
    said = " ".join(np.where(np.asarray(net.predict(params, images))[:, 0] > 0.5, "yes", "no"))
    return [Claim("light_stairs, six images (published: stairs or not)", "no yes yes yes no yes", said)]


def cases() -> list[Claim]:
    """Ask cases A and B, which share an image, of the straight line and of the sigmoid."""
    published = {"perceptron": ".0978 .2178 .3378", "logistic_figure": ".003 .898 1.000"}
    case = jn.stairs.case_images()
    images = np.concatenate([case["A"], case["B"][1:]])
    claims = []
    for name, words in published.items():
        net, params = jn.stairs.hand_set(name)
        digits = 4 if name == "perceptron" else 3
        answers = " ".join(f"{value:.{digits}f}" for value in np.asarray(net.predict(params, images))[:, 0])
        answers = answers.replace("0.", ".")
        claims.append(Claim(f"{name}, cases A and B", words, answers, answers == words))
    return claims


def climb(rung: Rung, train: Any, test: Any, seeds: int) -> dict[str, Any]:
    """Train one rung from every seed; changing the seed or the step compiles nothing."""
    net = jn.MLP(
        (4, rung.hidden, 2), activation="sigmoid", output="softmax", weights="uniform(-1, 1)", biases="uniform(-1, 1)"
    )
    f = jn.objective(net)
    scores, curves = [], []
    for seed in range(seeds):
        params = jn.stairs.worked_example()[1] if rung.given_start else net.init(jax.random.key(seed), jnp.float64)
        optimizer = optax.sgd(rung.step, momentum=rung.momentum)
        run = jn.fit(f, params, (train.x / 255, train.targets), optimizer=optimizer, epochs=rung.epochs)
        curves.append(run.history["loss"])
        right = {name: accuracy(net, run.params, data, scale=255) for name, data in (("train", train), ("test", test))}
        # the published loss too is the one before the last update
        scores.append({"loss": float(run.history["loss"][-1]), **right})
    return {"scores": scores, "curves": np.array(curves)}


def ladder(rungs: dict[Rung, dict]) -> list[Claim]:
    """Set each rung's published loss and accuracies beside the mean over seeds."""
    claims = []
    for rung, runs in rungs.items():
        for name, published in zip(("loss", "train", "test"), rung.published, strict=True):
            values = [score[name] for score in runs["scores"]]
            if published is not None:
                what = f"{rung.what}, {name}{'' if name == 'loss' else ' accuracy'}"
                claims.append(one_number(what, published, values))
    return claims


def one_number(what: str, published: float, values: list[float]) -> Claim:
    """Compare one published run with one run, to the digits printed, or with the range of 20 (90 % of further runs
    would lie in it, whatever their distribution: with 2 or 4 hidden units they end in one of two valleys)."""
    if len(values) == 1:
        decimals = max(2, len(str(published).partition(".")[2]))
        return Claim(what, str(published), f"{values[0]:.4f}", round(values[0], decimals) == published)
    found = estimate(values)
    inside = found.smallest - 1e-4 <= published <= found.largest + 1e-4
    return Claim(what, str(published), found.spread, inside if len(values) >= SEEDS else None)


def trained_against_hand_set(rungs: dict[Rung, dict]) -> list[Claim]:
    best = [score["test"] for score in rungs[LADDER[-1]]["scores"]]
    hand = max(test for _, test in HAND_SET.values())
    measured = f"{min(best):.2f} to {max(best):.2f} in {len(best)} runs"
    return [
        Claim(
            "8 units and momentum beat every hand-set network on the test images",
            f"> {hand}",
            measured,
            min(best) > hand,
        )
    ]


def draw_worked_example(train: Any, test: Any) -> Any:
    from jaxnet import figures

    net, params = jn.stairs.worked_example()
    held_out = (test.x, test.targets)
    run = descend(jn.objective(net), params, train, epochs=EPOCHS, validation=held_out, metrics=("accuracy",))
    # what is held out here are the article's test images
    return figures.learning_curves({name.replace("validation_", "test_"): each for name, each in run.history.items()})


def draw_ladder(rungs: dict[Rung, dict]) -> Any:
    from jaxnet import figures

    epochs = np.arange(0, 10_000, 50)
    means = {}
    for rung, runs in rungs.items():
        means[rung.what] = np.full(len(epochs), np.nan)
        inside = epochs[epochs < rung.epochs]
        means[rung.what][: len(inside)] = runs["curves"].mean(axis=0)[inside]
    labels = {"x_label": "epoch", "y_label": "training loss, mean over starts"}
    figure = figures.intervals(epochs, means, log_y=True, **labels)
    return figures.headline(figure, "A larger step, more hidden units and momentum each take the loss lower")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
