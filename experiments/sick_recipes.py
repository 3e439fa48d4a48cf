"""Recipes of training with one thing planted, and recipes that reach what they can: what ``sick_runs.py`` counts on.

Thresholds of ``jn.diagnose`` were set while looking at those in TUNING, which are not counted; those in SICK and
HEALTHY were written afterwards.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnet as jn

STUCK = 0.2  # loss of XOR above which a run has not solved it


class Rows(NamedTuple):
    """A data set: rows to train on, held-out rows, the outputs of a network for it, and what they are."""

    name: str
    x: np.ndarray
    y: np.ndarray
    held: tuple[np.ndarray, np.ndarray]
    outputs: int
    output: str


class Planted(NamedTuple):
    """A recipe: the kind that was planted ("" for none), and how it trains on rows from a seed."""

    name: str
    kind: str
    train: Callable[[Rows, int], Any]


class Trained(NamedTuple):
    """A run with all that ``jn.diagnose`` is given."""

    f: Any
    run: Any
    data: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray] | None

    def kinds(self) -> list[str]:
        """Return the kinds that are named, the first one first."""
        found = jn.diagnose(self.f, self.run, self.data, validation=self.validation).findings
        return [finding.kind for finding in found]


def standard(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Standardise columns by those of other rows; what does not vary stays 0."""
    deviation = like.std(axis=0)
    return ((x - like.mean(axis=0)) / np.where(deviation > 0, deviation, 1)).astype(np.float32)


@functools.cache
def data_sets() -> tuple[Rows, ...]:
    """Return the three data sets."""
    train, test = jn.stairs.load()
    stairs = Rows(
        "stairs", standard(train.x, train.x), train.y, (standard(test.x, train.x), test.y), 2, "softmax"
    )  # fmt: skip
    every = jn.data.catalogue("digits")
    order = np.random.default_rng(0).permutation(len(every.x))
    x, y = (np.asarray(part)[order] for part in (every.x, every.y))
    digits = Rows(
        "digits", standard(x[:600], x[:600]), y[:600], (standard(x[600:900], x[:600]), y[600:900]), 10, "softmax"
    )
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 6)).astype(np.float32)
    t = np.sin(1.5 * x[:, 0]) + 0.7 * x[:, 1] * x[:, 2] + 0.5 * x[:, 3] + 0.1 * rng.normal(size=600)
    t = ((t - t.mean()) / t.std()).astype(np.float32)
    return stairs, digits, Rows("regression", x[:400], t[:400], (x[400:], t[400:]), 1, "identity")


def train(
    rows: Rows, seed: int, *, hidden: tuple[int, ...] = (16,), optimizer: Any = None, epochs: int = 100,
    batch_size: int | None = 32, loss: Any = None, l2: float = 0.0, start: Callable[[Any], Any] | None = None,
    dtype: Any = np.float32, **network: Any,
) -> Trained:  # fmt: skip
    """Train a network on rows from a seed; by default a sound one."""
    options = {"activation": "relu", "output": rows.output, **network}
    net = jn.MLP((rows.x.shape[1], *hidden, rows.outputs), **options)
    f, params = jn.objective(net, loss, l2=l2), net.init(jax.random.key(seed), dtype)
    params = params if start is None else start(params)
    size = None if batch_size is None or batch_size >= len(rows.x) else batch_size
    run = jn.fit(
        f, params, (rows.x, rows.y), optimizer=optimizer or optax.adam(0.01), epochs=epochs, batch_size=size,
        key=jax.random.key(1000 + seed), validation=rows.held,
    )  # fmt: skip
    return Trained(f, run, (rows.x, rows.y), rows.held)


def changed(how: Callable[[Rows, np.random.Generator], Rows | None], **options: Any) -> Callable[[Rows, int], Any]:
    """Return a recipe that trains on changed rows; of data sets that cannot be changed so, nothing."""

    def on(rows: Rows, seed: int) -> Trained | None:
        other = how(rows, np.random.default_rng(seed))
        return None if other is None else train(other, seed, **options)

    return on


