"""Mistakes planted in a gradient derived by hand: each is named, at its layer, with its leaves."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.diagnosis.diagnose import diagnose
from jaxnet.gradients.diagnosis.kinds import KINDS

W, B = "[{}]['w']", "[{}]['b']"
ALL = {name.format(l) for l in range(3) for name in (W, B)}


def at(layer, wrong, right):
    """A wrong line in one layer, the right one elsewhere."""
    return lambda s, l: wrong(s, l) if l == layer else right(s, l)


def slope(s, l):
    return 1 - s["a"][l + 1] ** 2


def down(s, l):
    return s["delta"][l + 1] @ s["w"][l + 1].T


def weight(s, l):
    return s["a"][l].T @ s["delta"][l] / s["n"]


def bias(s, l):
    return s["delta"][l].sum(axis=0) / s["n"]


def every(change):
    """All leaves changed alike."""
    return {"finish": lambda g, s: [{k: change(v, s) for k, v in layer.items()} for layer in g]}


def leaf(layer, key, change):
    """One leaf changed."""
    return {"finish": lambda g, s: [{**d, key: change(d[key])} if l == layer else d for l, d in enumerate(g)]}


# name: (wrong lines, kind, layers from 1, words of the sentence); the network is 5-4-3-2, tanh, softmax, l2 = 0.1
PLANTED = {
    "summed": (every(lambda v, s: v * s["n"]), "batch_sum", (1, 2, 3), "7 = n times"),
    "averaged twice": (every(lambda v, s: v / s["n"]), "batch_mean_twice", (1, 2, 3), "1/n times"),
    "divided by n - 1": (every(lambda v, s: v * s["n"] / (s["n"] - 1)), "factor", (1, 2, 3), r"n/\(n - 1\)"),
    "logarithm of base 2": (every(lambda v, s: v / np.log(2)), "factor", (1, 2, 3), "1/ln 2"),
    "ascent": (every(lambda v, s: -v), "sign", (1, 2, 3), "its sign is flipped"),
    "one weight negated": (leaf(1, "w", lambda v: -v), "sign", (2,), r"\[1\]\['w'\]"),
    "no familiar factor": (every(lambda v, s: 0.3712 * v), "factor", (1, 2, 3), "0.3712 times"),
    "reshaped": (leaf(0, "w", lambda v: v.T.reshape(v.shape)), "transposed_and_reshaped", (1,), "reshape"),
    "columns rolled": (leaf(1, "w", lambda v: np.roll(v, 1, axis=1)), "permuted_columns", (2,), "rolled by 1"),
    "zero": (leaf(2, "b", lambda v: 0 * v), "zero", (3,), "never written"),
    "a row missing": (leaf(0, "w", lambda v: v * [[1], [1], [0], [1], [1]]), "unfilled", (1,), "row 2"),
    "clipped": (every(lambda v, s: np.clip(v, -0.05, 0.05)), "clipped_by_value", (1, 2, 3), "0.05"),
    "softmax over the batch": (
        {"output": lambda s: np.exp(s["z"][-1]) / np.exp(s["z"][-1]).sum(axis=0) - s["t"]},
        "softmax_axis", (3,), "axis=0",
    ),
    "not normalised": ({"output": lambda s: np.exp(s["z"][-1]) - s["t"]}, "softmax_unnormalised", (3,), "exp"),
    "Jacobian's diagonal": ({"output": lambda s: -s["t"] * (1 - s["p"])}, "softmax_diagonal", (3,), "diagonal"),
    "Jacobian missing": ({"output": lambda s: -s["t"] / s["p"]}, "softmax_jacobian_missing", (3,), "-Y / p"),
    "logits for p": ({"output": lambda s: s["z"][-1] - s["t"]}, "output_activation_missing", (3,), "z - Y"),
    "target left out": ({"output": lambda s: s["p"]}, "target_missing", (3,), "target"),
    "targets shifted": ({"output": lambda s: s["p"] - np.roll(s["t"], 1, axis=0)}, "targets_shifted", (3,), "other examples"),
    "slope missing": ({"slope": at(0, lambda s, l: 1, slope)}, "activation_derivative_missing", (1,), r"1 - a1\*\*2"),
    "slope twice": ({"slope": at(1, lambda s, l: slope(s, l) ** 2, slope)}, "activation_derivative_twice", (2,), "twice"),
    "another slope": (
        {"slope": lambda s, l: s["a"][l + 1] * (1 - s["a"][l + 1])},
        "activation_derivative_other", (1, 2), "another activation",
    ),
    "slope at z": ({"slope": lambda s, l: 1 - s["z"][l] ** 2}, "activation_derivative_at_z", (1, 2), "weighted sum z"),
    "slope at a": (
        {"slope": lambda s, l: 1 - np.tanh(s["a"][l + 1]) ** 2},
        "activation_derivative_at_a", (1, 2), "wants z",
    ),
    "already updated": (
        {"down": lambda s, l: s["delta"][l + 1] @ (s["w"][l + 1] - 0.2 * s["dw"][l + 1]).T},
        "weight_already_updated", (1, 2), "updated .step 0.2.; use the weights of the forward pass",
    ),
    "W reshaped": (
        {"down": lambda s, l: s["delta"][l + 1] @ s["w"][l + 1].reshape(s["w"][l + 1].shape[::-1])},
        "weight_reshaped", (1, 2), "reshape",
    ),
    "z for a": ({"weight": at(1, lambda s, l: s["z"][l - 1].T @ s["delta"][l] / s["n"], weight)}, "input_pre_activation", (2,), "z1"),
    "delta before slope": (
        {"weight": at(0, lambda s, l: s["a"][l].T @ s["passed"][l] / s["n"], weight)},
        "delta_before_derivative", (1,), "delta1 belongs there",
    ),
    "bias of one example": ({"bias": at(1, lambda s, l: s["delta"][l][0], bias)}, "bias_not_summed", (2,), "one example"),
    "bias over everything": (
        {"bias": at(1, lambda s, l: np.full(3, s["delta"][l].sum() / s["n"]), bias)},
        "bias_summed_over_everything", (2,), "summed over examples and units",
    ),
    "penalty missing": ({"penalty": lambda s, l: 0}, "penalty_missing", (1, 2, 3), "left out"),
    "penalty by the batch": ({"penalty": lambda s, l: s["l2"] / s["n"] * s["w"][l]}, "penalty_factor", (1, 2, 3), "1/n"),
    "absolute values": ({"penalty": lambda s, l: s["l2"] * np.sign(s["w"][l])}, "penalty_norm", (1, 2, 3), "sign"),
    "biases penalised": ({"bias": lambda s, l: bias(s, l) + s["l2"] * s["b"][l]}, "penalty_on_biases", (1, 2, 3), "penalised"),
}  # fmt: skip


@pytest.mark.parametrize("function", [True, False], ids=["function", "arrays"])
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_named_at_its_layers(name, function, pose, example, derive):
    wrong, kind, layers, words = PLANTED[name]
    f, params, data = example(l2=0.1)
    causes = diagnose(pose(f, params, data, derive(l2=0.1, **wrong), function=function))
    assert [(cause.kind, cause.layers) for cause in causes] == [(kind, layers)]
    assert re.search(words, causes[0].sentence), causes[0].sentence
    assert causes[0].residual < 1e-12
    assert causes[0].fix


def test_a_right_gradient_has_no_cause(pose, example, derive):
    f, params, data = example(l2=0.1)
    assert diagnose(pose(f, params, data, derive(l2=0.1))) == ()


def test_a_mistake_in_a_delta_spoils_its_layer_and_all_below(pose, example, derive):
    f, params, data = example()
    wrong = at(1, lambda s, l: 1, slope)
    (cause,) = diagnose(pose(f, params, data, derive(slope=wrong)))
    assert set(cause.leaves) == ALL - {W.format(2), B.format(2)}


def test_the_remedy_is_the_right_line_of_numpy(pose, example, derive):
    f, params, data = example()
    (cause,) = diagnose(pose(f, params, data, derive(slope=at(0, lambda s, l: 1, slope))))
    assert cause.fix == "delta1 = (delta2 @ W2.T) * (1 - a1**2)"


# two at once: (wrong lines, kinds from the output down)
PAIRS = {
    "diagonal and slope": (
        {"output": lambda s: -s["t"] * (1 - s["p"]), "slope": at(0, lambda s, l: 1, slope)},
        ["softmax_diagonal", "activation_derivative_missing"],
    ),
    "slope and penalty": (
        {"slope": at(1, lambda s, l: 1, slope), "penalty": lambda s, l: 2 * s["l2"] * s["w"][l]},
        ["penalty_factor", "activation_derivative_missing"],
    ),
    "matrix and slope of one layer": (
        {
            "down": at(0, lambda s, l: s["delta"][l + 1] @ s["w"][l + 1].reshape(3, 4), down),
            "slope": at(0, lambda s, l: 1, slope),
        },
        ["weight_reshaped", "activation_derivative_missing"],
    ),
    "updated, with the slope squared": (
        {
            "down": lambda s, l: s["delta"][l + 1] @ (s["w"][l + 1] - 0.1 * s["dw"][l + 1]).T,
            "slope": lambda s, l: slope(s, l) ** 2,
        },
        ["weight_already_updated", "activation_derivative_twice"],
    ),
    "factor and rearrangement": (
        {"finish": lambda g, s: [{k: s["n"] * (v[::-1] if v.shape == (5, 4) else v) for k, v in d.items()} for d in g]},
        ["batch_sum", "permuted_rows"],
    ),
    "factor of no name and slope": (
        {"slope": at(0, lambda s, l: 1, slope), "finish": every(lambda v, s: 0.0371 * v)["finish"]},
        ["factor", "activation_derivative_missing"],
    ),
}


@pytest.mark.parametrize("function", [True, False], ids=["function", "arrays"])
@pytest.mark.parametrize("name", PAIRS)
def test_two_mistakes_come_apart_and_the_one_nearest_the_output_comes_first(name, function, pose, example, derive):
    wrong, kinds = PAIRS[name]
    f, params, data = example(l2=0.1)
    causes = diagnose(pose(f, params, data, derive(l2=0.1, **wrong), function=function))
    assert [cause.kind for cause in causes] == kinds


def test_a_factor_that_equals_two_numbers_is_listed_under_both_names(pose, example, derive):
    f, params, data = example(n=4)  # 4 examples and 4 units in the first layer
    causes = diagnose(pose(f, params, data, derive(**every(lambda v, s: 4 * v)), function=False))
    assert {cause.kind for cause in causes} == {"factor", "batch_sum"}
    assert all(cause.sentence.startswith("One of 2 explanations that fit equally.") for cause in causes)


@pytest.mark.parametrize(("change", "kind"), [(lambda v, s: s["n"] * v, "batch_sum"), (lambda v, s: 4 * v, "factor")])
def test_other_batches_settle_what_one_batch_leaves_open(change, kind, pose, example, derive):
    f, params, data = example(n=4)
    (cause,) = diagnose(pose(f, params, data, derive(**every(change))))
    assert cause.kind == kind


def test_a_number_that_equals_n_but_stays_when_n_changes_is_a_mere_number(pose, example, derive):
    f, params, data = example(n=7)
    (cause,) = diagnose(pose(f, params, data, derive(**every(lambda v, s: 7 * v))))
    assert cause.kind == "factor"
    assert "7 times" in cause.sentence


def test_a_formula_that_nobody_knows_is_unknown_at_its_stage_and_never_guessed(pose, example, derive):
    f, params, data = example(n=12)
    (cause,) = diagnose(pose(f, params, data, derive(slope=at(0, lambda s, l: np.cos(s["z"][l]), slope))))
    assert (cause.kind, cause.layers, cause.residual) == ("unknown", (1,), 1.0)
    assert "delta, the derivative at the weighted sums, is the first quantity that is wrong" in cause.sentence


def test_of_a_large_batch_a_part_is_read_example_by_example(pose, example, derive):
    f, params, data = example(n=80)
    (cause,) = diagnose(pose(f, params, data, derive(slope=at(0, lambda s, l: np.cos(s["z"][l]), slope))))
    assert (cause.kind, cause.layers) == ("unknown", (1,))
    assert "the derivative used at z = " in cause.sentence


def test_below_an_unknown_stage_further_mistakes_are_still_found(pose, example, derive):
    f, params, data = example(n=12)
    output = lambda s: (s["p"] - s["t"]) ** 3
    causes = diagnose(pose(f, params, data, derive(output=output, slope=at(0, lambda s, l: 1, slope))))
    assert [cause.kind for cause in causes] == ["unknown", "activation_derivative_missing"]


def test_given_arrays_the_sentence_says_what_a_function_would_add(pose, example, derive):
    f, params, data = example()
    wrong = derive(output=lambda s: (s["p"] - s["t"]) ** 3)
    (cause,) = diagnose(pose(f, params, data, wrong, function=False))
    assert "a gradient function instead of arrays would let its own deltas be read" in cause.sentence


def test_a_function_that_takes_no_single_example_is_judged_by_its_batch(pose, example, derive):
    f, params, data = example()
    mine = derive(slope=lambda s, l: np.cos(s["z"][l]))

    def only_whole_batches(params, X, y):
        if len(X) != 7:
            raise ValueError("the batch has 7 examples")
        return mine(params, X, y)

    causes = diagnose(pose(f, params, data, only_whole_batches))
    assert [cause.kind for cause in causes] == ["unknown"]


def test_random_numbers_are_not_explained(pose, example):
    f, params, data = example()
    random = np.random.default_rng(3)
    noise = jax.tree.map(lambda leaf: random.normal(size=leaf.shape), params)
    causes = diagnose(pose(f, params, data, lambda *_: noise, function=False))
    assert {cause.kind for cause in causes} == {"unknown"}


def test_one_wrong_entry_of_a_single_bias_is_not_called_a_factor(pose, example):
    f, params, data = example((4, 1), output="sigmoid")
    true = jax.grad(f)

    def mine(params, X, y):
        (layer,) = true(params, X, y)
        return [{"w": np.asarray(layer["w"]), "b": 0.8123 * np.asarray(layer["b"])}]

    (cause,) = diagnose(pose(f, params, data, mine))
    assert cause.kind == "unknown"


def test_formulas_that_overflow_do_not_fit_and_do_not_warn(pose, example):
    f, params, (X, y) = example(output="identity")
    params = jax.tree.map(lambda leaf: 30 * leaf, params)  # logits beyond what exp can take
    true = jax.grad(f)
    (cause,) = diagnose(pose(f, params, (1e3 * X, y), lambda *a: jax.tree.map(lambda leaf: 2 * leaf, true(*a))))
    assert cause.kind == "factor"


def test_a_function_that_gives_nan_for_one_example_is_judged_by_its_batch(pose, example, derive):
    f, params, data = example()
    by_n = {"finish": lambda g, s: [{k: v * s["n"] / (s["n"] - 1) for k, v in layer.items()} for layer in g]}
    with np.errstate(all="ignore"):
        (cause,) = diagnose(pose(f, params, data, derive(**by_n)))
    assert "n/(n - 1)" in cause.sentence


def test_float32_gradients_are_explained_to_their_precision(pose, example, derive):
    f, params, data = example()
    half = derive(slope=at(0, lambda s, l: 1, slope))

    def mine(params, X, y):
        single = jax.tree.map(np.float32, params)
        return half(single, X.astype(np.float32), y)

    (cause,) = diagnose(pose(f, params, data, mine, noise=1e-6, eps=2.0**-24))
    assert cause.kind == "activation_derivative_missing"
    assert 1e-9 < cause.residual < 1e-5


def test_the_published_step_of_the_worked_example_went_through_updated_weights(pose):
    # The printed weights after the first step (notes of the article's source): 9 digits, computed in float32.
    net, params = jn.stairs.worked_example()
    params = [{k: np.asarray(v, float) for k, v in layer.items()} for layer in params]
    train, _ = jn.stairs.load()
    X, y = np.asarray(train.x, float), 1 - np.asarray(train.y)  # the first output is "stairs"
    f = jn.objective(net)
    printed = np.array(
        [[-.004693955, .007963512], [-.002025512, .0087154731], [.002760389, .0032557009], [.003623125, .0003690708],
         [-.010618099, -.0107602663]]
    )  # fmt: skip
    before = np.vstack([params[0]["b"], params[0]["w"]])
    step = (before - printed) / 0.1
    true = jax.tree.map(np.asarray, jax.grad(f)(params, X, y))
    mine = [{"w": step[1:], "b": step[0]}, true[1]]
    evidence = pose(f, params, (X, y), lambda *_: mine, function=False)
    # a float32 weight of 0.01 is uncertain by 6e-10, so its step / 0.1 by about 3e-8 after 400 raw pixels
    evidence = dataclasses.replace(evidence, noise={k: np.full(v.shape, 4e-8) for k, v in evidence.true.items()})
    (cause,) = diagnose(evidence)
    assert (cause.kind, cause.layers, cause.factor) == ("weight_already_updated", (1,), 0.1)
    assert set(cause.leaves) == {"[0]['w']", "[0]['b']"}


def test_every_kind_that_is_named_is_in_the_table(pose, example, derive):
    named = {kind for _, kind, _, _ in PLANTED.values()} | {kind for _, kinds in PAIRS.values() for kind in kinds}
    assert named < set(KINDS)


def test_a_cause_is_found_whatever_precision_the_program_has_set():
    # the gates come apart by one operation with several results, and float32 would lose them
    def loss(w, x):
        h = jnp.zeros(3)
        for _ in range(2):
            gate, candidate = jnp.split(jnp.concatenate([x, h]) @ w, 2)
            h = jax.nn.sigmoid(gate) * jnp.tanh(candidate) + 0.5 * h
        return jnp.sum(h**2)

    cut = lambda w, x: jax.grad(lambda w: loss_without_memory(w, x))(w)

    def loss_without_memory(w, x):
        h = jnp.zeros(3)
        for _ in range(2):
            gate, candidate = jnp.split(jnp.concatenate([x, jax.lax.stop_gradient(h)]) @ w, 2)
            h = jax.nn.sigmoid(gate) * jnp.tanh(candidate) + 0.5 * h
        return jnp.sum(h**2)

    w, x = (np.random.default_rng(0).normal(size=shape) for shape in ((5, 6), (2,)))
    with jax.enable_x64(False):
        (cause,) = jn.check_gradient(loss, w, x, gradient=cut).causes
    assert cause.kind == "path_not_followed"
    assert cause.where.endswith("jnp.concatenate([x, h]) @ w")
