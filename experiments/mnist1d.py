"""Question: does MNIST-1D give its published accuracies, and does the error descend, rise and descend with the width?

Conclusion: A network without knowledge of space does as well with the points in random order, and a penalty takes the
peak of double descent away.

Method: (1) Logistic regression and a 40-100-100-10 relu network whose second layer adds to the first one's units, Adam
with step .01, batches of 100, 6000 steps (150 epochs), 5 seeds as one sweep; accuracy on the 1,000 test examples. The
same with the 40 points of every example in one random order. (2) Double descent: 40-h-h-10 relu networks, SGD with step
.01 and momentum .9, batches of 100, 500 epochs, on 4,000 examples of which 15 % were given a random label, evaluated on
12,000 others; widths, seeds and 8 L2 penalties as one sweep, whose tiles have 8 lanes for members of one seed and would
repeat one member in all of them. The best penalty is chosen by the same 12,000. All weights start in U(-1 / sqrt(D),
1 / sqrt(D)) for D inputs; the last epoch counts.

Published: Greydanus, "Scaling down deep learning", 2020 (arXiv 2011.14439), and the notebooks of its repository:
logistic regression 31.5, the network 64.6 to 65.1; with the points in random order 31.5 and 66.0. Errors of 47.2, 54.1
and 45.5 % at widths 16, 47 and 300. Asked for: 31.5 ± 1 and 65 ± 3; a peak at 47, at least 4 points over the lowest,
and less error at 300 than at 16. With the best penalty for each width the error should fall with the width: Nakkiran,
Venkat, Kakade and Ma, "Optimal regularization can mitigate double descent", 2021 (arXiv 2003.01897).

Measured: (means and 95 % t-intervals of 5 seeds) (1) Logistic regression 31.9 ± .9 %, the network 65.6 ± 2.3; with the
points in random order 31.9 ± .8 and 64.3 ± 2.0. (2) Errors of 48.7 ± 2.2, 54.5 ± 1.1 and 45.9 ± .3 % at widths 16, 47
and 300: the peak is 8.6 points over the lowest, and the widest errs less than the narrowest. With the best penalties,
.003, .01 and .01, the peak is gone: 43.3 ± 1.0, 40.2 ± .5 and 39.5 ± .5 %. On 2 cores shared with much else, 10
minutes, nearly all for width 300. 28 configurations, 140 runs.

Command: python experiments/mnist1d.py
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import peers
from reporting import Claim, Findings, estimate, main

import jaxnet as jn

ASKED = {"logistic": (31.5, 1.0), "network": (65.0, 3.0)}
WIDTHS, PUBLISHED = (16, 47, 300), {16: 47.2, 47: 54.1, 300: 45.5}
PENALTIES = (0.0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
NOISE, BATCH = 0.15, 100


def narrow(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Draw from U(-1 / sqrt(D), 1 / sqrt(D)), where a layer of PyTorch starts."""
    bound = float(1 / np.sqrt(shape[0]))
    return jax.random.uniform(key, shape, dtype, -bound, bound)


@dataclasses.dataclass(frozen=True)
class Residual:
    """40-100-100-10, whose second hidden layer adds to the first: any object with init and apply is a network."""

    output = "softmax"

    def init(self, key: jax.Array, dtype: Any = jnp.float32) -> Any:
        return jn.MLP((40, 100, 100, 10), weights=narrow).init(key, dtype)

    def apply(self, params: Any, x: jax.Array) -> jax.Array:
        first, second, last = params
        a = jax.nn.relu(x @ first["w"] + first["b"])
        a = a + jax.nn.relu(a @ second["w"] + second["b"])
        return a @ last["w"] + last["b"]


def network(configuration: Mapping[str, Any]) -> Any:
    if configuration.get("kind") == "network":
        return Residual()
    return jn.MLP((40, *configuration.get("hidden", ()), 10), activation="relu", output="softmax", weights=narrow)


def accuracies(shuffle_points: bool, seeds: int, epochs: int) -> dict[str, list[float]]:
    """Train both networks; return their test accuracies in %, a seed a number."""
    data = jn.data.mnist1d(shuffle_points=shuffle_points)
    space = jn.Space(kind=jn.Choice("logistic", "network"), optimizer="adam", learning_rate=0.01, seed=jn.Seeds(seeds))
    found = by_configuration(space, data.train, data.test, ("kind",), epochs)
    return {kind: values for (kind,), values in found.items()}


def by_configuration(space: Any, train: Any, test: Any, names: tuple[str, ...], epochs: int) -> dict[Any, list[float]]:
    """Run a sweep; return each configuration's accuracies on ``test`` after the last epoch, in %, by its parameters."""
    result = jn.sweep(jn.plan(space, train, method="grid", epochs=epochs, network=network, batch_size=BATCH))
    found: dict[Any, list[float]] = {}
    for member, at in enumerate(result.plan.members.configuration):
        configuration = result.plan.configurations[at]
        logits = jax.vmap(network(configuration).apply, (None, 0))(result.params(member), test.x.astype(np.float32))
        right = np.mean(np.argmax(np.asarray(logits), axis=1) == test.y)
        found.setdefault(tuple(configuration[name] for name in names), []).append(float(100 * right))
    return found


def noisy(data: Any, seed: int = 0) -> Any:
    """Give 15 % of the examples a random label, which may be their own."""
    generator = np.random.default_rng(seed)
    chosen = generator.random(len(data)) < NOISE
    return dataclasses.replace(data, y=np.where(chosen, generator.integers(0, 10, len(data)), data.y))


