"""Question: do the learning curves of Nielsen's book come out again, to the last digit?

Conclusion: Nielsen's published learning curves are repeated, all but two of their accuracies to the last digit.

Method: MNIST, pixels / 256 in float64, [784, H, 10] sigmoid units, binary cross-entropy summed over outputs, batches of
10, W <- (1 - eta lambda / n) W - eta gradient. The draws are his: biases, then weights, layer by layer, from NumPy's
legacy stream with seed 12345678, N(0, 1 / inputs) ("default"), then once more N(0, 1) ("large"); and Python 2's shuffle
with the same seed, which goes on from epoch to epoch and from one run to the next. ``overfitting``: the large start on
the first images, evaluated on the 10,000 test images after each epoch. ``initialisation``: 50,000 images, first the
default start, then the large one, evaluated on the last 10,000 training images. The cost of n images is their mean
loss + lambda / 2n times the sum of squared weights. Other figures of the book are other arguments; --l2 is its lambda.

Published: Michael Nielsen, "Neural Networks and Deep Learning", 2015, chapter 3, and the numbers behind its figures,
fig/*.json of github.com/mnielsen/neural-networks-and-deep-learning, four of which are in experiments/published.

Measured: All 1,600 numbers of overfitting.json: costs to 2.1e-14, accuracies exactly. All 60 accuracies of
weight_initialization_30.json exactly. By arguments: regularized.json (--l2 0.1), costs to 5.3e-14, accuracies exactly;
weight_initialization_100.json (--hidden 100), exactly; fig/regularized_full.json (--images 50000 --epochs 30 --l2 5),
costs to 1.3e-5, 58 of 60 accuracies exactly, the others 1 image away.

Command: python experiments/nielsen.py, or for one recipe:
    experiments/nielsen.py overfitting --hidden 30 --l2 0 --images 1000 --epochs 400 --learning-rate 0.5 --json a.json
    experiments/nielsen.py initialisation --hidden 30 --json b.json
"""

import argparse
import functools
import itertools
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import peers
from reporting import Claim, Findings, add_device, count, main, new_file, size, table, use_device

import jaxnet as jn

SEED = 12345678
PUBLISHED = Path(__file__).parent / "published"
CURVES = ("test_cost", "test_accuracy", "train_cost", "train_accuracy")
COST, COUNT = 1e-9, 2  # how far a cost, and a count of 10,000 images of the regularised runs, may be from the book's


class Recipe(NamedTuple):
    """What the figures of the book differ in; the defaults are its overfitting curve."""

    hidden: tuple[int, ...] = (30,)
    l2: float = 0.0  # the book's lambda: the penalty is lambda / 2n times the sum of squared weights
    images: int = 1000
    epochs: int = 400
    learning_rate: float = 0.5
    batch_size: int = 10


INITIALISATION = Recipe(l2=5.0, images=50_000, epochs=30, learning_rate=0.1)
FIGURES = {
    "overfitting": ("overfitting", Recipe()),
    "regularized": ("overfitting", Recipe(l2=0.1)),
    "weight_initialization_30": ("initialisation", INITIALISATION),
    "weight_initialization_100": ("initialisation", INITIALISATION._replace(hidden=(100,))),
}


class Images(NamedTuple):
    """The book's three sets of images, x [N, 784] in 0..1 and labels y [N]."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


def book_images(count: int) -> Images:
    """Return the first ``count`` training images, the last 10,000 of the 60,000, and the test images."""
    data = jn.data.catalogue("mnist")
    part = lambda rows: (data.x[rows] / 256, data.y[rows])
    return Images(part(slice(count)), part(slice(50_000, 60_000)), part(slice(60_000, None)))


def book_starts(sizes: tuple[int, ...]) -> dict[str, list[dict[str, np.ndarray]]]:
    """Draw both starts from NumPy's legacy stream, the default one first."""
    stream = np.random.RandomState(SEED)
    starts = {}
    for name in ("default", "large"):
        biases = [stream.randn(units) for units in sizes[1:]]
        weights = [stream.randn(units, inputs).T for inputs, units in itertools.pairwise(sizes)]
        scales = [np.sqrt(inputs) if name == "default" else 1.0 for inputs in sizes[:-1]]
        starts[name] = [{"w": w / scale, "b": b} for w, b, scale in zip(weights, biases, scales, strict=True)]
    return starts


