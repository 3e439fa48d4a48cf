"""A description is split into what is compiled for and the numbers it is run with."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxnet import MLP, Stop, objective
from jaxnet.training.hyperparameters import combine, fixed, partition

# a maker of one kind of optimizer from one number
OPTIMIZERS = {
    "sgd": optax.sgd,
    "momentum": lambda number: optax.sgd(0.1, momentum=number),
    "nesterov": lambda number: optax.sgd(number, momentum=0.9, nesterov=True),
    "adam": optax.adam,
    "adamw": lambda number: optax.adamw(0.1, weight_decay=number),
    "rmsprop": lambda number: optax.rmsprop(number, momentum=0.5),
    "adagrad": optax.adagrad,
    "adadelta": optax.adadelta,
    "lion": optax.lion,
    "nadam": optax.nadam,
    "lamb": optax.lamb,
    "lbfgs": lambda number: optax.lbfgs(number),
    "clipped": lambda number: optax.chain(optax.clip_by_global_norm(number), optax.adam(0.1)),
    "cosine": lambda number: optax.sgd(optax.cosine_decay_schedule(number, 100)),
    "exponential": lambda number: optax.adam(optax.exponential_decay(number, 10, 0.9)),
    "warm-up": lambda number: optax.adam(optax.warmup_cosine_decay_schedule(0.0, number, 5, 100)),
    "piecewise": lambda number: optax.sgd(optax.piecewise_constant_schedule(number, {3: 0.1})),
}


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_optimizers_that_differ_in_a_number_have_equal_skeletons(name):
    (first, numbers), (second, others) = partition(OPTIMIZERS[name](0.1)), partition(OPTIMIZERS[name](0.25))
    assert first == second
    assert hash(first) == hash(second)
    assert numbers != others


def test_another_kind_of_optimizer_has_another_skeleton():
    skeletons = [partition(make(0.1))[0] for make in OPTIMIZERS.values()]
    assert len(set(skeletons)) == len(skeletons)


@pytest.mark.parametrize("name", [name for name in sorted(OPTIMIZERS) if name != "lbfgs"])
def test_an_optimizer_put_together_again_makes_the_same_steps(name):
    params = {"w": jnp.array([1.0, -2.0]), "b": jnp.array(0.5)}
    gradient = {"w": jnp.array([0.3, 0.1]), "b": jnp.array(-1.0)}

    def steps(optimizer):
        state, taken = optimizer.init(params), []
        for _ in range(3):
            updates, state = optimizer.update(gradient, state, params)
            taken.append(updates)
        return taken

    optimizer = OPTIMIZERS[name](0.1)
    again = combine(*partition(optimizer))
    jax.tree.map(np.testing.assert_array_equal, steps(again), steps(optimizer))


def test_the_lifted_numbers_can_be_replaced():
    skeleton, numbers = partition(optax.sgd(0.1, momentum=0.9))
    other = combine(skeleton, [0.5 if number == 0.9 else -0.25 for number in numbers])
    state = other.init(jnp.zeros(()))
    first, state = other.update(jnp.ones(()), state)
    second, _ = other.update(jnp.ones(()), state)
    assert (first, second) == (-0.25, -0.25 * 1.5)


def test_penalty_dropout_patience_and_tolerance_are_numbers_and_the_rest_is_not():
    def described(l2=0.0, dropout=0.0, patience=3, tolerance=0.0, **options):
        net = MLP((4, 3, 2), dropout=dropout, output="softmax", **options)
        return partition((objective(net, l2=l2), Stop("loss", patience, tolerance=tolerance)))[0]

    assert described() == described(l2=0.1, dropout=0.5, patience=7, tolerance=1e-3)
    assert described() != described(activation="tanh")


def test_a_callable_of_the_users_is_compared_as_python_does():
    first, second = (lambda z: z), (lambda z: z)
    net = MLP((4, 3, 2), activation=first)
    assert partition(net)[0] == partition(MLP((4, 3, 2), activation=first))[0]
    assert partition(net)[0] != partition(MLP((4, 3, 2), activation=second))[0]


def test_what_cannot_be_hashed_is_compared_by_being_the_same_object():
    table = np.zeros(3)
    assert partition(table)[0] == partition(table)[0]
    assert partition(table)[0] != partition(np.zeros(3))[0]


def test_a_fixed_description_keeps_its_numbers():
    optimizer = optax.sgd(0.1)
    assert fixed(optimizer) != fixed(optax.sgd(0.1))
    assert combine(fixed(optimizer), []) is optimizer
