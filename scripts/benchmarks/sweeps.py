"""Populations against a loop of scikit-learn and hand-stacked PyTorch, and against the machine's matrix products.

Every peer trains the same population on the same data, alternating with jaxnet in one process, compiled and warm; the
fastest of several rounds counts, for on a shared machine the others measure the neighbours.
"""

import itertools
import math
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxnet.sweeps.devices import use_all_cores

use_all_cores()

from jaxnet.sweeps import Float, Plan, Space, plan  # noqa: E402  (JAX must not start before)
from jaxnet.sweeps.ledger import empty  # noqa: E402
from jaxnet.sweeps.sweep import Trainer  # noqa: E402

BATCH, MEMBERS, ROUNDS = 128, 64, 5


class Row(NamedTuple):
    """One comparison; seconds are those of one epoch of one member, the ratio is the peer's over jaxnet's."""

    name: str
    seconds: float
    peer: str
    peer_seconds: float
    ratio: float


def examples(count: int, inputs: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw examples whose class depends on products of inputs."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(count, inputs)).astype(np.float32)
    return x, (np.abs(x[:, 0] * x[:, 1] * classes) % classes).astype(np.int64)


def population(data: tuple, hidden: tuple[int, ...], members: int, epochs: int) -> Plan:
    """Plan members that differ in learning rate and momentum."""
    space = Space(learning_rate=Float(1e-3, 0.1, log=True), momentum=Float(0, 0.9))
    return plan(space, data, n=members, epochs=epochs, hidden=hidden, batch_size=BATCH)


def jaxnet_rounds(made: Plan, epochs: int) -> Callable[[], float]:
    """Return a function that trains the population for some more epochs and says how long one member's epoch took."""
    ledger = empty(made)
    trainer = Trainer(made, ledger, lambda members, reached: None)
    everyone = np.arange(len(made.members.ids))
    trainer.advance(everyone, 1)

    def go() -> float:
        done = int(ledger.epochs.max())
        started = time.perf_counter()
        trainer.advance(everyone, done + epochs)
        return (time.perf_counter() - started) / epochs / len(everyone)

    return go


def scikit_learn_rounds(data: tuple, hidden: tuple[int, ...], epochs: int) -> Callable[[], float]:
    """Return a function that fits one member of the loop."""
    from sklearn.neural_network import MLPClassifier

    options: dict[str, Any] = {"solver": "sgd", "batch_size": BATCH, "momentum": 0.9, "nesterovs_momentum": False}

    def go() -> float:
        model = MLPClassifier(hidden, learning_rate_init=0.01, max_iter=epochs, alpha=0, tol=0, **options)
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            model.fit(*data)
        return (time.perf_counter() - started) / epochs

    return go


def torch_rounds(data: tuple, sizes: tuple[int, ...], members: int, epochs: int) -> Callable[[], float]:
    """Return a function that trains the population as stacked matrices, which share each batch."""
    import torch

    x, y = (torch.from_numpy(part) for part in data)
    rates = torch.logspace(-3, -1, members).reshape(-1, 1, 1)
    momenta = torch.linspace(0, 0.9, members).reshape(-1, 1, 1)
    layers = [
        [torch.randn(members, a, b) / math.sqrt(a), torch.zeros(members, 1, b)] for a, b in itertools.pairwise(sizes)
    ]
    params = [leaf.requires_grad_() for layer in layers for leaf in layer]
    velocity = [torch.zeros_like(leaf) for leaf in params]

    def step(rows: Any) -> None:
        a = x[rows].expand(members, -1, -1)
        for depth, (w, b) in enumerate(layers):
            a = torch.baddbmm(b, a, w)
            a = a if depth == len(layers) - 1 else torch.relu(a)
        target = y[rows].expand(members, -1)
        loss = torch.nn.functional.cross_entropy(a.transpose(1, 2), target, reduction="none").mean(1).sum()
        gradient = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for leaf, v, g in zip(params, velocity, gradient, strict=True):
                v.mul_(momenta).add_(g)
                leaf.sub_(rates * v)

    def go() -> float:
        started = time.perf_counter()
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(BATCH):
                step(rows)
        return (time.perf_counter() - started) / epochs / members

    return go


def matrix_seconds(operations: float) -> float:
    """Return how long the operations take as one large product of matrices, at its fastest."""
    square = np.ones((1024, 1024), np.float32)
    fastest = math.inf
    for _ in range(4):
        started = time.perf_counter()
        square @ square
        fastest = min(fastest, time.perf_counter() - started)
    return operations * fastest / (2 * 1024**3)


def operations_of(sizes: tuple[int, ...], count: int) -> float:
    """Count an epoch's operations in products: 2 a weight and example forwards, 2 for its gradient, 2 for what is
    passed back, which the first layer does not need."""
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    return count * (4 * weights[0] + 6 * sum(weights[1:]))


def fastest(functions: list[Callable[[], float]]) -> list[float]:
    """Call all functions in turn, several times; return the fastest of each."""
    return [min(times) for times in zip(*([go() for go in functions] for _ in range(ROUNDS)), strict=True)]


def against_peers() -> list[Row]:
    """64 members of 20-32-32-2, 4,096 examples in batches of 128."""
    data, hidden, epochs = examples(4096, 20, 2), (32, 32), 3
    made = population(data, hidden, MEMBERS, 1 + epochs * ROUNDS)
    functions = [
        jaxnet_rounds(made, epochs),
        scikit_learn_rounds(data, hidden, epochs),
        torch_rounds(data, (20, 32, 32, 2), MEMBERS, epochs),
    ]
    mine, *peers = fastest(functions)
    name = "64 members of 20-32-32-2"
    return [
        Row(name, mine, p, s, s / mine) for p, s in zip(("scikit-learn's loop", "stacked PyTorch"), peers, strict=True)
    ]


def against_products() -> Row:
    """64 members of 64-100-10, 4,096 examples: the ratio is the share of the machine's rate of matrix products."""
    sizes, count, epochs = (64, 100, 10), 4096, 2
    go = jaxnet_rounds(population(examples(count, 64, 10), (100,), MEMBERS, 1 + epochs * ROUNDS), epochs)
    mine, bound = fastest([go, lambda: matrix_seconds(operations_of(sizes, count))])
    return Row("64 members of 64-100-10", mine, "one large matrix product", bound, bound / mine)


def growth() -> list[Row]:
    """10 to 10,000 members of 8-8-2: what a member costs, against its cost among 100."""
    data, epochs = examples(512, 8, 2), 4
    functions = [
        jaxnet_rounds(population(data, (8,), members, 1 + epochs * ROUNDS), epochs)
        for members in (10, 100, 1000, 10_000)
    ]
    ten, hundred, *more = fastest(functions)
    found = zip((10, 1000, 10_000), (ten, *more), strict=True)
    return [
        Row(f"one of {count} members of 8-8-2", s, "one of 100 members", hundred, hundred / s) for count, s in found
    ]


def main() -> list[Row]:
    """Run all comparisons; a minute or two on 2 cores."""
    return [*against_peers(), against_products(), *growth()]


if __name__ == "__main__":
    for name, seconds, peer, peer_seconds, ratio in main():
        print(f"{name:34} {seconds * 1e3:9.4f} ms  {peer:26} {peer_seconds * 1e3:9.4f} ms  {ratio:7.2f}")
