"""Training on an accelerator beside the same machine's CPU and PyTorch, in microseconds a model-epoch.

Members differ in learning rate and momentum; all contestants train on the same 4,096 examples in batches of 128. A
call of each compiles and warms up, then each has its turns, and the fastest turn of each counts. On the CPU a member
costs the same in any company, so the CPU trains 128 at most. As a script, python scripts/benchmarks/device.py, it says
what a model-epoch takes on two cores.
"""

import functools
import itertools
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # before JAX starts a thread for each

import jax
import numpy as np
import optax
from sweeps import BATCH, examples, operations, population

import jaxnet as jn

ROWS, CPU_MEMBERS = 4096, 128
# sizes, members; what matters most first, for a budget cuts from the end
POPULATIONS = [
    ((20, 32, 32, 2), (64, 1024, 16384)),
    ((8, 8, 2), (64, 1024, 16384)),
    ((64, 100, 10), (64, 1024)),
    ((784, 512, 512, 10), (64,)),
]
# sizes, examples, examples a batch (all where None), epochs
FITS = [
    ((4, 2, 2), 400, None, 500),
    ((20, 32, 32, 2), 4096, 128, 20),
    ((64, 100, 10), 4096, 128, 20),
    ((784, 128, 10), 4096, 128, 5),
    ((784, 512, 512, 10), 4096, 128, 5),
]


def populations(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Yield what a model-epoch takes for every size of population, as long as there is time ``left`` (seconds)."""
    for sizes, counts in POPULATIONS[:2] if tiny else POPULATIONS:
        data = examples(512 if tiny else ROWS, sizes[0], sizes[-1])
        for members in [16] if tiny else counts:
            if left() < 0:
                return
            epochs = 1 if tiny else max(1, min(64, 2**19 // members // max(1, sizes[0] // 64)))
            few = min(members, CPU_MEMBERS)
            took = {"jaxnet": _ours(data, sizes, members, epochs, None)}
            if members in (16, 1024):
                took["jaxnet, default precision"] = _ours(data, sizes, members, epochs, "default")
            with jax.default_device("cpu"):
                took["jaxnet, CPU"] = _ours(data, sizes, few, 1 if sizes[0] > 100 else min(epochs, 4), None)
            took |= {name: steps / members for name, steps in pytorch(sizes, members, data, tiny).items()}
            each = {name: round(value * 1e6, 3) for name, value in took.items()}
            rate = operations(sizes, len(data[0])) / took["jaxnet"] / 1e12
            yield {"sizes": sizes, "members": members, "microseconds a model-epoch": each, "TFLOP/s": round(rate, 2)}


def two_cores(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Yield what a model-epoch takes on two cores of this machine, in a process that may use no others."""
    command = [sys.executable, __file__, *(["--tiny"] if tiny else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=max(5.0, left()))
    yield json.loads(done.stdout.splitlines()[-1])


def _cpu_alone(tiny: bool) -> None:
    """Print what a model-epoch of the first population takes on the cores that this process may use, two."""
    sizes = POPULATIONS[0][0]
    data = examples(512 if tiny else ROWS, sizes[0], sizes[-1])
    members = 16 if tiny else 4 * CPU_MEMBERS
    took = _ours(data, sizes, members, 1 if tiny else 2, None)
    found = {"cores": len(os.sched_getaffinity(0)), "sizes": sizes, "members": members}
    print(json.dumps({**found, "microseconds a model-epoch": round(took * 1e6, 1)}))


def _ours(data: tuple, sizes: tuple, members: int, epochs: int, precision: str | None) -> float:
    """Return the seconds of a model-epoch."""
    with jax.default_matmul_precision(precision):
        work = population(data, sizes[1:-1], members, epochs)
        return fastest(work, turns=3) / members / epochs


def fastest(work: Callable[[], object], turns: int) -> float:
    """Return the seconds of the fastest turn after one that does not count."""
    seconds = []
    for _ in range(turns + 1):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


def pytorch(sizes: tuple, members: int, data: tuple, tiny: bool) -> dict[str, float]:
    """Return the seconds of an epoch of stacked matrices in PyTorch, where it is installed: eager, as a CUDA graph."""
    try:
        import torch
    except ModuleNotFoundError:
        return {}
    cuda = torch.cuda.is_available()
    where = torch.device("cuda" if cuda else "cpu")
    x, y = (torch.from_numpy(part[:BATCH]).to(where) for part in data)
    rates = torch.logspace(-3, -1, members, device=where).reshape(-1, 1, 1)
    momenta = torch.linspace(0, 0.9, members, device=where).reshape(-1, 1, 1)
    shapes = list(itertools.pairwise(sizes))
    draw = functools.partial(torch.randn, device=where)
    layers = [(draw(members, a, b) / math.sqrt(a), torch.zeros(members, 1, b, device=where)) for a, b in shapes]
    params = [leaf.requires_grad_() for layer in layers for leaf in layer]
    velocity = [torch.zeros_like(leaf) for leaf in params]

    def step() -> None:
        a = x.expand(members, -1, -1)
        for w, b in layers[:-1]:
            a = torch.relu(torch.baddbmm(b, a, w))
        logits = torch.baddbmm(layers[-1][1], a, layers[-1][0]).transpose(1, 2)
        losses = torch.nn.functional.cross_entropy(logits, y.expand(members, -1), reduction="none")
        gradient = torch.autograd.grad(losses.mean(1).sum(), params)
        with torch.no_grad():
            for leaf, v, g in zip(params, velocity, gradient, strict=True):
                leaf.sub_(rates * v.mul_(momenta).add_(g))

    steps = len(data[0]) // BATCH

    def epoch(one: Callable[[], None]) -> Callable[[], None]:
        def work() -> None:
            for _ in range(1 if tiny else steps):
                one()
            if cuda:
                torch.cuda.synchronize()

        return work

    found = {"PyTorch, eager": fastest(epoch(step), turns=3)}
    if cuda:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        found["PyTorch, CUDA graph"] = fastest(epoch(graph.replay), turns=3)
    return found


def fits(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Yield the microseconds of a step of one network, on the accelerator and on the CPU beside it."""
    for sizes, rows, size, epochs in FITS[:2] if tiny else FITS:
        if left() < 0:
            return
        X, y = examples(256 if tiny else rows, sizes[0], sizes[-1])
        net = jn.MLP(sizes, output="softmax")
        f, params = jn.objective(net), net.init(jax.random.key(0))
        steps = (1 if tiny else epochs) * -(-len(X) // (size or len(X)))
        took = {}
        for name, device in (("accelerator", jax.local_devices()[0]), ("CPU", "cpu")):
            options = {"optimizer": optax.sgd(0.05), "epochs": 1 if tiny else epochs, "batch_size": size}
            work = functools.partial(jn.fit, f, params, (X, y), key=jax.random.key(1), device=device, **options)
            took[name] = round(fastest(lambda work=work: np.asarray(work().params[0]["w"]), turns=2) / steps * 1e6, 2)
        yield {"sizes": sizes, "rows": len(X), "batch": size or len(X), "microseconds a step": took}


if __name__ == "__main__":
    _cpu_alone("--tiny" in sys.argv)
