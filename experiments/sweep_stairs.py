"""Question: Was the article's learning rate, 0.1, a good one for its network and its raw intensities?

Conclusion: The article's rate was fair for raw pixels; what held it back was their scale.

Method: The article's network (4-2-2, sigmoid, softmax, full batch of 400) is trained for 1500 steps with 13 constant
learning rates from 1e-3 to 10, from 20 random starts each (U(-.01, .01), the article's range; the same starts for
every rate), once on raw intensities (0 to 255) and once on intensities / 255. Rates are ranked by the mean training
loss at the end; a rate is tied with the best where a paired test, Holm-corrected, cannot tell them apart. The test
images are read once, by the best rate of each scale from 20 fresh starts.

Published: "Neural Networks - A Worked Example" by Ben Gorman (GormAnalysis, 2017) uses 0.1 on raw intensities, and
gives no reason for it.

Measured: On raw intensities 0.1 is a fair rate: fourth of 13 by its mean loss of .351, where .046 ends at .307 and
twice 0.1 at .557. Runs at 0.1 are chaotic: another order of summation gave .341 and a tie with the best two. What held
the article back is the scale: on intensities / 255 the best rate is 4.6 (.214, better than every other), while 0.1 ends
at .623 and lower rates never leave the start's .693 within 1500 steps. On fresh starts the best rates have a test loss
of .391 (raw) and .282 (/ 255). No run diverged at any rate, for sigmoids bound what a layer passes on. 28
configurations, 560 runs.

Command: python experiments/sweep_stairs.py
"""

import functools
from typing import Any

import numpy as np
import peers
from reporting import Claim, Findings, estimate, main

import jaxnet as jn
from jaxnet.network import Uniform

ARTICLE = 0.1
SCALES = {"raw intensities": 1.0, "intensities / 255": 255.0}
FILES = {"raw intensities": "sweep_stairs.png", "intensities / 255": "sweep_stairs_scaled.png"}


def network(configuration: dict[str, Any]) -> jn.MLP:
    """Return the article's network, with its range of first weights."""
    start = Uniform(-0.01, 0.01)
    return jn.MLP((4, 2, 2), activation="sigmoid", output="softmax", weights=start, biases=start)


def train(scale: float, quick: bool) -> tuple[Any, Any]:
    """Train every rate from every start, and the best one again from fresh starts."""
    images, test = jn.stairs.load()
    starts = 3 if quick else 20
    space = jn.Space(learning_rate=jn.Float(1e-3, 10, log=True), seed=jn.Seeds(starts))
    options = {"method": "grid", "n": 5 if quick else 13, "epochs": 100 if quick else 1500, "network": network}
    result = jn.sweep(jn.plan(space, (images.x / scale, images.y), **options))
    return result, result.confirm(top=1, seeds=starts, test=(test.x / scale, test.y))


def claims_of(name: str, result: Any, confirmed: Any) -> list[Claim]:
    """Say where the article's rate stands on one scale."""
    table = result.summary()
    rates, means, tied = (np.asarray(table[column]) for column in ("learning_rate", "mean", "tied"))
    article = int(np.argmin(np.abs(np.log(rates / ARTICLE))))
    same = ", ".join(f"{rate:.2g}" for rate in sorted(rates[tied])) or "unknown"
    diverged = result.history.diverged > 0
    return [
        Claim(f"{name}: rate with the lowest loss", f"{ARTICLE}", f"{rates[0]:.3g} (tied: {same})"),
        Claim(f"{name}: its mean loss, and that of {ARTICLE}", "", f"{means[0]:.3g}, {means[article]:.3g}"),
        Claim(f"{name}: place of {ARTICLE} among {len(rates)}", "", f"{article + 1}"),
        Claim(f"{name}: runs that diverged", "", f"{int(diverged.sum())} of {len(diverged)}"),
        Claim(f"{name}: test loss of the best, fresh starts", "", f"{estimate(confirmed.test[0])}"),
    ]


def draw(name: str, result: Any) -> Any:
    """Draw the loss of every run over its rate."""
    from jaxnet import figures
    from jaxnet.figures.sweeps import parameter_slice

    diverged = (result.history.diverged > 0).reshape(len(result.levels()), -1).mean(axis=1)
    rates = result.parameters()["learning_rate"]
    labels = {"x_label": "learning rate", "y_label": "training loss", "log_x": True}
    figure = parameter_slice(rates, result.values(), diverged, **labels)
    figure.axes[0].axvline(ARTICLE, color="0.5", linestyle="--", linewidth=1)
    return figures.headline(
        figure, f"On {name} the article's rate of {ARTICLE:g} (dashed) beside 12 others, a dot a run"
    )


def experiment(quick: bool) -> Findings:
    """Sweep over rates on both scales."""
    found = {name: train(scale, quick) for name, scale in SCALES.items()}
    everything = [each for result, confirmed in found.values() for each in (result, confirmed.result)]
    losses = {
        name: dict(zip(result.parameters()["learning_rate"].tolist(), result.values().tolist(), strict=True))
        for name, (result, _) in found.items()
    }
    return Findings(
        claims=[claim for name, pair in found.items() for claim in claims_of(name, *pair)],
        configurations=sum(len(result.plan.configurations) for result in everything),
        runs=sum(len(result.plan.members.ids) for result in everything),
        results={"losses": losses, "test losses": {name: pair[1].test[0].tolist() for name, pair in found.items()}},
        figures={FILES[name]: functools.partial(draw, name, result) for name, (result, _) in found.items()},
        times={} if quick else times(),
    )


def times() -> dict[str, dict[str, float]]:
    """Time a step of one network: jaxnet's among all those of a sweep, the others' by itself."""
    images, _ = jn.stairs.load()
    x, starts, rates = np.float32(images.x / 255), 20, 13
    work = peers.Work((4, 2, 2), x, images.y, activation="sigmoid", rate=1.0, epochs=1500)
    space = jn.Space(learning_rate=jn.Float(1e-3, 10, log=True), seed=jn.Seeds(starts))
    options = {"method": "grid", "n": rates, "epochs": work.epochs, "network": network}
    ours = lambda: jn.sweep(jn.plan(space, (x, images.y), **options))
    what = f"a step of one of {starts * rates} networks on 400 images, 4-2-2"
    return {what: peers.seconds(work, ours, models=starts * rates)}


if __name__ == "__main__":
    main(__doc__, experiment)
