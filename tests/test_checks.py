"""Every refusal names the argument, what is accepted and what was given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet import checks

REFUSED = [
    (lambda: checks.choice("loss", "hingy", ["hinge", "huber"]), ValueError, r"loss: expected one of hinge, huber, got 'hingy' \(did you mean 'hinge'\?\)"),
    (lambda: checks.choice("loss", "zzz", ["hinge", "huber"]), ValueError, r"got 'zzz'$"),
    (lambda: checks.choice("loss", 3, ["hinge"]), TypeError, "loss: expected one of hinge, got 3"),
    (lambda: checks.number("rate", "fast"), TypeError, "rate: expected a finite number, got 'fast'"),
    (lambda: checks.number("rate", True), TypeError, "rate: expected a finite number, got True"),
    (lambda: checks.number("rate", float("nan")), ValueError, "rate: expected a finite number, got nan"),
    (lambda: checks.number("rate", -1, minimum=0), ValueError, "rate: expected a finite number at least 0, got -1"),
    (lambda: checks.number("rate", 0, above=0), ValueError, "rate: expected a finite number above 0, got 0"),
    (lambda: checks.number("rate", 1, minimum=0, below=1), ValueError, "at least 0 and below 1, got 1"),
    (lambda: checks.number("rate", 2, maximum=1), ValueError, "at most 1, got 2"),
    (lambda: checks.integer("epochs", 1.5), TypeError, "epochs: expected an integer of at least 0, got 1.5"),
    (lambda: checks.integer("epochs", True), TypeError, "epochs: expected an integer of at least 0, got True"),
    (lambda: checks.integer("epochs", 0, minimum=1), ValueError, "epochs: expected an integer of at least 1, got 0"),
    (lambda: checks.integer("size", 9, minimum=1, maximum=4, note="examples"), ValueError, r"an integer from 1 to 4 \(examples\), got 9"),
    (lambda: checks.finite("X", np.array([[1.0, np.nan], [np.inf, 0]])), ValueError, r"X: expected finite numbers, got 2 that are not, the first \(nan\) at index \[0, 1\]"),
    (lambda: checks.real_array("X", [[1, 2], [3]]), ValueError, "X: expected an array of numbers, got rows of different lengths"),
    (lambda: checks.real_array("X", ["a"]), TypeError, r"X: expected an array of real numbers, got dtype <U1 of shape \(1,\)"),
    (lambda: checks.real_array("X", [1j]), TypeError, "X: expected an array of real numbers, got dtype complex128"),
    (lambda: checks.real_array("X", [None]), TypeError, "X: expected an array of real numbers, got dtype object"),
    (lambda: checks.random_key("key", 0), TypeError, r"key: expected a key such as jax.random.key\(0\), got 0"),
    (lambda: checks.random_key("key", jnp.zeros(3)), TypeError, "key: expected a key such as"),
    (lambda: checks.random_key("key", jax.random.split(jax.random.key(0))), ValueError, r"keys of shape \(2,\)"),
    (lambda: checks.examples("X", np.zeros((2, 3)), 4, np.float32), ValueError, r"X: expected an array of shape \(N, 4\), one row an example, got an array of shape \(2, 3\)"),
    (lambda: checks.examples("X", np.zeros((0, 4)), 4, np.float32), ValueError, "X: expected at least one example"),
    (lambda: checks.examples("X", 3.0, None, np.float32), ValueError, r"X: expected an array of shape \(N, D\)"),
    (lambda: checks.targets("y", [1, 2], 3, np.float32), ValueError, "y: expected one target for each of the 3 examples"),
    (lambda: checks.weights("weight", [1.0, 2.0], 3, np.float32), ValueError, r"weight: expected one weight for each of the 3 examples, shape \(3,\)"),
    (lambda: checks.weights("weight", [1.0, -2.0], 2, np.float32), ValueError, "weight: expected weights of at least 0, not all 0, got a smallest weight of -2"),
    (lambda: checks.weights("weight", [0.0, 0.0], 2, np.float32), ValueError, "weight: expected weights of at least 0, not all 0"),
    (lambda: checks.parameters("params", {}), TypeError, "params: expected a pytree of floating-point arrays of one dtype"),
    (lambda: checks.parameters("params", [1.0]), TypeError, "params: expected a pytree of floating-point arrays of one dtype"),
    (lambda: checks.parameters("params", [np.zeros(2, int)]), TypeError, "got leaves of dtype int64"),
    (lambda: checks.parameters("params", [np.zeros(2), np.zeros(2, np.float32)]), TypeError, "got leaves of dtype float32, float64"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_good_input_comes_back_in_the_form_that_is_computed_with():
    assert checks.choice("loss", "hinge", ["hinge", "huber"]) == "hinge"
    assert checks.number("rate", np.float32(0.5)) == 0.5
    assert checks.number("rate", jnp.asarray(2)) == 2.0
    assert checks.integer("epochs", np.int64(3)) == 3
    assert checks.examples("X", [[1, 2]], 2, np.float32).dtype == np.float32
    assert checks.targets("y", np.array([True, False]), 2, np.float32).dtype == np.int32
    assert checks.targets("y", [0.5, 1], 2, np.float32).dtype == np.float32
    assert checks.parameters("params", [{"w": np.zeros((2, 2), np.float32)}]) == np.float32


def test_the_older_kind_of_key_is_accepted():
    old = checks.random_key("key", jax.random.PRNGKey(3))
    assert jax.random.bits(old) == jax.random.bits(jax.random.key(3))


def test_values_are_not_looked_at_inside_a_transformation():
    def traced(x):
        checks.finite("X", x)
        return x

    assert np.isnan(jax.jit(traced)(jnp.nan))


def test_words_cannot_command_a_terminal_and_long_lists_come_to_an_end():
    assert checks.printable("a\x1b[2J\x07\u202eb\n\u00e9") == "a\\x1b[2J\\x07\\u202eb\n\u00e9"
    assert checks.listed([f"n{i}" for i in range(60_000)]).endswith("n39, 59960 more")
    assert checks.listed(["a", "b"]) == "a, b"
