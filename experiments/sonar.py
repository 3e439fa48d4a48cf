"""Question: Which accuracies do the six networks of 1988 reach that told mines from rocks by their sonar returns?

Conclusion: Those that were published, within 2.4 points for every one of the six.

Method: 208 returns of 60 numbers, 111 mines and 97 rocks; 13 folds of 16 drawn at random, each held out once. One
hidden layer of 0 to 24 sigmoids, 2 sigmoid outputs, half the sum of squares in which errors below .2 count as none,
weights change after each pattern at rate 2.0 without momentum, start U(-.3, .3), 300 epochs; 10 starts a fold, so 130
networks a width, trained as one population. Right is whose larger output is the right one, after the last epoch, with
no look at the held-out fold before. The sd is over the 13 folds, of means of 10. Not published are the folds' drawing
and the order of the patterns: here a new one every epoch.

Published: Gorman and Sejnowski, "Analysis of hidden units in a layered network trained to classify sonar targets",
Neural Networks 1:75 (1988), the experiment that does not split by angle: in % on test folds 77.1, 81.9, 82.0, 83.5,
84.7 and 84.5 for 0, 2, 3, 6, 12 and 24 hidden units (sd 5.6 to 8.3), on training folds 89.4 to 99.8. The data is
mlbench's (scripts/get_data tables).

Measured: on test folds 79.5, 81.0, 82.4, 83.8, 83.6 and 84.4 (sd 8.0 to 11.1), on training folds 92.3 to 100; the
published means lie above 10 to 80 % of our starts. 24 units gain 5.0 points over none, where 7.4 were published.

Command: python experiments/sonar.py
"""

import csv
import functools
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from reporting import Claim, Findings, main

import jaxnet as jn
from jaxnet.data import data_folder

RATE, EPOCHS, MARGIN, FOLDS = 2.0, 300, 0.2, 13
NEAR = 3.0  # points between a published mean and ours that are still the same result


class Published(NamedTuple):
    """Accuracies in % of the paper's table."""

    training: float
    test: float
    sd: float


TABLE = {
    0: Published(89.4, 77.1, 8.3),
    2: Published(96.5, 81.9, 6.2),
    3: Published(98.8, 82.0, 7.3),
    6: Published(99.7, 83.5, 5.6),
    12: Published(99.8, 84.7, 5.7),
    24: Published(99.8, 84.5, 5.7),
}


def returns() -> tuple[np.ndarray, np.ndarray]:
    """Return the 208 returns [208, 60] and, one-hot, which are mines and which rocks [208, 2].

    Raises FileNotFoundError, with the command that fetches them.
    """
    path = data_folder() / "tables" / "sonar.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; fetch it by: scripts/get_data tables")
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    mine = np.array([row[-1] == "M" for row in rows])
    return np.array([row[:-1] for row in rows], float), np.stack([mine, ~mine], axis=1).astype(float)


def error_with_margin(net: Any, params: Any, x: Any, y: Any) -> Any:
    """Half the sum of squared errors, of those that are not below the margin, averaged over the examples."""
    off = y - net.predict(params, x)
    return jnp.mean(jnp.sum(jnp.where(jnp.abs(off) < MARGIN, 0.0, off) ** 2, axis=1)) / 2


def share_right(net: Any, params: Any, x: Any, y: Any) -> Any:
    """The share of examples whose larger output is the right one."""
    found = jnp.argmax(net.predict(params, x), axis=1)
    return jnp.mean(found == jnp.argmax(y, axis=1), dtype=jnp.float32)


def accuracies(hidden: int, starts: int, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    """Train one width on all folds from all starts; return the accuracies in %, [starts, folds] both, on the training
    and the held-out folds."""
    start, layers = "uniform(-0.3, 0.3)", (hidden,) if hidden else ()
    net = jn.MLP((60, *layers, 2), activation="sigmoid", output="sigmoid", weights=start, biases=start)

    def right(params: Any, x: Any, y: Any) -> Any:
        return share_right(net, params, x, y)

    result = jn.sweep(
        jn.plan(
            jn.Space(seed=jn.Seeds(starts), fold=jn.Folds(FOLDS)), returns(), method="grid", epochs=epochs,
            batch_size=1, network=lambda configuration: net, metrics=[right], learning_rate=RATE,
            objective=lambda network, configuration: functools.partial(error_with_margin, network),
        )
    )  # fmt: skip
    last = [np.asarray(result.curves(name))[:, -1].reshape(starts, FOLDS) for name in ("right", "validation_right")]
    return 100 * last[0], 100 * last[1]


def experiment(quick: bool) -> Findings:
    """Train all widths and set the paper's table beside them."""
    starts, epochs, widths = (2, 40, (0, 3)) if quick else (10, EPOCHS, tuple(TABLE))
    found = {hidden: accuracies(hidden, starts, epochs) for hidden in widths}
    claims = []
    for hidden, (training, test) in found.items():
        published = TABLE[hidden]
        claims.append(Claim(f"{hidden} units: training folds", f"{published.training:g}", f"{training.mean():.1f}"))
        claims.append(test_claim(hidden, test, judged=not quick))
    means = [test.mean() for _, test in found.values()]
    gain = means[-1] - means[0]
    claims.append(Claim(f"{widths[-1]} units instead of 0: test, points", "+7.4", f"{gain:+.1f}", quick or gain > NEAR))
    results = {str(hidden): {"training": a.tolist(), "test": b.tolist()} for hidden, (a, b) in found.items()}
    draw = functools.partial(draw_runs, found)
    return Findings(claims, len(widths), starts * FOLDS * len(widths), results, {"sonar.png": draw})


def test_claim(hidden: int, test: np.ndarray, *, judged: bool) -> Claim:
    """Claim that our mean is the published one, and say at which percentile of the starts that is.

    A start's number, as the paper's, is the mean over its 13 folds.
    """
    published, mean = TABLE[hidden], test.mean()
    share = float(np.mean(test.mean(axis=1) <= published.test))
    measured = f"{mean:.1f}, sd {test.mean(axis=0).std(ddof=1):.1f}; published above {share:.0%} of starts"
    holds = bool(abs(mean - published.test) <= NEAR) if judged else None
    return Claim(f"{hidden} units: test folds", f"{published.test:g}, sd {published.sd:g}", measured, holds)


def draw_runs(found: dict[int, tuple[np.ndarray, np.ndarray]]) -> Any:
    """Draw the mean of every start over the width, beside the published means."""
    from jaxnet import figures

    at = np.arange(len(found))
    lines = {
        f"{name}, measured": [each[part].mean() for each in found.values()]
        for part, name in enumerate(("training folds", "test folds"))
    }
    lines["test folds, published"] = [TABLE[hidden].test for hidden in found]
    figure = figures.intervals(at, lines, x_label="hidden units", y_label="right, %")
    axes = figure.axes[0]
    axes.set_xticks(at, labels=list(found))
    for place, (_, test) in zip(at, found.values(), strict=True):
        axes.plot([place] * len(test), test.mean(axis=1), ".", color="0.5", alpha=0.6, zorder=1)
    return figures.headline(figure, TITLE)


TITLE = "Right answers of the networks that told mines from rocks, beside the published means; a dot is a start"

if __name__ == "__main__":
    main(__doc__, experiment)
