"""Training one network: jaxnet beside scikit-learn and PyTorch, the same data, sizes, batches and epochs.

Compiled programs are warm: what is timed is the second and later runs, the checks of ``fit`` included.
"""

import functools
import itertools
import warnings

import jax
import numpy as np
import optax
import threadpoolctl
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from timing import Case

import jaxnet as jn

RNG = np.random.default_rng(0)


def cases(quick: bool) -> list[Case]:
    """List the cases; ``quick`` takes fewer examples."""
    rows = 6_000 if quick else 30_000
    worked = functools.partial(case, "4-2-2, 400 images, 1,500 full-batch steps", (4, 2, 2), 400, epochs=1500)
    return [
        worked(batch=400, rate=0.1, activation="sigmoid", goals={"scikit-learn": 10}),
        case(
            f"784-128-10, {rows:,} images, batch 128, 5 epochs",
            (784, 128, 10), rows, epochs=5, batch=128, rate=0.1, activation="relu",
            goals={"scikit-learn": 1.8, "PyTorch": 1.8},
        ),
        case(
            f"784-512-512-10, {rows:,} images, batch 128, 5 epochs",
            (784, 512, 512, 10), rows, epochs=5, batch=128, rate=0.1, activation="relu",
            goals={"scikit-learn": 2.2, "PyTorch": 1.3},
        ),
    ]  # fmt: skip


def case(
    name: str, sizes: tuple[int, ...], rows: int, *, epochs: int, batch: int, rate: float, activation: str, goals: dict
) -> Case:
    """Set the same work up for jaxnet, scikit-learn in either thread setting, and PyTorch."""
    X = RNG.random((rows, sizes[0]), dtype=np.float32)
    y = RNG.integers(0, sizes[-1], rows)
    sklearn = functools.partial(scikit_learn, sizes, X, y, epochs, batch, rate, activation)
    goals = {name: goal for peer, goal in goals.items() for name in (peer, f"{peer}, 1 thread")}
    contestants = {
        "jaxnet": jaxnet(sizes, X, y, epochs, batch, rate, activation),
        "scikit-learn": sklearn(threads=None),
        "scikit-learn, 1 thread": sklearn(threads=1),
        "PyTorch": pytorch(sizes, X, y, epochs, batch, rate, activation),
    }
    return Case(name, contestants, goals)


def jaxnet(sizes, X, y, epochs, batch, rate, activation):
    net = jn.MLP(sizes, activation=activation, output="softmax")
    f, params = jn.objective(net), net.init(jax.random.key(0))

    def work():
        run = jn.fit(
            f, params, (X, y), optimizer=optax.sgd(rate), epochs=epochs, batch_size=batch, key=jax.random.key(1)
        )
        return jax.block_until_ready(run.params)

    return work


def scikit_learn(sizes, X, y, epochs, batch, rate, activation, threads):
    def work():
        model = MLPClassifier(
            sizes[1:-1], activation={"sigmoid": "logistic"}.get(activation, activation), solver="sgd", momentum=0,
            learning_rate_init=rate, batch_size=batch, max_iter=epochs, tol=0, n_iter_no_change=epochs, alpha=0,
        )  # fmt: skip
        with warnings.catch_warnings(), threadpoolctl.threadpool_limits(threads):
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(X, y)

    return work


def pytorch(sizes, X, y, epochs, batch, rate, activation):
    function = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[activation]
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    loss = torch.nn.CrossEntropyLoss()

    def work():
        layers = [part for pair in itertools.pairwise(sizes) for part in (torch.nn.Linear(*pair), function())]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.SGD(model.parameters(), rate)
        for _ in range(epochs):
            order = torch.randperm(len(inputs))
            for rows in order.split(batch) if batch < len(inputs) else [slice(None)]:
                optimizer.zero_grad()
                loss(model(inputs[rows]), labels[rows]).backward()
                optimizer.step()
        return model

    return work