def plain(**options: Any) -> Callable[[Rows, int], Trained]:
    """Return a recipe that trains on the rows as they are."""
    return lambda rows, seed: train(rows, seed, **options)


def scaled(factor: Any, shift: float = 0.0) -> Callable[..., Rows]:
    """Scale inputs, all columns or each by its own factor."""
    both = lambda x: (x * factor + shift).astype(np.float32)
    return lambda rows, rng: rows._replace(x=both(rows.x), held=(both(rows.held[0]), rows.held[1]))


def one_large_column(rows: Rows, rng: np.random.Generator) -> Rows:
    """Scale a column that varies by 10,000."""
    factor = np.ones(rows.x.shape[1])
    factor[rng.choice(np.flatnonzero(rows.x.std(axis=0) > 0.5))] = 1e4
    return scaled(factor)(rows, rng)


def targets(factor: float, shift: float) -> Callable[..., Rows | None]:
    """Scale the targets of a regression."""
    both = lambda y: (y * factor + shift).astype(np.float32)
    of = lambda rows: rows._replace(y=both(rows.y), held=(rows.held[0], both(rows.held[1])))
    return lambda rows, rng: of(rows) if rows.output == "identity" else None


def shuffled(rows: Rows, rng: np.random.Generator) -> Rows:
    """Shuffle all targets."""
    return rows._replace(y=rng.permutation(rows.y), held=(rows.held[0], rng.permutation(rows.held[1])))


def leaking(count: int) -> Callable[..., Rows]:
    """Put held-out rows among the training rows."""
    return lambda rows, rng: rows._replace(
        x=np.concatenate([rows.x, rows.held[0][:count]]), y=np.concatenate([rows.y, rows.held[1][:count]])
    )


def with_constant(value: float) -> Callable[..., Rows]:
    """Append a column of one value."""
    more = lambda x: np.concatenate([x, np.full((len(x), 1), value, np.float32)], axis=1)
    return lambda rows, rng: rows._replace(x=more(rows.x), held=(more(rows.held[0]), rows.held[1]))


def few_and_wrong(count: int, wrong: float) -> Callable[..., Rows]:
    """Keep some rows, part of them with a target drawn from all."""

    def of(rows: Rows, rng: np.random.Generator) -> Rows:
        at = rng.permutation(len(rows.x))[:count]
        y = np.where(rng.random(count) < wrong, rng.permutation(rows.y)[:count], rows.y[at])
        return rows._replace(x=rows.x[at], y=y.astype(rows.y.dtype))

    return of


def rare(share: float) -> Callable[..., Rows | None]:
    """Two classes, a share of the rows in the second, a deviation apart; in place of the stairs."""

    def of(rows: Rows, rng: np.random.Generator) -> Rows | None:
        y = (rng.random(900) < share).astype(int)
        x = (rng.normal(size=(900, 4)) + 0.7 * y[:, None]).astype(np.float32)
        return Rows("rare", x[:600], y[:600], (x[600:], y[600:]), 2, "softmax") if rows.name == "stairs" else None

    return of


def stuck_xor(**options: Any) -> Callable[[Rows, int], Trained | None]:
    """Train 2-2-1 on XOR from the next start that ends stuck; in place of the stairs."""
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])

    def of(rows: Rows, seed: int) -> Trained | None:
        if rows.name != "stairs":
            return None
        f = jn.objective(jn.MLP((2, 2, 1), output="sigmoid", **options))
        for start in range(100 * seed, 100 * seed + 100):
            params = f.network.init(jax.random.key(start))
            run = jn.fit(f, params, (x, y), optimizer=optax.sgd(0.5), epochs=5000)
            if run.history["loss"][-1] > STUCK:
                return Trained(f, run, (x, y), None)
        return None

    return of


def all_equal(params: Any) -> Any:
    """Start with all weights at .2."""
    return [{"w": jnp.full_like(layer["w"], 0.2), "b": layer["b"]} for layer in params]


