"""A plan is checked and counted before anything is trained."""

from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn

SPACE = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=jn.Choice((5,), (5, 5)), seed=jn.Seeds(3))


def test_members_are_configurations_times_seeds_times_folds(problem: Any) -> None:
    plan = jn.plan(SPACE, problem.train, n=4, epochs=2, fold=jn.Folds(2))
    assert len(plan.members.ids) == len(set(plan.members.ids)) == 4 * 3 * 2
    assert plan.members.configuration.tolist() == np.repeat(range(4), 6).tolist()
    assert plan.members.seed[:6].tolist() == [0, 0, 1, 1, 2, 2]
    assert plan.members.fold[:4].tolist() == [0, 1, 0, 1]


def test_a_member_has_the_same_id_in_another_plan(problem: Any) -> None:
    few, many = (jn.plan(SPACE, problem.train, n=n, epochs=2) for n in (2, 5))
    assert set(few.members.ids) < set(many.members.ids)


def test_a_member_is_another_where_a_network_of_ones_own_is(problem: Any) -> None:
    def ids(activation: str) -> tuple[str, ...]:
        network = lambda c: jn.MLP((4, 3, 2), activation=activation, output="softmax")
        return jn.plan(jn.Space(learning_rate=0.1), problem.train, epochs=1, network=network).members.ids

    assert ids("relu") == ids("relu")
    assert ids("relu") != ids("tanh")


@pytest.mark.parametrize(
    ("varied", "groups"),
    [
        ({"momentum": jn.Choice(0.1, 0.9)}, 1),
        ({"l2": jn.Choice(0.0, 0.1)}, 1),
        ({"dropout": jn.Choice(0.1, 0.5)}, 1),
        ({"dropout": jn.Choice(0.0, 0.5)}, 2),
        ({"hidden": jn.Choice((4,), (8,))}, 2),
        ({"activation": jn.Choice("relu", "tanh")}, 2),
        ({"batch_size": jn.Choice(8, 16)}, 2),
        ({"optimizer": jn.Choice("sgd", "adam")}, 2),
        ({"schedule": jn.Choice("cosine", "linear")}, 2),
        ({"schedule": "cosine", "final": jn.Choice(0.0, 0.1)}, 1),
    ],
)
def test_only_what_shapes_the_program_makes_a_group(varied: dict, groups: int, problem: Any) -> None:
    plan = jn.plan(jn.Space(learning_rate=jn.Choice(0.1, 0.2), **varied), problem.train, method="grid", epochs=1)
    assert len(plan.groups) == groups
    assert sorted(m for group in plan.groups for m in group.members) == list(range(len(plan.members.ids)))


def test_the_output_layer_follows_from_the_targets(problem: Any) -> None:
    x, y = problem.train
    outputs = {}
    for name, targets in {"labels": y, "numbers": x[:, 0], "table": x[:, :3]}.items():
        network = jn.plan(jn.Space(learning_rate=0.1), (x, targets), epochs=1).groups[0].networks[0]
        outputs[name] = (network.output, network.sizes)
    assert outputs == {"labels": ("softmax", (4, 2)), "numbers": ("identity", (4, 1)), "table": ("identity", (4, 3))}


def test_the_metric_brings_what_it_needs(problem: Any) -> None:
    plan = jn.plan(SPACE, problem.train, n=1, epochs=1, validation=problem.validation, metric="validation_accuracy")
    assert plan.goal == "max"
    assert plan.names == ("loss", "accuracy", "validation_loss", "validation_accuracy")


