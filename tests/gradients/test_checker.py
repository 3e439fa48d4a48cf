"""check_gradient and assert_gradient as a whole."""

import itertools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(9, 4)), RANDOM.normal(size=9)
W = RANDOM.normal(size=4)


def squares(w, X, y):
    return jnp.mean((X @ w - y) ** 2) / 2


def squares_gradient(w, X, y):
    return X.T @ (X @ w - y) / len(y)


def check(gradient, **options):
    return jn.check_gradient(squares, W, X, Y, gradient=gradient, **options)


def test_a_function_and_its_arrays_are_both_right():
    assert check(squares_gradient).ok
    assert check(squares_gradient(W, X, Y)).ok
    assert check(list(squares_gradient(W, X, Y))).ok


def test_a_sum_for_a_mean_is_wrong_by_the_number_of_examples():
    report = check(lambda *a: 9 * squares_gradient(*a))
    assert not report.ok
    assert report.leaves[""].factor == pytest.approx(9, rel=1e-12)
    assert report.leaves[""].wrong == 4


def test_the_objective_brings_its_network_its_loss_and_its_penalty_along():
    f = jn.objective(jn.MLP((4, 2), output="softmax"), l2=0.1)
    params = [{"w": RANDOM.normal(size=(4, 2)), "b": np.zeros(2)}]
    evidence = jn.check_gradient(f, params, X, np.arange(9) % 2, gradient=jax.grad(f)).evidence
    assert (evidence.network, evidence.loss, evidence.l2) == (f.network, "cross_entropy", 0.1)
    assert evidence.gradient(evidence.params, X[:1], np.array([0])).keys() == evidence.true.keys()


def test_float32_params_and_a_program_in_float32_are_judged_in_their_precision():
    with jax.enable_x64(False):
        mine = jax.grad(squares)(jnp.float32(W), jnp.float32(X), jnp.float32(Y))
        report = jn.check_gradient(squares, jnp.float32(W), jnp.float32(X), jnp.float32(Y), gradient=mine)
        assert report.ok
        assert report.evidence.eps == 2.0**-24
        off = jn.check_gradient(squares, jnp.float32(W), jnp.float32(X), jnp.float32(Y), gradient=mine * 1.001)
        assert not off.ok


def test_a_float64_answer_computed_in_float32_is_right_to_that_precision_and_says_so():
    rounded = lambda w, X, y: squares_gradient(np.float32(w), np.float32(X), np.float32(y)).astype(float)
    for gradient in (rounded, rounded(W, X, Y)):
        report = check(gradient)
        assert report.ok
        assert "computes in float32" in str(report)


def test_an_error_as_small_as_those_of_float32_is_wrong_in_float64():
    assert not check(lambda *a: squares_gradient(*a) * (1 + 1e-8)).ok
    assert not check(squares_gradient(W, X, Y) * (1 + 1e-8)).ok


def test_arrays_alone_get_the_advice_to_give_a_function_when_they_are_wrong():
    assert "with a function gradient(params, *data)" in str(check(2 * squares_gradient(W, X, Y)))
    assert "with a function" not in str(check(squares_gradient(W, X, Y)))
    assert "with a function" not in str(check(lambda *a: 2 * squares_gradient(*a)))


@pytest.mark.parametrize("loss", [squares(W, X, Y), float(squares(W, X, Y)), squares])
def test_the_right_loss_is_right(loss):
    assert check(squares_gradient, loss_value=loss).ok


def test_a_loss_that_differs_is_reported_first():
    report = check(lambda *a: 2 * squares_gradient(*a), loss_value=9 * squares(W, X, Y))
    assert report.causes[0].kind == "other_loss_value"
    assert "9 examples times" in report.causes[0].sentence
    assert not check(squares_gradient, loss_value=9 * squares(W, X, Y)).ok


def test_a_loss_computed_in_float32_is_the_same_loss():
    assert check(squares_gradient, loss_value=np.float32(squares(W, X, Y))).ok


def test_numbers_read_off_a_page_are_right_to_their_last_digit():
    printed = np.round(squares_gradient(W, X, Y), 4)
    assert not check(printed).ok
    assert check(printed, precision=0.00005).ok


