"""Does jaxnet keep its promises on this accelerator, and how fast is it? JSON lines, one a finding.

python scripts/benchmarks/device_check.py [--tiny] [--budget SECONDS] [PART ...]

Parts, in this order: device, populations, two_cores, fits, identity, agreement, gradients, experiments. One that fails
says so in a line with "error" and the next goes on; none begins after the budget. Every promise is a line with "holds".
Exits 1 where one does not hold or a part fails. --tiny is for a CPU, where it takes seconds: small sizes, no
experiments.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # leaves room for PyTorch and for experiments

import device as benchmark  # noqa: E402, the paths come first
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import jaxnet as jn  # noqa: E402

EXPERIMENT_SECONDS = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--tiny", action="store_true", help="small sizes, for a CPU")
    parser.add_argument("--budget", type=float, default=230, help="seconds after which no part begins (%(default)s)")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    start, failed = time.perf_counter(), False

    def left() -> float:
        return options.budget - (time.perf_counter() - start)

    def say(part: str, **found: Any) -> None:
        print(json.dumps({"part": part, "at": round(time.perf_counter() - start, 1), **found}), flush=True)

    chosen = options.parts or [part for part in PARTS if not (options.tiny and part == "experiments")]
    for part in chosen:
        try:
            for found in PARTS[part](options.tiny, left) if left() > 0 else [{"error": "no time is left"}]:
                failed |= found.get("holds") is False or "error" in found
                say(part, **found)
        except Exception:
            failed = True
            say(part, error=traceback.format_exc()[-600:])
    say("end", holds=not failed)
    return int(failed)


def device(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """What this is."""
    first = jax.local_devices()[0]
    versions = {"jax": jax.__version__, "jaxlib": jax.lib.__version__, "numpy": np.__version__}
    yield {"device": first.device_kind, "platform": first.platform, "count": jax.device_count(), **versions,
           "cpus": os.cpu_count(), "flags": os.environ.get("XLA_FLAGS", "")}  # fmt: skip


def identity(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """A member's bits, for the same lanes, in populations of any size, run again, and compiled again."""
    data = benchmark.examples(512, 20, 2)
    rates = np.geomspace(1e-3, 1e-1, 300).tolist()

    def bits(members: int, lanes: int | None) -> list[np.ndarray]:
        space = jn.Space(learning_rate=jn.Choice(*rates[:members]), momentum=0.9)
        made = jn.plan(space, data, method="grid", hidden=(32, 32), epochs=3, batch_size=128, lanes=lanes)
        return [np.asarray(leaf) for leaf in jax.tree.leaves(jn.sweep(made).params(0))]

    def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
        return all(map(np.array_equal, one, other))

    for lanes in (8,) if tiny else (64, 512):
        alone = bits(1, lanes)
        for members in (20,) if tiny else (100, 300):
            yield {
                "what": f"member 0 alone and among {members}, {lanes} lanes",
                "holds": same(alone, bits(members, lanes)),
            }
    again = bits(20, 32)
    yield {"what": "the same sweep run again", "holds": same(again, bits(20, 32))}
    for _ in range(1 if tiny else 3):
        jax.clear_caches()
        jn.sweeps.engine._programs.clear()
        yield {"what": "the same sweep compiled again", "holds": same(again, bits(20, 32))}
    away = max(float(np.abs(a - b).max()) for a, b in zip(bits(1, 8), bits(1, 64), strict=True))
    yield {"what": "8 lanes and 64 are other programs; the largest difference", "difference": away}


def agreement(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """JAX on this device against the NumPy reference, to the rounding bound."""
    X, y = benchmark.examples(100, 20, 3)
    for sizes, activation in [((20, 32, 3), "tanh")] if tiny else [((20, 32, 3), "tanh"), ((20, 32, 32, 3), "relu")]:
        net = jn.MLP(sizes, activation=activation, output="softmax")
        found = jn.agreement(net, net.init(jax.random.key(0)), X, y)
        beyond = [entry.name for entry in found.entries if entry.bound < np.inf and not entry.ok]
        unbounded = sum(entry.bound == np.inf for entry in found.entries)  # float32 loses too much there to tell
        what = f"agreement of {sizes}, {activation}, float32"
        yield {"what": what, "holds": not beyond, "beyond": beyond, "without a bound": unbounded}
    exact, coarse = (_product_error(precision) for precision in (None, "default"))
    yield {"what": "error of a product: as jaxnet compiles it, as JAX does by default", "errors": [exact, coarse],
           "holds": exact < 1e-5}  # fmt: skip


def _product_error(precision: str | None) -> float:
    """Return the largest relative error of the logits of a wide layer against float64."""
    X = np.random.default_rng(0).standard_normal((64, 512)).astype(np.float32)
    net = jn.MLP((512, 256))
    params = net.init(jax.random.key(0))
    with jax.default_matmul_precision(precision):
        ours = np.asarray(jax.jit(jn.accelerators.exact_products()(net.predict))(params, X), np.float64)
    true = X.astype(np.float64) @ np.asarray(params[0]["w"], np.float64)
    return float(np.abs(ours - true).max() / np.abs(true).max())


def gradients(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """A right gradient is called right, and a wrong one wrong, by name."""
    X, y = benchmark.examples(32, 6, 3)
    net = jn.MLP((6, 8, 3), activation="tanh", output="softmax")
    f, params = jn.objective(net), net.init(jax.random.key(0))
    right = jax.grad(lambda p: f(p, jnp.asarray(X), jnp.asarray(y)))(params)
    wrong = [right[0], {**right[1], "w": -right[1]["w"]}]
    yield {"what": "a right gradient is right", "holds": bool(jn.check_gradient(f, params, X, y, gradient=right).ok)}
    causes = [str(cause.kind) for cause in jn.check_gradient(f, params, X, y, gradient=wrong).causes]
    yield {"what": "a wrong sign is found", "holds": causes == ["sign"], "causes": causes}


def experiments(tiny: bool, left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """The quick form of every experiment, side by side."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from reproduction import NAMES

    seconds = max(5.0, min(EXPERIMENT_SECONDS, left()))

    def run(name: str) -> dict[str, Any]:
        command = [sys.executable, f"experiments/{name}.py", "--quick", "--device", jax.default_backend()]
        started = time.perf_counter()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_PYTHON_CLIENT_MEM_FRACTION": ".05"}
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return {"what": name, "unfinished after": round(seconds)}
        said = {} if done.returncode == 0 else {"said": (done.stdout + done.stderr)[-300:]}
        missing = "scripts/get_data" in done.stderr
        holds = {"left out": "its data was not fetched"} if missing else {"holds": done.returncode == 0, **said}
        return {"what": name, "seconds": round(time.perf_counter() - started, 1), **holds}

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(run, NAMES)


PARTS = {
    "device": device, "populations": benchmark.populations, "two_cores": benchmark.two_cores,
    "fits": benchmark.fits, "identity": identity, "agreement": agreement, "gradients": gradients,
    "experiments": experiments,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