def descent(widths: tuple[int, ...], seeds: int, epochs: int) -> dict[int, dict[float, list[float]]]:
    """Train networks of each width with each penalty on noisy labels; return their errors in %."""
    data = jn.data.mnist1d(count=16_000, train_count=4000)
    space = jn.Space(
        hidden=jn.Choice(*((width, width) for width in widths)), l2=jn.Choice(*PENALTIES),
        learning_rate=0.01, momentum=0.9, seed=jn.Seeds(seeds),
    )  # fmt: skip
    found = by_configuration(space, noisy(data.train), data.test, ("hidden", "l2"), epochs)
    errors: dict[int, dict[float, list[float]]] = {width: {} for width in widths}
    for (hidden, l2), values in found.items():
        errors[hidden[0]][l2] = [100 - each for each in values]
    return errors


def experiment(quick: bool) -> Findings:
    seeds, epochs = (2, 5) if quick else (5, 150)
    plain = accuracies(False, seeds, epochs)
    shuffled = {} if quick else accuracies(True, seeds, epochs)
    penalised = {} if quick else descent(WIDTHS, seeds, 500)
    errors = {width: table[0.0] for width, table in penalised.items()}
    claims = [*published(plain, quick), *in_random_order(shuffled)]
    claims += [*descends(errors), *mitigated(penalised)] if errors else []
    results = {"accuracy": plain, "in random order": shuffled, "error": penalised}
    runs = sum(len(values) for found in (plain, shuffled, *penalised.values()) for values in found.values())
    figures = {"mnist1d.png": functools.partial(draw, penalised)} if errors else {}
    return Findings(claims, runs // seeds, runs, results, figures, {} if quick else times(epochs=20))


def times(epochs: int) -> dict[str, dict[str, float]]:
    """Time an epoch of the network without what it adds, by ``fit``."""
    train = jn.data.mnist1d().train
    x, y = train.x.astype(np.float32), train.y
    work = peers.Work((40, 100, 100, 10), x, y, optimizer="adam", batch_size=BATCH, epochs=epochs)
    return {"an epoch of 4,000 examples, 40-100-100-10, Adam, batches of 100": peers.seconds(work)}


def published(found: Mapping[str, list[float]], quick: bool) -> list[Claim]:
    """Claim that the mean accuracies are the published ones; a quick run is too short for that."""
    claims = []
    for kind, values in found.items():
        centre, allowed = ASKED[kind]
        holds = None if quick else abs(float(np.mean(values)) - centre) <= allowed
        claims.append(Claim(f"{kind}: accuracy in %", f"{centre} ± {allowed:g}", estimate(values).spread, holds))
    return claims


def in_random_order(found: Mapping[str, list[float]]) -> list[Claim]:
    """Report what networks that know nothing of neighbours do when the points have none."""
    book = {"logistic": "31.5", "network": "66.0"}
    return [
        Claim(f"{kind}, points in random order: accuracy in %", book[kind], estimate(values).spread)
        for kind, values in found.items()
    ]


def descends(errors: Mapping[int, list[float]]) -> list[Claim]:
    """Claim the shape of double descent."""
    means = {width: float(np.mean(values)) for width, values in errors.items()}
    claims = [
        Claim(f"width {width}, noisy labels: error in %", f"{PUBLISHED[width]}", estimate(values).spread)
        for width, values in errors.items()
    ]
    peak, lowest = means[47], min(means.values())
    rises = f"{peak - lowest:.1f} points over the lowest"
    falls = f"{means[300]:.1f} at 300, {means[16]:.1f} at 16"
    claims.append(
        Claim("the error peaks at width 47", "at least 4", rises, peak - lowest >= 4 and peak == max(means.values()))
    )
    claims.append(Claim("the widest is better than the narrowest", "yes", falls, means[300] < means[16]))
    return claims


def mitigated(penalised: Mapping[int, Mapping[float, list[float]]]) -> list[Claim]:
    """Claim that with the best of the penalties for each width the error only falls with the width."""
    best = {width: lowest(table) for width, table in penalised.items()}
    claims = [
        Claim(f"width {width}, best penalty, {l2:g}: error in %", "", estimate(penalised[width][l2]).spread)
        for width, l2 in best.items()
    ]
    means = [float(np.mean(penalised[width][l2])) for width, l2 in best.items()]
    words = ", ".join(f"{mean:.1f}" for mean in means)
    return [
        *claims,
        Claim("best penalties: the error falls with the width", "yes", words, bool(np.all(np.diff(means) < 0))),
    ]


def lowest(table: Mapping[float, list[float]]) -> float:
    """The penalty with the lowest mean error."""
    return min(table, key=lambda l2: float(np.mean(table[l2])))


def draw(penalised: Mapping[int, Mapping[float, list[float]]]) -> Any:
    from jaxnet import figures

    lines = {"no penalty": lambda table: table[0.0], "best penalty": lambda table: table[lowest(table)]}
    found = {name: [estimate(of(table)) for table in penalised.values()] for name, of in lines.items()}
    means, halves = ({name: [each[at] for each in line] for name, line in found.items()} for at in (0, 1))
    labels = {"x_label": "hidden units a layer", "y_label": "error in %", "log_x": True}
    figure = figures.intervals(list(penalised), means, halves, **labels)
    return figures.headline(
        figure, "Without a penalty the error peaks at a middle width; with the best one wider is better"
    )


if __name__ == "__main__":
    main(__doc__, experiment)
