"""Question: Can users of scikit-learn's MLPClassifier switch to jaxnet's without validating anew, and what is gained?

Conclusion: The estimators have scikit-learn's weights to 2e-15, and on busy cores a search trained side by side takes
a quarter to a thirteenth of its time.

Method: Both classes are fitted to scikit-learn's digits with the same random_state, by every solver, schedule and kind
of stopping, in float64: the largest difference of any weight and of any loss of the curve, relative to the largest
weight or loss. Then both are timed, fit after fit in turns, the better of three each: scikit-learn with one thread and
with all, whichever is faster; jaxnet cold (the first fit of its kind, which compiles) and warm. So are 16 members,
trained as one population, beside one fit of scikit-learn's. Last, a random search of 64 candidates in 5 folds, by
PopulationSearchCV and by RandomizedSearchCV over scikit-learn's class, over rates and penalties and, in one of the
three, seven shapes: the largest difference of a candidate's mean score, and the times (scikit-learn's from a sample of
20 candidates: another takes what those of its shape did).

Published: scikit-learn 1.9.1, whose documentation says of these classes that they are not for large applications.

Measured: On 2 cores that other work kept busy throughout (load 8 to 12), so the ratios of a run are worth more than
its seconds. Weights differ by at most 2e-15 and losses by 3e-16 of their largest; with batches of 64 Adam, which
divides vanishing gradients by their own size, amplifies that to 6e-10 in some weights, not in the losses. A warm fit
is 4.0 times as fast on iris, 2.0 on the digits, 1.6 at 784-128-10 in float64 and 2.7 in float32; 16 members, or bags,
of 64 units take 1.6 fits of scikit-learn's. The search, which trains in float32, gives scikit-learn's scores (to
0.0011) 12.9 times as fast with 32 hidden units, 4.4 times with 100 and 4.8 times over seven shapes; scikit-learn's
takes one core, which is its faster setting. An earlier driver of the searches, on idle cores: 15.5 and 9.5 times (6.0
and 13.4 s).

Command: python experiments/estimators.py
"""

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import sklearn.neural_network as scikit
from reporting import Claim, Findings, main
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import RandomizedSearchCV
from threadpoolctl import threadpool_limits

from jaxnet.estimators import MLPClassifier, PopulationSearchCV

SWITCHES = {
    "adam": {},
    "adam, batches of 64": {"batch_size": 64, "alpha": 0.01},
    "sgd with Nesterov's momentum": {"solver": "sgd", "learning_rate_init": 0.1},
    "sgd, invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.25},
    "sgd, adaptive": {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.2, "tol": 0.01},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 5},
    "two hidden layers, tanh": {"hidden_layer_sizes": (32, 16), "activation": "tanh"},
}
ROUNDING = 1e-7  # Adam divides a gradient by its own size, so the rounding of a vanishing one moves a weight by more
SPACE = {"alpha": loguniform(1e-6, 1e-1), "learning_rate_init": loguniform(1e-4, 1e-2), "beta_1": uniform(0.8, 0.19)}
SHAPES = [(16,), (32,), (64,), (100,), (32, 32), (64, 32), (64, 64)]
SEARCHES: dict[str, Mapping[str, Any]] = {
    "32 hidden units": SPACE | {"hidden_layer_sizes": [(32,)]},
    "100 hidden units": SPACE | {"hidden_layer_sizes": [(100,)]},
    "7 shapes": SPACE | {"hidden_layer_sizes": SHAPES},
}


class Times(NamedTuple):
    """Seconds of a fit."""

    cold: float
    warm: float
    scikit: float

    @property
    def beside(self) -> dict[str, float]:
        """The seconds of both, compiled already."""
        return {"jaxnet": self.warm, "scikit-learn": self.scikit}

    def __str__(self) -> str:
        ratio = self.scikit / self.warm
        return f"{self.warm:.3g} s (cold {self.cold:.2g} s) against {self.scikit:.3g} s: {ratio:.1f} times"


class Size(NamedTuple):
    """Data and network that are timed."""

    X: np.ndarray
    y: np.ndarray
    parameters: dict[str, Any]


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the digits with intensities from 0 to 1."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def difference(theirs: Any, ours: Any) -> tuple[float, float]:
    """Return the largest difference of weights and of losses, relative to the largest of theirs."""
    largest = lambda a, b: max(np.abs(u - v).max() for u, v in zip(a, b, strict=True)) / max(np.abs(u).max() for u in a)
    weights = largest(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_)
    return weights, largest([np.array(theirs.loss_curve_)], [np.array(ours.loss_curve_)])


def agreement(quick: bool) -> dict[str, tuple[float, float]]:
    """Fit both classes with each setting; return the differences."""
    X, y = digits()
    found = {}
    for name, parameters in list(SWITCHES.items())[: 2 if quick else None]:
        common = {"hidden_layer_sizes": (32,), "max_iter": 5 if quick else 100, "random_state": 0} | parameters
        found[name] = difference(*(of(**common).fit(X, y) for of in (scikit.MLPClassifier, MLPClassifier)))
    return found


