"""Metrics of one's own: their names in the history, what they are given, and what is refused."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.training.metric_values import check_metrics, metric_name, metric_values
from jaxnet.types import Batch

F = jn.objective(jn.MLP((3, 2), output="softmax"))
PARAMS = F.network.init(jax.random.key(0))
BATCH = Batch(jnp.asarray(np.random.default_rng(0).normal(size=(5, 3)), jnp.float32), jnp.asarray([0, 1, 1, 0, 1]))


def scaled(params, X, y, factor, logits):
    return factor * logits.sum()


@dataclasses.dataclass(frozen=True)
class Depth:
    unit: float

    def __call__(self, params, X, y, network):
        return self.unit * len(network.sizes)  # a number of Python's, of which nothing is computed


def test_a_partial_and_an_object_have_names_and_are_given_what_they_name():
    metrics = check_metrics(["accuracy", functools.partial(scaled, factor=2.0), Depth(3.0)], F)
    assert [metric_name(metric) for metric in metrics] == ["accuracy", "scaled", "Depth"]
    values = metric_values(F, PARAMS, BATCH, {metric_name(metric): metric for metric in metrics})
    assert values["scaled"] == pytest.approx(2 * float(F.logits(PARAMS, BATCH.x).sum()), rel=1e-6)
    assert values["Depth"] == 6


def test_a_metric_that_is_named_twice_is_computed_once():
    assert check_metrics(["accuracy", "f1", "accuracy", scaled, scaled]) == ("accuracy", "f1", scaled)


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ([lambda params, X, y: 0.0, lambda params, X, y: 1.0], "metrics of different names, .*, got <lambda>"),
        (
            [functools.partial(scaled, factor=1.0), functools.partial(scaled, factor=2.0)],
            "a curve of its own, got scaled",
        ),
        (["top_2_accuracy"], "below the 2 outputs"),
        (["mae"], "did you mean 'mean_absolute_error'"),
    ],
)
def test_metrics_that_are_none_are_refused(metrics, words):
    with pytest.raises(ValueError, match=words):
        check_metrics(metrics, F)


def test_a_metric_that_is_no_scalar_is_refused_by_its_name():
    with pytest.raises(ValueError, match="metrics: expected a scalar from rows, got an array of shape"):
        metric_values(F, PARAMS, BATCH, {"rows": _named(lambda params, X, y: X.sum(1), "rows")})


def test_a_network_of_ones_own_predicts_what_its_loss_has_taught():
    @dataclasses.dataclass(frozen=True)
    class Linear:
        def init(self, key):
            return {"w": jnp.ones((3, 1))}

        def apply(self, params, x):
            return x @ params["w"]

    f, params = jn.objective(Linear(), "poisson"), {"w": jnp.full((3, 1), 0.5)}
    found = metric_values(f, params, BATCH, {"mean_absolute_error": "mean_absolute_error"})
    rates = np.exp(np.asarray(BATCH.x) @ np.full((3, 1), 0.5))[:, 0]
    assert found["mean_absolute_error"] == pytest.approx(np.abs(rates - np.asarray(BATCH.y)).mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("monitor", "goal"), [("validation_f1", "max"), ("r2", "max"), ("validation_log_loss", "min"), ("loss", "min")]
)
def test_a_stopping_rule_knows_which_way_a_named_metric_is_better(monitor, goal):
    assert jn.Stop(monitor).goal == goal
    assert jn.Stop(monitor, goal="min").goal == "min"


def _named(function, name):
    function.__name__ = name
    return function
