"""Changing a number never recompiles; only a shape, or another kind of thing, does."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(100, 3)), RNG.integers(0, 2, 100)


class Counted:
    """A loss that counts how often it is traced."""

    def __init__(self):
        self.traces = 0

    def __call__(self, logits, target):
        self.traces += 1
        return optax.softmax_cross_entropy_with_integer_labels(logits, target)


def train(loss, *, rate=0.1, momentum=0.9, l2=0.0, dropout=0.1, seed=0, rows=100, stop=None, **options):
    net = jn.MLP((3, 4, 2), output="softmax", dropout=dropout)
    params = net.init(jax.random.key(seed))
    optimizer = optax.sgd(rate, momentum=momentum)
    options = {"epochs": 3, "batch_size": 16} | options
    f = jn.objective(net, loss, l2=l2)
    return jn.fit(f, params, (X[:rows], Y[:rows]), optimizer=optimizer, key=jax.random.key(seed), stop=stop, **options)


NUMBERS = {
    "learning rate": {"rate": 0.7},
    "momentum": {"momentum": 0.2},
    "l2": {"l2": 0.3},
    "dropout": {"dropout": 0.4},
    "seed": {"seed": 5},
    "epochs": {"epochs": 2000},
    "rows, as long as the padding fits": {"rows": 97},
}


LOSS = Counted()  # one program for all the rows below


@pytest.mark.parametrize("changed", NUMBERS.values(), ids=NUMBERS)
def test_changing_a_number_never_traces_again(changed):
    train(LOSS)
    first = LOSS.traces
    train(LOSS, **changed)
    assert LOSS.traces == first > 0


def test_patience_and_tolerance_are_numbers():
    loss = Counted()
    train(loss, stop=jn.Stop("loss", 3, tolerance=0.1))
    first = loss.traces
    train(loss, stop=jn.Stop("loss", 5, tolerance=0.2))
    assert loss.traces == first > 0


def test_the_numbers_of_a_schedule_are_numbers():
    loss = Counted()
    net = jn.MLP((3, 2), output="softmax")
    f, params = jn.objective(net, loss), net.init(jax.random.key(0))
    for rate in (0.1, 0.2):
        schedule = optax.cosine_decay_schedule(rate, 10)
        jn.fit(f, params, (X, Y), optimizer=optax.adam(schedule), epochs=2)
        first = loss.traces if rate == 0.1 else first  # noqa: F821
    assert loss.traces == first > 0


@pytest.mark.parametrize("changed", [{"batch_size": 17}, {"rows": 64}, {"epochs": 3, "metrics": ["accuracy"]}])
def test_another_shape_or_metric_traces_again(changed):
    train(LOSS)
    first = LOSS.traces
    train(LOSS, **changed)
    assert LOSS.traces > first


def test_one_program_serves_all_chunks_of_a_run(monkeypatch):
    train(LOSS, epochs=1)
    first = LOSS.traces
    monkeypatch.setattr("jaxnet.training.run.next_chunk", lambda *_, **__: 3)
    train(LOSS, epochs=20)
    assert LOSS.traces == first > 0


@pytest.fixture
def traced():
    """What JAX traces from here on, by the names of its events."""
    events = []
    jax.monitoring.register_event_duration_secs_listener(
        listener := lambda event, *_, **__: events.append(event) if "jaxpr_trace" in event else None
    )
    yield events
    jax.monitoring.unregister_event_duration_listener(listener)


def test_a_warm_call_of_fit_traces_nothing_not_even_to_check_its_arguments(traced):
    # of an MLP, that is: a network of one's own says only by being traced how many outputs it has
    train("cross_entropy")
    assert traced
    traced.clear()
    train("cross_entropy", rate=0.3, seed=1)
    assert not traced


def test_the_numbers_that_are_traced_still_count():
    runs = [train(LOSS, **changed) for changed in ({}, {"rate": 0.7}, {"momentum": 0.2}, {"l2": 0.3}, {"dropout": 0.4})]
    losses = [run.history["loss"][-1] for run in runs]
    assert len(set(losses)) == len(losses)
    assert jnp.all(jnp.isfinite(jnp.asarray(losses)))


# a first training in a fresh process; what JAX compiles for a key that the user makes is the user's
FIRST_TRAININGS = """
import json, jax, numpy as np, optax, jaxnet as jn
X = np.random.default_rng(0).random((40, 4)); y = (X.sum(1) > 2).astype(int)
key, counts, compiled = jax.random.key(0), {}, []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **_: compiled.append(event) if event.endswith("backend_compile_duration") else None
)

def count(name, work):
    compiled.clear()
    work()
    counts[name] = len(compiled)

def fit(optimizer, sizes, **options):
    net = jn.MLP(sizes, activation="sigmoid", output="softmax")
    params = net.init(key)
    jn.fit(jn.objective(net), params, (X, y), optimizer=optimizer, epochs=2, **options)
    prediction.predictions(net, params, X[:7])

from jaxnet import prediction
from jaxnet.estimators import MLPClassifier
count("sgd", lambda: fit(optax.sgd(.1), (4, 2, 2)))
options = {"batch_size": 8, "key": key, "validation": (X[:9], y[:9]), "stop": jn.Stop(), "metrics": ["accuracy"]}
count("adam in batches, with validation", lambda: fit(optax.adam(.1), (4, 3, 2), **options))
count("an estimator", lambda: MLPClassifier((5,), max_iter=2, tol=0, solver="sgd").fit(X, y).score(X, y))
space = jn.Space(learning_rate=jn.Float(.1, 1))
count("a sweep", lambda: jn.sweep(jn.plan(space, (X, y), n=2, epochs=2, hidden=(6,), output="softmax", batch_size=8)))
print(json.dumps(counts))
"""


def test_a_first_training_compiles_its_one_program_and_little_else():
    code = "import warnings; warnings.simplefilter('ignore')" + FIRST_TRAININGS
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts.pop("sgd") == 1
    assert counts.pop("a sweep") <= 3  # the orders of its epochs, and where they begin
    # the second is what an optimizer remembers at first, such as Adam's moments
    assert all(1 <= count <= 2 for count in counts.values()), counts
