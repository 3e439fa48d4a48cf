"""A sweep on Ray: the bits of this process, though an actor was killed. One script on a cluster of this machine alone.

In a process of its own: Ray forks, leaves files in the home directory, and its workers take what the driver has for
settings.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray")

SCRIPT = """
import hashlib, json, os, signal, sys, warnings
warnings.simplefilter("ignore", RuntimeWarning)  # Ray forks, and JAX has threads
import jax
jax.config.update("jax_num_cpu_devices", 1)
import numpy as np
import ray
import jaxnet as jn
from jaxnet.sweeps import ray_executor

draw = np.random.default_rng(0)
x = draw.normal(size=(64, 4)).astype(np.float32)
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)
rate = 0.1

def made(optimizer):
    space = jn.Space(scale=jn.Float(1e-2, 1e30, log=True), hidden=(5,), batch_size=16, seed=jn.Seeds(3))
    return jn.plan(space, (x, y), n=19, epochs=4, halving=jn.Halving(3, 2), optimizer=optimizer)

def digest(result):
    states = [each.read_all() for each in result.history.states]
    parts = [*result.history.curves.values(), *jax.tree.leaves(states), result.history.epochs]
    return hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()

import optax
plan = made(lambda c: optax.sgd(rate * c["scale"], 0.5))  # with numbers of the driver's, which workers must have, too
said = {"local": digest(jn.sweep(plan))}
try:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=40)
except Exception as error:  # of a machine that Ray cannot run on
    print(json.dumps({"cannot start": str(error)}))
    sys.exit()

class Kills(jn.sweeps.RayExecutor):
    def submit(self, tiles):
        if tiles.first == 2 and not said.get("killed"):  # at a rung, while nothing was handed out yet
            pid = ray.get(self._actors[0].handle.about.remote())["pid"]
            os.kill(pid, signal.SIGKILL)
            said["killed"] = pid
        return super().submit(tiles)

with Kills(cpus=1) as executor:
    said["ray"] = digest(jn.sweep(plan, executor=executor, out=sys.argv[1]))
    said["workers"], said["devices"] = executor.workers, executor.devices
    pids = {ray.get(actor.handle.about.remote())["pid"] for actor in executor._actors}
    said["replaced"] = said["killed"] not in pids and len(pids) == 2

    def broken(params, X, y):
        raise ZeroDivisionError("in the worker") if os.getpid() != driver else None
        return X.sum()

    driver = os.getpid()
    try:
        space = jn.Space(learning_rate=0.1)
        jn.sweep(jn.plan(space, (x, y), epochs=1, metrics=[broken]), executor=executor)
    except Exception as error:
        said["raised"] = f"{type(error).__name__}: {error}"
ray_executor._surroundings = lambda: {"jax": "0.0.1"}
try:
    jn.sweep(plan, executor="ray")
except RuntimeError as error:
    said["other"] = str(error)
ray.shutdown()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("home")
    surroundings = {"HOME": str(home), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-c", SCRIPT, str(home / "sweep")]
    paths = os.pathsep.join(path for path in sys.path if path)
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **surroundings, "PYTHONPATH": paths}
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    if "cannot start" in told:
        pytest.skip(f"Ray cannot start here: {told['cannot start']}")
    return dict(told, home=str(home))


def test_a_killed_actor_is_replaced_and_the_bits_are_those_of_one_process(said: dict[str, Any]) -> None:
    assert said["ray"] == said["local"]
    assert said["replaced"]
    assert (said["workers"], said["devices"]) == (2, 1)
    assert (Path(said["home"]) / "sweep" / "members.sqlite").exists()


def test_what_a_worker_raises_is_raised_here(said: dict[str, Any]) -> None:
    assert said["raised"] == "ZeroDivisionError: in the worker"


def test_a_worker_with_other_versions_is_refused(said: dict[str, Any]) -> None:
    assert said["other"].startswith("executor: expected jax 0.0.1 on every worker, as here, got ")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from jaxnet.sweeps.ray_executor import RayExecutor

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"executor: Ray is not installed: pip install 'jaxnet\[ray\]'"):
        RayExecutor()
