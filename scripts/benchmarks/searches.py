"""Searches beside the plain loop that a PyTorch user writes: CPU seconds, the first time in a process and the second.

Everybody trains the same networks on the same rows with the same batch size for as many epochs, with Adam. What a
process spends before (imports, drawing the rows) is not counted. CPU seconds of all threads, so that a busy machine
says nearly the same as an idle one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

COMMON = """
import json, sys, time
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 20)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
EPOCHS, BATCH = int(sys.argv[1]), 64
rates = np.geomspace(1e-3, 3e-2, 24).tolist()
# 16 shapes: one or two hidden layers of 8 to 64 units
shapes = [(a,) for a in (8, 16, 24, 32, 48, 64)] + [(a, b) for a in (8, 16, 32, 64) for b in (8, 16, 32)][:10]
searched = [(shapes[i % 16], rate) for i, rate in enumerate(rates)]

def twice(work):
    seconds = []
    for _ in range(2):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    print(json.dumps(seconds))
"""
PYTORCH = """
import torch
torch.set_num_threads(1)  # for networks of this size more threads wait, and spend CPU seconds on it

def train(hidden, rate, seed=0, scale=1.0):
    torch.manual_seed(seed)
    sizes, layers = (20, *hidden, 2), []
    for a, b in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer, loss = torch.optim.Adam(model.parameters(), rate), torch.nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            (scale * loss(model(inputs[rows]), labels[rows])).backward()
            optimizer.step()
    with torch.no_grad():
        return float(loss(model(inputs), labels))
"""
JAXNET = """
import dataclasses
import jax, jax.numpy as jnp
import jaxnet as jn
from jaxnet.sweeps.devices import use_all_cores
use_all_cores()
given = {"epochs": EPOCHS, "batch_size": BATCH, "optimizer": "adam", "activation": "relu", "hurry": True}
"""
LISTED = """
configurations = [{"learning_rate": rate, "hidden": hidden} for hidden, rate in searched]
space = jn.Space(learning_rate=jn.Float(1e-4, 1), hidden=jn.Choice(shapes))
twice(lambda: jn.sweep(jn.plan(space, (X, y), method="list", configurations=configurations, pad=%s, **given)))
"""
OWN = """
@dataclasses.dataclass(frozen=True)
class Own:
    slope: float
    def init(self, key):
        a, b = jax.random.split(key)
        return {"v": jax.random.normal(a, (20, 16)) / 4, "w": jax.random.normal(b, (16, 2)) / 4}
    def apply(self, params, x):
        z = x @ params["v"]
        return jnp.where(z > 0, z, self.slope * z) @ params["w"]

def lowered(network, configuration):
    f = jn.objective(network, "cross_entropy")
    return lambda params, x, y, weight=None: configuration["scale"] * f(params, x, y, weight=weight)

given.pop("activation")
space = jn.Space(learning_rate=0.01, slope=jn.Float(0, 0.3), scale=jn.Float(0.5, 2))
twice(lambda: jn.sweep(jn.plan(space, (X, y), n=12, network=lambda c: Own(c["slope"]), objective=lowered, **given)))
"""
SEEDS = """
twice(lambda: jn.sweep(jn.plan(jn.Space(learning_rate=0.01, hidden=(32,), seed=jn.Seeds(16)), (X, y), **given, n=1)))
"""
OPTUNA = """
space = jn.Space(learning_rate=jn.Float(1e-3, 0.1, log=True), hidden=(32,))
twice(lambda: jn.sweep(jn.plan(space, (X, y), method="optuna", n=32, ask=8, **given)))
"""
OPTUNA_LOOP = """
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)

def search():
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: train((32,), trial.suggest_float("rate", 1e-3, 0.1, log=True)), n_trials=32)

twice(search)
"""
# what is searched -> who does it -> code; the last one is the plain loop
SEARCHES = {
    "24 networks in 16 shapes": {
        "jaxnet": JAXNET + LISTED % False,
        "jaxnet, pad=True": JAXNET + LISTED % True,
        "PyTorch's loop": PYTORCH + "twice(lambda: [train(*each) for each in searched])",
    },
    "12 configurations of an own network and loss": {
        "jaxnet": JAXNET + OWN,
        "PyTorch's loop": PYTORCH + "twice(lambda: [train((16,), 0.01, scale=s) for s in np.linspace(0.5, 2, 12)])",
    },
    "16 seeds of one configuration": {
        "jaxnet": JAXNET + SEEDS,
        "PyTorch's loop": PYTORCH + "twice(lambda: [train((32,), 0.01, seed) for seed in range(16)])",
    },
    "32 trials of Optuna, 8 at once": {
        "jaxnet": JAXNET + OPTUNA,
        "PyTorch's loop": PYTORCH + OPTUNA_LOOP,
    },
}


def searches(quick: bool) -> Iterator[dict[str, Any]]:
    """Yield the CPU seconds of each search, cold and warm, and how many times the plain loop's they are."""
    for name, contestants in SEARCHES.items():
        seconds = {who: seconds_of(COMMON + code, 10 if quick else 30) for who, code in contestants.items()}
        *ours, loop = seconds
        for who in ours:
            cold, warm = seconds[who]
            first, again = seconds[loop]
            yield {
                name: who, "cold s": round(cold, 2), "warm s": round(warm, 2), "PyTorch cold s": round(first, 2),
                "PyTorch warm s": round(again, 2), "cold ratio": round(cold / first, 2),
                "warm ratio": round(warm / again, 2),
            }  # fmt: skip


def seconds_of(code: str, epochs: int) -> list[float]:
    """Return the list of seconds that a program prints last, run in a process of its own that is told the epochs."""
    environment = os.environ | {"JAXNET_COMPILATION_CACHE": "off"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(epochs)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found
