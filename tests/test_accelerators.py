"""What is otherwise on an accelerator, asked of a CPU that says it is one."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet import accelerators, sweeps

X = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int32)
NET = jn.MLP((3, 4, 2), output="softmax")
OPTIONS = {"optimizer": optax.sgd(0.1), "epochs": 3, "batch_size": 16, "key": jax.random.key(1)}


def fit(**options):
    return jn.fit(jn.objective(NET), NET.init(jax.random.key(0)), (X, Y), **{**OPTIONS, **options})


@pytest.fixture
def accelerator(monkeypatch):
    """Make every part that asks believe that it runs on an accelerator."""
    for module in (
        "jaxnet.accelerators",
        "jaxnet.training.preparation",
        "jaxnet.sweeps.groups",
        "jaxnet.sweeps.engine",
    ):
        monkeypatch.setattr(f"{module}.platform", lambda: "gpu")


def test_the_platform_is_where_jax_computes_or_what_the_user_has_chosen():
    assert accelerators.platform() == jax.default_backend()
    with jax.default_device("cpu"):
        assert accelerators.local_devices() == jax.local_devices(backend="cpu")
    with jax.default_device(jax.devices()[0]):
        assert accelerators.local_devices() == [jax.devices()[0]]


def precisions(f, *arguments):
    """The precisions of all products in what f is compiled to."""
    text = jax.jit(f).lower(*arguments).as_text()
    return {line.split("precision = ")[1][:10] for line in text.splitlines() if "dot_general" in line}


@pytest.mark.parametrize(
    ("chosen", "compiled"), [(None, "[HIGHEST, "), ("default", "[DEFAULT, "), ("high", "[HIGH, HIG")]
)
def test_products_are_exact_unless_the_user_has_chosen_another_precision(chosen, compiled):
    product = accelerators.exact_products()(lambda a, b: precisions(jnp.matmul, a, b))
    with jax.default_matmul_precision(chosen):
        assert product(jnp.ones((2, 2)), jnp.ones((2, 2))) == {compiled}


@pytest.mark.parametrize(
    "work",
    [
        lambda f: jn.fit(f, [{"w": jnp.ones((3, 2))}], (X, Y), optimizer=optax.sgd(0.1), epochs=1),
        lambda f: jn.check_gradient(f, [{"w": jnp.ones((3, 2))}], X, Y, gradient=jax.grad(f)),
        lambda f: sweeps.sweep(sweeps.plan(
            sweeps.Space(learning_rate=0.1), (X, Y), epochs=1, network=lambda c: Own(), objective=lambda n, c: f)),
    ],
    ids=["fit", "check_gradient", "sweep"],
)  # fmt: skip
def test_functions_of_ones_own_are_compiled_with_exact_products(work):
    seen = []

    def f(params, x, y):
        seen.append(jax.config.jax_default_matmul_precision)
        return jnp.mean((x @ params[0]["w"])[:, 0] * y)

    work(f)
    assert seen[-1] == "highest", "what is traced last is compiled; before that its shape was asked for"


class Own:
    """A linear network of one's own."""

    def init(self, key):
        return [{"w": jnp.ones((3, 2), jnp.float32)}]

    def apply(self, params, x):
        return x @ params[0]["w"]


@pytest.mark.parametrize(("rows", "size", "batches"), [(40, 16, 3), (48, 16, 3), (40, 40, 1), (41, 16, 3)], ids=str)
def test_an_accelerators_program_knows_how_many_batches_there_are(rows, size, batches, accelerator):
    from jaxnet.training.preparation import known_batches

    assert known_batches([rows], size, 0) == batches
    assert known_batches([rows, 3 * rows], size, 0) is None, "folds of several lengths share a program"


def test_a_known_number_of_batches_changes_no_bit(accelerator, monkeypatch):
    known = fit(device="cpu")
    monkeypatch.setattr("jaxnet.training.preparation.platform", lambda: "cpu")
    traced = fit(device="cpu")
    for a, b in zip(jax.tree.leaves(known.params), jax.tree.leaves(traced.params), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(known.history["loss"], traced.history["loss"])


def plan(rates, **options):
    space = sweeps.Space(learning_rate=jn.Choice(*rates))
    return sweeps.plan(space, (X, Y), method="grid", epochs=2, batch_size=16, hidden=(4,), **options)


def test_lanes_can_be_given_and_a_member_has_the_same_bits_in_a_population_of_any_size():
    few, many = (sweeps.sweep(plan(rates, lanes=16)) for rates in ((0.1, 0.2), np.linspace(0.1, 0.9, 21).tolist()))
    assert (few.plan.groups[0].lanes, many.plan.groups[0].lanes) == (16, 16)
    for a, b in zip(jax.tree.leaves(few.params(0)), jax.tree.leaves(many.params(0)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_folder_of_other_lanes_is_refused(tmp_path):
    sweeps.sweep(plan((0.1,), lanes=4), out=tmp_path / "a")
    with pytest.raises(ValueError, match="lanes of a tile: 4 there, 16 now"):
        sweeps.sweep(plan((0.1, 0.2), lanes=16), out=tmp_path / "a")


def test_a_folder_of_another_precision_is_refused(tmp_path):
    sweeps.sweep(plan((0.1,)), out=tmp_path / "a")
    with (
        jax.default_matmul_precision("default"),
        pytest.raises(ValueError, match='precision: null there, "default" now'),
    ):
        sweeps.sweep(plan((0.1,)), out=tmp_path / "a")


@pytest.mark.parametrize("lanes", [0, 2.5, "many"])
def test_lanes_that_are_no_number_of_members_are_refused(lanes):
    with pytest.raises((ValueError, TypeError), match="lanes: expected"):
        plan((0.1,), lanes=lanes)


def test_work_too_small_for_an_accelerator_is_done_on_the_cpu(accelerator):
    with accelerators.training_device(None, (), 1e3):
        assert jax.config.jax_default_device == jax.local_devices(backend="cpu")[0]
    with accelerators.training_device(None, (), 1e12):
        assert jax.config.jax_default_device is None


def test_a_device_that_was_chosen_is_kept_however_small_the_work(accelerator):
    device = jax.local_devices(backend="cpu")[-1]
    with accelerators.training_device(device, (), 1e3):
        assert jax.config.jax_default_device == device
    with accelerators.training_device(None, (jax.device_put(X, device),), 1e3):
        assert jax.config.jax_default_device is None, "arrays that were put on a device stay there"
    with jax.default_device(device), accelerators.training_device(None, (), 1e3):
        assert jax.config.jax_default_device == device


def test_a_run_says_where_it_was_trained():
    assert fit().device == fit(device="cpu").device == jax.devices()[0].device_kind


@pytest.mark.parametrize("device", ["abacus", 7])
def test_a_device_that_is_not_here_is_refused(device):
    with pytest.raises(
        ValueError, match=r"device: expected a jax\.Device, or a platform that JAX has here such as 'cpu'"
    ):
        fit(device=device)
