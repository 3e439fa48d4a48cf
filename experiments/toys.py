"""Question: on small tables, is jaxnet as accurate as scikit-learn and PyTorch with the same recipe?

Method: scikit-learn's iris, wine, breast cancer and digits; relu networks with no, one (32) and two (32, 32) hidden
layers, softmax and cross-entropy, Adam with step .01, batches of 32 in an order drawn anew, 40 epochs. 20 seeds: each
deals the examples out anew, 4/5 to train on, 1/5 to test on, each class evenly, all three libraries seeing the same
examples, standardised by the training set; each starts as the library does by itself. Compared is the test accuracy in
%, seed by seed. scikit-learn has no network without a hidden layer.

Published: nothing; both are asked to be within a point of jaxnet, or no further than chance explains: the 95 %
t-interval of the mean difference must reach into -1 to 1.

Measured: All 20 mean differences from scikit-learn and PyTorch are within a point (-1.00 to +.69), and all 20 intervals
contain 0. jaxnet's accuracies with no, 32 and 32-32 hidden units: iris 91.0 ± 2.4, 93.8 ± 2.0, 93.3 ± 2.3; wine 97.4 ±
1.3, 98.1 ± 1.1, 98.3 ± 1.1; breast cancer 97.9 ± .5, 97.5 ± .6, 97.4 ± .6; digits 96.5 ± .4, 97.9 ± .4, 97.7 ± .4. 12
configurations, 640 runs. Its times were taken on a machine with much else to do: scripts/bench is for speed.

Command: python experiments/toys.py
"""

import importlib.util
import itertools
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
import optax
from reporting import Claim, Findings, estimate, main
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import jaxnet as jn

DATA, NETWORKS = ("iris", "wine", "breast_cancer", "digits"), ((), (32,), (32, 32))
RATE, BATCH, EPOCHS, SEEDS = 0.01, 32, 40, 20
POINT = 1.0


def with_jaxnet(hidden: tuple[int, ...], train: Any, test: Any, seed: int) -> np.ndarray:
    """Train with jaxnet; return the labels found for the test examples."""
    net = jn.MLP((train.x.shape[1], *hidden, len(train.classes)), output="softmax")
    start, order = jax.random.split(jax.random.key(seed))
    run = jn.fit(
        jn.objective(net),
        net.init(start),
        train,
        optimizer=optax.adam(RATE),
        epochs=EPOCHS,
        batch_size=BATCH,
        key=order,
    )
    return np.argmax(np.asarray(net.predict(run.params, test.x)), axis=1)


def with_scikit_learn(hidden: tuple[int, ...], train: Any, test: Any, seed: int) -> np.ndarray:
    """The same with scikit-learn's MLPClassifier."""
    model = MLPClassifier(
        hidden, alpha=0.0, learning_rate_init=RATE, batch_size=BATCH, max_iter=EPOCHS, n_iter_no_change=EPOCHS,
        random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # all its epochs is what it is asked for
        return model.fit(train.x, train.y).predict(test.x)


def with_pytorch(hidden: tuple[int, ...], train: Any, test: Any, seed: int) -> np.ndarray:
    """The same with PyTorch, batch by batch."""
    import torch

    torch.manual_seed(seed)
    sizes = (train.x.shape[1], *hidden, len(train.classes))
    layers = [layer for d, h in itertools.pairwise(sizes) for layer in (torch.nn.Linear(d, h), torch.nn.ReLU())]
    model = torch.nn.Sequential(*layers[:-1])
    adam, x, y = torch.optim.Adam(model.parameters(), RATE), torch.tensor(train.x).float(), torch.tensor(train.y)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            adam.zero_grad()
            torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            adam.step()
    with torch.no_grad():
        return model(torch.tensor(test.x).float()).argmax(1).numpy()


def libraries() -> dict[str, Callable]:
    """The libraries that are installed; PyTorch is in the extra ``bench``."""
    found: dict[str, Callable] = {"jaxnet": with_jaxnet, "scikit-learn": with_scikit_learn}
    return {**found, "PyTorch": with_pytorch} if importlib.util.find_spec("torch") else found


def accuracies(name: str, hidden: tuple[int, ...], seeds: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Train with every library; return test accuracies in %, a seed a number, and seconds."""
    found, seconds = {}, {}
    splits = [jn.data.catalogue(name).split(0.8, seed=seed, stratify=True) for seed in range(seeds)]
    splits = [(train.standardised(), test.standardised(by=train)) for train, test in splits]
    for library, fitted in libraries().items():
        if library == "scikit-learn" and not hidden:
            continue
        began = time.perf_counter()
        labels = [fitted(hidden, train, test, seed) for seed, (train, test) in enumerate(splits)]
        seconds[library] = round(time.perf_counter() - began, 2)
        found[library] = [float(100 * np.mean(a == test.y)) for a, (_, test) in zip(labels, splits, strict=True)]
    return found, seconds


def experiment(quick: bool) -> Findings:
    names, networks, seeds = (("iris",), ((32,),), 3) if quick else (DATA, NETWORKS, SEEDS)
    found = {(name, hidden): accuracies(name, hidden, seeds) for name in names for hidden in networks}
    claims = [claim for case, (table, _) in found.items() for claim in compared(case, table)]
    results = {label(case): {"accuracy": table, "seconds": seconds} for case, (table, seconds) in found.items()}
    total: dict[str, float] = {}
    for _, seconds in found.values():
        total = {library: total.get(library, 0) + seconds.get(library, 0) for library in libraries()}
    claims.append(Claim("seconds in all, compiling included", "", ", ".join(f"{a} {b:.1f}" for a, b in total.items())))
    return Findings(
        claims, len(found), sum(len(each) for table, _ in found.values() for each in table.values()), results
    )


def label(case: tuple[str, tuple[int, ...]]) -> str:
    name, hidden = case
    return f"{name}, {'-'.join(map(str, hidden)) or 'no hidden layer'}"


def compared(case: tuple[str, tuple[int, ...]], table: Mapping[str, list[float]]) -> list[Claim]:
    """Claim that the mean difference from each other library is within a point, or explained by chance."""
    claims = [Claim(f"{label(case)}: jaxnet's accuracy in %", "", estimate(table["jaxnet"]).spread)]
    for library, values in table.items():
        if library != "jaxnet":
            found = estimate(np.subtract(table["jaxnet"], values))
            near = found.mean - found.half <= POINT and found.mean + found.half >= -POINT
            other = f"{library} {np.mean(values):.4g}"
            claims.append(
                Claim(f"{label(case)}: jaxnet - {library}", other, f"{found.mean:+.2f} ± {found.half:.2f}", near)
            )
    return claims


if __name__ == "__main__":
    main(__doc__, experiment)
