"""Training one network: jaxnet beside scikit-learn and PyTorch, the same data, sizes, batches, epochs and optimizer.

Compiled programs are warm: what is timed is the second and later runs, the checks of ``fit`` included. The peers run
with one thread and with as many as there are cores, for either can be their better setting.
"""

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import optax
import threadpoolctl
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from timing import Case

import jaxnet as jn
from jaxnet.sweeps.devices import cores

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Work:
    """What everybody trains."""

    sizes: tuple[int, ...]
    rows: int
    epochs: int
    batch: int
    rate: float
    optimizer: str = "sgd"
    activation: str = "relu"

    def __str__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"{sizes}, {self.optimizer}, {self.rows:,} examples, batch {self.batch}, {self.epochs:,} epochs"

    def examples(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw inputs between 0 and 1, and labels."""
        return RNG.random((self.rows, self.sizes[0]), np.float32), RNG.integers(0, self.sizes[-1], self.rows)


def cases(quick: bool) -> list[Case]:
    """List the cases; ``quick`` takes fewer examples."""
    rows = 6_000 if quick else 30_000
    return [
        case(Work((4, 2, 2), 400, 1500, 400, 0.1, activation="sigmoid"), {"scikit-learn": 10}),
        case(Work((784, 128, 10), rows, 5, 128, 0.1), {"scikit-learn": 1.8, "PyTorch": 1.8}),
        case(Work((784, 128, 10), rows, 5, 128, 1e-3, "adam"), {}),
        case(Work((784, 512, 512, 10), rows, 5, 128, 0.1), {"scikit-learn": 2.2, "PyTorch": 1.08}),
        case(Work((784, 512, 512, 10), rows, 5, 128, 1e-3, "adam"), {"PyTorch": 1.16}),
        case(Work((100, 1000, 1000, 10), rows // 2, 2, 128, 1e-3, "adam"), {"PyTorch": 1.24}),
    ]


def case(work: Work, goals: dict[str, float]) -> Case:
    """Set the same work up for jaxnet, and for its peers in either thread setting."""
    data = work.examples()
    contestants: dict[str, Callable[[], object]] = {"jaxnet": jaxnet(work, data)}
    reached = {}
    for name, peer in (("scikit-learn", scikit_learn), ("PyTorch", pytorch)):
        for threads in sorted({1, cores()}):
            title = f"{name}, {threads} thread{'s' * (threads > 1)}"
            contestants[title] = peer(work, data, threads)
            reached |= {title: goals[name]} if name in goals else {}
    return Case(str(work), contestants, reached)


def jaxnet(work: Work, data: tuple) -> Callable[[], object]:
    net = jn.MLP(work.sizes, activation=work.activation, output="softmax")
    f, params = jn.objective(net), net.init(jax.random.key(0))
    optimizer = {"sgd": optax.sgd, "adam": optax.adam}[work.optimizer](work.rate)

    def train() -> object:
        options: dict[str, Any] = {"epochs": work.epochs, "batch_size": work.batch, "key": jax.random.key(1)}
        return jax.block_until_ready(jn.fit(f, params, data, optimizer=optimizer, **options).params)

    return train


def scikit_learn(work: Work, data: tuple, threads: int) -> Callable[[], object]:
    def train() -> object:
        model = MLPClassifier(
            work.sizes[1:-1], activation={"sigmoid": "logistic"}.get(work.activation, work.activation),
            solver=work.optimizer, momentum=0, learning_rate_init=work.rate, batch_size=work.batch,
            max_iter=work.epochs, tol=0, n_iter_no_change=work.epochs, alpha=0,
        )  # fmt: skip
        with warnings.catch_warnings(), threadpoolctl.threadpool_limits(threads):
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(*data)

    return train


def pytorch(work: Work, data: tuple, threads: int) -> Callable[[], object]:
    function = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[work.activation]
    inputs, labels = map(torch.from_numpy, data)
    loss = torch.nn.CrossEntropyLoss()

    def train() -> object:
        torch.set_num_threads(threads)
        layers = [part for pair in itertools.pairwise(work.sizes) for part in (torch.nn.Linear(*pair), function())]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[work.optimizer](model.parameters(), work.rate)
        for _ in range(work.epochs):
            order = torch.randperm(len(inputs))
            for rows in order.split(work.batch) if work.batch < len(inputs) else [slice(None)]:
                optimizer.zero_grad()
                loss(model(inputs[rows]), labels[rows]).backward()
                optimizer.step()
        return model

    return train
