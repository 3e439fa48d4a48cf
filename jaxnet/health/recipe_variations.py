"""The variations: the run's own recipe with one thing changed in each lane, and what is asked beyond them only where a
question is left open: rates further off, larger batches.
"""

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet.health.experiment_rows import Rows, scaled
from jaxnet.health.lane_gains import Gains, joined, judged
from jaxnet.health.subject import Subject
from jaxnet.health.trials import Conditions, Trial, run_trials
from jaxnet.losses import Objective
from jaxnet.network import MLP
from jaxnet.network.threefry import typed_key, words_of_seed
from jaxnet.types import Pytree

OPERATIONS = 2.5e10  # of one population: some two seconds of two cores
MOST_STEPS = 40_000  # of one population, each of which costs some 50 us however small the network
SOUND_STEPS = 1200
SOUND_BATCH = 32
SEEDS = 6  # other starts that are tried
RATE_LANES = {"rate / 100": 0.01, "rate / 10": 0.1, "rate x 10": 10.0, "rate x 100": 100.0}
_NOTHING = 1e-12  # a rate of dropout at which nothing is dropped
FAR_RATES = {f"rate {sign} {10**n:,}": 10.0 ** (n if sign == "x" else -n) for sign in "/x" for n in (3, 4, 5, 6)}


def variations(subject: Subject, rows: Rows, seed: int) -> Gains:
    """Train the recipe with one thing changed in each lane."""
    trials = varied(subject, rows, seed)
    return _judged_lanes(subject, rows, trials, conditions_of(subject, rows), count=len(trials))


def far_rates(subject: Subject, rows: Rows, seed: int) -> Gains:
    """Train the recipe with rates that are further off, in the program of ``variations``."""
    trials = varied(subject, rows, seed)
    first = trials[0]
    far = [first, *(first._replace(name=name, rate=rate) for name, rate in FAR_RATES.items())]
    # as many lanes as before: what was compiled serves again
    far = (far + [first] * len(trials))[: max(len(trials), len(far))]
    return _judged_lanes(subject, rows, far, conditions_of(subject, rows), count=len(trials))


def longer(subject: Subject, rows: Rows, seed: int) -> Gains:
    """Train the run on for as many steps as ``sound`` takes, in the program of ``variations``."""
    conditions, trials = conditions_of(subject, rows), varied(subject, rows, seed)
    more = conditions._replace(epochs=sound_epochs(conditions.batch_size or len(rows.train.x), rows))
    on = trials[0]._replace(name="trained on", params=subject.params)
    lanes = [trials[0], *[on] * (len(trials) - 1)]
    return _judged_lanes(subject, rows, lanes, more, count=len(trials))


def _judged_lanes(subject: Subject, rows: Rows, lanes: list[Trial], conditions: Conditions, *, count: int) -> Gains:
    """Train lanes for as many epochs as ``count`` of them can be afforded for, and say what each explains."""
    conditions = conditions._replace(epochs=affordable(subject, conditions, rows, count))
    return judged(subject, run_trials(lanes, conditions, subject.plain()), lanes, rows=rows, epochs=conditions.epochs)


def larger_batches(subject: Subject, rows: Rows) -> Gains | None:
    """Train the recipe with batches eight times as large, the rate as it is, for as many steps; None where batches
    are whole already."""
    conditions = conditions_of(subject, rows)
    size, count = conditions.batch_size, len(rows.train.x)
    if size is None:
        return None
    first = Trial("as it was", subject.f, start_of(subject), rows.train, rows.held)
    epochs = affordable(subject, conditions, rows, 2)
    base = run_trials([first, first], conditions._replace(epochs=epochs), subject.plain())
    large = min(8 * size, count)
    more = conditions._replace(batch_size=None if large == count else large, epochs=epochs)
    longer = more._replace(epochs=math.ceil(epochs * large / size))
    if longer.epochs * count * large > MOST_STEPS * size * 8:
        longer = more
    trained = run_trials([first._replace(name="larger batches")] * 2, longer, subject.plain())
    return joined(subject, [(base, rows), (trained, rows)], rows.apart, epochs)


