"""Whatever the installed optax offers trains as in a loop of its own, and its numbers never compile again.

A table of all optimizers and schedules: an optax that has more of them, or computes with a number in another way, is
met by a red test here.
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

import jaxnet as jn

STEPS = 3
TOLERANCE = 1e-5  # float32, three steps: the two programs may round each operation differently (largest seen: 5e-6)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 2)).astype(np.float32)
Y = RNG.normal(size=(8, 2)).astype(np.float32)
PARAMS = {"w": np.array([[0.5, -0.3], [0.2, 0.7]], np.float32), "b": np.array([0.1, -0.1], np.float32)}
KEY = jax.random.key(0)  # one object: a key with another identity is another program
LABELS = {"w": "matrix", "b": "vector"}
CYCLE = {"init_value": 0.01, "warmup_steps": 2, "decay_steps": 5}


def named(module, *names):
    return {name: getattr(module, name) for name in names}


def first(transformation):
    """A transformation of gradients, then a step down."""
    return lambda number: optax.chain(transformation(number), optax.sgd(0.1))


def steered(schedule):
    return lambda number: optax.sgd(schedule(number))


OPTIMIZERS = {
    **named(
        optax, "adabelief", "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamaxw", "adamw", "adan",
        "amsgrad", "fromage", "lamb", "lars", "lbfgs", "lion", "nadam", "nadamw", "novograd", "optimistic_adam_v2",
        "optimistic_gradient_descent", "polyak_sgd", "radam", "rmsprop", "rprop", "sgd", "sign_sgd", "signum", "sm3",
        "yogi",
    ),
    "noisy_sgd": lambda number: optax.noisy_sgd(number, key=KEY),
    "optimistic_adam": lambda number: optax.optimistic_adam(number, optimism=0.1),
    **named(
        optax.contrib, "acprop", "ademamix", "adopt", "cocob", "dadapt_adamw", "dog", "dowg", "galore", "madgrad",
        "momo", "momo_adam", "muon", "prodigy", "schedule_free_adamw", "schedule_free_sgd", "simplified_ademamix",
    ),
    "mechanize": lambda number: optax.contrib.mechanize(optax.sgd(0.1), weight_decay=number),
    "normalize": lambda number: optax.chain(optax.contrib.normalize(), optax.sgd(number)),
    "reduce_on_plateau": lambda number: optax.chain(optax.sgd(number), optax.contrib.reduce_on_plateau()),
    "sam": lambda number: optax.contrib.sam(optax.sgd(number), optax.chain(optax.contrib.normalize(), optax.sgd(0.1))),
    "schedule_free": lambda number: optax.contrib.schedule_free(optax.sgd(number), number),
    "split_real_and_imaginary": lambda number: optax.contrib.split_real_and_imaginary(optax.sgd(number)),
    "adaptive_grad_clip": first(optax.adaptive_grad_clip),
    "add_decayed_weights": first(optax.add_decayed_weights),
    "add_noise": first(lambda number: optax.add_noise(number, 0.5, key=KEY)),
    "apply_every": lambda number: optax.chain(optax.apply_every(2), optax.sgd(number)),
    "apply_if_finite": lambda number: optax.apply_if_finite(optax.sgd(number), 3),
    "centralize": lambda number: optax.chain(optax.centralize(), optax.sgd(number)),
    "chain": lambda number: optax.chain(optax.trace(0.9), optax.scale(-0.1), optax.scale(number)),
    "clip": first(optax.clip),
    "clip_by_block_rms": first(optax.clip_by_block_rms),
    "clip_by_global_norm": first(optax.clip_by_global_norm),
    "ema": first(optax.ema),
    "flatten": lambda number: optax.flatten(optax.adam(number)),
    "freeze": lambda number: optax.chain(optax.sgd(number), optax.freeze({"w": False, "b": True})),
    "identity": lambda number: optax.chain(optax.identity(), optax.sgd(number)),
    "inject_hyperparams": lambda number: optax.inject_hyperparams(optax.sgd)(number, momentum=0.5),
    "inject_stateful_hyperparams": lambda number: optax.inject_stateful_hyperparams(optax.sgd)(number),
    "keep_params_nonnegative": lambda number: optax.chain(optax.sgd(number), optax.keep_params_nonnegative()),
    "masked": lambda number: optax.masked(optax.sgd(number), {"w": True, "b": False}),
    "multi_transform": lambda number: optax.multi_transform({"matrix": optax.adam(number), "vector": optax.sgd(0.1)}, LABELS),
    "named_chain": lambda number: optax.named_chain(("first", optax.adam(number)), ("second", optax.scale(0.5))),
    "normalize_by_update_norm": lambda number: optax.chain(optax.normalize_by_update_norm(), optax.sgd(number)),
    "partition": lambda number: optax.partition({"matrix": optax.adam(number), "vector": optax.sgd(0.1)}, LABELS),
    "scale": lambda number: optax.chain(optax.scale(number), optax.sgd(0.1)),
    "selective_transform": lambda number: optax.selective_transform(optax.sgd(number), freeze_mask={"w": False, "b": True}),
    "set_to_zero": lambda number: optax.chain(optax.sgd(number), optax.set_to_zero()),
    "trace": first(optax.trace),
    "with_extra_args_support": lambda number: optax.with_extra_args_support(optax.sgd(number)),
    "zero_nans": lambda number: optax.chain(optax.zero_nans(), optax.sgd(number)),
}  # fmt: skip
SCHEDULES = {
    "constant_schedule": optax.constant_schedule,
    "cosine_decay_schedule": lambda number: optax.cosine_decay_schedule(number, 10),
    "cosine_onecycle_schedule": lambda number: optax.cosine_onecycle_schedule(10, number),
    "exponential_decay": lambda number: optax.exponential_decay(number, 10, 0.9),
    "join_schedules": lambda number: optax.join_schedules([optax.linear_schedule(0.0, number, 2), optax.constant_schedule(0.1)], [2]),
    "linear_onecycle_schedule": lambda number: optax.linear_onecycle_schedule(10, number),
    "linear_schedule": lambda number: optax.linear_schedule(number, 0.0, 10),
    "piecewise_constant_schedule": lambda number: optax.piecewise_constant_schedule(number, {2: 0.5}),
    "piecewise_interpolate_schedule": lambda number: optax.piecewise_interpolate_schedule("linear", number, {2: 0.5}),
    "polynomial_schedule": lambda number: optax.polynomial_schedule(number, 0.0, 2, 10),
    "sgdr_schedule": lambda number: optax.sgdr_schedule([{**CYCLE, "peak_value": number}, {**CYCLE, "peak_value": 0.1}]),
    "warmup_constant_schedule": lambda number: optax.warmup_constant_schedule(0.0, number, 2),
    "warmup_cosine_decay_schedule": lambda number: optax.warmup_cosine_decay_schedule(0.0, number, 2, 10),
    "warmup_exponential_decay_schedule": lambda number: optax.warmup_exponential_decay_schedule(0.0, number, 2, 10, 0.9),
}  # fmt: skip
TABLE = OPTIMIZERS | {name: steered(schedule) for name, schedule in SCHEDULES.items()}
WHOLE = {"ema": 0}  # 1 would be a mean that never begins: NaN
LOOKED_AT = ("sm3",)  # it compares its number with 1 in Python, so each is compiled for itself
OTHER_STATE = (
    "inject_hyperparams",
    "inject_stateful_hyperparams",
)  # their state holds the number, in the dtype of the number
SLOW = ("lbfgs",)  # to compile; its whole numbers end in the same ``scale`` as those of sgd
OTHERWISE = {
    "what a user writes is a part of the program: a condition, a mask, a measure, a function of the gradient": (
        "conditionally_mask", "conditionally_transform", "measure_with_ema", "monitor", "snapshot", "stateless",
        "stateless_with_tree_map", "skip_large_updates", "skip_not_finite",
    ),
    "it needs the gradient of every example, or more than value, gradient and objective": (
        "differentially_private_aggregate", "dpsgd", "per_example_global_norm_clip", "per_example_layer_norm_clip",
        "hutchinson_estimator_diag_hessian", "sophia", "microbatch",
    ),
    "it needs parameters of a form of its own": ("lookahead",),
}  # fmt: skip


def made_by(module):
    """The public functions of a module that say that they return an optimizer or a schedule."""
    found = set()
    for name in dir(module):
        function = inspect.getattr_static(module, name)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        returned = str(inspect.signature(function).return_annotation)
        makes = "GradientTransformation" in returned or (
            returned.startswith("collections.abc.Callable") and "schedule" in function.__module__
        )
        if makes and not name.startswith("scale_by_"):  # what the aliases are made of
            found.add(name)
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_optimizer_and_schedule_of_the_installed_optax_is_known_here():
    known = {*TABLE, *(name for names in OTHERWISE.values() for name in names)}
    strangers = sorted((made_by(optax) | made_by(optax.contrib)) - known)
    assert not strangers, (
        f"optax {optax.__version__} has {', '.join(strangers)}, and nobody knows whether jn.fit trains with it and "
        "lifts its numbers: give each a row in OPTIMIZERS or SCHEDULES, or a reason in OTHERWISE"
    )


class Counted:
    """A least-squares objective that counts how often it is traced."""

    def __init__(self):
        self.traces = 0

    def __call__(self, params, x, y):
        self.traces += 1
        return jnp.mean(jnp.square(x @ params["w"] + params["b"][None] - y))


def in_a_loop(optimizer, f):
    """Train as optax's own documentation does."""
    extras = inspect.signature(optax.with_extra_args_support(optimizer).update).parameters
    value_fn = lambda params: f(params, X, Y)

    @jax.jit
    def step(params, state):
        value, gradient = jax.value_and_grad(value_fn)(params)
        offered = {"value": value, "grad": gradient, "value_fn": value_fn} if "grad_fn" not in extras else {}
        updates, state = optax.with_extra_args_support(optimizer).update(gradient, state, params, **offered)
        return optax.apply_updates(params, updates), state

    params = jax.tree.map(jnp.asarray, PARAMS)
    with jax.numpy_dtype_promotion("standard"):
        state = optimizer.init(params)
        for _ in range(STEPS):
            params, state = step(params, state)
    return params


def fitted(optimizer, f):
    return jn.fit(f, PARAMS, (X, Y), optimizer=optimizer, epochs=STEPS).params


def close(ours, theirs):
    return jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE), ours, theirs)


@pytest.fixture(autouse=True)
def compiled_in_a_hurry():
    """What is tested is arithmetic and what is compiled again; that it is fast, elsewhere."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.parametrize("name", sorted(TABLE))
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_it_trains_as_in_a_plain_loop_and_no_number_of_it_compiles_again(name):
    make, f, whole = TABLE[name], Counted(), WHOLE.get(name, 1)
    close(fitted(make(0.25), f), in_a_loop(make(0.25), Counted()))
    traced = f.traces
    for number in [0.5] if name in OTHER_STATE else [0.5, jnp.float32(0.125), np.float32(0.0625), np.array(0.75)]:
        fitted(make(number), f)
    again = f.traces > traced
    assert again == (name in LOOKED_AT)
    traced = f.traces
    ours = fitted(make(whole), f)
    assert again or (f.traces > traced) == (name in OTHER_STATE)
    if name not in SLOW:
        close(ours, in_a_loop(make(whole), Counted()))
