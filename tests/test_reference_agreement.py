"""JAX against the NumPy reference: within the rounding bound whatever is drawn, and beyond it when something is wrong."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jaxnet as jn
from jaxnet import reference_agreement
from jaxnet.reference import balls, operations
from jaxnet.reference.losses import LOSSES
from jaxnet.reference_agreement import OPTIMIZERS, Agreement, AgreementEntry, worst_of

PAIRS = [(output, name) for name, loss in LOSSES.items() for output in loss.outputs or jn.reference.OUTPUTS]


def draw_targets(rng, loss, count, outputs):
    draws = {
        "distribution": lambda: rng.integers(0, outputs, count),
        "probability": lambda: rng.uniform(size=(count, outputs)),
        "real": lambda: 3 * rng.normal(size=(count, outputs)),
        "count": lambda: rng.integers(0, 6, (count, outputs)).astype(float),
    }
    return draws[LOSSES[loss].target]()


def draw_problem(seed, net, loss, dtype=np.float64):
    """Draw parameters, 5 examples and targets that suit the loss."""
    rng = np.random.default_rng(seed)
    shapes = itertools.pairwise(net.sizes)
    drawn = [{"w": 1.5 * rng.normal(size=(d, h)) / np.sqrt(d), "b": 0.1 * rng.normal(size=h)} for d, h in shapes]
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), drawn)
    X = rng.normal(size=(5, net.sizes[0]))
    return params, X, draw_targets(rng, loss, len(X), net.sizes[-1])


def passes(net, params, X, y, **options):
    """Compare outputs, loss and gradient, compiled without the optimizations that take longer than they save here."""
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        return jn.agreement(net, params, X, y, optimizers=(), **options)
    finally:
        jax.config.update("jax_disable_most_optimizations", False)


@st.composite
def networks(draw):
    depth = draw(st.integers(0, 5))
    activations = tuple(draw(st.sampled_from(sorted(jn.reference.ACTIVATIONS))) for _ in range(depth))
    output, loss = draw(st.sampled_from(PAIRS))
    fewest = [1] * (depth + 1) + [2 if output == "softmax" else 1]  # a softmax of one output is 1
    sizes = tuple(draw(st.integers(each, 7)) for each in fewest)
    return jn.MLP(sizes, activation=activations, output=output), loss


@settings(max_examples=25, deadline=None, derandomize=True)
@given(networks(), st.integers(0, 1000), st.sampled_from([0.0, 0.01, 1.0]))
def test_every_network_that_is_drawn_agrees(drawn, seed, l2):
    net, loss = drawn
    result = passes(net, *draw_problem(seed, net, loss), loss=loss, l2=l2)
    assert result.ok, result


@pytest.mark.parametrize("activation", jn.reference.ACTIVATIONS)
def test_every_activation_agrees(activation):
    net = jn.MLP((4, 5, 6, 3), activation=activation, output="softmax")
    result = passes(net, *draw_problem(1, net, "cross_entropy"))
    assert result.ok, result


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_every_output_and_loss_agree(output, loss):
    net = jn.MLP((4, 5, 3), activation="tanh", output=output)
    result = passes(net, *draw_problem(2, net, loss), loss=loss, l2=0.1)
    assert result.ok, result


@pytest.mark.parametrize("depth", range(6))
def test_every_depth_agrees_within_a_bound_that_is_far_below_the_gradient(depth):
    net = jn.MLP((4, *(5,) * depth, 3), activation="sigmoid", output="softmax")
    params, X, y = draw_problem(3, net, "cross_entropy")
    result = passes(net, params, X, y)
    assert result.ok, result
    assert all(entry.bound < 1e-11 for entry in result.entries), result


@pytest.mark.parametrize("scale", [1e-3, 255.0])
def test_small_and_raw_intensities_agree(scale):
    net = jn.MLP((4, 5, 2), activation="sigmoid", output="softmax")
    params, X, y = draw_problem(4, net, "cross_entropy")
    result = passes(net, params, scale * X, y)
    assert result.ok, result


def test_a_kink_that_is_hit_exactly_agrees():
    net = jn.MLP((2, 3, 1), activation="relu", output="sigmoid")
    params = [{"w": np.zeros((2, 3)), "b": np.zeros(3)}, {"w": np.zeros((3, 1)), "b": np.zeros(1)}]
    result = passes(net, params, np.ones((2, 2)), np.array([0.0, 1.0]), loss="hinge")
    assert result.ok, result


SMALL = jn.MLP((3, 4, 2), activation="tanh", output="softmax")


@pytest.fixture(scope="module")
def trained():
    """Every entry, trained with every optimizer: compiled once for all tests that look at it."""
    return jn.agreement(SMALL, *draw_problem(5, SMALL, "cross_entropy"), l2=0.01)


def test_the_entries_are_outputs_loss_every_leaf_and_every_training_run(trained):
    names = [entry.name for entry in trained.entries]
    assert names[:4] == ["outputs", "loss", "gradient [0]['b']", "gradient [0]['w']"]
    assert names[-1] == "parameters: sgd, 6 steps of 3 rows"
    for optimizer in OPTIMIZERS:
        assert f"parameters: {optimizer}, 3 steps of 5 rows" in names
        assert f"losses: {optimizer}, 3 steps of 5 rows" in names


def test_training_with_every_optimizer_agrees_within_a_bound_near_rounding(trained):
    assert trained.dtype == "float64"
    assert trained.ok, trained
    assert all(entry.bound < 1e-11 for entry in trained.entries), trained


def test_float32_is_held_to_the_bound_of_float32():
    result = jn.agreement(SMALL, *draw_problem(5, SMALL, "cross_entropy", np.float32), optimizers=("adam",))
    assert result.dtype == "float32"
    assert result.ok, result
    assert all(1e-8 < entry.bound < 1e-3 for entry in result.entries), result
    assert any(entry.difference > 1e-9 for entry in result.entries), "this looks like float64"


def test_without_float64_the_parameters_are_compared_as_jax_holds_them():
    params, X, y = draw_problem(5, SMALL, "cross_entropy")
    params = jax.tree.map(np.asarray, params)
    with jax.enable_x64(False):
        result = passes(SMALL, jax.tree.map(np.float32, params), X, y)
    assert result.dtype == "float32"
    assert result.ok, result


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_k_steps_of_fit_end_where_k_steps_of_the_reference_end(optimizer):
    # the same programs as above: 3 epochs, now without a stop between, against a reference on its own
    params, X, y = draw_problem(5, SMALL, "cross_entropy")
    ours, other = OPTIMIZERS[optimizer]
    f = jn.objective(SMALL, l2=0.01)
    with jax.default_matmul_precision("highest"):
        run = jn.fit(f, params, (X, y), optimizer=ours, epochs=3, shuffle=False)
    end = jn.reference.train(SMALL, params, X, y, optimizer=other, epochs=3, l2=0.01)
    np.testing.assert_allclose(run.history["loss"], end.loss, rtol=1e-13)
    for layer, expected in zip(run.params, end.params, strict=True):
        np.testing.assert_allclose(layer["w"], expected["w"], rtol=0, atol=1e-13)
        np.testing.assert_allclose(layer["b"], expected["b"], rtol=0, atol=1e-13)


def test_a_gradient_that_is_off_by_one_part_in_ten_billion_is_beyond_the_bound():
    params, X, y = draw_problem(6, SMALL, "cross_entropy")
    _, gradient = jax.jit(jax.value_and_grad(jn.objective(SMALL)))(params, X, y)
    side = reference_agreement.reference_side(
        SMALL, params, reference_agreement.check_problem(SMALL, X, y, loss=None, l2=0.0), np.float64
    )
    _, balls = reference_agreement.objective_and_gradient(side.problem, side.params)
    assert worst_of("gradient", gradient, balls).ok
    for depth, layer in enumerate(gradient):
        for name, leaf in layer.items():
            index = np.unravel_index(np.argmax(np.abs(leaf)), leaf.shape)
            wrong = leaf.at[index].multiply(1 + 1e-10)
            assert not worst_of("gradient", wrong, balls[depth][name]).ok


def test_a_wrong_derivation_is_found_in_the_gradient_and_only_there(monkeypatch):
    slightly_wrong = operations.ACTIVATIONS["tanh"]._replace(derivative=lambda z, a: (1.0 + 1e-10 - a) * (1.0 + a))
    monkeypatch.setattr(jn.reference.network, "ACTIVATIONS", {**operations.ACTIVATIONS, "tanh": slightly_wrong})
    result = passes(SMALL, *draw_problem(7, SMALL, "cross_entropy"))
    beyond = [entry.name for entry in result.entries if not entry.ok]
    assert beyond == ["gradient [0]['b']", "gradient [0]['w']"]


def test_a_wrong_rule_of_an_optimizer_is_found_in_its_training_run(monkeypatch):
    ours, other = OPTIMIZERS["adam"]
    wrong = dataclasses.replace(other, settings={**other.settings, "b2": 0.999 + 1e-9})
    monkeypatch.setattr(reference_agreement, "OPTIMIZERS", {"adam": (ours, wrong)})
    params, X, y = draw_problem(5, SMALL, "cross_entropy")
    result = jn.agreement(SMALL, params, X, y, l2=0.01, optimizers=("adam",))
    beyond = [entry.name for entry in result.entries if not entry.ok]
    assert "parameters: adam, 3 steps of 5 rows" in beyond
    assert not any(name.startswith(("gradient", "loss:", "outputs")) for name in beyond)


def test_the_report_prints_each_difference_beside_its_bound_and_a_verdict():
    good, bad = AgreementEntry("outputs", 1e-16, 4e-15), AgreementEntry("loss", 2e-9, 1e-14)
    lost = AgreementEntry("gradient", 1e-9, np.inf)
    assert str(Agreement((good,), "float64")).splitlines() == [
        "jaxnet in float64 against the NumPy reference in float64",
        "         difference  rounding bound",
        "outputs     1.0e-16         4.0e-15",
        "every entry is within its rounding bound",
    ]
    lines = str(Agreement((good, bad, lost), "float32")).splitlines()
    assert lines[3] == "loss         2.0e-09         1.0e-14  BEYOND THE BOUND"
    assert lines[4].endswith("NO BOUND: too much is lost in this dtype to tell")
    assert lines[5] == "not within a bound: loss, gradient"


@pytest.mark.parametrize(("value", "radius"), [(np.nan, 1.0), (np.inf, 1.0), (0.0, np.nan), (0.0, np.inf)])
def test_what_is_not_finite_is_not_agreement(value, radius):
    ball = balls.Ball(np.zeros(2), np.array([1.0, radius]), balls.Precision.of(np.float64))
    assert not worst_of("x", np.array([0.5, value]), ball).ok


def test_the_element_that_is_worst_in_proportion_to_its_bound_stands_for_its_array():
    ball = balls.Ball(np.zeros(3), np.array([1.0, 1e-3, 0.0]), balls.Precision.of(np.float64))
    assert worst_of("x", np.array([0.5, 2e-3, 0.0]), ball) == AgreementEntry("x", 2e-3, 1e-3)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"net": None}, TypeError, "net: expected an MLP, got None"),
        ({"net": jn.MLP((3, 4, 2), activation=jnp.sin, output="softmax")}, ValueError, "activation: expected one of"),
        ({"net": jn.MLP((3, 4, 2), dropout=0.5, output="softmax")}, ValueError, "dropout: expected 0, because"),
        ({"X": np.ones((5, 2))}, ValueError, r"X: expected an array of shape \(N, 3\)"),
        ({"loss": "squared"}, ValueError, "loss: expected one of .*did you mean 'squared_error'"),
        ({"optimizers": ("adamm",)}, ValueError, "optimizers: expected one of sgd, .*did you mean 'adam'"),
        ({"epochs": 0}, ValueError, "epochs: expected an integer of at least 1, got 0"),
    ],
)
def test_bad_input_is_refused_in_words(change, error, words):
    params, X, y = draw_problem(5, SMALL, "cross_entropy")
    given = {"net": SMALL, "params": params, "X": X, "y": y} | change
    with pytest.raises(error, match=words):
        jn.agreement(given.pop("net"), given.pop("params"), given.pop("X"), given.pop("y"), **given)


def test_half_precision_is_refused():
    params, X, y = draw_problem(5, SMALL, "cross_entropy", jnp.bfloat16)
    with pytest.raises(TypeError, match="params: expected arrays of dtype float32 or float64, got dtype bfloat16"):
        jn.agreement(SMALL, params, X, y)