REFUSED = [
    ({"space": {"learning_rate": 0.1}}, TypeError, r"space: expected a jn.Space"),
    ({"epochs": 0}, ValueError, "epochs: expected an integer of at least 1"),
    ({"halving": 3}, TypeError, r"halving: expected jn.Halving\(...\) or jn.Hyperband"),
    ({"metric": "accurcy"}, ValueError, "metric: expected one of loss, .*did you mean 'accuracy'"),
    ({"metric": "validation_r2"}, ValueError, r"metric: expected validation= or fold=jn.Folds\(k\) for it"),
    ({"metrics": "accuracy"}, TypeError, "metrics: expected a list of names or callables, got 'accuracy'"),
    ({"metrics": ["accurcy"]}, ValueError, "metrics: expected one of accuracy"),
    ({"l2": [0.1, 0.2]}, ValueError, r"l2: expected one value; jn.Choice\(a, b\).* tries several, got \(0.1, 0.2\)"),
    ({"output": "sigmoid", "data": (np.zeros((3, 2)), np.arange(3.0))}, ValueError, "y: expected probabilities"),
    ({"validation": (np.zeros((3, 2)), np.zeros(3))}, ValueError, r"validation: expected examples of shape \(N, 4\)"),
    ({"validation": (np.zeros((3, 4)), np.array([0, 1, 2]))}, ValueError, "y: expected"),
    ({"goal": "low"}, ValueError, "goal: expected one of min, max"),
    ({"dtype": "float16"}, ValueError, "dtype: expected one of float32, float64"),
    ({"momentun": 0.9}, ValueError, "did you mean 'momentum'"),
    ({"learning_rate": 0.1}, ValueError, "learning_rate: expected a value in the space or as an argument, not both"),
    ({"network": 3}, TypeError, "network: expected a callable configuration -> network, got 3"),
    ({"network": lambda c: None}, TypeError, "network: expected an object with init"),
    ({"network": lambda c: c["width"]}, ValueError, "network: expected a function of what each .* one of 'width'"),
    ({"objective": 3}, TypeError, r"objective: expected a callable \(network, configuration\) -> f, got 3"),
    ({"objective": lambda net, c: None}, TypeError, "objective: expected one that returns .*, got None"),
    ({"objective": lambda net, c: lambda params, x, y: x}, TypeError, "f: expected an objective .* scalar"),
    ({"root": -1}, ValueError, "root: expected an integer"),
    ({"batch_size": 65}, ValueError, "batch_size: expected an integer from 1 to 64"),
    ({"l2": -0.1}, ValueError, "l2: expected a finite number at least 0"),
    ({"activation": "rely"}, ValueError, "did you mean 'relu'"),
    ({"data": (np.zeros((3, 2)),)}, TypeError, r"data: expected \(X, y\)"),
    ({"data": (np.zeros(3), np.zeros(3))}, ValueError, r"data: expected examples of shape \(N, D\)"),
    ({"data": (np.zeros((3, 2)), np.zeros(4))}, ValueError, "data: expected one target for each of 3 examples"),
    ({"data": (np.full((3, 2), np.nan), np.zeros(3))}, ValueError, "data: expected finite numbers"),
    ({"n": 10**9}, ValueError, "n: expected an integer from 1 to 1048576"),
    ({"n": 10**9, "method": "grid"}, ValueError, "n: expected an integer from 1 to 1048576"),
    ({"n": 1000, "seed": jn.Seeds(2000)}, ValueError, "plan: expected at most 1048576 members; .* = 2000000"),
    ({"epochs": 10**12}, ValueError, "epochs: expected at most 2147483647, to which a program can count"),
    ({"fold": jn.Folds(65)}, ValueError, "fold: expected an integer from 2 to 64"),
]


@pytest.mark.parametrize(("changed", "error", "words"), REFUSED, ids=[next(iter(case[0])) for case in REFUSED])
def test_what_makes_no_plan_is_refused(changed: dict, error: type[Exception], words: str, problem: Any) -> None:
    arguments = {"space": SPACE, "data": problem.train, "n": 2, "epochs": 2, **changed}
    with pytest.raises(error, match=words):
        jn.plan(arguments.pop("space"), arguments.pop("data"), **arguments)


def test_float64_needs_to_be_enabled(problem: Any) -> None:
    with jax.enable_x64(False), pytest.raises(ValueError, match=r"dtype: expected float32, or first jax\.config"):
        jn.plan(SPACE, problem.train, n=1, epochs=1, dtype="float64")


def test_folds_and_validation_data_exclude_each_other(problem: Any) -> None:
    with pytest.raises(ValueError, match="validation: expected no validation data with fold="):
        jn.plan(SPACE, problem.train, n=1, epochs=1, fold=jn.Folds(2), validation=problem.validation)


def test_an_unknown_parameter_of_the_space_is_refused(problem: Any) -> None:
    with pytest.raises(ValueError, match=r"parameter: expected one of .*did you mean 'learning_rate'"):
        jn.plan(jn.Space(learning_rat=0.1), problem.train, epochs=1)