def undecayed(subject: Subject, rows: Rows) -> Gains | None:
    """Train the recipe with an optimizer that is shown parameters of 0, to which it finds nothing to decay; None where
    it decays none."""
    conditions = conditions_of(subject, rows)
    start, optimizer = start_of(subject), conditions.optimizer
    nothing = jax.tree.map(np.zeros_like, start)
    # what moves parameters without a gradient, and leaves 0 where it is, is a decay
    moves = lambda params: any(
        np.any(leaf) for leaf in jax.tree.leaves(optimizer.update(nothing, optimizer.init(start), params)[0])
    )
    if not moves(start) or moves(nothing):
        return None

    def update(gradient: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        return optimizer.update(gradient, state, jax.tree.map(jnp.zeros_like, params), **extra)

    first = Trial("as it was", subject.f, start, rows.train, rows.held)
    epochs = affordable(subject, conditions, rows, 2)
    without = conditions._replace(
        optimizer=optax.GradientTransformationExtraArgs(optimizer.init, update), epochs=epochs
    )
    parts = [
        (run_trials([first._replace(name=name)] * 2, each, subject.plain()), rows)
        for name, each in (("as it was", conditions._replace(epochs=epochs)), ("without weight decay", without))
    ]
    return joined(subject, parts, rows.apart, epochs)


def conditions_of(subject: Subject, rows: Rows) -> Conditions:
    """Return what the lanes share: the run's optimizer, batches and key, for its epochs."""
    recipe = subject.recipe
    if recipe is None:
        few = min(SOUND_BATCH, len(rows.train.x))
        return Conditions(optax.adam(3e-3), batch_size_for(few, rows), True, key_of_seed(0), sound_epochs(few, rows))
    size = recipe.batch_size
    shuffle = True if recipe.shuffle is None else recipe.shuffle
    return Conditions(
        recipe.optimizer, batch_size_for(size, rows), shuffle, recipe.key, max(1, len(subject.history["loss"]))
    )


def batch_size_for(size: int | None, rows: Rows) -> int | None:
    """Return a batch size for the rows of an experiment: None, the full batch, where there are no more than it."""
    return None if size is None or size >= len(rows.train.x) else size


def sound_epochs(size: int, rows: Rows) -> int:
    """Return the epochs that are SOUND_STEPS steps of this batch size."""
    return max(1, round(SOUND_STEPS * size / len(rows.train.x)))


def key_of_seed(seed: int) -> Any:
    """Return ``jax.random.key(seed)``, which NumPy makes without compiling."""
    return typed_key(words_of_seed(seed))


def affordable(subject: Subject, conditions: Conditions, rows: Rows, lanes: int) -> int:
    """Return how many of the recipe's epochs can be afforded for so many lanes, at least one."""
    weights = sum(np.size(leaf) for leaf in jax.tree.leaves(subject.params))
    count = len(rows.train.x)
    steps = math.ceil(count / (conditions.batch_size or count))
    most = min(OPERATIONS / (8 * weights * count * lanes), MOST_STEPS / steps)
    return int(max(1, min(conditions.epochs, most)))


def start_of(subject: Subject) -> Pytree:
    """Return where a subject's training began, or, where that is not known, its parameters."""
    return subject.params if subject.start is None else subject.start


def varied(subject: Subject, rows: Rows, seed: int) -> list[Trial]:
    """List the lanes of ``variations``; the first is the recipe as it was."""
    f, start = subject.f, start_of(subject)
    first = Trial("as it was", f, start, rows.train, rows.held)
    trials = [first, *(first._replace(name=name, rate=rate) for name, rate in RATE_LANES.items())]

    def with_rows(name: str, **what: bool) -> Trial:
        other = scaled(rows, inputs=what.get("inputs", False), targets=what.get("targets", False))
        return first._replace(name=name, train=other.train, held=other.held)

    trials.append(with_rows("inputs standardised", inputs=True))
    if rows.targets is not None:
        trials += [
            with_rows("targets standardised", targets=True),
            with_rows("inputs and targets standardised", inputs=True, targets=True),
        ]
    usual = first._replace(name="another initialiser", params=usual_start(subject, seed))
    trials += [usual, usual._replace(name="another initialiser, rate x 10", rate=10.0)]
    if rows.inputs.unscaled or (rows.targets is not None and rows.targets.unscaled):
        # a rate that suits raw columns need not suit standard ones
        both = with_rows("", inputs=True, targets=True)
        trials += [
            both._replace(name=f"all standardised, {name}", rate=rate)
            for name, rate in RATE_LANES.items()
            if rate in (0.1, 10.0)
        ]
    trials += [first._replace(name=f"start {i}", params=other_start(subject, seed + i)) for i in range(1, SEEDS + 1)]
    if isinstance(f, Objective) and (f.l2 or getattr(f.network, "dropout", 0)):
        trials.append(first._replace(name="without penalty or dropout", f=unpenalised(f)))
    labels = subject.labels(rows.train)
    if labels is not None and subject.weighted:
        counts = np.bincount(labels)[labels]
        balanced = rows.train.weight * (len(labels) / (counts * len(np.unique(labels))))
        trials.append(
            first._replace(
                name="classes balanced", train=rows.train._replace(weight=balanced.astype(rows.train.x.dtype))
            )
        )
    if subject.recipe is not None and not subject.diverged:
        trials.append(first._replace(name="trained on", params=subject.params))
    return trials


def unpenalised(f: Objective) -> Objective:
    """Return the objective without penalty and with a dropout that drops nothing: a number, which 0 would not be, for
    without dropout nothing is drawn, and that is another program."""
    network = f.network
    if getattr(network, "dropout", 0) and isinstance(network, MLP):
        network = dataclasses.replace(network, dropout=_NOTHING)
    return dataclasses.replace(f, network=network, l2=0.0)


def usual_start(subject: Subject, seed: int) -> Pytree:
    """Draw matrices from N(0, 2 / (D + H)) (Glorot and Bengio 2010), or N(0, 2 / D) before a relu (He et al. 2015);
    biases of a ``jn.MLP`` are 0, other leaves stay."""
    rng, net = np.random.default_rng(seed), subject.network
    relus = net is not None and "relu" in net.activations

    def draw(leaf: Any) -> np.ndarray:
        if np.ndim(leaf) < 2:
            return np.zeros_like(leaf) if net is not None else np.asarray(leaf)
        fan_in, fan_out = math.prod(leaf.shape[:-1]), leaf.shape[-1]
        variance = 2 / fan_in if relus else 2 / (fan_in + fan_out)
        return (rng.normal(size=leaf.shape) * math.sqrt(variance)).astype(leaf.dtype)

    return jax.tree.map(draw, start_of(subject))


def other_start(subject: Subject, seed: int) -> Pytree:
    """Draw another start of the same kind: by the network's own ``init``, or, where there is none, the numbers of
    each leaf in another order."""
    start = start_of(subject)
    if isinstance(subject.f, Objective):
        drawn = subject.f.network.init(key_of_seed(seed))
        return jax.tree.map(lambda leaf, like: np.asarray(leaf, like.dtype), drawn, start)
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: rng.permutation(np.ravel(leaf)).reshape(np.shape(leaf)), start)
