"""What users bring compiles once, however its numbers vary, and each configuration is trained with its own."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.sweeps import engine, traced_numbers
from jaxnet.sweeps.groups import keys_of

X = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
Y = (X[:, 0] > 0.3).astype(np.int32)
SCALES = (0.5, 1.0, 2.0)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of a user's, with a number and a size."""

    scale: float
    width: int = 4

    def init(self, key: Any) -> dict[str, jax.Array]:
        return {"a": jax.random.normal(key, (3, self.width)), "b": jnp.zeros((self.width, 2))}

    def apply(self, params: Any, x: Any) -> jax.Array:
        return jnp.tanh(self.scale * (x @ params["a"])) @ params["b"]


@jax.tree_util.register_pytree_node_class
class Registered:
    """The same as a class that is registered as a pytree."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def tree_flatten(self) -> tuple:
        return (self.scale,), None

    @classmethod
    def tree_unflatten(cls, aux: None, children: tuple) -> "Registered":
        return cls(*children)

    def loss(self, logits: Any, target: Any) -> jax.Array:
        return loss_of(self.scale, logits, target)


class Plain:
    """Of which nothing is known."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, logits: Any, target: Any) -> jax.Array:
        return loss_of(self.scale, logits, target)


def loss_of(scale: Any, logits: Any, target: Any) -> jax.Array:
    return scale * optax.softmax_cross_entropy_with_integer_labels(logits, target.astype(int)) ** 1.5


def branching(scale: float) -> Callable[..., Any]:
    """A loss that looks at its number in Python."""
    return lambda logits, target: loss_of(scale if scale > 0.7 else 0.1, logits, target)


def a_net() -> Any:
    return jn.MLP((3, 2), output="softmax")


def of_default(scale: float) -> Callable[..., Any]:
    return lambda logits, target, s=scale: loss_of(s, logits, target)


def of_helper(scale: float) -> Callable[..., Any]:
    helper = lambda logits, target: loss_of(scale, logits, target)
    return lambda logits, target: helper(logits, target) + 0.0


def own_objective(network: Any, c: Any) -> Callable[..., Any]:
    """A closure over the whole configuration."""

    def f(params: Any, x: Any, y: Any) -> jax.Array:
        return c["scale"] * jnp.mean(jnp.square(x @ params[0]["w"])) + jnp.mean(y)

    return f


BY_LOSS: dict[str, Callable[[float], Any]] = {
    "closure": lambda s: lambda logits, target: loss_of(s, logits, target),
    "closure in a closure": of_helper,
    "default argument": of_default,
    "partial": lambda s: functools.partial(loss_of, s),
    "bound method of a pytree": lambda s: Registered(s).loss,
    "a NumPy number": lambda s: functools.partial(loss_of, np.float32(s)),
    "a JAX number": lambda s: functools.partial(loss_of, jnp.float32(s)),
    "a list": lambda s: lambda logits, target, rates=[s, 1]: loss_of(rates[0] * rates[1], logits, target),
}
BROUGHT: dict[str, dict[str, Any]] = {
    **{name: {"objective": lambda net, c, made=made: jn.objective(net, made(c["scale"]))} for name, made in BY_LOSS.items()},
    "a frozen dataclass": {"network": lambda c: Network(c["scale"]), "loss": "cross_entropy"},
    "a closure over the configuration": {"objective": own_objective},
    "an optimizer": {"optimizer": lambda c: optax.chain(optax.clip_by_global_norm(c["scale"] / 10), optax.sgd(0.1))},
    "an optimizer that writes its numbers down": {
        "optimizer": lambda c: optax.inject_hyperparams(optax.sgd)(c["scale"], momentum=0.5)
    },
    "an optimizer that draws": {
        "optimizer": lambda c: optax.chain(optax.add_noise(c["scale"], 0.55, 0), optax.sgd(0.1))
    },
    "an object of optax's": {"optimizer": lambda c: optax.MultiSteps(optax.sgd(c["scale"]), 2).gradient_transformation()},
    "a schedule that is written down": {
        "optimizer": lambda c: optax.inject_hyperparams(optax.sgd)(optax.exponential_decay(c["scale"], 2, 0.5))
    },
    "a schedule": {"optimizer": lambda c, steps: optax.sgd(optax.cosine_decay_schedule(c["scale"], steps))},
}  # fmt: skip


def test_planning_traces_the_first_state_of_alike_optimizers_once(monkeypatch):
    traced, has_keys = [], traced_numbers.has_keys
    monkeypatch.setattr(traced_numbers, "has_keys", lambda *given: traced.append(1) or has_keys(*given))
    jn.plan(jn.Space(rate=jn.Float(0.01, 0.1)), (X, Y), n=9, epochs=1, optimizer=lambda c: optax.adam(c["rate"]))
    assert len(traced) == 1


def planned(brought: dict[str, Any]) -> jn.sweeps.Plan:
    rate = {} if "optimizer" in brought else {"learning_rate": 0.1}
    return jn.plan(jn.Space(scale=jn.Choice(*SCALES), **rate), (X, Y), method="grid", epochs=3, **brought)


def alone(plan: jn.sweeps.Plan, configuration: int) -> Any:
    """The same training by ``fit``, with the numbers compiled in or not as it likes."""
    training = plan.spec.training(plan.configurations[configuration])
    init_key, run_key = keys_of(0, 0)
    params = training.network.init(init_key)
    params = jax.tree.map(lambda leaf: leaf.astype(np.float32), params)
    optimizer = plan.spec.optimizer(plan.configurations[configuration]) if plan.spec.optimizer else training.optimizer
    return jn.fit(training.objective, params, (X, Y), optimizer=optimizer, epochs=3, key=run_key)


