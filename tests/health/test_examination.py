"""A diagnosis names what was planted first, proves it, and is silent about what is well."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.health import SICKNESSES
from jaxnet.health.finding_pictures import KIND_PICTURES

EPOCHS = 60


def moons(count, seed=0):
    """Two bands that no line parts, 0 ± 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 2)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


X, y = moons(200)
Xv, yv = moons(100, 1)
net = jn.MLP((2, 8, 2), activation="tanh", output="softmax")
f = jn.objective(net)


def train(optimizer, *, params=None, data=(X, y), epochs=EPOCHS, objective=f, **options):
    params = objective.network.init(jax.random.key(3)) if params is None else params
    options = {"batch_size": 25, "key": jax.random.key(0), "validation": (Xv, yv), **options}
    return jn.fit(objective, params, data, optimizer=optimizer, epochs=epochs, **options)


@pytest.fixture(scope="module")
def well():
    return train(optax.adam(0.03))


def kinds(diagnosis):
    return [finding.kind for finding in diagnosis.findings]


def first(run, data=(X, y), objective=f, **options):
    options = {"validation": (Xv, yv), **options}
    return jn.diagnose(objective, run, data, **options).findings[0]


def test_a_run_that_learnt_is_well(well):
    diagnosis = jn.diagnose(f, well, (X, y), validation=(Xv, yv))
    assert diagnosis.ok, str(diagnosis)
    assert str(diagnosis).startswith("nothing sick was found: the network explains")


def test_a_rate_far_too_small_is_named_with_the_rate_that_learns():
    finding = first(train(optax.sgd(1e-6)))
    assert finding.kind == "rate_too_low"
    assert finding.remedy.startswith("the learning rate x ")
    assert "it explains" in finding.tried[0]


def test_a_rate_far_too_high_is_named():
    finding = first(train(optax.sgd(30.0)))
    assert finding.kind == "rate_too_high"
    assert finding.remedy.startswith("the learning rate /")


def test_too_few_epochs_are_named_and_not_the_rate():
    assert first(train(optax.adam(0.01), epochs=6)).kind == "still_improving"


def test_units_that_start_alike_stay_alike():
    same = jax.tree.map(lambda leaf: jnp.full_like(leaf, 0.3), net.init(jax.random.key(0)))
    assert first(train(optax.adam(0.03), params=same)).kind == "identical_units"


def test_raw_inputs_are_named_before_what_they_do_to_the_units():
    held = 100 * Xv, yv
    run = train(optax.sgd(0.1), data=(100 * X, y), validation=held)
    assert first(run, (100 * X, y), validation=held).kind == "unscaled_inputs"


def test_shuffled_labels_teach_nothing():
    rng = np.random.default_rng(0)
    wrong, held = rng.permutation(y), (Xv, rng.permutation(yv))
    run = train(optax.adam(0.03), data=(X, wrong), validation=held)
    assert first(run, (X, wrong), validation=held).kind == "label_noise"


def test_what_no_line_can_part_is_no_noise_but_too_much_for_a_line():
    line = jn.objective(jn.MLP((2, 2), output="softmax"))
    assert first(train(optax.adam(0.03), objective=line), objective=line).kind == "underfitting"


def test_a_regression_learnt_by_heart_is_named_also_where_its_validation_loss_does_not_rise_far():
    few = jn.objective(jn.MLP((8, 64, 1), activation="relu"))
    rng = np.random.default_rng(0)
    wide, target = rng.normal(size=(70, 8)).astype(np.float32), rng.normal(size=70).astype(np.float32)
    target += wide[:, 0]  # half of it is noise
    data, held = (wide[:35], target[:35]), (wide[35:], target[35:])
    run = train(optax.adam(0.02), data=data, objective=few, validation=held, epochs=150)
    assert first(run, data, few, validation=held, experiments=False).kind == "overfitting"


def test_a_rare_class_that_held_out_rows_do_not_show_is_named_with_what_weights_do():
    def rows(count, seed):
        rng = np.random.default_rng(seed)
        rare = (np.arange(count) % 10 == 0).astype(int)
        return (rng.normal(size=(count, 2)) + 1.2 * rare[:, None]).astype(np.float32), rare

    finding = first(
        train(optax.adam(0.03), data=rows(200, 6), validation=rows(100, 7)), rows(200, 6), validation=rows(100, 7)
    )
    assert (finding.kind, finding.evidence["rows of each class"]) == ("imbalanced_classes", [180, 20])
    assert "classes balanced: the rare ones are recognised" in finding.tried[0]


def test_validation_rows_among_the_training_rows_are_counted(well):
    finding = first(well, validation=(X[:50], y[:50]), experiments=False)
    assert finding.kind == "leak"
    assert finding.evidence == {"rows": 50}


def test_a_column_of_one_value_is_named_by_its_number():
    flat = np.concatenate([X, np.full((len(X), 1), 3, np.float32)], axis=1)
    wide = jn.objective(jn.MLP((3, 8, 2), activation="tanh", output="softmax"))
    run = train(optax.adam(0.03), data=(flat, y), objective=wide, validation=None)
    finding = first(run, (flat, y), wide, validation=None, experiments=False)
    assert (finding.kind, finding.evidence) == ("constant_column", {"columns": [2]})


def test_a_border_of_zeros_is_no_constant_column():
    image = np.concatenate([np.maximum(X, 0), np.zeros((len(X), 2), np.float32)], axis=1)
    wide = jn.objective(jn.MLP((4, 8, 2), activation="tanh", output="softmax"))
    params = wide.network.init(jax.random.key(0))
    assert "constant_column" not in kinds(jn.diagnose(wide, params, (image, y), experiments=False))


