"""The estimators beside scikit-learn's: CPU seconds of fits, predictions, searches and an ensemble, the first time in a
process and the better of the next two.

Everybody fits the digits (1,797 rows of 64) from the same ``random_state``, scikit-learn with one thread, its faster
setting for networks of this size. Each contestant has a process of its own, without compiled programs of earlier ones.
"""

from collections.abc import Iterator
from typing import Any

from searches import seconds_of

COMMON = """
import functools, json, sys, time, warnings
import numpy as np
import sklearn.neural_network as scikit
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, ParameterSampler, cross_val_score
from threadpoolctl import threadpool_limits
warnings.simplefilter("ignore")
threadpool_limits(1)  # of products in NumPy: with more, threads wait, and spend CPU seconds on it
QUICK = int(sys.argv[1]) < 30
X, y = load_digits(return_X_y=True)
X = X / 16
EPOCHS, COUNT, FOLDS = (10, 16, 3) if QUICK else (50, 64, 5)

def times(work):
    seconds = []
    for _ in range(3):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    print(json.dumps([seconds[0], min(seconds[1:])]))
"""
OURS = "from jaxnet.estimators import MLPClassifier, PopulationGridSearchCV, PopulationSearchCV\n"
THEIRS = "MLPClassifier = scikit.MLPClassifier\n"
FIT = "times(lambda: MLPClassifier((100,), max_iter=EPOCHS, random_state=0).fit(X, y))"
FITTED = """
mlp = MLPClassifier((100,), max_iter=3, random_state=0).fit(X, y)
times(lambda: [mlp.predict_proba(X[:%s]) for _ in range(%s)])
"""
SEEDS = """
seeds = {"random_state": list(range(4 if QUICK else 16))}
mlp = MLPClassifier((64,), max_iter=EPOCHS)
times(lambda: %s(mlp, seeds, cv=2, refit=False).fit(X, y))
"""
SHAPES = """
shapes = [(16,), (24,), (32,), (48,), (64,), (32, 16), (32, 32), (48, 24)]
space = {"hidden_layer_sizes": shapes, "learning_rate_init": loguniform(1e-4, 1e-2), "alpha": loguniform(1e-6, 1e-1)}
mlp = MLPClassifier(max_iter=2 * EPOCHS, random_state=0)
"""
# what is measured -> who does it -> code; the last one is scikit-learn
WORK = {
    "a fit, 64-100-10": {"jaxnet": OURS + FIT, "scikit-learn": THEIRS + FIT},
    "500 predictions of one row": {
        "jaxnet": OURS + FITTED % (1, 500),
        "scikit-learn": THEIRS + FITTED % (1, 500),
    },
    "20 predictions of 1,797 rows": {
        "jaxnet": OURS + FITTED % ("", 20),
        "scikit-learn": THEIRS + FITTED % ("", 20),
    },
    "a search over 16 seeds, 2 folds": {
        "PopulationGridSearchCV": OURS + SEEDS % "PopulationGridSearchCV",
        "PopulationGridSearchCV, dtype=None": OURS + SEEDS % "functools.partial(PopulationGridSearchCV, dtype=None)",
        "GridSearchCV over jaxnet": OURS + SEEDS % "GridSearchCV",
        "scikit-learn": THEIRS + SEEDS % "GridSearchCV",
    },
    "a search of 64 x 5 over sizes and rates": {
        "PopulationSearchCV": OURS
        + SHAPES
        + "search = PopulationSearchCV(mlp, space, n_iter=COUNT, cv=FOLDS, random_state=0, refit=False)\n"
        + "times(lambda: search.fit(X, y))",
        # an eighth of the candidates, times eight
        "scikit-learn": THEIRS
        + SHAPES
        + """
some = list(ParameterSampler(space, COUNT, random_state=0))[::8]
started = time.process_time()
for parameters in some:
    cross_val_score(clone(mlp).set_params(**parameters), X, y, cv=FOLDS)
seconds = 8 * (time.process_time() - started)
print(json.dumps([seconds, seconds]))
""",
    },
    "16 members, beside one fit": {
        "jaxnet": OURS + "times(lambda: MLPClassifier((64,), n_members=16, max_iter=EPOCHS, random_state=0).fit(X, y))",
        "scikit-learn": THEIRS + "times(lambda: MLPClassifier((64,), max_iter=EPOCHS, random_state=0).fit(X, y))",
    },
}


def estimator_work(quick: bool) -> Iterator[dict[str, Any]]:
    """Yield the CPU seconds of each piece of work, cold and warm, and how many times scikit-learn's they are."""
    for name, contestants in WORK.items():
        found = {who: seconds_of(COMMON + code, 10 if quick else 30) for who, code in contestants.items()}
        theirs = found.pop("scikit-learn")
        for who, (cold, warm) in found.items():
            yield {
                name: who, "cold s": round(cold, 3), "warm s": round(warm, 3),
                "scikit-learn cold s": round(theirs[0], 3), "scikit-learn warm s": round(theirs[1], 3),
                "cold ratio": round(cold / theirs[0], 2), "warm ratio": round(warm / theirs[1], 2),
            }  # fmt: skip
