"""A few rates, penalties and sizes as one population; the best on the validation rows, at its best epoch.

The search records every epoch's validation loss and keeps no parameters but the last. A member's bits are its own,
so that the best one, trained again for as many epochs as were best, is exactly what the search saw there; further
seeds beside it, in the same tile, are the members of an ensemble.
"""

import functools
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.sweeps import Choice, Seeds, Space, plan, sweep
from jaxnet.types import Params

HIDDEN = ((32,), (64, 32))
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
PENALTIES = (0.0, 1e-2)
LINEAR = ()  # no hidden layer: logistic or linear regression, trained in the same way
_STEPS, _QUICK_STEPS = 4_000, 1_000  # updates of a member, roughly: more epochs for a table of few rows
_EPOCHS = (20, 300)  # fewest and most
_BATCHES = ((1_000, 32), (4_000, 64), (16_000, 128), (math.inf, 256))  # up to so many rows, so many at once


class Recipe(NamedTuple):
    """What is tried: hidden layers, rates, penalties, and how long."""

    hidden: tuple[tuple[int, ...], ...]
    rates: tuple[float, ...]
    penalties: tuple[float, ...]
    epochs: int
    batch_size: int
    ensemble: int
    seed: int
    class_weights: str | None = None


class PreparedRows(NamedTuple):
    """Prepared rows: (X, y) to train on and to choose by, and the output of a network for such targets."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    output: str


class Chosen(NamedTuple):
    """The best configuration, the epoch at which it was best, and its curves; its networks' parameters."""

    hidden: tuple[int, ...]
    configuration: dict[str, Any]
    epoch: int
    curves: dict[str, list[float]]
    networks: list[Params]


def recipe(
    rows: int, *, hidden: Any = None, epochs: Any = None, learning_rate: Any = None,
    ensemble: Any = 1, quick: bool = False, seed: Any = 0, class_weights: str | None = None,
) -> Recipe:  # fmt: skip
    """Return what is tried for a table with so many training rows; whatever is given stands instead of a choice.

    Raises ValueError or TypeError, naming the argument, for what makes no sense.
    """
    batch = next(size for limit, size in _BATCHES if rows <= limit)
    batch = min(batch, rows)
    steps = _QUICK_STEPS if quick else _STEPS
    usual = int(np.clip(math.ceil(steps * batch / rows), *_EPOCHS))
    sizes = (HIDDEN[:1] if quick else HIDDEN) if hidden is None else (_layers(hidden),)
    rates = (RATES[1:3] if quick else RATES) if learning_rate is None else (learning_rate,)
    return Recipe(
        sizes,
        tuple(checks.number("learning_rate", rate, above=0) for rate in rates),
        PENALTIES,
        usual if epochs is None else checks.integer("epochs", epochs, minimum=1),
        batch,
        checks.integer("ensemble", ensemble, minimum=1, maximum=100),
        checks.integer("seed", seed, maximum=2**31 - 1),
        class_weights,
    )


def search(examples: PreparedRows, tried: Recipe, *, out: Path | None, progress: bool) -> tuple[Chosen, Chosen]:
    """Train the population; return the best network with hidden layers, and the best without any.

    With ``out``, the folder keeps each part of the work, and the same call goes on from there.
    """
    linear = () if LINEAR in tried.hidden else (LINEAR,)
    space = {
        "hidden": Choice(*tried.hidden, *linear), "learning_rate": Choice(*tried.rates), "l2": Choice(*tried.penalties),
    }  # fmt: skip
    kept = functools.partial(_kept, out)
    asked = _plan(examples, tried, epochs=tried.epochs, seeds=1, method="grid", **space)
    found = sweep(asked, out=kept("search"), progress=progress)
    curves = {name: found.curves(name) for name in ("loss", "validation_loss")}
    lowest = np.nanmin(np.where(np.isfinite(curves["validation_loss"]), curves["validation_loss"], np.inf), axis=1)
    layers = [configuration["hidden"] for configuration in asked.configurations]
    chosen = []
    for name, sizes in (("network", tried.hidden), ("linear", (LINEAR,))):
        among = [at for at, each in enumerate(layers) if tuple(each) in sizes]
        best = min(among, key=lambda at: lowest[at])
        expected = "a configuration that does not diverge: give a smaller learning rate"
        checks.require(np.isfinite(lowest[best]), "learning_rate", expected, tried.rates)
        epoch = int(
            np.argmin(np.where(np.isfinite(curves["validation_loss"][best]), curves["validation_loss"][best], np.inf))
        )
        seeds = tried.ensemble if name == "network" else 1
        configuration = dict(asked.configurations[best])
        again = _plan(examples, tried, epochs=epoch + 1, seeds=seeds, method="list", configurations=[configuration])
        trained = sweep(again, out=kept(name), progress=progress)
        networks = [jax.tree.map(np.asarray, trained.params(member)) for member in range(seeds)]
        shown = {key: values[best].astype(float).tolist() for key, values in curves.items()}
        chosen.append(Chosen(tuple(layers[best]), configuration, epoch + 1, shown, networks))
    return chosen[0], chosen[1]


def _plan(examples: PreparedRows, tried: Recipe, *, epochs: int, seeds: int, method: str, **options: Any) -> Any:
    configurations = options.pop("configurations", None)
    constants: Mapping[str, Any] = {"output": examples.output, "activation": "relu", "optimizer": "adam"}
    constants = {**constants, "batch_size": tried.batch_size}
    if configurations is not None:  # which hold their constants
        constants = {}
    return plan(
        Space(**options, seed=Seeds(seeds)), examples.train, method=method, configurations=configurations,
        epochs=epochs, validation=examples.validation, class_weights=tried.class_weights, root=tried.seed, **constants,
    )  # fmt: skip


def _kept(out: Path | None, name: str) -> str | os.PathLike | None:
    return None if out is None else out / name


def _layers(hidden: Any) -> tuple[int, ...]:
    layers = (hidden,) if isinstance(hidden, int) else tuple(hidden)
    return tuple(checks.integer(f"hidden[{at}]", each, minimum=1, maximum=10_000) for at, each in enumerate(layers))