def test_a_run_that_diverged_tells_where():
    g = jn.objective(jn.MLP((2, 4, 1), activation="relu"))
    run = train(optax.sgd(1e3), data=(X, X[:, 0]), objective=g, validation=None)
    assert run.outcome is jn.Outcome.DIVERGED
    found = {finding.kind: finding for finding in jn.diagnose(g, run, (X, X[:, 0])).findings}
    assert {"diverged", "rate_too_high"} <= set(found)
    assert found["diverged"].evidence["step"] >= 1
    assert "became" in found["diverged"].sentence


def test_parameters_alone_are_looked_at():
    same = jax.tree.map(jnp.zeros_like, net.init(jax.random.key(0)))
    found = jn.diagnose(f, same, (X, y), experiments=False)
    assert kinds(found) == ["identical_units", "no_better_than_constant"]


def test_parameters_that_were_never_trained_are_told():
    assert kinds(jn.diagnose(f, net.init(jax.random.key(3)), (X, y)))[0] == "still_improving"


def test_a_single_row_that_stands_twice_is_no_leak(well):
    held = np.concatenate([Xv, X[:1]]), np.append(yv, y[0])
    assert jn.diagnose(f, well, (X, y), validation=held, experiments=False).ok


def test_an_objective_of_ones_own_is_diagnosed_by_what_can_be_known():
    def own(params, x, y):
        hidden = jnp.tanh(x @ params["a"] + params["b"][None])
        return jnp.mean(jnp.square((hidden @ params["c"])[:, 0] - y))

    rng = np.random.default_rng(0)
    start = {"a": rng.normal(size=(2, 8)), "b": np.zeros(8), "c": rng.normal(size=(8, 1)) / 3}
    start = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), start)
    target = X[:, 0] - X[:, 1]
    run = jn.fit(own, start, (X, target), optimizer=optax.sgd(1e-6), epochs=30)
    assert kinds(jn.diagnose(own, run, (X, target)))[0] == "rate_too_low"


def test_an_optimizer_of_which_no_population_can_be_made_is_only_looked_at():
    run = train(optax.sm3(1e-9), epochs=12)
    assert kinds(jn.diagnose(f, run, (X, y), validation=(Xv, yv)))[0] == "rate_too_low"


def test_an_objective_that_insists_on_a_key_is_judged_with_a_fixed_one():
    def noisy(params, x, y, *, key):
        kept = jax.random.bernoulli(key, 0.9, x.shape)
        return jnp.mean(jnp.square(jnp.where(kept, x, 0) @ params["w"] - y))

    run = jn.fit(
        noisy, {"w": np.ones(2, np.float32)}, (X, X[:, 0]), optimizer=optax.sgd(0.05), epochs=30, key=jax.random.key(0)
    )
    assert "explains" in jn.diagnose(noisy, run, (X, X[:, 0]), experiments=False).summary


def test_looking_only_trains_nothing(well, monkeypatch):
    monkeypatch.setattr("jaxnet.health.recipe_variations.run_trials", None)
    assert jn.diagnose(f, well, (X, y), validation=(Xv, yv), experiments=False).ok


def test_what_was_seen_of_a_run_that_is_well_is_drawn_and_shown_in_a_notebook(well):
    found = jn.diagnose(f, well, (X, y), validation=(Xv, yv), experiments=False)
    titles = [axes.get_title() for axes in found.figure().axes]
    assert titles == ["activations", "gradients", "curves", "answers beside base rate"]
    assert found._repr_html_().startswith("<pre>nothing sick was found")


def test_the_figure_is_that_of_the_first_finding_and_any_other_is_asked_for_by_its_kind(well):
    flat = np.concatenate([X, np.full((len(X), 1), 3, np.float32)], axis=1)
    wide = jn.objective(jn.MLP((3, 8, 2), activation="tanh", output="softmax"))
    zeros = jax.tree.map(jnp.zeros_like, wide.network.init(jax.random.key(0)))
    found = jn.diagnose(wide, zeros, (flat, y), experiments=False)
    assert kinds(found) == ["identical_units", "constant_column", "no_better_than_constant"]
    assert found.figure().axes[0].get_title() == "weights into hidden layer 1"
    assert found.figure().get_suptitle().startswith("identical_units: ")
    assert [axes.get_title() for axes in found.findings[1].figure().axes] == ["columns"]
    assert [axes.get_title() for axes in found.figure("constant_column").axes] == ["columns"]
    assert "activations" in [axes.get_title() for axes in found.figure("overview").axes]
    with pytest.raises(ValueError, match=r"kind: expected one of identical_units, .* got 'leak'"):
        found.figure("leak")


def test_every_kind_has_a_picture():
    assert set(KIND_PICTURES) == set(SICKNESSES)


def test_every_kind_has_a_definition():
    assert len(SICKNESSES) == 21
    assert all(each.definition.endswith(".") for each in SICKNESSES.values())


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("f", 1, (X, y)), {}, TypeError, "f: expected an objective"),
        ((f, 1, (X, y)), {}, TypeError, "run: expected a pytree"),
        ((f, None, (X, y)), {}, TypeError, "run: expected a pytree"),
        ((f, "well", (X, y[:5])), {}, ValueError, "y: expected"),
        ((f, "well", (X, y)), {"experiments": 1}, TypeError, "experiments: expected True or False"),
        ((f, "well", (X, y)), {"seed": -1}, ValueError, "seed: expected an integer"),
        ((f, "well", (X, y)), {"validation": 3}, TypeError, "validation: expected"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, options, error, words, well):
    with pytest.raises(error, match=words):
        jn.diagnose(*(well if each == "well" else each for each in arguments), **options)
