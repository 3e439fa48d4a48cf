"""A digest of what a function computes: the same for what computes the same, another for anything else."""

import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.identity import different, digest_arrays, odd_programs, traced_program

X = np.ones(3, np.float32)
RATE = 2.0


def digest(f, *arguments):
    return traced_program(f, *(arguments or (X,))).digest


def scaled(c):
    return lambda x: c * jnp.sum(x)


def scanned(c):
    return lambda x: jax.lax.scan(lambda a, b: (a * c + b, a), x[0], x)


def called(c):
    return lambda x: jax.pure_callback(lambda a: a * c, jax.ShapeDtypeStruct((3,), "float32"), x)


def of_global(x):
    return RATE * jnp.sum(x)


@jax.custom_vjp
def cubed(x):
    return x**3


cubed.defvjp(lambda x: (x**3, x), lambda x, g: (3 * x**2 * g,))


@jax.custom_vjp
def wrongly_cubed(x):
    return x**3


wrongly_cubed.defvjp(lambda x: (x**3, x), lambda x, g: (2 * x**2 * g,))

SAME = {
    "another name": (lambda x: jnp.tanh(x).sum(), lambda value: jnp.tanh(value).sum()),
    "an equal closure": (scaled(2.0), scaled(2.0)),
    "an equal array": (scaled(np.full(3, 2.0)), scaled(np.full(3, 2.0))),
    "a print more": (scaled(2.0), lambda x: (jax.debug.print("{}", x), 2.0 * jnp.sum(x))[1]),
}
OTHER = {
    "a number in a closure": (scaled(2.0), scaled(3.0)),
    "the sign of zero": (scaled(0.0), scaled(-0.0)),
    "an array in a closure": (scaled(np.array([1.0, 2.0, 3.0])), scaled(np.array([1.0, 2.0, 4.0]))),
    "its dtype": (scaled(np.ones(3, np.float32)), scaled(np.ones(3, np.float64))),
    "an operation": (lambda x: jnp.tanh(x).sum(), lambda x: jnp.sin(x).sum()),
    "the order of operations": (lambda x: (x + 1) * 2, lambda x: x * 2 + 1),
    "a branch": (lambda x: jnp.where(x[0] > 0, x, 0), lambda x: jnp.where(x[0] >= 0, x, 0)),
    "inside a scan": (scanned(1.0), scanned(2.0)),
    "a derivative alone": (jax.grad(lambda x: cubed(x).sum()), jax.grad(lambda x: wrongly_cubed(x).sum())),
    "what is called in Python": (called(np.float32(1)), called(np.float32(2))),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_what_computes_the_same_has_the_same_digest(pair):
    assert digest(pair[0]) == digest(pair[1])


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER)
def test_what_computes_something_else_has_another(pair):
    assert digest(pair[0]) != digest(pair[1])


def test_a_global_variable_is_looked_at_every_time(monkeypatch):
    before = digest(of_global)
    monkeypatch.setattr(sys.modules[__name__], "RATE", 3.0)
    assert digest(of_global) != before


def test_shapes_and_dtypes_count_and_values_do_not():
    f = lambda x: jnp.sum(x * x)
    assert digest(f, X) == digest(f, 2 * X) == digest(f, jax.ShapeDtypeStruct((3,), np.float32))
    assert digest(f, X) != digest(f, np.ones(4, np.float32))
    assert digest(f, X) != digest(f, np.ones(3, np.float64))


def test_the_first_line_that_differs_is_named():
    def program(c):
        def f(x):
            a = jnp.sin(x)
            b = c * a  # the line that is named
            return jnp.sum(jnp.cos(b))

        return f

    before, now = (traced_program(program(c), X).as_json() for c in (1.0, 2.0))
    line = program.__code__.co_firstlineno + 3
    assert different(before, now) == f" (line {line} of test_traced_programs.py)"
    assert odd_programs({"f": before, "g": now}, {"f": now, "g": now}) == ["f"]


def test_what_is_called_in_python_is_listed():
    def look_up(a):
        return a

    found = traced_program(lambda x: jax.pure_callback(look_up, jax.ShapeDtypeStruct((3,), "float32"), x), X)
    assert len(found.host) == 1
    assert "look_up at test_traced_programs.py:" in found.host[0]
    assert traced_program(jnp.sum, X).host == []


PROGRAM = """
import jax.numpy as jnp, numpy as np
from jaxnet.identity import traced_program
print(traced_program(lambda x: jnp.tanh(x * np.arange(3.0)).sum(), np.ones(3, np.float32)).digest)
"""


def test_another_process_with_another_seed_for_hashing_says_the_same():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM)], env={"PYTHONHASHSEED": seed, "JAX_PLATFORMS": "cpu"} | PATHS,
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


PATHS = {"PYTHONPATH": ":".join(sys.path)}


def test_arrays_are_told_apart_by_shape_dtype_and_every_byte():
    arrays = [
        np.zeros(4),
        np.zeros((2, 2)),
        np.zeros(8, np.float32),
        np.zeros(4, np.int64),
        np.array([0.0, 0, 0, -0.0]),
    ]
    assert len({digest_arrays([array]) for array in arrays}) == len(arrays)
    assert digest_arrays({"a": np.zeros(2), "b": None}) == digest_arrays([np.zeros(2)])
    assert digest_arrays(jax.random.key(1)) != digest_arrays(jax.random.key(2))
