"""A description is split into what is compiled for and the numbers it is run with."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxnet import MLP, Stop, objective
from jaxnet.training import scale_by_leaf
from jaxnet.training.hyperparameters import as_text, combine, fixed, partition

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
    "decayed": lambda number: optax.chain(optax.add_decayed_weights(number), optax.sgd(0.1)),
    "by leaf": lambda number: optax.chain(optax.adam(0.1), scale_by_leaf({"b": number})),
    "masked": lambda number: optax.masked(optax.add_decayed_weights(number), {"w": True, "b": False}),
    "by label": lambda number: optax.chain(
        optax.multi_transform({"w": optax.add_decayed_weights(number), "b": optax.sgd(0.1)}, {"w": "w", "b": "b"})
    ),
    "averaged": lambda number: optax.chain(optax.sgd(0.1), optax.ema(number)),
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


@pytest.mark.parametrize("own", [False, True], ids=["of a fit", "of a population"])
@pytest.mark.parametrize("name", [name for name in sorted(OPTIMIZERS) if name != "lbfgs"])
def test_an_optimizer_put_together_with_the_numbers_of_another_makes_the_steps_of_the_other(name, own):
    params = {"w": jnp.array([1.0, -2.0]), "b": jnp.array(0.5)}
    gradient = {"w": jnp.array([0.3, 0.1]), "b": jnp.array(-1.0)}

    def steps(optimizer):
        state, taken = optimizer.init(params), []
        for _ in range(3):
            updates, state = optimizer.update(gradient, state, params)
            taken.append(updates)
        return taken

    skeleton, other = partition(OPTIMIZERS[name](0.1), own=own)[0], OPTIMIZERS[name](0.25)
    again = combine(skeleton, partition(other, own=own)[1])
    taken, expected, before = (jax.tree.leaves(steps(each)) for each in (again, other, OPTIMIZERS[name](0.1)))
    assert all(map(np.array_equal, taken, expected))
    assert not all(map(np.array_equal, before, expected)), "the number makes no difference"


def test_the_lifted_numbers_can_be_replaced():
    skeleton, numbers = partition(optax.sgd(0.1, momentum=0.9))
    other = combine(skeleton, [0.5 if number == 0.9 else -0.25 for number in numbers])
    state = other.init(jnp.zeros(()))
    first, state = other.update(jnp.ones(()), state)
    second, _ = other.update(jnp.ones(()), state)
    assert (first, second) == (-0.25, -0.25 * 1.5)


NUMBERS = [1, 0.5, np.float32(0.5), np.int64(3), np.array(0.5), jnp.asarray(0.5), jnp.float32(2), jnp.asarray(3)]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{type(number).__name__} {number}")
def test_every_real_number_without_axes_is_taken_out(number):
    skeleton, numbers = partition(optax.sgd(number))
    assert skeleton == partition(optax.sgd(0.1))[0]
    assert numbers == [-float(number)]
    assert type(numbers[0]) is float


COUNTS = {
    "a length": lambda count: optax.lbfgs(0.1, memory_size=count),
    "a period": lambda count: optax.apply_every(count),
    "steps": lambda count: optax.sgd(optax.cosine_decay_schedule(0.1, count)),
    "an exponent": lambda count: optax.sgd(optax.polynomial_schedule(0.1, 0.0, count, 10)),
    "an array that is an exponent": lambda count: optax.sgd(
        optax.polynomial_schedule(0.1, 0.0, jnp.asarray(count), 10)
    ),
    "a truth": lambda count: optax.sgd(0.1, momentum=0.9, nesterov=count > 2),
}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_whole_number_that_decides_what_is_computed_stays_in_the_skeleton(name):
    (two, numbers), (three, _) = (partition(COUNTS[name](count)) for count in (2, 3))
    assert two != three
    assert two == partition(COUNTS[name](2))[0]
    assert all(type(number) is float for number in numbers)


def of_optax(function):
    """The function, as if optax had defined it."""
    function.__module__ = "optax.test"
    return function


def counter(start, step):
    """Two functions that share a variable, and one of them itself: (advance, read)."""
    total = start

    def advance(times):
        nonlocal total
        if times:
            total = total + step
            advance(times - 1)

    return of_optax(advance), of_optax(lambda: total)


def test_functions_that_share_a_variable_share_it_still():
    description = counter(1.0, 0.5)
    skeleton, numbers = partition(description)
    assert skeleton == partition(counter(2.0, 4.0))[0]
    advance, read = combine(skeleton, [10 * number for number in numbers])
    advance(3)
    assert read() == 10 + 3 * 5
    assert description[1]() == 1


def test_a_description_that_holds_itself_comes_to_an_end():
    advance, _ = counter(1.0, 0.5)
    circle = [0.25]
    circle.append(circle)
    assert as_text(advance) == "counter.<locals>.advance(counter.<locals>.advance(), 0.5, 1.0)"
    assert as_text(circle) == "list(0.25, list())"
    assert partition(circle)[0] == partition(circle)[0]
    assert partition(circle)[1] == [0.25]


def test_whole_numbers_are_written_as_they_were_given():
    assert as_text(optax.scale(1)).endswith("scale.<locals>.update_fn(1))")
    assert as_text(optax.scale(jnp.asarray(0.5))) == as_text(optax.scale(0.5))


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
