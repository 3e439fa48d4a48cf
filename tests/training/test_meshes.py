"""One network on several devices is the network of one, to rounding."""

import json
import os
import socket
import subprocess
import sys
from typing import Any

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.training import meshes

# a shape a program, and compiling is what takes long: the run of all tests takes fewer
SHORT = [(2,), (8,), (4, 2)]
SHAPES = SHORT if os.environ.get("JAXNET_TESTS_SHORT") else [(1,), (4,), *SHORT]

SCRIPT = (
    f"SHAPES = {SHAPES}"
    + """
import json, sys
import jax
devices, rank, port = map(int, sys.argv[1:])
jax.config.update("jax_num_cpu_devices", devices)
jax.config.update("jax_enable_x64", True)
if port:
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, rank)
import numpy as np
import optax
import jaxnet as jn

draw = np.random.default_rng(0)
X, y = draw.normal(size=(48, 5)), draw.integers(0, 3, 48)
net = jn.MLP((5, 64, 3), output="softmax", activation="tanh")
params = net.init(jax.random.key(0), np.float64)

def trained(mesh, **options):
    options = {"batch_size": 16, "optimizer": optax.adam(0.01), **options}
    run = jn.fit(jn.objective(net, l2=1e-3), params, (X, y), epochs=4, key=jax.random.key(1), mesh=mesh,
                 metrics=("accuracy",), validation=(X[:10], y[:10]), stop=jn.Stop("validation_loss", 3), **options)
    leaves = [*jax.tree.leaves(run.params), *jax.tree.leaves(run.optimizer_state.optax), *run.history.values()]
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in leaves]).tolist(), run

said = {}
for shape in [(4, 2)] if port else SHAPES:
    mesh = jax.make_mesh(shape, ("batch", "width")[: len(shape)], devices=jax.devices()[: np.prod(shape)])
    said[str(shape)], run = trained(mesh)
    if not port:
        said[f"{shape} lies"] = [list(leaf.sharding.spec) for leaf in jax.tree.leaves(run.params)]
if not port:
    said["full in parts"], _ = trained(mesh, batch_size=None, optimizer=optax.sgd(0.1, 0.9))
    said["one"], _ = trained(None)
    said["full"], _ = trained(None, batch_size=None, optimizer=optax.sgd(0.1, 0.9))
else:
    try:
        trained(mesh, out="anywhere")
    except ValueError as error:
        said["folder"] = str(error)
print(json.dumps(said))
"""
)


def said_by(count: int, devices: int, port: int = 0) -> list[dict[str, Any]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    command = [sys.executable, "-c", SCRIPT, str(devices)]
    processes = [subprocess.Popen([*command, str(rank), str(port)], **pipes) for rank in range(count)]
    told = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0] * count, told
    return [json.loads(out.splitlines()[-1]) for out, _ in told]


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    return said_by(1, 8)[0]


@pytest.mark.parametrize("shape", [str(shape) for shape in SHAPES])
def test_a_mesh_of_virtual_devices_trains_what_one_device_does(shape: str, alone: dict[str, Any]) -> None:
    np.testing.assert_allclose(alone[shape], alone["one"], rtol=0, atol=1e-12)


def test_a_full_batch_lies_in_parts(alone: dict[str, Any]) -> None:
    np.testing.assert_allclose(alone["full in parts"], alone["full"], rtol=0, atol=1e-12)


def test_wide_layers_are_divided_along_the_second_axis(alone: dict[str, Any]) -> None:
    assert alone["(4, 2) lies"] == [["width"], [None, "width"], [], []]
    assert alone["(8,) lies"] == [[]] * 4


def test_two_processes_train_what_one_device_does(alone: dict[str, Any]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first, second = said_by(2, 4, port)
    assert first == second
    np.testing.assert_allclose(first["(4, 2)"], alone["one"], rtol=0, atol=1e-12)
    assert first["folder"] == "out: expected no folder with a mesh of several processes, got 'anywhere'"


def fit(mesh: Any, batch_size: int | None = None, **options: Any) -> jn.Run:
    net = jn.MLP((2, 3, 1), output="sigmoid")
    X, y = np.zeros((6, 2), np.float32), np.zeros(6, np.int32)
    options = {"optimizer": optax.sgd(0.1), "epochs": 1, "key": jax.random.key(0), **options}
    return jn.fit(jn.objective(net), net.init(jax.random.key(0)), (X, y), batch_size=batch_size, mesh=mesh, **options)


class Four:
    """Stands for the devices of a mesh, of which only the number is asked."""

    shape = (4,)


def test_a_mesh_that_does_not_fit_is_refused() -> None:
    one = jax.make_mesh((1,), ("batch",))
    assert fit(one).epoch == 1
    with pytest.raises(TypeError, match=r"mesh: expected a jax.sharding.Mesh of one axis .* got 4"):
        fit(4)
    with pytest.raises(ValueError, match=r"mesh: expected a jax.sharding.Mesh of one axis .* \('a', 'b', 'c'\)"):
        fit(jax.make_mesh((1, 1, 1), ("a", "b", "c")))
    with pytest.raises(ValueError, match="device: expected none beside mesh=, got 'cpu'"):
        fit(one, device="cpu")


@pytest.mark.parametrize(("size", "rows", "name"), [(6, 6, "data"), (6, 60, "batch_size")])
def test_a_batch_that_the_devices_do_not_divide_is_refused(
    size: int, rows: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = jax.sharding.AbstractMesh((4,), ("batch",))
    monkeypatch.setattr(meshes, "Mesh", jax.sharding.AbstractMesh)
    monkeypatch.setattr(jax.sharding.AbstractMesh, "devices", Four, raising=False)
    with pytest.raises(ValueError, match=rf"{name}: expected a multiple of 4 examples a batch, .* 'batch', got 6"):
        meshes.check_mesh(mesh, size, rows)
