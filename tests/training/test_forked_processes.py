"""Whatever trains says so at once in a process that was forked after JAX had started, where it would wait forever."""

import os
import signal
from collections.abc import Callable

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.estimators import MLPClassifier, PopulationGridSearchCV, TabularClassifier

X = np.random.default_rng(0).normal(size=(20, 2))
Y = (X[:, 0] > 0).astype(int)
NET = jn.MLP((2, 2), output="softmax")
PARAMS = [{"w": np.zeros((2, 2)), "b": np.zeros(2)}]
SPACE = jn.Space(learning_rate=0.1, hidden=(2,))
SEARCH = PopulationGridSearchCV(MLPClassifier((2,)), {"alpha": [0.1, 1.0]})
TRAININGS: dict[str, Callable[[], object]] = {
    "fit": lambda: jn.fit(jn.objective(NET), PARAMS, (X, Y), optimizer=optax.sgd(0.1), epochs=1),
    "sweep": lambda: jn.sweep(jn.plan(SPACE, (X, Y), epochs=1)),
    "diagnose": lambda: jn.diagnose(jn.objective(NET), PARAMS, (X, Y)),
    "an estimator": lambda: MLPClassifier((2,)).fit(X, Y),
    "an estimator of tables": lambda: TabularClassifier().fit(X, Y),
    "a search": lambda: SEARCH.fit(X, Y),
}


def heard_from_a_child(function: Callable[[], object]) -> str:
    """What a function raises in a forked process, which is ended where it waits."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(30)
        try:
            function()
        except RuntimeError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as file:
        return file.read()


@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.parametrize("name", TRAININGS)
def test_training_is_refused_in_a_process_that_was_forked_after_jax_had_started(name: str) -> None:
    jax.device_put(X).block_until_ready()  # JAX has started
    assert "was forked from one in which JAX had started" in heard_from_a_child(TRAININGS[name])


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:Stochastic Optimizer")
def test_predictions_are_made_there() -> None:
    fitted = MLPClassifier((2,), max_iter=1).fit(X, Y)
    expected = fitted.predict(X).tolist()

    def said() -> None:
        raise RuntimeError(str(fitted.predict(X).tolist()))

    assert heard_from_a_child(said) == str(expected)