SGD, ADAM = optax.sgd, optax.adam
TUNING: Sequence[Planted] = [
    Planted("sgd(30)", "rate_too_high", plain(optimizer=SGD(30.0), activation="tanh")),
    Planted("adam(1)", "rate_too_high", plain(optimizer=ADAM(1.0))),
    Planted("sgd(1e-7)", "rate_too_low", plain(optimizer=SGD(1e-7))),
    Planted("sgd(1e-4)", "rate_too_low", plain(optimizer=SGD(1e-4))),
    Planted("three epochs", "still_improving", plain(optimizer=SGD(0.05), epochs=3)),
    Planted("zeros", "identical_units", plain(weights="zeros", activation="sigmoid")),
    Planted("sigmoids from normal(20)", "saturated_units", plain(weights="normal(20)", activation="sigmoid")),
    Planted("six sigmoid layers", "vanishing_gradients", plain(hidden=(16,) * 6, activation="sigmoid")),
    Planted("inputs of 800 ± 500", "unscaled_inputs", changed(scaled(500, 800), optimizer=SGD(0.1))),
    Planted("shuffled", "label_noise", changed(shuffled)),
    Planted("60 rows leak", "leak", changed(leaking(60))),
    Planted("one unit", "underfitting", plain(hidden=(1,), activation="tanh")),
    Planted("batches of 1, sgd(.5)", "noisy_batches", plain(batch_size=1, optimizer=SGD(0.5), activation="tanh")),
    Planted("16 relus", "", plain()),
    Planted("32 tanh", "", plain(hidden=(32,), activation="tanh")),
    Planted("momentum", "", plain(hidden=(32,), optimizer=SGD(0.1, momentum=0.9))),
]
SICK: Sequence[Planted] = [
    Planted("sgd(10, momentum)", "rate_too_high", plain(optimizer=SGD(10.0, momentum=0.9), activation="tanh")),
    Planted("rmsprop(.5)", "rate_too_high", plain(optimizer=optax.rmsprop(0.5))),
    Planted("sgd(1e-5, momentum)", "rate_too_low", plain(optimizer=SGD(1e-5, momentum=0.9), activation="sigmoid")),
    Planted("rmsprop(1e-6)", "rate_too_low", plain(optimizer=optax.rmsprop(1e-6), hidden=(24,))),
    Planted("five epochs of adam", "still_improving", plain(optimizer=ADAM(2e-3), epochs=5, batch_size=16)),
    Planted("four epochs of sgd", "still_improving", plain(optimizer=SGD(0.03), epochs=4, batch_size=8)),
    Planted("all weights .2", "identical_units", plain(start=all_equal, activation="tanh", hidden=(12,))),
    Planted("two layers of zeros", "identical_units", plain(weights="zeros", hidden=(16, 16))),
    Planted("biases of -30", "dead_units", plain(biases="uniform(-40, -30)", hidden=(32,))),
    Planted("tanh from normal(15)", "saturated_units", plain(weights="normal(15)", activation="tanh", hidden=(24,))),
    Planted("tiny weights, five layers", "vanishing_gradients",
            plain(weights="uniform(-0.02, 0.02)", hidden=(12,) * 5, activation="tanh", optimizer=SGD(0.1))),
    Planted("seven layers of sigmoids", "vanishing_gradients",
            plain(hidden=(10,) * 7, activation="sigmoid", optimizer=SGD(0.2))),
    Planted("normal(2), six layers", "exploding_gradients", plain(weights="normal(2)", hidden=(16,) * 6)),
    Planted("inputs of 1,000", "unscaled_inputs", changed(scaled(1000), activation="tanh", optimizer=SGD(0.1))),
    Planted("a column of 10,000", "unscaled_inputs", changed(one_large_column, optimizer=SGD(0.05))),
    Planted("targets of 5,000 ± 900", "unscaled_targets", changed(targets(900, 5000), optimizer=SGD(0.02))),
    Planted("targets of 1e5", "unscaled_targets", changed(targets(1e5, 0), activation="tanh")),
    Planted("4 % positives", "imbalanced_classes", changed(rare(0.04), optimizer=SGD(0.05))),
    Planted("shuffled, two layers", "label_noise", changed(shuffled, hidden=(24, 24), epochs=60)),
    Planted("30 rows leak", "leak", changed(leaking(30), hidden=(24,))),
    Planted("a column of -2", "constant_column", changed(with_constant(-2.0), hidden=(24,))),
    Planted("30 rows, a quarter wrong", "overfitting",
            changed(few_and_wrong(30, 0.25), hidden=(64, 64), epochs=300, batch_size=10)),
    Planted("one sigmoid", "underfitting", plain(hidden=(1,), activation="sigmoid", optimizer=ADAM(0.03))),
    Planted("batches of 1, sgd(.3)", "noisy_batches",
            plain(batch_size=1, optimizer=SGD(0.3), activation="tanh", epochs=40)),
    Planted("l2 of 5", "no_better_than_constant", plain(l2=5.0)),
    Planted("XOR, sigmoids", "local_minimum", stuck_xor(activation="sigmoid", weights="normal(1)")),
    Planted("XOR, tanh", "local_minimum", stuck_xor(activation="tanh", weights="normal(1)")),
    Planted("exp for both signs", "wrong_loss_for_output",
            changed(targets(3.0, 0.0), output="exp", loss="squared_error", optimizer=ADAM(1e-3))),
]  # fmt: skip
HEALTHY: Sequence[Planted] = [
    Planted("24 relus", "", plain(hidden=(24,))),
    Planted("64 relus", "", plain(hidden=(64,), optimizer=ADAM(5e-3))),
    Planted("20 tanh", "", plain(hidden=(20,), activation="tanh", epochs=150)),
    Planted("20 sigmoids", "", plain(hidden=(20,), activation="sigmoid", optimizer=ADAM(0.03), epochs=150)),
    Planted("gelu", "", plain(hidden=(24,), activation="gelu", optimizer=ADAM(5e-3), epochs=150)),
    Planted("elu", "", plain(hidden=(24,), activation="elu", epochs=150)),
    Planted("silu, two layers", "", plain(hidden=(24, 24), activation="silu", optimizer=ADAM(5e-3))),
    Planted("leaky relu", "", plain(hidden=(32,), activation="leaky_relu")),
    Planted("three layers", "", plain(hidden=(24, 24, 24), optimizer=ADAM(3e-3))),
    Planted("sgd(.2)", "", plain(hidden=(24,), optimizer=SGD(0.2), activation="tanh", epochs=300)),
    Planted("sgd with momentum", "", plain(hidden=(24,), optimizer=SGD(0.05, momentum=0.9), epochs=150)),
    Planted("rmsprop", "", plain(hidden=(24,), optimizer=optax.rmsprop(5e-3), epochs=150)),
    Planted("adamw", "", plain(hidden=(32,), optimizer=optax.adamw(0.01, weight_decay=1e-3))),
    Planted("nadam, batches of 64", "", plain(hidden=(24,), optimizer=optax.nadam(0.01), batch_size=64, epochs=200)),
    Planted("batches of 8", "", plain(hidden=(24,), optimizer=ADAM(3e-3), batch_size=8, epochs=80)),
    Planted("full batches", "", plain(hidden=(24,), optimizer=ADAM(0.03), batch_size=None, epochs=600)),
    Planted("l2 of .001", "", plain(hidden=(32,), l2=1e-3)),
    Planted("dropout of .1", "", plain(hidden=(64,), dropout=0.1, epochs=150)),
    Planted("float64", "", plain(hidden=(24,), dtype=np.float64)),
    Planted("cosine", "", plain(hidden=(24,), optimizer=ADAM(optax.cosine_decay_schedule(0.02, 1300)))),
    Planted("he_normal", "", plain(hidden=(32,), weights="he_normal", optimizer=ADAM(5e-3))),
]
