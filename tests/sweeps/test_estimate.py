"""What a plan foretells: counts by hand, memory beside the compiled program's own account, and a note on waste."""

import math
from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps import engine, estimate
from jaxnet.sweeps.estimate import Shape, cost, forecast, shape_of, step_seconds
from jaxnet.sweeps.progress import work

SPACE = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=jn.Choice((5,), (5, 5)), seed=jn.Seeds(3))


def test_a_plan_prints_what_it_will_do(problem: Any) -> None:
    halving = jn.Halving(eta=3, min_epochs=3)
    plan = jn.plan(SPACE, problem.train, n=9, epochs=9, validation=problem.validation, halving=halving)
    text = str(plan)
    assert "9 configurations (random) x 3 seed(s) = 27 members in 2 group(s)" in text
    assert "  4-5-2, relu, sgd, full batches: " in text
    assert "compiles: 2, one a group" in text
    # 9 to epoch 3, 3 on to epoch 9, times 3 seeds
    assert "work:     135 model-epochs of at most 243" in text
    assert work(plan) == 135
    assert "ranked:   by validation_loss, minimum first" in text
    assert "time:     about" in text


def test_a_member_is_counted_by_hand(problem: Any) -> None:
    """4-5-2 has 30 weights, 37 parameters and 7 units; Adam remembers two numbers a parameter and a step."""
    space = jn.Space(learning_rate=0.1, hidden=(5,), optimizer="adam")
    plan = jn.plan(space, problem.train, epochs=10, batch_size=20)
    shape = shape_of(plan, plan.groups[0])
    assert shape == Shape(weights=30, units=7, numbers=3 * 37 + 1, state_bytes=4 * (3 * 37 + 1), batch=20, steps=4)


def test_a_step_takes_six_operations_a_weight_and_example() -> None:
    shape = Shape(weights=10**6, units=0, numbers=0, state_bytes=0, batch=100, steps=1)
    assert step_seconds(shape, lanes=8, rate=1e9) == pytest.approx(8 * 6 * 10**8 / 1e9, rel=1e-3)


@pytest.mark.parametrize(
    ("n", "seeds", "options", "tiles"),
    [
        (8, 1, {"batch_size": 16}, 1),
        (9, 1, {"batch_size": 16}, 2),
        (3, 20, {"batch_size": 16}, 20),
        (3, 2, {"batch_size": 16, "fold": jn.Folds(4)}, 8),
        (3, 20, {"dropout": 0.1}, 20),
        (3, 20, {}, 8),  # nothing is drawn
        (3, 5, {"fold": jn.Folds(4)}, 8),
    ],
)
def test_tiles_hold_one_seed_and_fold_or_all_seeds_where_nothing_is_drawn(
    n: int, seeds: int, options: dict, tiles: int, problem: Any
) -> None:
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(5,), seed=jn.Seeds(seeds), **options)
    plan = jn.plan(space, problem.train, n=n, epochs=2)
    assert plan.groups[0].lanes == 8
    assert cost(plan, plan.groups[0], rate=1e9).tiles == tiles


@pytest.mark.parametrize(
    ("hidden", "lanes"), [((), 8), ((47,), 8), ((48,), 4), ((127, 5), 4), ((5, 128), 2), ((1000,), 2)]
)
def test_tiles_of_wide_networks_have_fewer_lanes(hidden: tuple, lanes: int, problem: Any) -> None:
    plan = jn.plan(jn.Space(learning_rate=jn.Float(0.1, 1), hidden=hidden), problem.train, n=2, epochs=2)
    assert plan.groups[0].lanes == lanes


def test_lanes_without_a_member_are_named_where_they_are_many(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(5,), batch_size=16, seed=jn.Seeds(5))
    few, many = (jn.plan(space, problem.train, n=n, epochs=2) for n in (3, 8))
    assert "note:     15 of 40 lanes have a member" in str(few)
    assert "lanes have a member" not in str(many)


class Plain:
    """A network of one's own that compares equal to itself only."""

    def init(self, key: jax.Array) -> dict[str, jax.Array]:
        return {"w": jax.random.normal(key, (4, 2), "float32")}

    def apply(self, params: Any, x: jax.Array) -> jax.Array:
        return x @ params["w"]


def test_networks_that_do_not_compare_equal_are_named_as_programs_of_their_own(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Float(0.1, 1), loss="cross_entropy")
    shared, make = Plain(), {"n": 3, "epochs": 1}
    apart = str(jn.plan(space, problem.train, network=lambda c: Plain(), **make))
    together = str(jn.plan(space, problem.train, network=lambda c: shared, **make))
    assert "  Plain, sgd, full batches: 1 members" in apart
    assert "each configuration is a program of its own" in apart
    assert "each configuration is a program of its own" not in together


def test_a_search_by_halving_takes_less_time(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "matrix_rate", lambda: 1e9)
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(5,))
    whole, pruned = (
        forecast(jn.plan(space, problem.train, n=288, epochs=9, halving=halving)).groups[0].seconds
        for halving in (None, jn.Halving(eta=3, min_epochs=1))
    )
    # 36 tiles on d devices for 1 epoch, 12 for 2 more, 4 for 6 more, against 36 for 9
    devices = len(jax.local_devices())
    share = (math.ceil(36 / devices) + 2 * math.ceil(12 / devices) + 6 * math.ceil(4 / devices)) / (
        9 * math.ceil(36 / devices)
    )
    assert pruned / whole == pytest.approx(share)


def test_the_memory_foretold_is_about_what_the_compiled_program_says(
    problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    real = engine.memory_of
    monkeypatch.setattr(engine, "memory_of", lambda compiled: found.append(real(compiled)) or found[-1])
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(64,), batch_size=16)
    plan = jn.plan(space, problem.train, n=32, epochs=2)
    jn.sweep(plan)
    assert 0.5 < cost(plan, plan.groups[0], rate=1e9).memory / found[0] < 2


def test_no_time_is_estimated_for_accelerators(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Accelerator:
        platform, device_kind = "gpu", "a GPU"

    monkeypatch.setattr(estimate.jax, "local_devices", lambda: [Accelerator()])
    text = str(forecast(jn.plan(SPACE, problem.train, n=2, epochs=1)))
    assert "time:     not estimated for this kind of device" in text
    assert "1 x a GPU" in text


def test_the_rate_of_a_matrix_product_is_a_number_of_operations_a_second() -> None:
    assert np.isfinite(estimate.matrix_rate())
    assert estimate.matrix_rate() > 0
