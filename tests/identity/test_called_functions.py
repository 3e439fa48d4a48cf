"""Functions that compute the same have one key, whoever wrote them anew; a function that changed has another."""

import abc
import dataclasses
import fractions
import functools
import sys
import types

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.identity import computing_key

RATE = 1.0
SETTINGS = types.ModuleType("settings")
SETTINGS.rate = 1.0


def of_global(x):
    return RATE * x


def of_module(x):
    return SETTINGS.rate * x


def through_another(x):
    return of_global(x) + 1


def closure(c):
    return lambda x: c * x


def test_a_function_that_is_written_anew_has_the_same_key():
    for make in (lambda: closure(2.0), lambda: closure(np.arange(3.0)), lambda: functools.partial(of_global, x=1)):
        assert computing_key(make()) == computing_key(make())
        assert hash(computing_key(make())) == hash(computing_key(make()))


def test_another_constant_closure_default_or_argument_has_another():
    different = [
        closure(1.0), closure(2.0), closure(0.0), closure(-0.0), closure(1), closure(True), closure(np.arange(3.0)),
        closure(np.arange(3)), lambda x: 2.0 * x, lambda x: 3.0 * x, lambda x, c=1.0: c * x, lambda x, c=2.0: c * x,
        lambda x, *, c=1.0: c * x, functools.partial(of_global, 1), functools.partial(of_global, 2),
    ]  # fmt: skip
    assert len({computing_key(each) for each in different}) == len(different)


def test_a_changed_global_variable_also_of_a_module_or_of_a_function_called_is_another_key(monkeypatch):
    functions = (of_global, of_module, through_another)
    before = [computing_key(each) for each in functions]
    assert before == [computing_key(each) for each in functions]
    monkeypatch.setattr(sys.modules[__name__], "RATE", 2.0)
    monkeypatch.setattr(SETTINGS, "rate", 2.0)
    assert all(computing_key(each) != old for each, old in zip(functions, before, strict=True))


def test_a_changed_attribute_item_or_array_is_another_key():
    class Loss:
        def __init__(self):
            self.rate, self.table, self.array = 1.0, {"a": [1]}, np.zeros(2)

        def __call__(self, x):
            return self.rate * x

    loss = Loss()
    keys = [computing_key(loss), computing_key(loss.__call__)]
    for change in (lambda: setattr(loss, "rate", 2.0), lambda: loss.table["a"].append(2), lambda: loss.array.fill(1)):
        assert keys == [computing_key(loss), computing_key(loss.__call__)]
        change()
        assert keys != [computing_key(loss), computing_key(loss.__call__)]
        keys = [computing_key(loss), computing_key(loss.__call__)]


class Settings:
    rate = 1.0

    @staticmethod
    def scale(x):
        return x

    @property
    def double(self):
        return 2 * self.rate


class Inherits(Settings):
    def __call__(self, x):
        return self.double * self.scale(x)


@dataclasses.dataclass(frozen=True)
class Described:
    width: int = 1
    rate = 1.0

    def __call__(self, x):
        return self.rate * x


class Slotted:
    __slots__ = ("__private", "rate")

    def __init__(self):
        self.rate, self.__private = 1.0, 1.0

    def __call__(self, x):
        return self.rate * self.__private * x


def of_class(x):
    return Settings.rate * x


def of_itself(x):
    return of_itself.rate * x


of_itself.rate = 1.0


@pytest.mark.parametrize(
    ("make", "where", "name", "value"),
    [
        (lambda: of_class, Settings, "rate", 2.0),
        (lambda: of_itself, of_itself, "rate", 2.0),
        (Inherits, Settings, "rate", 2.0),
        (Inherits, Settings, "scale", staticmethod(lambda x: 3 * x)),
        (Inherits, Settings, "double", property(lambda self: 3 * self.rate)),
        (Inherits, Inherits, "__call__", lambda self, x: x),
        (Described, Described, "rate", 2.0),
        (Described, Described, "__call__", lambda self, x: x),
        (Slotted, None, "rate", 2.0),
        (Slotted, None, "_Slotted__private", 2.0),
    ],
)
def test_a_changed_attribute_of_a_class_of_a_slot_or_of_a_function_is_another_key(
    monkeypatch, make, where, name, value
):
    f = make()
    before = computing_key(f), computing_key(f, across_processes=True)
    assert before == (computing_key(f), computing_key(f, across_processes=True))
    monkeypatch.setattr(f if where is None else where, name, value)
    after = computing_key(f), computing_key(f, across_processes=True)
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True]


def test_classes_of_libraries_are_not_looked_into():
    assert computing_key(jn.MLP) == (type, jn.MLP)
    assert computing_key(fractions.Fraction) == (abc.ABCMeta, fractions.Fraction)
    assert computing_key(pytest.MonkeyPatch) == (type, pytest.MonkeyPatch)


def test_what_holds_itself_comes_to_an_end():
    def again(x):
        return again(x - 1) if x else 0

    holder: list = []
    holder.append(holder)
    assert computing_key(again) == computing_key(again)
    assert hash(computing_key(holder)) == hash(computing_key(holder))


def test_functions_of_libraries_and_arrays_of_jax_are_compared_as_they_are():
    array = jnp.ones(2)
    assert computing_key(closure(array)) == computing_key(closure(array))
    assert computing_key(closure(array)) != computing_key(closure(jnp.ones(2)))
    assert computing_key(jax.nn.relu) == computing_key(jax.nn.relu) != computing_key(jax.nn.gelu)
    assert computing_key(optax.sgd(closure(1.0)).update) == computing_key(optax.sgd(closure(1.0)).update)
    assert computing_key(optax.sgd(closure(1.0)).update) != computing_key(optax.sgd(closure(2.0)).update)