@pytest.mark.parametrize(
    ("precision", "words"), [(-1, "at least 0, got -1"), (np.nan, "finite number at least 0, got nan")]
)
def test_a_precision_that_is_none_is_refused(precision, words):
    with pytest.raises(ValueError, match=f"precision: expected a .*{words}"):
        check(squares_gradient, precision=precision)


def test_an_f_that_is_no_function_is_refused():
    with pytest.raises(TypeError, match=r"f: expected a function \(params, \*data\) -> scalar, got 3"):
        jn.check_gradient(3, W, gradient=W)


def test_a_function_that_changes_its_arguments_is_told_even_if_its_values_are_right():
    def stepping(w, X, y):
        gradient = squares_gradient(w, X, y)
        w -= 0.1 * gradient
        return gradient

    report = check(stepping)
    assert not report.ok
    assert report.leaves[""].ok
    assert [cause.kind for cause in report.causes] == ["changes_arguments"]
    assert "in place: params" in str(report)


def test_values_that_come_from_changed_data_are_not_explained_further():
    def scaling(w, X, y):
        X *= 0.5
        return squares_gradient(w, X, y)

    assert [cause.kind for cause in check(scaling).causes] == ["changes_arguments"]


def test_a_function_that_does_not_repeat_is_told():
    total = np.zeros(4)

    def accumulating(w, X, y):
        nonlocal total
        total = total + squares_gradient(w, X, y)
        return total

    report = check(accumulating)
    assert [cause.kind for cause in report.causes] == ["does_not_repeat"]


def test_a_function_that_fails_is_told_with_its_error():
    def failing(w, X, y):
        raise ZeroDivisionError("division by the number of examples left")

    report = check(failing)
    assert not report.ok
    assert "gradient raises ZeroDivisionError: division by the number of examples left, at test_checker.py:" in str(
        report
    )


def test_a_transposed_leaf_is_compared_as_what_it_should_be():
    f = lambda w: jnp.sum(jnp.sin(w))
    w = RANDOM.normal(size=(2, 3))
    report = jn.check_gradient(f, w, gradient=np.cos(w).T)
    assert not report.ok
    assert report.leaves[""].wrong == 0
    assert report.causes[0].kind == "shape_transposed"


def test_a_leaf_of_tiny_entries_is_judged_as_strictly_as_the_others():
    f = lambda p: 1e-12 * jnp.sum(jnp.sin(p["small"])) + 1e3 * jnp.sum(jnp.sin(p["large"]))
    params = {"small": np.ones(3), "large": np.ones(3)}
    mine = lambda p: {"small": 1e-12 * np.cos(p["small"]), "large": 1e3 * np.cos(p["large"])}
    assert jn.check_gradient(f, params, gradient=mine).ok
    for key in params:
        off = lambda p, key=key: {k: leaf * (1 + 1e-12 * (k == key)) for k, leaf in mine(p).items()}
        assert jn.check_gradient(f, params, gradient=off).wrong == (f"['{key}']",)


SWISH = {"activations": ("swish",)}
OWN_NAMES = {
    "activation": (
        SWISH,
        None,
        "the activation 'swish' of network is not known here, so every leaf is explained by itself; give the callable",
    ),
    "one of two": ({"activations": ("tanh", "swish")}, None, "the activation 'swish' of network"),
    "neither name nor callable": ({"activations": (None,)}, None, "the activation None of network"),
    "output": (
        {"output": "cauchy"},
        None,
        "the output 'cauchy' of network is not known here, so every leaf is explained by itself; known are identity,",
    ),
    "an output of no name": ({"output": [1]}, None, "the output [1] of network"),
    "both": ({**SWISH, "output": "cauchy"}, None, "the output 'cauchy' of network"),
}


def own_network(own, loss=None, hidden=None):
    """A network of one's own that computes with tanh, whatever its names are, and a gradient without the 1/n."""
    sizes = (4, *[3] * (hidden or len(own.get("activations", "1"))), 2)
    params = [{"w": RANDOM.normal(size=s), "b": RANDOM.normal(size=s[1])} for s in itertools.pairwise(sizes)]

    def f(params, X, y):
        for layer in params[:-1]:
            X = jnp.tanh(X @ layer["w"] + layer["b"][None])
        return jnp.mean(jnp.sum((X @ params[-1]["w"] + params[-1]["b"][None] - y) ** 2, axis=1)) / 2

    if loss:
        f.loss = loss
    own = {"activations": ("tanh",), "output": "identity", **own}
    network = types.SimpleNamespace(sizes=sizes, apply=lambda params, x: x, **own)
    wrong = lambda params, X, y: jax.tree.map(lambda leaf: len(X) * leaf, jax.grad(f)(params, X, y))
    return jn.check_gradient(f, params, X, RANDOM.normal(size=(9, 2)), gradient=wrong, network=network)


