"""A sweep on a Ray cluster, whose hosts and GPUs may differ, come late, and die.

An actor a host, or a GPU, holds the plan and its compiled programs. Tiles are tasks, handed to whichever actor is idle;
a task that its actor did not live to end is handed to another, and comes to the same bits. The driver alone ranks and
writes the folder, so the same call goes on where a driver was killed.
"""

import collections
import logging
import os
import socket
import time
import warnings
from types import TracebackType
from typing import Any, cast

import jax
import numpy as np

from jaxnet import checks, compilation_cache
from jaxnet.accelerators import local_devices, platform
from jaxnet.identity import installed
from jaxnet.sweeps.executors import Local, TileTask
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.tiles import Lane

_LIVES = 3  # actors that one task may cost, before it is said that it is the task that kills them
_LOOK_SECONDS = 2.0  # after which it is looked whether hosts have come
_PATIENCE = 60.0  # seconds without any actor, after which somebody who waits is told
_SETTINGS = ("jax_enable_x64", "jax_numpy_rank_promotion", "jax_numpy_dtype_promotion", "jax_default_matmul_precision")


class RayExecutor:
    """Trains tiles on the Ray cluster that this process is connected to, else on one that ``ray.init()`` finds or
    starts; a context that ends what it began.

    ``workers``: how many actors there are at most; None for one a host, or a GPU where this process computes on one.
    ``cpus``: of each actor on hosts; None for all that its host has.
    """

    def __init__(self, workers: int | None = None, *, cpus: int | None = None) -> None:
        """Raises ImportError without Ray, ValueError or TypeError for what is no number of workers."""
        try:
            import ray
        except ImportError as error:
            raise ImportError("executor: Ray is not installed: pip install 'jaxnet[ray]'") from error
        self._ray = ray
        self._most = None if workers is None else checks.integer("workers", workers, minimum=1)
        self._cpus = None if cpus is None else checks.integer("cpus", cpus, minimum=1)
        self._started = not ray.is_initialized()
        if self._started:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is to leave this machine unasked
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # that JAX has threads, of Ray's starting its processes
                ray.init(log_to_driver=False, logging_level=logging.ERROR)
        self._actors: list[_Actor] = []
        self._waiting: collections.deque[_Answer] = collections.deque()
        self._looked, self._begun, self._welcomed = 0.0, time.monotonic(), False
        self._sent: tuple[Plan, Any] | None = None
        self.look()

    @property
    def workers(self) -> int:
        """How many actors there are now."""
        return max(1, len(self._actors))

    @property
    def devices(self) -> int:
        """How many devices an actor has."""
        return max((actor.devices for actor in self._actors), default=1)

    def submit(self, tiles: TileTask) -> "_Answer":
        """Hand tiles to the cluster; return an object whose ``result()`` is (lanes, curves)."""
        if self._sent is None or self._sent[0] is not tiles.plan:
            self._sent = tiles.plan, self._ray.put(tiles.plan)
        answer = _Answer(self, self._sent[1], tiles)
        self._waiting.append(answer)
        self.look()
        return answer

    def look(self) -> None:
        """Take what is done, hand out what waits, and put actors onto hosts that have come."""
        refs = {actor.running: actor for actor in self._actors if not actor.idle}
        if refs:
            ready, _ = self._ray.wait(list(refs), num_returns=len(refs), timeout=0)
            for ref in ready:
                self._take(refs[ref], ref)
        if time.monotonic() - self._looked > _LOOK_SECONDS or not self._actors:
            self._looked = time.monotonic()
            self._spread()
        for actor in self._actors:
            if actor.idle and self._waiting:
                answer = self._waiting.popleft()
                actor.answer, actor.idle = answer, False
                # in a list, so that the actor fetches the plan once, and not with every task
                actor.running = actor.handle.train.remote([answer.plan], answer.tiles[1:])

    def close(self) -> None:
        """End the actors, and Ray where this executor started it."""
        for actor in self._actors:
            self._ray.kill(actor.handle)
        self._actors = []
        if self._started:
            self._ray.shutdown()

    def __enter__(self) -> "RayExecutor":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _take(self, actor: "_Actor", ref: Any) -> None:
        answer, errors = actor.answer, self._ray.exceptions
        try:
            told = self._ray.get(ref)
        except errors.RayActorError as error:
            self._actors.remove(actor)
            self._looked = 0.0  # for another in its place
            if answer is not None:
                answer.deaths += 1
                if answer.deaths < _LIVES:
                    self._waiting.appendleft(answer)
                else:
                    words = f"{_LIVES} workers have died of the same tiles, perhaps for want of memory"
                    answer.error = RuntimeError(f"{words} ({error})")
            return
        except errors.RayTaskError as error:
            if answer is None:
                raise RuntimeError(f"executor: a worker did not start ({error})") from error
            answer.error = error.cause if isinstance(error.cause, Exception) else error
            told = None
        actor.idle = True
        if answer is None:
            actor.devices = self._welcome(told)
        else:
            answer.told, actor.answer = told, None

    def _welcome(self, told: dict[str, Any]) -> int:
        """Refuse a worker whose bits would be others than those that the plan's manifest names."""
        self._welcomed, mine = True, _surroundings()
        for name, value in mine.items():
            got = checks.Words(f"{told[name]} on {told['host']}")
            checks.require(
                told[name] == value, "executor", f"{name} {value} on every worker, as here", got, RuntimeError
            )
        return int(told["devices"])

    def _spread(self) -> None:
        """Put an actor onto every host, or every GPU, that has none."""
        if not self._welcomed and time.monotonic() - self._begun > _PATIENCE:
            self._welcomed = True  # said once
            words = "no worker has started yet: is there a host with as many free CPUs, or a free GPU, in ray.nodes()?"
            warnings.warn(f"executor: {words}", RuntimeWarning, stacklevel=2)
        gpus = platform() == "gpu"
        for node in self._ray.nodes():
            resources = node["Resources"]
            room = int(resources.get("GPU", 0)) if gpus else int("CPU" in resources)
            if not gpus and self._cpus:
                room = int(resources.get("CPU", 0)) // self._cpus
            here = sum(actor.node == node["NodeID"] for actor in self._actors)
            for _ in range(here, room if node["Alive"] else 0):
                if self._most is None or len(self._actors) < self._most:
                    self._actors.append(self._actor(node["NodeID"], resources, gpus=gpus))

    def _actor(self, node: str, resources: dict[str, float], *, gpus: bool) -> "_Actor":
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        cpus = self._cpus or (1 if gpus else max(1, int(resources["CPU"])))
        where = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        made = self._ray.remote(_Worker).options(num_cpus=cpus, num_gpus=int(gpus), scheduling_strategy=where)
        settings = {name: jax.config.values[name] for name in _SETTINGS}
        handle: Any = made.remote(settings, None if gpus else cpus)
        return _Actor(handle, node, handle.about.remote())


