"""Population-based training: who takes over from whom, with which numbers, and that a kill changes nothing."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.sweeps import TileTask
from jaxnet.sweeps.population_training import changed
from jaxnet.sweeps.verification import load_sweep, verify

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(24, 3)).astype(np.float32)
Y = (X[:, 0] > 0.3).astype(np.int32)
SPACE = jn.Space(
    learning_rate=jn.Float(1e-3, 3, log=True), l2=jn.Float(0, 0.1), hidden=(3,), activation="tanh", seed=jn.Seeds(2)
)


def planned(**changes: Any) -> Any:
    arguments = {"method": "pbt", "n": 5, "epochs": 9, "pbt": jn.PBT(3, share=0.4), "output": "softmax"} | changes
    return jn.plan(arguments.pop("space", SPACE), (X, Y), **arguments)


@pytest.fixture(scope="module")
def result() -> Any:
    return jn.sweep(planned())


def test_the_worst_take_over_from_the_best_and_change_their_numbers(result: Any) -> None:
    first, *later = result.history.lineage
    assert [one.epochs for one in result.history.lineage] == [0, 3, 6]
    assert first.parents == (0, 1, 2, 3, 4)
    for before, after in zip(result.history.lineage, later, strict=False):
        decision = next(each for each in result.history.decisions if each.epochs == after.epochs)
        best, worst = set(decision.ranked[:2]), set(decision.ranked[-2:])
        assert {c for c, parent in enumerate(after.parents) if parent != c} == worst
        assert {after.parents[c] for c in worst} <= best
        for c, parent in enumerate(after.parents):
            rate = after.configurations[c]["learning_rate"] / before.configurations[parent]["learning_rate"]
            assert (rate == 1) == (c not in worst) or rate == pytest.approx(1)
    assert result.lineage()["parent"].tolist() == [p for one in result.history.lineage for p in one.parents]
    assert result.plan.configurations == later[-1].configurations


def test_each_network_is_that_of_fit_in_pieces_with_the_numbers_of_its_lineage(result: Any) -> None:
    """Full batches of SGD have no state but the parameters, so any chain of parents can be trained by ``fit``."""
    for configuration in (0, 3):
        chain, at = [], configuration
        for one in reversed(result.history.lineage):
            chain.append(one.configurations[at])
            at = one.parents[at]
        params: Any = None
        for values in reversed(chain):
            network = result.network(2 * configuration)
            if params is None:
                params = network.init(_first_key(0))
            f = jn.objective(network, l2=values["l2"])
            params = jn.fit(f, params, (X, Y), optimizer=optax.sgd(values["learning_rate"]), epochs=3).params
        for mine, theirs in zip(
            jax.tree.leaves(result.params(2 * configuration)), jax.tree.leaves(params), strict=True
        ):
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=2e-5)  # float32, whose sums are in another order


def _first_key(seed: int) -> Any:
    return jax.random.split(jax.random.fold_in(jax.random.key(0), seed))[0]


class Killed(Exception):
    """Stands for a kill."""


class Mortal:
    """Trains here, and is killed after some tasks."""

    def __init__(self, lives: int) -> None:
        self.lives = lives

    def submit(self, tiles: TileTask) -> Any:
        self.lives -= 1
        if self.lives < 0:
            raise Killed
        return tiles.train()


def bits(result: Any) -> list[bytes]:
    leaves = [leaf for member in range(10) for leaf in jax.tree.leaves(result.params(member))]
    return [np.asarray(leaf).tobytes() for leaf in (*leaves, *result.history.curves.values())]


def test_a_kill_at_any_task_changes_no_bit(result: Any, tmp_path: Path) -> None:
    kills = 0
    while True:
        try:
            again = jn.sweep(planned(), out=tmp_path / "a", executor=Mortal(2 + kills % 2))
            break
        except Killed:
            kills += 1
            assert kills < 20
            load_sweep(planned(), tmp_path / "a")
    assert kills > 1
    assert bits(again) == bits(result) == bits(load_sweep(planned(), tmp_path / "a"))
    assert again.history.lineage == result.history.lineage
    assert all(verify(again, members=2).values())
    # longer runs of the same population go on, to the bits of runs that were as long from the beginning
    longer = jn.sweep(planned(epochs=12), out=tmp_path / "a")
    assert bits(longer) == bits(jn.sweep(planned(epochs=12)))
    with pytest.raises(ValueError, match="another sweep's folder"):
        jn.sweep(planned(n=6, epochs=12), out=tmp_path / "a")


def test_a_network_that_diverged_is_taken_over(result: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 1e30), l2=jn.Float(0.01, 0.1), hidden=(3,))
    found = jn.sweep(planned(space=space, n=6))
    first = found.history.lineage[0].configurations
    wild = [c for c in range(6) if first[c]["learning_rate"] > 1]
    assert 0 < len(wild) < 6
    assert found.history.diverged.tolist() == [0] * 6
    assert all(configuration["learning_rate"] == 0.1 for configuration in found.plan.configurations)


@pytest.mark.parametrize(
    ("parameter", "value", "factor", "expected"),
    [
        (jn.Float(0.1, 1), 0.4, 2, 0.8),
        (jn.Float(0.1, 1), 0.8, 2, 1.0),
        (jn.Float(0.1, 1), 0.15, 0.5, 0.1),
        (jn.Float(0, 1, step=0.25), 0.25, 1.9, 0.5),
        (jn.Int(1, 9), 2, 1.2, 3),
        (jn.Int(1, 9), 2, 0.9, 1),
        (jn.Int(2, 20, step=6), 8, 2, 14),
        (jn.Normal(5, 2, low=0), 1.0, 0.25, 0.0),
        (jn.Normal(5, 2), 1.0, 1.5, 2.0),
    ],
)
def test_numbers_stay_where_their_parameter_allows(parameter: Any, value: Any, factor: float, expected: Any) -> None:
    assert changed(parameter, value, factor) == pytest.approx(expected)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing varies": ({"space": jn.Space(learning_rate=0.1)}, "space: expected a Float, Int or Normal .* got none"),
    "stop": ({"stop": jn.Stop("loss", 1)}, "stop: expected none with method='pbt'"),
    "best epoch": ({"rank": "best"}, "stop: expected none with method='pbt'.*rank='last'"),
    "halving": ({"halving": jn.Halving(2)}, "halving: expected none with method='pbt'"),
    "keep": ({"keep": "best"}, "keep: expected 'all' with method='pbt'"),
    "too rarely": ({"pbt": jn.PBT(9)}, "pbt.every: expected fewer than the plan's 9 epochs, got 9"),
    "another method": ({"method": "random"}, "pbt: expected none without method='pbt'"),
    "lengths": ({"epochs": 9, "space": jn.Space(l2=jn.Float(0, 1), learning_rate=1, epochs=4)}, "epochs: expected as a parameter none"),
    "numbers in a state": (
        {"optimizer": lambda c: optax.inject_hyperparams(optax.sgd)(c["learning_rate"]), "objective": lambda n, c: jn.objective(n, l2=c["l2"])},
        "optimizer: expected one without numbers in its state",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_over_is_refused_at_once(name: str) -> None:
    changes, message = REFUSED[name]
    with pytest.raises((ValueError, TypeError), match=message):
        planned(**changes)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"share": 0.6}, {"factor": 1}, {"resample": 2}])
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        dataclasses.replace(jn.PBT(3), **wrong)


def test_a_population_is_not_confirmed_by_its_last_numbers(result: Any) -> None:
    with pytest.raises(ValueError, match="confirm: expected another method than 'pbt'"):
        result.confirm(test=(X, Y))
