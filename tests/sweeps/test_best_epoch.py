"""Runs that stop, members that are ranked at their best epoch, runs of several lengths: the same as ``fit`` computes."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.groups import keys_of
from jaxnet.sweeps.result.columns import to_csv
from jaxnet.sweeps.verification import verify

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(16, 6)).astype(np.float32)
Y = DRAW.integers(0, 2, 16)
HELD = DRAW.normal(size=(40, 6)).astype(np.float32), DRAW.integers(0, 2, 40)
RATES = jn.Choice(0.03, 0.3, 3.0, 1e30)
EPOCHS = 30


def swept(**options: Any) -> jn.sweeps.Result:
    """Noise that is learnt by heart: the validation loss falls for some epochs and then rises; one rate diverges."""
    space = jn.Space(learning_rate=RATES, hidden=(5,), seed=jn.Seeds(2))
    settings = {"method": "grid", "epochs": EPOCHS, "validation": HELD} | options
    return jn.sweep(jn.plan(space, (X, Y), **settings))


@pytest.fixture(scope="module")
def last() -> jn.sweeps.Result:
    return swept()


@pytest.fixture(scope="module")
def best() -> jn.sweeps.Result:
    return swept(rank="best")


def test_ranking_by_the_best_epoch_changes_no_bit_of_a_curve(last: Any, best: Any) -> None:
    for name in last.plan.names:
        assert np.array_equal(last.curves(name), best.curves(name), equal_nan=True)


def test_the_score_is_that_of_the_best_epoch(last: Any, best: Any) -> None:
    curves = last.curves("validation_loss").astype(float).reshape(4, 2, EPOCHS)
    lowest = curves[:3].min(axis=2)
    assert best.values()[:3].tolist() == lowest.tolist()
    assert np.isnan(best.values()[3]).all()
    assert best.ranking() == [*np.argsort(lowest.mean(axis=1)).tolist(), 3]
    assert best.columns()["best_epoch"][:6].tolist() == (curves[:3].argmin(axis=2) + 1).reshape(-1).tolist()
    assert best.columns()["validation_loss"][:6].tolist() == lowest.reshape(-1).tolist()


def test_parameters_and_model_are_those_of_the_best_epoch(best: Any) -> None:
    member = int(np.nanargmin(best.values()))
    assert best.columns()["best_epoch"][member] < EPOCHS
    expected = best.curves("validation_loss")[member].min()
    assert float(jn.objective(best.network(member))(best.params(member), *HELD)) == pytest.approx(expected, rel=1e-6)
    assert best.model(member).scores["validation_loss"] == pytest.approx(expected)


def test_of_epochs_that_are_equally_good_the_latest_is_kept_where_that_is_asked_for() -> None:
    stop = jn.Stop("validation_accuracy", EPOCHS, latest=True)
    found = swept(stop=stop, metrics=("accuracy",), metric="validation_accuracy")
    curves = found.curves("validation_accuracy")[:6]
    latest = EPOCHS - curves[:, ::-1].argmax(axis=1)
    assert found.columns()["best_epoch"][:6].tolist() == latest.tolist()
    assert (latest > curves.argmax(axis=1) + 1).any()  # there are ties
    member = int(np.argmin(latest))
    right = found.network(member).predict(found.params(member), HELD[0]).argmax(axis=1) == HELD[1]
    assert np.mean(right) == pytest.approx(curves[member].max())


def test_a_plan_says_what_it_ranks_by(last: Any, best: Any) -> None:
    assert "ranked:   by validation_loss, minimum first\n" in f"{last.plan}\n"
    assert "ranked:   by validation_loss, minimum first, each member at its best epoch\n" in f"{best.plan}\n"


@pytest.fixture(scope="module")
def stopped() -> jn.sweeps.Result:
    return swept(stop=jn.Stop("validation_loss", 3))


def test_a_member_stops_where_fit_does(stopped: Any) -> None:
    for member in range(6):
        configuration = stopped.plan.configurations[member // 2]
        init_key, run_key = keys_of(0, member % 2)
        net = jn.MLP((6, 5, 2), output="softmax")
        run = jn.fit(
            jn.objective(net), net.init(init_key, np.float32), (X, Y), optimizer=optax.sgd(configuration["learning_rate"]),
            epochs=EPOCHS, key=run_key, validation=HELD, stop=jn.Stop("validation_loss", 3),
        )  # fmt: skip
        assert stopped.history.epochs[member] == len(run.history["loss"])
        assert (stopped.history.stopped[member] > 0) == (run.outcome is jn.Outcome.CONVERGED)
        # a tile and a single run round in another order
        for mine, theirs in zip(jax.tree.leaves(stopped.params(member)), jax.tree.leaves(run.params), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_what_has_stopped_is_trained_no_further_and_is_no_divergence(stopped: Any, best: Any) -> None:
    ended = stopped.history.stopped
    assert (ended[:6] > 0).any()
    assert ended.max() < EPOCHS
    assert stopped.history.diverged[:6].tolist() == [0] * 6
    assert stopped.history.diverged[6:].min() > 0
    first = int(np.argmin(np.where(ended > 0, ended, EPOCHS)))
    curve = stopped.curves("validation_loss")[first]
    assert np.array_equal(curve[: ended[first]], best.curves("validation_loss")[first][: ended[first]])
    assert np.isnan(curve[ended[first] :]).all()
    assert "not finished" not in str(stopped)


def test_the_last_epoch_is_ranked_where_that_is_asked_for() -> None:
    found = swept(stop=jn.Stop("validation_loss", 3), rank="last")
    ends = np.maximum(found.history.epochs, 1) - 1
    values = found.curves("validation_loss")[np.arange(8), ends].astype(float)
    assert found.values()[:3].reshape(-1).tolist() == values[:6].tolist()


def test_another_patience_is_the_same_program(stopped: Any) -> None:
    from jaxnet.sweeps import engine

    before = len(engine._programs)
    found = swept(stop=jn.Stop("validation_loss", 1))
    assert len(engine._programs) == before
    assert (found.history.epochs[:6] <= stopped.history.epochs[:6]).all()


def test_members_that_go_on_move_together_and_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = np.geomspace(0.03, 3, 20).tolist()
    options = {"method": "list", "stop": jn.Stop("validation_loss", 3), "epochs": EPOCHS, "validation": HELD}
    space = jn.Space(learning_rate=jn.Float(0.01, 10), hidden=(5,))

    def curves(some: list[float]) -> np.ndarray:
        listed = [{"learning_rate": rate} for rate in some]
        return jn.sweep(jn.plan(space, (X, Y), configurations=listed, **options)).curves("validation_loss")

    monkeypatch.setattr("jaxnet.sweeps.executors._CALL_SECONDS", 0)  # an epoch a call
    real, tiles = Engine.train, []
    monkeypatch.setattr(Engine, "train", lambda *a: tiles.append(len(a[1].real)) or real(*a))
    together = curves(rates)
    assert tiles == sorted(tiles, reverse=True)
    assert set(tiles) == {3, 2, 1}
    alone = [curves(rates[i : i + 1]) for i in (0, 7, 19)]
    assert np.array_equal(together[[0, 7, 19]], np.concatenate(alone), equal_nan=True)


def test_a_stopped_sweep_resumes_and_verifies(stopped: Any, tmp_path: Path) -> None:
    assert jn.sweep(stopped.plan, out=tmp_path) is not None
    again = jn.sweep(stopped.plan, out=tmp_path)
    assert to_csv(again.columns()) == to_csv(stopped.columns())
    assert all(verify(again, 2).values())
    other = jn.plan(
        stopped.plan.space, (X, Y), method="grid", epochs=EPOCHS, validation=HELD, stop=jn.Stop("validation_loss", 4)
    )
    with pytest.raises(ValueError, match=r"stop\.patience: 3 there, 4 now"):
        jn.sweep(other, out=tmp_path)


def test_halving_prunes_by_the_best_epoch_so_far(last: Any) -> None:
    halved = swept(rank="best", halving=jn.Halving(2, 8, audit=0))
    decision = halved.history.decisions[0]
    curves = last.curves("validation_loss").astype(float).reshape(4, 2, EPOCHS)[:, :, :8]
    expected = curves[:3].min(axis=2).mean(axis=1)
    assert list(decision.ranked) == [*np.argsort(expected).tolist(), 3]


def test_runs_of_several_lengths_share_a_program_and_end_where_each_says() -> None:
    def plan(*lengths: int) -> jn.sweeps.Plan:
        space = jn.Space(learning_rate=0.1, epochs=jn.Choice(*lengths))
        return jn.plan(space, (X, Y), method="grid", epochs=9, validation=HELD)

    made = plan(3, 9, 5)
    assert len(made.groups) == 1
    found = jn.sweep(made)
    assert found.history.epochs.tolist() == [3, 9, 5]
    loss = found.curves("validation_loss")
    assert np.array_equal(loss[0, :3], loss[1, :3])
    assert np.isnan(loss[0, 3:]).all()
    assert found.values()[:, 0].tolist() == [loss[0, 2], loss[1, 8], loss[2, 4]]
    assert np.array_equal(jn.sweep(plan(5)).curves("loss")[0], found.curves("loss")[2], equal_nan=True)
    assert "not finished" not in str(found)


def test_a_sweep_over_folds_that_was_stopped_is_confirmed_for_as_many_epochs_as_were_best() -> None:
    space = jn.Space(learning_rate=jn.Choice(0.3, 1.0), hidden=(5,), fold=jn.Folds(2))
    found = jn.sweep(jn.plan(space, (X, Y), method="grid", epochs=20, stop=jn.Stop("validation_loss", 3)))
    chosen = found.ranking()[0]
    expected = int(np.median(found.columns()["best_epoch"].reshape(2, 2)[chosen]))
    confirmed = found.confirm(top=1, seeds=2, test=HELD)
    assert confirmed.result.history.epochs.tolist() == [expected, expected]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"rank": "first"}, ValueError, "rank: expected one of best, last"),
        ({"stop": 3}, TypeError, r"stop: expected a Stop such as Stop\('loss'\), got 3"),
        ({"stop": jn.Stop("accuracy")}, ValueError, "stop.monitor: expected one of loss, validation_loss"),
        ({"stop": jn.Stop(), "validation": None}, ValueError, "stop.monitor: .*give validation="),
    ],
)
def test_what_ends_no_run_is_refused(given: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        swept(**given)


def test_a_run_longer_than_the_plans_is_refused() -> None:
    with pytest.raises(ValueError, match=r"epochs: expected an integer from 1 to 5 .*got 6"):
        jn.plan(jn.Space(learning_rate=0.1, epochs=6), (X, Y), epochs=5)
