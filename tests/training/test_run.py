"""``fit``: what it computes, how it ends, how it goes on, and what it refuses."""

import gc
import pickle
import types
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

import jaxnet as jn
from jaxnet import Outcome, Stop
from jaxnet.training import loop
from jaxnet.training.preparation import unpack
from jaxnet.training.run import next_chunk

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10, 3))
Y = X @ np.array([1.0, -2.0, 0.5]) + 0.1 * RNG.normal(size=10)
LINE = jn.MLP((3, 1))
RATE = 0.05


@pytest.fixture
def params(key):
    return LINE.init(key, jnp.float64)


def squared(params, x, y):
    """Half the mean squared error of a line: an objective that names neither weight nor key."""
    return jnp.mean(jnp.square(x @ params[0]["w"][:, 0] + params[0]["b"][0] - y)) / 2


def descend(params, batches, rate=RATE, momentum=0.0):
    """Gradient descent on the line by hand: returns (w, b) and the loss before each update."""
    w, b = np.array(params[0]["w"])[:, 0], float(params[0]["b"][0])
    velocity, losses = np.zeros(4), []
    for rows in batches:
        error = X[rows] @ w + b - Y[rows]
        losses.append((error**2).mean() / 2)
        gradient = np.append(X[rows].T @ error, error.sum()) / len(rows)
        velocity = gradient + momentum * velocity
        w, b = w - rate * velocity[:3], b - rate * velocity[3]
    return w, b, np.array(losses)


def slices(size):
    return [np.arange(start, min(start + size, 10)) for start in range(0, 10, size)]


def fit(f, params, **options):
    options = {"optimizer": optax.sgd(RATE), "epochs": 3} | options
    return jn.fit(f, params, (X, Y), **options)


OBJECTIVES = {"jaxnet's": jn.objective(LINE), "a function": squared}