@pytest.mark.parametrize("name", BROUGHT)
def test_configurations_that_differ_in_a_number_share_a_program(name: str) -> None:
    assert len(planned(BROUGHT[name]).groups) == 1


@pytest.mark.parametrize(
    "name",
    [
        "an optimizer that writes its numbers down",
        "an optimizer that draws",
        "an object of optax's",
    ],
)
def test_each_is_trained_with_its_own_number(name: str) -> None:
    """As float32 that a tile and a single run round in another order; others in ``test_members_alone``."""
    plan = planned(BROUGHT[name])
    found = jn.sweep(plan)
    ends = [run.history["loss"] for run in map(functools.partial(alone, plan), range(3))]
    np.testing.assert_allclose(found.curves("loss"), np.stack(ends), rtol=1e-4)
    assert len(set(found.curves("loss")[:, -1].tolist())) == 3


@pytest.mark.parametrize("loss", [branching, Plain], ids=["an if", "a plain class"])
def test_what_looks_at_its_numbers_or_is_not_known_is_a_program_a_configuration_and_right(loss: Any) -> None:
    plan = planned({"objective": lambda net, c: jn.objective(net, loss(c["scale"]))})
    assert len(plan.groups) == 3
    assert "numbers are traced in frozen dataclasses" in str(plan)
    by_hand = [0.1, 1.0, 2.0] if loss is branching else SCALES
    f = jn.objective(a_net(), functools.partial(loss_of, by_hand[0]))
    params = a_net().init(keys_of(0, 0)[0], np.float32)
    assert jn.sweep(plan).curves("loss")[0, 0] == pytest.approx(float(f(params, X, Y)), rel=1e-6)


def test_a_size_is_no_number() -> None:
    space = jn.Space(learning_rate=0.1, width=jn.Choice(3, 4), scale=jn.Choice(0.5, 1.0), loss="cross_entropy")
    plan = jn.plan(space, (X, Y), method="grid", epochs=1, network=lambda c: Network(c["scale"], c["width"]))
    assert sorted(len(group.configurations) for group in plan.groups) == [2, 2]


FACTOR = 1.0


def of_global(scale: float) -> Callable[..., Any]:
    return lambda logits, target: FACTOR * loss_of(scale, logits, target)


def test_another_global_is_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def last() -> float:
        plan = planned({"objective": lambda net, c: jn.objective(net, of_global(c["scale"]))})
        assert len(plan.groups) == 1
        return float(jn.sweep(plan).curves("loss")[0, 0])

    before = last()
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    assert last() == pytest.approx(2 * before, rel=1e-6)


def test_an_optimizer_is_taken_as_it_is() -> None:
    plan = jn.plan(jn.Space(), (X, Y), epochs=2, optimizer=optax.sgd(0.1))
    named = jn.plan(jn.Space(learning_rate=0.1), (X, Y), epochs=2, optimizer="sgd")
    assert np.array_equal(jn.sweep(plan).curves("loss"), jn.sweep(named).curves("loss"))
    assert "3-2, an optimizer of one's own, full batches" in str(plan)


def test_what_an_optimizer_does_not_read_is_refused() -> None:
    with pytest.raises(ValueError, match="learning_rate: expected something that reads it"):
        jn.plan(jn.Space(learning_rate=0.1), (X, Y), epochs=1, optimizer=lambda c: optax.sgd(0.1))


def test_what_is_no_optimizer_is_refused() -> None:
    with pytest.raises(TypeError, match=r"optimizer: expected an optax optimizer such as optax\.sgd"):
        jn.plan(jn.Space(), (X, Y), epochs=1, optimizer=lambda c: "sgd")


@dataclasses.dataclass(frozen=True)
class AboveShare:
    """A metric of a user's with a number."""

    least: float

    def __call__(self, params: Any, x: Any, y: Any, *, logits: Any) -> Any:
        return jnp.mean(jax.nn.softmax(logits)[:, 1] > self.least)


def above(least: float) -> Callable[..., Any]:
    return lambda params, x, y, *, logits: AboveShare(least)(params, x, y, logits=logits)


def looked_at(least: float) -> Callable[..., Any]:
    return lambda params, x, y, *, logits: jnp.mean(logits) + (1.0 if least > 0.5 else 0.0)


def test_metrics_that_differ_in_a_number_share_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each plan has the value of its own; a number that a metric looks at in Python is compiled in."""
    compiled, before = [], engine._compile
    monkeypatch.setattr(engine, "_programs", type(engine._programs)(8))
    monkeypatch.setattr(engine, "_compile", lambda *a, **k: compiled.append(1) or before(*a, **k))

    def last(*metrics: Any) -> list[float]:
        result = jn.sweep(jn.plan(jn.Space(learning_rate=0.3), (X, Y), epochs=3, metrics=list(metrics)))
        logits = X @ np.asarray(result.params(0)[0]["w"]) + np.asarray(result.params(0)[0]["b"])
        shares.append(np.asarray(jax.nn.softmax(logits))[:, 1])
        return [float(curve[0, -1]) for name, curve in result.history.curves.items() if name != "loss"]

    shares: list[np.ndarray] = []
    for least in (0.2, 0.5, 0.8):
        expected = lambda number: pytest.approx(np.mean(shares[-1] > number))
        found = last(above(least), AboveShare(least / 2), "accuracy")
        assert found[:2] == [expected(least), expected(least / 2)]
    assert len(compiled) == 1
    assert last(looked_at(0.9))[0] - last(looked_at(0.1))[0] == pytest.approx(1)
    assert len(compiled) == 3
