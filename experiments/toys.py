"""Question: on small tables, is jaxnet as accurate as scikit-learn and PyTorch with the same recipe?

Conclusion: On four small data sets jaxnet, scikit-learn and PyTorch are equally good.

Method: scikit-learn's iris, wine, breast cancer and digits; relu networks with no, one (32) and two (32, 32) hidden
layers, softmax and cross-entropy, Adam with step .01, batches of 32 in an order drawn anew, 40 epochs. 20 seeds: each
deals the examples out anew, 4/5 to train on, 1/5 to test on, each class evenly, all three libraries seeing the same
examples, standardised by the training set; each starts as the library does by itself. Compared is the test
accuracy in %, seed by seed. scikit-learn has no network without a hidden layer. PyTorch and scikit-learn run in one
thread, which is faster for batches so small.

Published: nothing; both are asked to be within a point of jaxnet, or no further than chance explains: the 95 %
t-interval of the mean difference must reach into -1 to 1.

Measured: All 20 mean differences from scikit-learn and PyTorch are within a point (-1.00 to +.69), and all 20 intervals
contain 0. jaxnet's accuracies with no, 32 and 32-32 hidden units: iris 91.0 ± 2.4, 93.8 ± 2.0, 93.3 ± 2.3; wine 97.4 ±
1.3, 98.1 ± 1.1, 98.3 ± 1.1; breast cancer 97.9 ± .5, 97.5 ± .6, 97.4 ± .6; digits 96.5 ± .4, 97.9 ± .4, 97.6 ± .4. 12
configurations, 640 runs.

Command: python experiments/toys.py
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import peers
from reporting import Claim, Findings, estimate, main

import jaxnet as jn

DATA, NETWORKS = ("iris", "wine", "breast_cancer", "digits"), ((), (32,), (32, 32))
RATE, BATCH, EPOCHS, SEEDS = 0.01, 32, 40, 20
POINT = 1.0


def task(hidden: tuple[int, ...], train: Any) -> peers.Work:
    """The recipe, for one table and one network."""
    sizes = (train.x.shape[1], *hidden, len(train.classes))
    options = {"optimizer": "adam", "rate": RATE, "batch_size": BATCH, "epochs": EPOCHS}
    return peers.Work(sizes, train.x.astype(np.float32), train.y, **options)


def accuracies(name: str, hidden: tuple[int, ...], seeds: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Train with every library; return test accuracies in %, a seed a number, and seconds, compiling included."""
    found: dict[str, list[float]] = {}
    seconds: dict[str, float] = {}
    for seed in range(seeds):
        train, test = jn.data.catalogue(name).split(0.8, seed=seed, stratify=True)
        x, work = test.standardised(by=train).x.astype(np.float32), task(hidden, train.standardised())
        for library, fitted in {"jaxnet": peers.with_jaxnet, **peers.peers(work)}.items():
            began = time.perf_counter()
            with peers.one_thread():  # faster than all for the others' batches of 32
                labels = np.argmax(fitted(work, seed)(x), axis=1)
            seconds[library] = seconds.get(library, 0) + time.perf_counter() - began
            found.setdefault(library, []).append(float(100 * np.mean(labels == test.y)))
    return found, seconds


def experiment(quick: bool) -> Findings:
    names, networks, seeds = (("iris",), ((32,),), 3) if quick else (DATA, NETWORKS, SEEDS)
    found = {(name, hidden): accuracies(name, hidden, seeds) for name in names for hidden in networks}
    claims = [claim for case, (table, _) in found.items() for claim in compared(case, table)]
    results = {label(case): table for case, (table, _) in found.items()}
    times = {f"{label(case)}, {seeds} runs, compiling included": seconds for case, (_, seconds) in found.items()}
    runs = sum(len(each) for table, _ in found.values() for each in table.values())
    return Findings(claims, len(found), runs, results, times=times)


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