def sizes(quick: bool) -> dict[str, Size]:
    """Return what is timed: two data sets of scikit-learn's, and noise of the size of MNIST's images."""
    random = np.random.RandomState(0)
    X, y = random.normal(size=(500 if quick else 10_000, 784)), random.randint(0, 10, 500 if quick else 10_000)
    wide = {"hidden_layer_sizes": (128,), "batch_size": 128, "max_iter": 1 if quick else 5}
    return {
        "iris, 4-100-3": Size(*load_iris(return_X_y=True), {"max_iter": 10 if quick else 200}),
        "digits, 64-100-10": Size(*digits(), {"max_iter": 2 if quick else 50}),
        "784-128-10 in float64": Size(X, y, wide),
        "784-128-10 in float32": Size(X.astype(np.float32), y, wide),
    }


def seconds(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def timed(size: Size, repeats: int) -> Times:
    """Time the fits of both classes in turns."""
    fit = lambda of: of(random_state=0, tol=0, n_iter_no_change=10**6, **size.parameters).fit(size.X, size.y)

    def single() -> None:
        with threadpool_limits(1):
            fit(scikit.MLPClassifier)

    cold = seconds(lambda: fit(MLPClassifier))
    rounds = [
        (seconds(lambda: fit(MLPClassifier)), seconds(lambda: fit(scikit.MLPClassifier)), seconds(single))
        for _ in range(repeats)
    ]
    warm, all_threads, one_thread = np.min(rounds, axis=0)
    return Times(cold, warm, min(all_threads, one_thread))


def search(space: Mapping[str, Any], quick: bool) -> tuple[Times, float]:
    """Search by both classes; return the times of all candidates and the largest difference of a mean score."""
    X, y = digits()
    count, sample, folds = (4, 4, 2) if quick else (64, 20, 5)
    parameters = {"max_iter": 5 if quick else 200, "random_state": 0}
    options = {"cv": folds, "random_state": 0, "refit": False}
    population = PopulationSearchCV(MLPClassifier(**parameters), space, n_iter=count, **options)
    cold, warm = (seconds(lambda: population.fit(X, y)) for _ in range(2))
    one_by_one = RandomizedSearchCV(scikit.MLPClassifier(**parameters), space, n_iter=sample, **options)
    with threadpool_limits(1):  # the faster setting for networks of this size
        theirs = seconds(lambda: one_by_one.fit(X, y))
    found, right = (each.cv_results_ for each in (population, one_by_one))
    # shapes cost differently: a candidate that was not sampled takes what those of its shape did
    shapes = lambda results: [each["hidden_layer_sizes"] for each in results["params"]]
    taken = {shape: right["mean_fit_time"][[each == shape for each in shapes(right)]].mean() for shape in shapes(right)}
    theirs *= sum(taken[shape] for shape in shapes(found)) / sum(taken[shape] for shape in shapes(right))
    difference = np.abs(found["mean_test_score"][:sample] - right["mean_test_score"]).max()
    return Times(cold, warm, theirs), float(difference)


def ensembles(quick: bool) -> dict[str, Times]:
    """Time 16 members of 64 units, alone and as bags, beside one fit of scikit-learn's."""
    X, y = digits()
    rows = slice(None, 300 if quick else 900)
    parameters = {"hidden_layer_sizes": (64,), "max_iter": 2 if quick else 60, "n_iter_no_change": 10**6}
    of = lambda make, **more: make(random_state=0, tol=0, **parameters, **more).fit(X[rows], y[rows])

    def theirs() -> None:
        with threadpool_limits(1):
            of(scikit.MLPClassifier)

    found = {}
    for name, more in {"16 members": {}, "16 bags": {"bootstrap": True}}.items():
        ours = lambda more=more: of(MLPClassifier, n_members=16, **more)
        cold = seconds(ours)
        warm, one = np.min([(seconds(ours), seconds(theirs)) for _ in range(1 if quick else 5)], axis=0)
        found[name] = Times(cold, warm, one)
    return found


def experiment(quick: bool) -> Findings:
    """Switch, time and search."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        differences = agreement(quick)
        times = {name: timed(size, 1 if quick else 3) for name, size in sizes(quick).items()}
        together = ensembles(quick)
        searches = {name: search(SEARCHES[name], quick) for name in list(SEARCHES)[: 1 if quick else None]}
    claims = [
        Claim(
            f"{name}: largest difference of weights, of losses", "rounding", f"{w:.0e}, {c:.0e}", max(w, c) < ROUNDING
        )
        for name, (w, c) in differences.items()
    ]
    claims += [Claim(f"fit, {name}", "", str(found)) for name, found in times.items()]
    claims += [
        Claim(f"{name} of 64 units, in fits of scikit-learn's", "goal: at most 2", f"{found.warm / found.scikit:.1f}")
        for name, found in together.items()
    ]
    for name, (found, score) in searches.items():
        claims.append(Claim(f"search, {name}", "", str(found)))
        claims.append(Claim(f"search, {name}: largest difference of a mean score", "", f"{score:.4f}"))
    return Findings(
        claims=claims,
        configurations=len(differences) + len(times) + len(together) + len(searches),
        runs=2 * (len(differences) + len(times)) + sum(6 if quick else 360 for _ in searches),
        results={
            "differences of weights and losses": differences,
            "seconds": {name: found._asdict() for name, found in times.items()},
            "ensembles": {name: found._asdict() for name, found in together.items()},
            "searches": {name: [found._asdict(), score] for name, (found, score) in searches.items()},
        },
        times={
            **{f"a fit, {name}": found.beside for name, found in times.items()},
            **{f"a search, {name}": found.beside for name, (found, _) in searches.items()},
        },
    )


if __name__ == "__main__":
    main(__doc__, experiment)