def book_orders(count: int) -> Iterator[np.ndarray]:
    """Shuffle as Python 2 does, on and on, one order of ``count`` images an epoch."""
    generator = random.Random(SEED)
    order = list(range(count))
    while True:
        for last in range(count - 1, 0, -1):
            other = int(generator.random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        yield np.array(order)


def train(
    recipe: Recipe, start: list, data: tuple, orders: Iterator[np.ndarray], **options: Any
) -> dict[str, np.ndarray]:
    """Train by the book's recipe; return the history."""
    f = jn.objective(network(recipe, data), l2=recipe.l2 / len(data[0]))
    return dict(
        jn.fit(
            f, start, data, optimizer=optax.sgd(recipe.learning_rate), epochs=recipe.epochs,
            batch_size=recipe.batch_size, shuffle=itertools.islice(orders, recipe.epochs), **options,
        ).history
    )  # fmt: skip


def network(recipe: Recipe, data: tuple) -> Any:
    return jn.MLP((data[0].shape[1], *recipe.hidden, 10), activation="sigmoid", output="sigmoid")


def right(net: Any, params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    """Count the images whose most active output is their label's."""
    found = jnp.argmax(net.predict(params, x), axis=1) == y
    return jnp.sum(found, dtype=jnp.float64)


def overfitting(recipe: Recipe, data: tuple, test: tuple) -> dict[str, list]:
    """Train from the large start; return the four curves of the book's figures, an entry an epoch."""
    net = network(recipe, data)

    def cost(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        return jn.objective(net, l2=recipe.l2 / len(x))(params, x, y)

    def accuracy(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        return right(net, params, x, y)

    start = book_starts(net.sizes)["large"]
    history = train(recipe, start, data, book_orders(len(data[0])), validation=test, metrics=[cost, accuracy])
    names = ("validation_cost", "validation_accuracy", "cost", "accuracy")
    return {curve: plain(history[name], whole="accuracy" in curve) for curve, name in zip(CURVES, names, strict=True)}


def initialisation(recipe: Recipe, data: tuple, validation: tuple, skipped: int = 0) -> dict[str, list]:
    """Train from the default and then from the large start; return the validation accuracies, an entry an epoch.

    ``skipped`` epochs of orders are drawn but not trained on after the first run, for shorter ones.
    """
    net = network(recipe, data)

    def validation_right(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        return right(net, params, x, y)

    orders, found = book_orders(len(data[0])), {}
    for name, start in book_starts(net.sizes).items():
        history = train(recipe, start, data, orders, validation=validation, metrics=[validation_right])
        found[name] = plain(history["validation_right"], whole=True)
        next(itertools.islice(orders, skipped, skipped), None)
    return found


def plain(values: np.ndarray, *, whole: bool) -> list:
    """A curve as JSON holds it: accuracies are counts."""
    return [int(value) if whole else float(value) for value in values]


def published_curves(figure: str) -> dict[str, list]:
    """Read one of the book's figures as names and curves."""
    found = json.loads((PUBLISHED / f"{figure}.json").read_text())
    if isinstance(found, list):
        return dict(zip(CURVES, found, strict=True))
    return {name: found[f"{name}_weight_initialization"][1] for name in ("default", "large")}


def compared(figure: str, measured: dict[str, list]) -> list[Claim]:
    """Hold each curve against the book's, as far as it was trained: the largest difference, and both ends."""
    published, claims = published_curves(figure), []
    for name, values in measured.items():
        book = published[name][: len(values)]
        apart = max(abs(a - b) for a, b in zip(values, book, strict=True))
        allowed = COST if "cost" in name else COUNT if name in ("default", "large") else 0
        words = f"{figure}, {name}, {len(values)} epochs"
        difference = f"largest difference {apart:.2g}" if apart else "no difference"
        claims.append(Claim(words, f"ends at {book[-1]:.10g}", f"{values[-1]:.10g}, {difference}", apart <= allowed))
    return claims


def experiment(quick: bool) -> Findings:
    short, one = (Recipe(epochs=10), INITIALISATION._replace(epochs=1)) if quick else (Recipe(), INITIALISATION)
    images = book_images(one.images)
    first = tuple(array[: short.images] for array in images.train)
    results = {
        "overfitting": overfitting(short, first, images.test),
        "weight_initialization_30": initialisation(one, images.train, images.validation, 30 - one.epochs),
    }
    claims = [claim for figure, curves in results.items() for claim in compared(figure, curves)]
    figures = {"nielsen.png": functools.partial(draw, results["overfitting"])}
    return Findings(claims, 3, 3, results, figures, {} if quick else times(first))


def times(data: tuple) -> dict[str, dict[str, float]]:
    """Time the book's training on its first 1,000 images, without evaluations."""
    x, y = data
    work = peers.Work(
        (784, 30, 10), x, np.eye(10)[y], output="sigmoid", activation="sigmoid", rate=0.5, batch_size=10, epochs=5
    )
    return {f"an epoch of {len(x)} images, 784-30-10, batches of 10, float64": peers.seconds(work)}


def draw(curves: dict[str, list]) -> Any:
    from jaxnet import figures

    costs = {"loss": curves["train_cost"], "validation_loss": curves["test_cost"]}
    figure = figures.learning_curves(costs, log=True)
    return figures.headline(
        figure, "The book's overfitting, to the last digit: the cost on 1,000 images falls, the test's rises"
    )


def one_recipe(arguments: list[str]) -> None:
    """Run ``overfitting`` or ``initialisation`` with the given arguments; write the curves as JSON."""
    options = _options(arguments)
    defaults = Recipe() if options.recipe == "overfitting" else INITIALISATION
    given = {name: getattr(options, name) for name in defaults._asdict() if getattr(options, name) is not None}
    recipe = defaults._replace(**given)
    images = book_images(recipe.images)
    if options.recipe == "overfitting":
        curves = overfitting(recipe, images.train, images.test)
    else:
        curves = initialisation(recipe, images.train, images.validation)
    figure = next((name for name, drawn in FIGURES.items() if drawn == (options.recipe, recipe)), None)
    if figure:
        print(table(compared(figure, curves)))
    else:
        print("\n".join(f"{name}: {values[0]:.10g} to {values[-1]:.10g}" for name, values in curves.items()))
    if options.json:
        options.json.write_text(json.dumps({**curves, "recipe": recipe._asdict()}, indent=1) + "\n")


def _layers(text: str) -> tuple[int, ...]:
    return tuple(map(count, text.split(",")))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=("overfitting", "initialisation"))
    parser.add_argument("--hidden", type=_layers, help="units, as 30 or 30,30")
    parser.add_argument("--l2", type=size, help="the book's lambda: the penalty is lambda / 2n sum of squared weights")
    parser.add_argument("--images", type=count, help="how many of the training images, from the first, 1 to 50000")
    parser.add_argument("--epochs", type=count)
    parser.add_argument("--learning-rate", type=size)
    parser.add_argument("--batch-size", type=count, help="at most as many as images")
    parser.add_argument(
        "--json", type=new_file, metavar="PATH", help="write the curves, an epoch a number, to this file"
    )
    add_device(parser)
    options = parser.parse_args(arguments)
    if options.images and options.images > 50_000:
        parser.error(f"--images: expected 1 to 50000, the book's training images, got {options.images}")
    use_device(parser, options.device)
    return options


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        one_recipe(sys.argv[1:])
    else:
        main(__doc__, experiment)