@pytest.mark.parametrize("name", OWN_NAMES)
def test_a_name_of_ones_own_network_that_is_not_known_is_said_and_every_leaf_is_explained(name):
    own, loss, words = OWN_NAMES[name]
    report = own_network(own, loss)
    assert [cause.kind for cause in report.causes] == ["batch_sum"]
    assert report.causes[0].layers == ()
    assert words in str(report)
    report.figure()


def test_a_network_that_is_not_the_one_of_the_loss_is_not_used_and_said_why():
    params = [{"w": RANDOM.normal(size=(2, 3)), "b": np.zeros(2)}]
    f = lambda params, X, y: jnp.mean((X @ params[0]["w"].T + params[0]["b"] - y) ** 2)
    odd = lambda *a: jax.tree.map(np.cos, jax.grad(f)(*a))
    data = RANDOM.normal(size=(9, 3)), RANDOM.normal(size=(9, 2))
    report = jn.check_gradient(f, params, *data, gradient=odd, network=jn.MLP((3, 2)))
    assert "network= was not used, for your weights are [outputs, inputs]" in str(report)


def test_the_name_of_a_loss_that_is_not_known_does_no_harm():
    report = own_network({}, "my_error")
    assert [(cause.kind, cause.layers) for cause in report.causes] == [("batch_sum", (1, 2))]
    assert "not known here" not in str(report)


def test_activations_that_are_not_one_a_hidden_layer_are_no_layers():
    report = own_network({"activations": ("tanh", "tanh")}, hidden=1)
    assert [(cause.kind, cause.layers) for cause in report.causes] == [("batch_sum", ())]


def test_assert_gradient_is_silent_when_right_and_fails_with_the_report_when_wrong():
    assert jn.assert_gradient(squares, W, X, Y, gradient=squares_gradient) is None
    with pytest.raises(AssertionError, match=r"The gradient is wrong in 1 of 1 leaf: params\."):
        jn.assert_gradient(squares, W, X, Y, gradient=lambda *a: -squares_gradient(*a))


def test_a_report_is_the_same_every_time():
    wrong = lambda *a: 2 * squares_gradient(*a)
    assert str(check(wrong)) == str(check(wrong))


def test_a_checker_traces_f_once_and_judges_any_number_of_gradients():
    calls = []

    def loss(w, X, y):
        calls.append(None)
        return jnp.mean((X @ w - y) ** 2) / 2

    random = np.random.default_rng(3)
    X, y, w = random.normal(size=(6, 3)), random.normal(size=6), random.normal(size=3)
    right = lambda w, X, y: X.T @ (X @ w - y) / len(y)
    checker = jn.gradients.Checker(loss, w, X, y)
    assert checker(right).ok
    traced = len(calls)
    assert checker(right(w, X, y)).ok
    assert checker(right).ok
    assert checker(lambda w, X, y: right(w, X, y)[:2]).wrong == ("",)
    assert len(calls) == traced
    assert checker(lambda *a: -right(*a)).causes[0].kind == "sign"


def test_a_checker_refuses_what_cannot_be_judged_before_any_gradient_is_there():
    with pytest.raises(TypeError, match="f: expected a function"):
        jn.gradients.Checker(3.0, np.ones(2))
    with pytest.raises(ValueError, match="a finite value at params"):
        jn.gradients.Checker(lambda w: jnp.sum(w) / 0.0, np.ones(2))
    with pytest.raises(TypeError, match="floating-point numbers"):
        jn.gradients.Checker(lambda w: jnp.sum(w), np.ones(2, int))


def test_what_a_checker_is_given_may_be_nothing_or_a_mistake_of_form():
    checker = jn.gradients.Checker(lambda w: jnp.sum(w**2), np.ones(2))
    assert checker(None).causes[0].kind == "nothing_returned"
    assert checker("two").causes[0].kind == "dtype"
    with pytest.raises(ValueError, match="precision"):
        checker(np.ones(2), precision=-1)
