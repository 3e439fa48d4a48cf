"""Question: how much smaller is the gradient in the first layers of a deep network than in its last?

Conclusion: Through each layer of sigmoids a gradient shrinks to a fifth, through relu to two thirds.

Method: [784, 30, ..., 30, 10] with 2 to 6 hidden layers and binary cross-entropy, before any training, on the first
1,000 images of MNIST (pixels / 256), float64. Measured is the norm of each hidden layer's gradient with respect to its
biases, that is of the mean over the images of its units' errors, for 50 random starts: weights N(0, 1 / inputs) and
biases N(0, 1), as in the book, with sigmoid and with relu units; and He's start, weights N(0, 2 / inputs) and biases 0.

Published: Nielsen, "Neural Networks and Deep Learning", 2015, chapter 5: norms of one start without a seed, layer by
layer, .07 and .31 with two hidden layers, .012, .060, .283 with three and .003, .017, .070, .285 with four. Its reason:
a sigmoid's slope is at most 1/4. Relu against it: Glorot, Bordes and Bengio, "Deep sparse rectifier networks", 2011.

Measured: The book's nine norms all lie in the ranges of 50 starts. From each hidden layer to the one before it the norm
shrinks to .20 with sigmoids (geometric mean over the layers; means of .200 to .209 at depths of 2 to 6, ± .007 at most,
every start between .13 and .26), so to 1/3000 over five layers. With relu it shrinks to .64 to .68 from the same
starts and to .78 to .86 from He's. 15 configurations; ± is a 95 % t-interval.

Command: python experiments/vanishing_gradients.py
"""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import peers
from reporting import Claim, Estimate, Findings, estimate, main

import jaxnet as jn

PUBLISHED = {2: (0.07, 0.31), 3: (0.012, 0.060, 0.283), 4: (0.003, 0.017, 0.070, 0.285)}
IMAGES, UNITS, DEPTHS = 1000, 30, (2, 3, 4, 5, 6)


def book_weights(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Draw from N(0, 1 / inputs)."""
    return jax.random.normal(key, shape, dtype) / np.sqrt(shape[0])


BOOK = {"weights": book_weights, "biases": "normal(1)"}
HE = {"weights": "he_normal", "biases": "zeros"}
KINDS: Mapping[str, dict[str, Any]] = {
    "sigmoid, book's start": {"activation": "sigmoid", **BOOK},
    "relu, book's start": {"activation": "relu", **BOOK},
    "relu, He's start": {"activation": "relu", **HE},
}


def norms(kind: str, depth: int, seeds: int) -> np.ndarray:
    """Compute the norm of every hidden layer's gradient, for some starts: [seeds, depth]."""
    net = jn.MLP((784, *[UNITS] * depth, 10), output="sigmoid", **KINDS[kind])
    train = jn.data.catalogue("mnist").take(np.arange(IMAGES))
    f, x, y = jn.objective(net), jnp.asarray(train.x / 256), jnp.asarray(train.y)

    @jax.jit
    def one(key: jax.Array) -> jax.Array:
        gradient = jax.grad(f)(net.init(key, jnp.float64), x, y)
        return jnp.stack([jnp.linalg.norm(layer["b"]) for layer in gradient[:-1]])

    return np.stack([one(key) for key in jax.random.split(jax.random.key(depth), seeds)])


def experiment(quick: bool) -> Findings:
    seeds, depths = (10, (3,)) if quick else (50, DEPTHS)
    found = {kind: {depth: norms(kind, depth, seeds) for depth in depths} for kind in KINDS}
    sigmoid = found["sigmoid, book's start"]
    claims = [*as_published(sigmoid), *shrinking(found)]
    results = {kind: {depth: each.tolist() for depth, each in table.items()} for kind, table in found.items()}
    figures = {
        "vanishing_gradients.png": functools.partial(draw, {kind: table[max(depths)] for kind, table in found.items()})
    }
    return Findings(claims, len(KINDS) * len(depths), 0, results, figures, {} if quick else times())


def times() -> dict[str, dict[str, float]]:
    """Time a gradient and a step along it."""
    train = jn.data.catalogue("mnist").take(np.arange(IMAGES))
    options = {"output": "sigmoid", "activation": "sigmoid", "epochs": 10}
    work = peers.Work((784, UNITS, UNITS, UNITS, 10), train.x / 256, np.eye(10)[train.y], **options)
    return {f"a gradient of {IMAGES:,} images and a step, 784-30-30-30-10, float64": peers.seconds(work)}


def as_published(sigmoid: Mapping[int, np.ndarray]) -> list[Claim]:
    """Claim that the book's start is one of ours: each of its norms, as printed, lies in our range."""
    claims = []
    for depth in sorted(set(sigmoid) & set(PUBLISHED)):
        low, high = sigmoid[depth].min(axis=0), sigmoid[depth].max(axis=0)
        inside = [a <= norm <= b for a, norm, b in zip(low, PUBLISHED[depth], high, strict=True)]
        book = ", ".join(f"{norm:g}" for norm in PUBLISHED[depth])
        ours = ", ".join(f"{a:.3f} to {b:.3f}" for a, b in zip(low, high, strict=True))
        claims.append(Claim(f"sigmoid, {depth} hidden layers: norms, first to last", book, ours, all(inside)))
    return claims


def shrinking(found: Mapping[str, Mapping[int, np.ndarray]]) -> list[Claim]:
    """Claim that sigmoids shrink the gradient from layer to layer, and relu less."""
    factors = {kind: {depth: shrinkage(each) for depth, each in table.items()} for kind, table in found.items()}
    sigmoid, claims = factors["sigmoid, book's start"], []
    for kind, table in factors.items():
        for depth, factor in table.items():
            expected, holds = "< 1", factor.largest < 1
            if table is not sigmoid:
                expected, holds = "nearer to 1", factor.mean - factor.half > sigmoid[depth].mean + sigmoid[depth].half
            claims.append(Claim(f"{kind}, {depth} hidden layers: factor a layer back", expected, factor.spread, holds))
    return claims


def shrinkage(each: np.ndarray) -> Estimate:
    """The factor from one hidden layer's norm to that of the layer before it, geometric mean over the layers."""
    return estimate((each[:, 0] / each[:, -1]) ** (1 / (each.shape[1] - 1)))


def draw(found: Mapping[str, np.ndarray]) -> Any:
    from jaxnet import figures

    layers = np.arange(1, next(iter(found.values())).shape[1] + 1)
    means = {kind: np.exp(np.log(each).mean(axis=0)) for kind, each in found.items()}
    labels = {"x_label": "hidden layer", "y_label": "norm of the gradient", "log_y": True}
    figure = figures.intervals(layers, means, **labels)
    return figures.headline(
        figure, "Towards the first layer a gradient shrinks to a fifth a layer of sigmoids, relu's to two thirds"
    )


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
