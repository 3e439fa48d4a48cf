"""What a plan foretells: counts by hand, memory beside the compiled program's own account, and a note on waste."""

from typing import Any

import jax
import pytest

import jaxnet as jn
from jaxnet.sweeps import engine, forecasts, groups
from jaxnet.sweeps.forecasts import MemberSize, cost_of_group, forecast, member_size

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
    assert plan.model_epochs() == 135
    assert "ranked:   by validation_loss, minimum first" in text
    assert "time" not in text, "what a machine takes is not the plan's to say"


def test_a_member_is_counted_by_hand(problem: Any) -> None:
    """4-5-2 has 30 weights, 37 parameters and 7 units; Adam remembers two numbers a parameter and a step."""
    space = jn.Space(learning_rate=0.1, hidden=(5,), optimizer="adam")
    plan = jn.plan(space, problem.train, epochs=10, batch_size=20)
    size = member_size(plan, plan.groups[0])
    assert size == MemberSize(weights=30, units=7, state_bytes=4 * (3 * 37 + 1), leaves=13, batch=20, steps=4)


def test_work_takes_six_operations_a_weight_and_example_and_two_where_it_only_looks(problem: Any) -> None:
    """4-5-2 has 30 weights; forwards, a multiplication and an addition of each an example, backwards twice as many."""
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(5,))
    trained = jn.plan(space, problem.train, n=3, epochs=10, batch_size=20)
    looked = jn.plan(space, problem.train, n=3, epochs=10, batch_size=20, validation=problem.validation)
    assert forecast(trained).operations == 3 * 10 * 30 * 6 * 64
    assert forecast(looked).operations == 3 * 10 * 30 * (6 * 64 + 2 * 32)
    assert "30 model-epochs of at most 30, about 346 kFLOP" in str(trained)


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
    assert cost_of_group(plan, plan.groups[0]).tiles == tiles


@pytest.mark.parametrize(
    ("hidden", "lanes"), [((), 8), ((47,), 8), ((48,), 4), ((127, 5), 4), ((5, 128), 2), ((1000,), 2)]
)
def test_tiles_of_wide_networks_have_fewer_lanes(hidden: tuple, lanes: int, problem: Any) -> None:
    plan = jn.plan(jn.Space(learning_rate=jn.Float(0.1, 1), hidden=hidden), problem.train, n=2, epochs=2)
    assert plan.groups[0].lanes == lanes


@pytest.mark.parametrize(
    ("sizes", "batch", "together", "lanes"),
    [
        ((20, 32, 32, 2), 128, 3, 8),  # the fewest
        ((20, 32, 32, 2), 2_000_000, 1000, 8),  # of which a few are too many activations, too
        ((20, 32, 32, 2), 128, 100, 128),  # the power of two that holds them
        ((20, 32, 32, 2), 128, 100_000, 16384),  # 2^26 activations of 32 units in batches of 128
        ((20, 32, 32, 2), 4096, 100_000, 512),
        ((784, 512, 512, 10), 128, 100_000, 64),  # 669,706 parameters, 100 times in 2^26
    ],
)
def test_a_tile_on_an_accelerator_holds_the_population_or_what_fits(sizes, batch, together, lanes, monkeypatch):
    monkeypatch.setattr(groups, "platform", lambda: "gpu")
    assert groups.lanes_of(jn.MLP(sizes), batch=batch, together=together) == lanes


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


def test_a_search_by_halving_takes_less_work(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(5,))
    whole, pruned = (
        forecast(jn.plan(space, problem.train, n=288, epochs=9, halving=halving)).groups[0].operations
        for halving in (None, jn.Halving(eta=3, min_epochs=1))
    )
    # 288 for 1 epoch, 96 for 2 more, 32 for 6 more, against 288 for 9
    assert pruned / whole == pytest.approx((288 + 2 * 96 + 6 * 32) / (9 * 288))


def test_the_memory_foretold_is_about_what_the_compiled_program_says(
    problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    real = engine.memory_of
    monkeypatch.setattr(engine, "memory_of", lambda compiled: found.append(real(compiled)) or found[-1])
    space = jn.Space(learning_rate=jn.Float(0.1, 1), hidden=(64,), batch_size=16)
    plan = jn.plan(space, problem.train, n=32, epochs=2)
    jn.sweep(plan)
    assert 0.5 < cost_of_group(plan, plan.groups[0]).memory / found[0] < 2


def test_the_devices_are_named(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Accelerator:
        platform, device_kind = "gpu", "a GPU"

    monkeypatch.setattr(forecasts.jax, "local_devices", lambda **of: [Accelerator()])
    assert "1 x a GPU" in str(jn.plan(SPACE, problem.train, n=2, epochs=1))
