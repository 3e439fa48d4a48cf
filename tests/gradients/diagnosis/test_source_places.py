"""An operation is found in the user's source, and one of its operands named."""

import jax
import jax.numpy as jnp
import pytest

from jaxnet.gradients.diagnosis.source_places import SourcePlace, operand_text, places_of


def doubled(x):
    return jnp.sin(2 * x) + jnp.cos(x)


def test_an_operation_is_quoted_with_file_line_and_expression():
    sine = next(e for e in jax.make_jaxpr(doubled)(1.0).jaxpr.eqns if e.primitive.name == "sin")
    line = doubled.__code__.co_firstlineno + 1
    assert str(places_of(sine)[-1]) == f"test_source_places.py:{line}: jnp.sin(2 * x)"


def test_a_file_that_cannot_be_read_is_quoted_without_an_expression():
    assert SourcePlace("/nowhere.py", 1, 0, 1, 5).expression == ""


@pytest.mark.parametrize(
    ("expression", "operand", "text"),
    [
        ("X @ W", 1, "W"),
        ("-z", 0, "z"),
        ("jnp.maximum(0, z)", 1, "z"),
        ("h.mean(0)", 0, "h"),
        ("f(x)(y).sum()", 0, "f(x)(y)"),
        ("X @ W", 2, ""),
        ("not an expression", 0, ""),
    ],
)
def test_an_operand_is_named_by_its_source(expression, operand, text):
    assert operand_text(expression, operand) == text
