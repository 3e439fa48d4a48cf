"""Populations beside a loop of scikit-learn, hand-stacked PyTorch, and the machine's own products of matrices.

Members differ in learning rate and momentum; all contestants train as many members for as many epochs on the same
data in batches of 128. Populations want one CPU device a core, which JAX must be told before it starts: run this part
alone, or first.
"""

import itertools
import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from timing import Case

from jaxnet.sweeps import Float, Space, plan
from jaxnet.sweeps.devices import advice, use_all_cores
from jaxnet.sweeps.history import empty_history
from jaxnet.sweeps.trainer import Trainer

BATCH, MEMBERS, EPOCHS = 128, 64, 10
CALLS = 16  # that a contestant may get

use_all_cores()


def cases(quick: bool) -> list[Case]:
    """List the cases; ``quick`` takes fewer members in the last ones."""
    if advice():
        print(advice(), file=sys.stderr)
    small, wide = examples(4096, 20, 2), examples(4096, 64, 10)
    return [
        Case(
            f"64 members of 20-32-32-2, 4,096 examples, {EPOCHS} epochs",
            {
                "jaxnet": population(small, (32, 32), MEMBERS, EPOCHS),
                "scikit-learn's loop": scikit_learn(small, (32, 32), MEMBERS, EPOCHS),
                "stacked PyTorch": pytorch(small, (20, 32, 32, 2), MEMBERS, EPOCHS),
            },
            {"scikit-learn's loop": 18, "stacked PyTorch": 2.5},
        ),
        Case(
            f"64 members of 64-100-10, 4,096 examples, {EPOCHS} epochs",
            {
                "jaxnet": population(wide, (100,), MEMBERS, EPOCHS),
                "as many operations in large products": products(MEMBERS * EPOCHS * operations((64, 100, 10), 4096)),
            },
            {"as many operations in large products": 0.8},
        ),
        *(growth(members) for members in ((10, 1000) if quick else (10, 1000, 10_000))),
    ]


def growth(members: int) -> Case:
    """Compare the cost of one of many members with that of one of 100: the ratio is 1 where it is constant."""
    data, work = examples(512, 8, 2), max(40 * members, 4000)  # model-epochs
    return Case(
        f"{members:,} members of 8-8-2, 512 examples, {work:,} model-epochs",
        {
            "jaxnet": population(data, (8,), members, work // members),
            "100 members, as many model-epochs": population(data, (8,), 100, work // 100),
        },
        {},
    )


def examples(count: int, inputs: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw examples whose class depends on a product of inputs."""
    x = np.random.default_rng(0).normal(size=(count, inputs)).astype(np.float32)
    return x, (np.abs(x[:, 0] * x[:, 1] * classes) % classes).astype(np.int64)


def population(data: tuple, hidden: tuple[int, ...], members: int, epochs: int) -> Callable[[], None]:
    """Return a function that trains all members for some more epochs."""
    space = Space(learning_rate=Float(1e-3, 0.1, log=True), momentum=Float(0, 0.9))
    made = plan(space, data, n=members, epochs=epochs * CALLS, hidden=hidden, batch_size=BATCH)
    history = empty_history(made)
    trainer = Trainer(made, history, lambda members, reached: None)

    def work() -> None:
        trainer.advance(np.arange(members), int(history.epochs.max()) + epochs)

    return work


def scikit_learn(data: tuple, hidden: tuple[int, ...], members: int, epochs: int) -> Callable[[], None]:
    """Return a function that fits one member after the other."""
    options: dict[str, Any] = {"solver": "sgd", "batch_size": BATCH, "nesterovs_momentum": False, "alpha": 0, "tol": 0}
    numbers = list(zip(np.geomspace(1e-3, 0.1, members), np.linspace(0, 0.9, members), strict=True))

    def work() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for rate, momentum in numbers:
                model = MLPClassifier(hidden, learning_rate_init=rate, momentum=momentum, max_iter=epochs, **options)
                model.fit(*data)

    return work


def pytorch(data: tuple, sizes: tuple[int, ...], members: int, epochs: int) -> Callable[[], None]:
    """Return a function that trains all members as stacked matrices (torch.baddbmm), which share each batch."""
    import torch  # here, for the other contestants are of use without it

    x, y = (torch.from_numpy(part) for part in data)
    rates = torch.logspace(-3, -1, members).reshape(-1, 1, 1)
    momenta = torch.linspace(0, 0.9, members).reshape(-1, 1, 1)
    shapes = list(itertools.pairwise(sizes))
    layers = [(torch.randn(members, a, b) / math.sqrt(a), torch.zeros(members, 1, b)) for a, b in shapes]
    params = [leaf.requires_grad_() for layer in layers for leaf in layer]
    velocity = [torch.zeros_like(leaf) for leaf in params]

    def loss_of(rows: Any) -> Any:
        a = x[rows].expand(members, -1, -1)
        for w, b in layers[:-1]:
            a = torch.relu(torch.baddbmm(b, a, w))
        logits = torch.baddbmm(layers[-1][1], a, layers[-1][0]).transpose(1, 2)
        losses = torch.nn.functional.cross_entropy(logits, y[rows].expand(members, -1), reduction="none")
        return losses.mean(1).sum()

    def work() -> None:
        for rows in itertools.chain(*(torch.randperm(len(x)).split(BATCH) for _ in range(epochs))):
            gradient = torch.autograd.grad(loss_of(rows), params)
            with torch.no_grad():
                for leaf, v, g in zip(params, velocity, gradient, strict=True):
                    leaf.sub_(rates * v.mul_(momenta).add_(g))

    return work


def products(wanted: float) -> Callable[[], None]:
    """Return a function that spends these operations on products of 1024 x 1024 matrices."""
    square = np.ones((1024, 1024), np.float32)
    result = np.empty_like(square)

    def work() -> None:
        for _ in range(round(wanted / (2 * 1024**3))):
            np.matmul(square, square, out=result)

    return work


def operations(sizes: tuple[int, ...], count: int) -> float:
    """Count an epoch's operations in products: for each weight and example 2 forwards, 2 for the gradient, and 2 for
    what is passed back, which the first layer does not need."""
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    return count * (4 * weights[0] + 6 * sum(weights[1:]))