class _Actor:
    """A worker as the driver sees it."""

    def __init__(self, handle: Any, node: str, running: Any) -> None:
        self.handle, self.node, self.running = handle, node, running
        self.idle, self.devices = False, 1
        self.answer: _Answer | None = None  # what it works on


class _Answer:
    """What tiles will come to."""

    def __init__(self, executor: RayExecutor, plan: Any, tiles: TileTask) -> None:
        self._executor, self.plan, self.tiles = executor, plan, tiles
        self.told: tuple[Lane, np.ndarray] | None = None
        self.error: BaseException | None = None
        self.deaths = 0

    def done(self) -> bool:
        """Say whether the result is there."""
        self._executor.look()
        return self.told is not None or self.error is not None

    def result(self) -> tuple[Lane, np.ndarray]:
        """Return it; raises what the training raised, RuntimeError where it has killed its workers."""
        while not self.done():
            time.sleep(0.01)
        if self.error is not None:
            raise self.error
        return cast(tuple[Lane, np.ndarray], self.told)


def _surroundings() -> dict[str, str]:
    versions = {name: installed(name) for name in ("jaxnet", "jax", "jaxlib", "optax")}
    return {**versions, "device": local_devices()[0].device_kind}


class _Worker:
    """An actor: trains tiles of a plan that it fetches once."""

    def __init__(self, settings: dict[str, Any], cpus: int | None) -> None:
        for name, value in settings.items():
            jax.config.update(name, value)
        if cpus is not None:
            jax.config.update("jax_platforms", "cpu")
            jax.config.update("jax_num_cpu_devices", cpus)
        compilation_cache.enable()
        self._here = Local()
        self._plan: Any = None
        self._ref: Any = None

    def about(self) -> dict[str, Any]:
        """Say what the bits of this worker are relative to."""
        return {**_surroundings(), "host": socket.gethostname(), "pid": os.getpid(), "devices": len(local_devices())}

    def train(self, held: list[Any], tiles: tuple[Any, ...]) -> tuple[Lane, np.ndarray]:
        """Train tiles, whose plan is in the object store."""
        import ray

        if self._ref != held[0]:
            self._plan, self._ref = ray.get(held[0]), held[0]
        return self._here.submit(TileTask(self._plan, *tiles))
