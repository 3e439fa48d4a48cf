"""A sweep on Ray: the bits of this process, though its driver was killed, a host came late and an actor died. One script
on a cluster of this machine alone, of two hosts.

In a process of its own: Ray forks, leaves files in the home directory, and its workers take what the driver has for
settings.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray")

SCRIPT = """
import hashlib, json, os, signal, subprocess, sys, time, warnings
warnings.simplefilter("ignore", RuntimeWarning)  # Ray forks, and JAX has threads
import jax
jax.config.update("jax_num_cpu_devices", 1)
import numpy as np
import optax
import ray
from ray.cluster_utils import Cluster
import jaxnet as jn
from jaxnet.sweeps import ray_executor

draw = np.random.default_rng(0)
x = draw.normal(size=(64, 4)).astype(np.float32)
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)
rate, folder, said, killed = 0.1, sys.argv[1], {}, []
varied = {"rows": jn.Int(30, 64), "label_noise": jn.Choice(0.0, 0.2)}
space = jn.Space(scale=jn.Float(1e-2, 1e30, log=True), hidden=(5,), batch_size=16, seed=jn.Seeds(3), **varied)
# with numbers of the driver's, and rows of its configurations', which workers must have, too
how = {"epochs": 4, "halving": jn.Halving(3, 2), "optimizer": lambda c: optax.sgd(rate * c["scale"], 0.5)}
plan = jn.plan(space, (x, y), n=19, **how)
evolving = jn.plan(space, (x, y), n=8, **how | {"halving": None, "method": "pbt", "pbt": jn.PBT(2)})

def digest(result):
    states = [each.read_all() for each in result.history.states]
    parts = [*result.history.curves.values(), *jax.tree.leaves(states), result.history.epochs]
    return hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()

if len(sys.argv) > 2:  # a driver that dies at a rung
    real = jn.sweeps.RayExecutor.submit
    def dying(self, tiles):
        return os.kill(os.getpid(), signal.SIGKILL) if tiles.first == 2 else real(self, tiles)
    jn.sweeps.RayExecutor.submit = dying
    jn.sweep(plan, executor="ray", out=folder)

said["local"] = [digest(jn.sweep(each)) for each in (plan, evolving)]
node = {"num_cpus": 1, "include_dashboard": False}
try:
    cluster = Cluster(initialize_head=True, head_node_args=node)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=40)
except Exception as error:  # of a machine that Ray cannot run on
    print(json.dumps({"cannot start": str(error)}))
    sys.exit()
child = {**os.environ, "RAY_ADDRESS": cluster.address}
said["driver"] = subprocess.run([sys.executable, __file__, folder, "dies"], env=child, capture_output=True).returncode

class Kills(jn.sweeps.RayExecutor):
    begun = []

    def submit(self, tiles):
        self.begun.append(tiles.first)
        if not killed:
            cluster.add_node(num_cpus=1)
            since = time.monotonic()
            while sum(actor.idle for actor in self._actors) < 2 and time.monotonic() - since < 60:
                self.look()
                time.sleep(0.05)
            said["workers"] = self.workers
            killed.append(ray.get(self._actors[0].handle.about.remote())["pid"])
            os.kill(killed[0], signal.SIGKILL)
        return super().submit(tiles)

with Kills(cpus=1) as executor:
    said["ray"] = [digest(jn.sweep(plan, executor=executor, out=folder))]
    said["first"] = min(executor.begun)  # of the epochs that tasks began with
    said["ray"].append(digest(jn.sweep(evolving, executor=executor)))
    pids = {ray.get(actor.handle.about.remote())["pid"] for actor in executor._actors}
    said["replaced"], said["devices"] = killed[0] not in pids and len(pids) == 2, executor.devices

    def broken(params, X, y):
        raise ZeroDivisionError("in the worker") if os.getpid() != driver else None
        return X.sum()

    driver = os.getpid()
    try:
        jn.sweep(jn.plan(jn.Space(learning_rate=0.1), (x, y), epochs=1, metrics=[broken]), executor=executor)
    except Exception as error:
        said["raised"] = f"{type(error).__name__}: {error}"
    about = ray.get(executor._actors[0].handle.about.remote())
    try:
        executor._welcome({**about, "jax": "0.0.1"})
    except RuntimeError as error:
        said["other"] = str(error)
ray.shutdown()
cluster.shutdown()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("home")
    surroundings = {"HOME": str(home), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    (home / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(home / "script.py"), str(home / "sweep")]
    paths = os.pathsep.join(path for path in sys.path if path)
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **surroundings, "PYTHONPATH": paths}
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    if "cannot start" in told:
        pytest.skip(f"Ray cannot start here: {told['cannot start']}")
    return dict(told, home=str(home))


def test_a_host_that_comes_late_trains_a_killed_actor_is_replaced_and_the_bits_are_those_of_one_process(
    said: dict[str, Any],
) -> None:
    assert said["ray"] == said["local"]  # with rows and labels of each configuration; and of a population that copies
    assert said["replaced"]
    assert (said["workers"], said["devices"]) == (2, 1)


def test_where_the_driver_was_killed_the_same_call_goes_on(said: dict[str, Any]) -> None:
    assert said["driver"] == -signal.SIGKILL
    assert said["first"] == 2  # what was trained to the rung before is not trained again
    assert (Path(said["home"]) / "sweep" / "members.sqlite").exists()


def test_what_a_worker_raises_is_raised_here(said: dict[str, Any]) -> None:
    assert said["raised"] == "ZeroDivisionError: in the worker"


def test_a_worker_with_other_versions_is_refused(said: dict[str, Any]) -> None:
    assert said["other"].startswith("executor: expected jax ")
    assert " on every worker, as here, got 0.0.1 on " in said["other"]


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from jaxnet.sweeps.ray_executor import RayExecutor

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"executor: Ray is not installed: pip install 'jaxnet\[ray\]'"):
        RayExecutor()
