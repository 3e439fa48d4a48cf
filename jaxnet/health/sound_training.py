"""What a network reaches whatever the recipe: with Adam, standardised rows and a usual start.

Beside it stands the same with shuffled targets: whether there is anything to learn. Changed networks say whether more
units, or other ones, would learn it.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax

from jaxnet.health.experiment_rows import Rows, scaled
from jaxnet.health.lane_gains import Gains, judged
from jaxnet.health.recipe_variations import (
    SOUND_BATCH,
    affordable,
    batch_size_for,
    key_of_seed,
    sound_epochs,
    usual_start,
)
from jaxnet.health.subject import Subject
from jaxnet.health.trials import Conditions, Trial, run_trials
from jaxnet.losses import Objective
from jaxnet.network import MLP

FEWEST_UNITS = 32  # of a hidden layer that is to be wide enough


def sound(subject: Subject, rows: Rows, seed: int, *, change: Callable[[Subject], Subject] | None = None) -> Gains:
    """Train the subject's network, or one that was changed, soundly: with Adam, standardised rows, a usual start; two
    rates and two starts, and, for the network itself, two lanes with the targets shuffled."""
    subject = subject if change is None else change(subject)
    good = scaled(rows, inputs=True, targets=True)
    f = subject.f
    if isinstance(f, Objective):
        network = dataclasses.replace(f.network, dropout=0.0) if isinstance(f.network, MLP) else f.network
        f = Objective(network, f.loss, 0.0)
    subject = dataclasses.replace(subject, f=f)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(good.train.x))
    shuffled = dataclasses.replace(good, train=good.train._replace(y=good.train.y[order]))
    trials = [
        Trial(f"sound {i}", f, usual_start(subject, seed + 10 + i), good.train, good.held, rate=rate)
        for i, rate in enumerate((1.0, 1.0, 5.0, 5.0))
    ]
    if change is None:
        trials += [
            trial._replace(name=f"shuffled {i}", train=shuffled.train) for i, trial in enumerate((trials[0], trials[2]))
        ]
    size = min(SOUND_BATCH, len(good.train.x))
    conditions = Conditions(
        optax.adam(2e-3), batch_size_for(size, rows), True, key_of_seed(seed), sound_epochs(size, rows)
    )
    conditions = conditions._replace(epochs=affordable(subject, conditions, rows, len(trials)))
    return judged(subject, run_trials(trials, conditions, subject.plain()), trials, rows=good, epochs=conditions.epochs)


def with_more_units(subject: Subject) -> Subject:
    """Return the subject with ``sizes_with_more_units``; of relus where there was no hidden layer."""
    net: Any = subject.network
    activation = net.activation if len(net.sizes) > 2 else "relu"
    return _with_network(subject, sizes=sizes_with_more_units(net.sizes), activation=activation)


def sizes_with_more_units(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes of a network with four times as many units in each hidden layer, FEWEST_UNITS at least, and
    with a hidden layer where there was none."""
    hidden = tuple(max(FEWEST_UNITS, 4 * size) for size in sizes[1:-1]) or (FEWEST_UNITS,)
    return (sizes[0], *hidden, sizes[-1])


def with_relus(subject: Subject) -> Subject:
    """Return the subject with relus in place of its activations."""
    return _with_network(subject, activation="relu")


def _with_network(subject: Subject, **changed: Any) -> Subject:
    f: Any = subject.f
    net = dataclasses.replace(f.network, **changed)
    start = net.init(key_of_seed(0), jax.tree.leaves(subject.params)[0].dtype)
    return dataclasses.replace(subject, f=Objective(net, f.loss, f.l2), params=start, start=start)