@pytest.mark.parametrize("f", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize("batch_size", [None, 10, 5, 4, 3, 1])
def test_every_batch_is_one_step_and_a_short_last_batch_counts_its_own_rows(params, f, batch_size):
    run = fit(f, params, batch_size=batch_size, shuffle=False)
    batches = slices(batch_size or 10)
    w, b, losses = descend(params, batches * 3)
    np.testing.assert_allclose(run.params[0]["w"][:, 0], w, rtol=1e-13)
    np.testing.assert_allclose(run.params[0]["b"][0], b, rtol=1e-12)
    weighted = losses.reshape(3, -1) * [len(rows) for rows in batches]
    np.testing.assert_allclose(run.history["loss"], weighted.sum(1) / 10, rtol=1e-13)
    assert run.outcome is Outcome.COMPLETED
    assert run.epoch == 3


def test_momentum_adds_the_old_velocity(params):
    run = fit(OBJECTIVES["jaxnet's"], params, optimizer=optax.sgd(RATE, momentum=0.9))
    w, *_ = descend(params, slices(10) * 3, momentum=0.9)
    np.testing.assert_allclose(run.params[0]["w"][:, 0], w, rtol=1e-13)


def test_a_schedule_changes_the_learning_rate_from_step_to_step(params):
    schedule = optax.piecewise_constant_schedule(RATE, {1: 0.5})
    run = fit(OBJECTIVES["jaxnet's"], params, optimizer=optax.sgd(schedule), epochs=2)
    w, b, _ = descend(params, slices(10))
    once = [{"w": w[:, None], "b": np.array([b])}]
    w, *_ = descend(once, slices(10), rate=RATE / 2)
    np.testing.assert_allclose(run.params[0]["w"][:, 0], w, rtol=1e-13)


@pytest.mark.parametrize("f", OBJECTIVES.values(), ids=OBJECTIVES)
def test_given_orders_are_followed(params, f):
    orders = [RNG.permutation(10) for _ in range(3)]
    run = fit(f, params, batch_size=4, shuffle=iter(orders))
    batches = [order[rows] for order in orders for rows in slices(4)]
    np.testing.assert_allclose(run.params[0]["w"][:, 0], descend(params, batches)[0], rtol=1e-13)


def test_shuffling_visits_every_example_once_an_epoch_in_an_order_of_the_key(params):
    def seen(key):
        # with a rate of 0 the loss of an epoch is that of the data, whatever the order
        return fit(squared, params, optimizer=optax.sgd(0.0), batch_size=3, key=key).history["loss"]

    whole = descend(params, slices(10))[2][0]
    np.testing.assert_allclose(seen(jax.random.key(1)), [whole] * 3, rtol=1e-13)
    first, again, other = (fit(squared, params, batch_size=3, key=jax.random.key(k)).params for k in (1, 1, 2))
    np.testing.assert_array_equal(first[0]["w"], again[0]["w"])
    assert not np.array_equal(first[0]["w"], other[0]["w"])


def test_weights_of_the_examples_weigh_in_every_batch(params):
    weight = np.arange(1.0, 11.0)
    run = jn.fit(jn.objective(LINE), params, (X, Y, weight), optimizer=optax.sgd(RATE), epochs=1)
    error = X @ np.array(params[0]["w"])[:, 0] - Y
    expected = np.array(params[0]["w"])[:, 0] - RATE * (X.T @ (weight * error)) / weight.sum()
    np.testing.assert_allclose(run.params[0]["w"][:, 0], expected, rtol=1e-13)


def test_data_may_be_an_object_with_x_and_y(params):
    dataset = types.SimpleNamespace(x=X, y=Y)
    run = jn.fit(squared, params, dataset, optimizer=optax.sgd(RATE), epochs=3)
    np.testing.assert_array_equal(run.params[0]["w"], fit(squared, params).params[0]["w"])


def test_training_computes_in_the_dtype_of_the_parameters(key):
    run = fit(jn.objective(LINE), LINE.init(key, jnp.float32))
    assert run.params[0]["w"].dtype == run.history["loss"].dtype == np.float32


@pytest.mark.parametrize(
    "optimizer",
    [optax.adam(0.1), optax.sgd(0.1, 0.9, nesterov=True), optax.rmsprop(0.01), optax.adagrad(0.1), optax.adamw(0.1)],
    ids=["adam", "nesterov", "rmsprop", "adagrad", "adamw"],
)
def test_any_optax_optimizer_makes_the_steps_that_it_makes_in_a_python_loop(params, optimizer):
    run = fit(squared, params, optimizer=optimizer)
    state, expected = optimizer.init(params), params
    for _ in range(3):
        with jax.numpy_dtype_promotion("standard"):
            updates, state = optimizer.update(jax.grad(squared)(expected, X, Y), state, expected)
            expected = optax.apply_updates(expected, updates)
    np.testing.assert_allclose(run.params[0]["w"], expected[0]["w"], rtol=1e-13)


def test_lbfgs_solves_least_squares(params):
    run = fit(squared, params, optimizer=optax.lbfgs(), epochs=20)
    solution = np.linalg.lstsq(np.column_stack([X, np.ones(10)]), Y, rcond=None)[0]
    np.testing.assert_allclose(run.params[0]["w"][:, 0], solution[:3], rtol=1e-7)


def test_an_optimizer_that_looks_at_its_own_numbers_is_compiled_with_them(params):
    run = fit(squared, params, optimizer=optax.sm3(0.1))
    assert run.history["loss"][-1] < run.history["loss"][0]


def test_a_run_cut_in_two_goes_on_exactly(params, key):
    options = {"optimizer": optax.adam(0.1), "batch_size": 4, "key": key}
    whole = fit(squared, params, epochs=5, **options)
    first = fit(squared, params, epochs=2, **options)
    second = fit(squared, first.params, epochs=3, optimizer_state=first.optimizer_state, **options)
    np.testing.assert_array_equal(second.params[0]["w"], whole.params[0]["w"])
    np.testing.assert_array_equal(np.append(first.history["loss"], second.history["loss"]), whole.history["loss"])
    assert second.epoch == 5


def test_a_long_run_is_the_same_in_one_chunk_or_many(params, monkeypatch):
    whole = fit(squared, params, epochs=40)
    monkeypatch.setattr("jaxnet.training.run.next_chunk", lambda *_, **__: 7)
    pieces = fit(squared, params, epochs=40)
    np.testing.assert_array_equal(whole.history["loss"], pieces.history["loss"])
    np.testing.assert_array_equal(whole.params[0]["w"], pieces.params[0]["w"])


def test_history_holds_metrics_and_validation_after_every_epoch(params):
    def bias(params, x, y):
        return params[0]["b"][0]

    run = fit(jn.objective(LINE), params, validation=(X[:4], Y[:4]), metrics=["r2", bias])
    assert list(run.history) == ["loss", "r2", "bias", "validation_loss", "validation_r2", "validation_bias"]
    error = X[:4] @ np.array(run.params[0]["w"])[:, 0] + float(run.params[0]["b"][0]) - Y[:4]
    np.testing.assert_allclose(run.history["validation_loss"][-1], (error**2).mean() / 2, rtol=1e-13)
    variance = ((Y[:4] - Y[:4].mean()) ** 2).sum()
    np.testing.assert_allclose(run.history["validation_r2"][-1], 1 - (error**2).sum() / variance, rtol=1e-12)
    np.testing.assert_allclose(run.history["bias"][-1], run.params[0]["b"][0], rtol=0)


def test_metrics_of_padded_batches_count_the_examples_only(params):
    run = fit(jn.objective(LINE), params, batch_size=4, shuffle=False, metrics=["r2"])
    error = X @ np.array(run.params[0]["w"])[:, 0] + float(run.params[0]["b"][0]) - Y
    np.testing.assert_allclose(run.history["r2"][-1], 1 - (error**2).sum() / ((Y - Y.mean()) ** 2).sum(), rtol=1e-12)


def test_a_metric_that_names_weight_is_given_the_weights_of_the_padded_batches(params):
    def counted(params, x, y, weight):
        return jnp.sum(weight)

    run = fit(jn.objective(LINE), params, batch_size=4, shuffle=False, metrics=[counted])
    np.testing.assert_array_equal(run.history["counted"], [10, 10, 10])


def test_a_metric_called_validation_sees_the_validation_data_only(params):
    def validation_rows(params, x, y):
        return jnp.asarray(len(x), x.dtype)

    run = fit(squared, params, validation=(X[:4], Y[:4]), metrics=[validation_rows])
    assert list(run.history) == ["loss", "validation_loss", "validation_rows"]
    np.testing.assert_array_equal(run.history["validation_rows"], [4, 4, 4])


def test_a_run_that_no_longer_improves_has_converged(params):
    run = fit(squared, params, epochs=5000, optimizer=optax.sgd(0.2), stop=Stop("loss", patience=3, tolerance=1e-6))
    assert run.outcome is Outcome.CONVERGED
    assert run.epoch < 5000
    best, waited = np.inf, []
    for loss in run.history["loss"]:
        waited.append(0 if loss < best - 1e-6 else waited[-1] + 1)
        best = min(best, loss)
    assert waited.index(3) == run.epoch - 1


def test_early_stopping_restores_the_best_parameters(params):
    # the validation target is far from the solution: descent passes it by, and validation gets worse again
    validation = (X, 0.3 * Y)
    run = fit(jn.objective(LINE), params, epochs=500, validation=validation, stop=Stop("validation_loss", patience=2))
    assert run.outcome is Outcome.CONVERGED
    assert run.best_epoch == 1 + np.argmin(run.history["validation_loss"]) == run.epoch - 2
    at_best = fit(jn.objective(LINE), params, epochs=run.best_epoch)
    np.testing.assert_array_equal(run.params[0]["w"], at_best.params[0]["w"])


def test_a_diverged_run_is_an_outcome_with_its_epoch_and_its_last_finite_parameters(params):
    run = fit(squared, params, optimizer=optax.sgd(1e200), epochs=9)
    assert run.outcome is Outcome.DIVERGED
    # the second loss is about (1e200)^2 / 2, which float64 cannot hold
    assert run.epoch == len(run.history["loss"]) == 2
    assert not np.isfinite(run.history["loss"][-1])
    before = fit(squared, params, optimizer=optax.sgd(1e200), epochs=1)
    np.testing.assert_array_equal(run.params[0]["w"], before.params[0]["w"])
    assert "diverged" in str(run)
    assert "epoch 2" in str(run)


def test_a_run_says_in_a_line_what_its_history_shows(params):
    sick = fit(squared, params, optimizer=optax.sgd(1e-12), epochs=20)
    assert str(sick).split("\n")[1].startswith("looks sick: the loss hardly changed, from ")
    assert str(sick).endswith("(jn.diagnose says more)")
    assert "looks sick: the loss hardly changed" in sick._repr_html_()
    well = fit(squared, params, epochs=20)
    assert well.sickness is None
    assert "\n" not in str(well)


def test_a_run_that_went_on_from_rest_is_not_called_sick(params):
    rested = fit(squared, params, epochs=2000)
    again = fit(squared, rested.params, epochs=20, optimizer_state=rested.optimizer_state)
    assert again.sickness is None


def test_a_run_keeps_its_recipe_and_a_pickle_of_it_does_not(params):
    optimizer = optax.adam(0.01)
    run = fit(squared, params, optimizer=optimizer, epochs=3, batch_size=4, key=jax.random.key(5))
    recipe = run.recipe
    assert (recipe.optimizer, recipe.batch_size, recipe.epochs) == (optimizer, 4, 3)
    assert (recipe.shuffle, recipe.continued) == (True, False)
    np.testing.assert_array_equal(recipe.params[0]["w"], params[0]["w"])
    copied = pickle.loads(pickle.dumps(run))
    assert copied.recipe is None
    np.testing.assert_array_equal(copied.params[0]["w"], run.params[0]["w"])


def test_dropout_draws_with_the_key(key):
    net = jn.MLP((3, 8, 1), dropout=0.5)
    f, params = jn.objective(net), net.init(key, jnp.float64)
    first, again, other = (fit(f, params, key=jax.random.key(k)).history["loss"] for k in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(set(first)) == 3


def test_an_objective_that_names_a_key_is_given_one(params, key):
    noisy = lambda params, x, y, key: squared(params, x + jax.random.normal(key, x.shape), y)
    first, other = (fit(noisy, params, key=jax.random.key(k)).history["loss"] for k in (0, 1))
    assert not np.array_equal(first, other)


def test_any_pytree_of_parameters_is_trained():
    f = lambda params, x, y: jnp.mean(jnp.square(params["slope"][0] * x[:, 0] + params["at"]["zero"] - y))
    params = {"slope": (jnp.zeros(()),), "at": {"zero": jnp.zeros(())}}
    run = fit(f, params, epochs=50)
    assert run.history["loss"][-1] < run.history["loss"][0]
    assert jax.tree.structure(run.params) == jax.tree.structure(params)


def test_nothing_is_drawn_where_standard_error_is_no_terminal(params, capsys):
    fit(squared, params, progress=True)
    assert capsys.readouterr().err == ""


def test_the_given_parameters_are_left_as_they_were(params):
    before = np.array(params[0]["w"])
    fit(squared, params)
    np.testing.assert_array_equal(params[0]["w"], before)


KEY = jax.random.key(0)
REFUSED = [
    ({"optimizer": 0.1}, TypeError, r"optimizer: expected an optax optimizer such as optax.sgd\(0.1\), got 0.1"),
    ({"epochs": 0}, ValueError, "epochs: expected an integer of at least 1, got 0"),
    ({"epochs": 1.5}, TypeError, "epochs: expected an integer"),
    ({"batch_size": 11}, ValueError, r"batch_size: expected an integer from 1 to 10 \(the number of examples\), got 11"),
    ({"batch_size": 0}, ValueError, "batch_size: expected an integer from 1 to 10"),
    ({"batch_size": 4}, TypeError, r"key: expected a key such as jax.random.key\(0\), for shuffle=True with mini-batches, got None"),
    ({"batch_size": 4, "key": 3}, TypeError, "key: expected a key such as"),
    ({"shuffle": "yes"}, TypeError, "shuffle: expected True, False, or orders of the examples"),
    ({"shuffle": [np.arange(10)], "batch_size": 4}, ValueError, "shuffle: expected one order an epoch, got only 1 orders"),
    ({"shuffle": [np.zeros(10, int)] * 3, "batch_size": 4}, ValueError, r"shuffle\[0\]: expected a permutation of 0..9"),
    ({"metrics": ["acuracy"]}, ValueError, r"metrics: expected one of accuracy, .*, got 'acuracy' \(did you mean 'accuracy'\?\)"),
    ({"metrics": "r2"}, TypeError, "metrics: expected a list of names or callables, got 'r2'"),
    ({"f": squared, "metrics": ["r2"]}, ValueError, "metrics: expected callables .* need a jn.objective"),
    ({"stop": 3}, TypeError, r"stop: expected a Stop such as Stop\('loss'\), got 3"),
    ({"stop": Stop("validation_loss")}, ValueError, "stop.monitor: expected one of loss, got 'validation_loss'"),
    ({"optimizer_state": optax.adam(0.1).init(jnp.zeros(2))}, TypeError, "optimizer_state: expected run.optimizer_state"),
    ({"data": (X, Y, Y, Y)}, TypeError, r"data: expected \(X, y\), \(X, y, weight\) or an object with x and y, got tuple"),
    ({"data": X}, TypeError, "data: expected .* got ndarray"),
    ({"data": (X, Y[:9])}, ValueError, "y: expected finite numbers of shape .* here N=10 and K=1"),
    ({"data": (X[:0], Y[:0])}, ValueError, "X: expected at least one example"),
    ({"data": (X * np.nan, Y)}, ValueError, "X: expected finite numbers, got 30 that are not"),
    ({"data": (X[:, :2], Y)}, ValueError, r"X: expected an array of shape \(N, 3\)"),
    ({"data": (X, Y, np.ones(9))}, ValueError, "weight: expected one weight for each of the 10 examples"),
    ({"f": squared, "data": (X, Y, np.ones(10))}, ValueError, "data: expected no weights, for this objective does not name weight="),
    ({"f": squared, "data": (X * np.inf, Y)}, ValueError, "X: expected finite numbers"),
    ({"f": lambda params, x, y: x[:, 0]}, TypeError, "f: expected an objective .* -> floating-point scalar"),
    ({"f": lambda params, x, y: 1}, TypeError, "f: expected an objective"),
    ({"f": 3}, TypeError, "f: expected an objective"),
    ({"params": jn.MLP((2, 1)).init(KEY)}, ValueError, r"params\[0\]\['w'\]: expected an array of shape \(3, 1\)"),
    ({"params": [1, 2]}, TypeError, "params: expected a pytree of floating-point arrays"),
    ({"validation": (X, Y[:4])}, ValueError, "y: expected finite numbers of shape"),
    ({"f": jn.objective(jn.MLP((3, 2, 1), dropout=0.5)), "params": jn.MLP((3, 2, 1)).init(KEY)}, TypeError, "key: .* for dropout"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "error", "words"), REFUSED)
def test_bad_input_is_refused_before_training_in_words(changed, error, words):
    given = {
        "f": jn.objective(LINE),
        "params": LINE.init(KEY),
        "data": (X, Y),
        "optimizer": optax.sgd(0.1),
        "epochs": 3,
    }
    given |= changed
    with pytest.raises(error, match=words):
        jn.fit(given.pop("f"), given.pop("params"), given.pop("data"), **given)


def test_the_optimizer_state_of_another_optimizer_is_refused(params):
    run = fit(squared, params, optimizer=optax.adam(0.1))
    with pytest.raises(ValueError, match=r"optimizer_state: expected run.optimizer_state .* got that of another run"):
        fit(squared, params, optimizer=optax.sgd(0.1), optimizer_state=run.optimizer_state)


def test_chunks_grow_to_the_wanted_time_and_the_time_of_a_compilation_says_nothing():
    wanted = {"wanted": 0.5, "limit": 100}
    assert next_chunk(4, 0.25, **wanted) == 8
    assert next_chunk(4, 1.0, **wanted) == 2
    assert next_chunk(1, 9.0, **wanted) == 1
    assert next_chunk(1, 9.0, **wanted, compiled=True) == 2
    assert next_chunk(1, 0.0, **wanted) == 8
    assert next_chunk(50, 0.01, **wanted) == 100


@pytest.mark.parametrize(
    "data", [(X, Y), [X, Y, None], types.SimpleNamespace(x=X, y=Y)], ids=["two", "three", "object"]
)
def test_examples_are_unpacked_from_whatever_holds_them(data):
    x, y, weight = unpack(data, "data")
    assert x is X
    assert y is Y
    assert weight is None
    assert unpack((X, Y, Y), "data")[2] is unpack(types.SimpleNamespace(x=X, y=Y, weight=Y), "data")[2]


def test_a_program_that_is_let_go_lets_go_of_the_users_functions(params):
    metric = lambda params, X, y: jnp.sum(params[0]["w"])
    fit(squared, params, metrics=[metric])
    gone = weakref.ref(metric)
    del metric
    assert len(loop._programs) <= loop.PROGRAMS
    loop._programs.clear()
    gc.collect()
    assert gone() is None


def test_an_optimizer_gets_of_the_extra_arguments_those_that_each_part_takes(params):
    """SAM names grad_fn= alone, and refuses the objective's value, also where it is a part of a chain."""
    sam = optax.contrib.sam(optax.sgd(RATE), optax.chain(optax.contrib.normalize(), optax.sgd(0.01)))
    alone, chained = (fit(squared, params, optimizer=each) for each in (sam, optax.chain(optax.clip(100.0), sam)))
    assert alone.history["loss"][-1] < alone.history["loss"][0]
    np.testing.assert_array_equal(alone.params[0]["w"], chained.params[0]["w"])
