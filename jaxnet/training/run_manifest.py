"""What a run is a run of: written beside its state, and held against the call that wants to go on with it.

Programs (objective, optimizer with its schedule, metrics) are compared by what they compute, see
``jaxnet.identity.traced_programs``; arrays by every byte. The text of a description says what was changed where that
is a number or a name.
"""

import warnings
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.identity import (
    MUST_STAY,
    PARTITIONABLE,
    XLA_FLAGS,
    KeptPrograms,
    computing_key,
    different,
    digest_arrays,
    odd_programs,
    surroundings,
)
from jaxnet.losses import Objective
from jaxnet.network import MLP, describe_network
from jaxnet.storage import digest
from jaxnet.training.batches import Examples
from jaxnet.training.hyperparameters import as_text, parts_of
from jaxnet.training.loop import Updated, assemble, program_key
from jaxnet.training.metric_values import metric_name
from jaxnet.training.preparation import FitPlan
from jaxnet.training.streamed import Streamed
from jaxnet.training.traced_training import TracedWith, traced_training
from jaxnet.types import Batch

FORMAT = 2
_EXPECTED = "an empty folder, or that of a run with the same arguments"
_DESCRIBED = ("objective", "optimizer")  # whose text explains and whose program decides
_APART = ("format", "epochs", "network", "programs", "orders")  # what is not compared as one value with another
_SETTINGS = (*MUST_STAY, XLA_FLAGS, "jax", "jaxlib", "optax", "jaxnet", "platform", "device", "examples as")
_LIBRARIES = ("optax.", "jaxnet.", "jax.", "builtins.", "numpy.")  # whose things are the same wherever they stand
_PLAIN = (str, bytes, bool, int, float, type(None))
_WRITERS = ("jax", "optax", "jaxnet")  # whose other version writes the same program in other words


def run_manifest(plan: FitPlan) -> dict[str, Any]:
    """Say what a run is of: digests of its programs and arrays, every number, and what its bits depend on."""
    program, (objective, optimizer, stop) = plan.program, map(as_text, plan.described)
    return {
        "format": FORMAT,
        "objective": objective,
        "optimizer": optimizer,
        "stop": stop,
        "metrics": list(map(metric_name, program.metrics)),
        "batch_size": program.batch_size,
        "shuffle": "given orders" if plan.orders is not None else program.shuffled,
        "key": np.asarray(jax.random.key_data(plan.key)).tolist(),
        "start": digest_arrays((plan.state.params, plan.state.epoch)),
        "optimizer_state": digest_arrays(plan.state.optimizer),
        "data": _digest_examples(plan.data.train),
        "validation": _digest_held_out(plan.data.validation),
        "programs": _programs(plan),
        **surroundings(),
        **_layout_record(plan.described[0]),
    }


def compare(saved: dict[str, Any], now: dict[str, Any], described: tuple[Any, ...]) -> None:
    """Hold what was saved against what is asked for, of which ``described`` are objective, optimizer and stop.

    Raises ValueError for another run, with what differs, where, and what is the same. Warns of another machine or
    version, and of what cannot be compared.
    """
    own = _strangers(described) + [each for each in now["metrics"] if f"metric {each}" in now["programs"]]
    if saved.get("saved") == "whole":
        said = checks.Words("a run that jn.save wrote: jn.load_run reads it, and it goes on in another folder")
        checks.refuse("out", _EXPECTED, said)
    if saved.get("format") == 1:
        saved = _from_format_1(saved, now, own)
    saved = {name: now[name] for name in (PARTITIONABLE, XLA_FLAGS)} | saved  # which earlier manifests do not say
    settings = [name for name in _SETTINGS if saved.get(name) != now.get(name)]
    values = [name for name in now if name not in (*_APART, *_SETTINGS, *_DESCRIBED)]
    odd = [name for name in values if saved.get(name) != now[name]]
    # with other shapes, or written by another version, an equal program is another text: names and numbers must do
    comparable = not odd and not any(name in _WRITERS for name in settings)
    by_text = [name for name in _DESCRIBED if saved.get(name) != now[name]]
    odd = (odd_programs(saved["programs"], now["programs"]) if comparable else by_text) + odd
    _refuse(odd, [name for name in (*_DESCRIBED, *values) if name not in odd], saved, now)
    for name in settings:
        words = f"{_was(name, saved, now)}: the last bits may differ from an uninterrupted run"
        if own and name in _WRITERS:
            words += f", and whether {', '.join(own)} compute the same as before cannot be told"
        warnings.warn(words, stacklevel=5)
    calls = {call: name for name, program in reversed(now["programs"].items()) for call in program.get("host", ())}
    for call, name in calls.items():
        words = f"the {name} calls {call} in Python: whether that does the same as before cannot be known"
        warnings.warn(words, stacklevel=5)


def _refuse(odd: list[str], same: list[str], saved: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse where something differs, or a setting of the user's that has to stay."""
    set_back = [name for name in MUST_STAY if saved.get(name) != now[name]]
    lines = [f"{_was(name, saved, now)} (set it back)" for name in set_back]
    for name in odd:
        place = different(saved["programs"].get(name, {}), now["programs"].get(name, {}))
        told = name in now and saved.get(name) != now[name]
        lines.append(f"{_was(name, saved, now)}{place}" if told else f"the {name} differs{place}")
    if lines:
        words = f"a run of something else: {'; '.join(lines)}"
        checks.refuse("out", _EXPECTED, checks.Words(f"{words}; {', '.join(same)} are the same" if same else words))


def _was(name: str, saved: dict[str, Any], now: dict[str, Any]) -> str:
    was, now_is = (_brief(manifest.get(name)) for manifest in (saved, now))
    return f"{name} was {was} and is {now_is}"


def _brief(value: Any) -> Any:
    """Shorten a digest, which nobody reads to its end."""
    digested = isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
    return value[:12] if digested else value


def _from_format_1(saved: dict[str, Any], now: dict[str, Any], own: list[str]) -> dict[str, Any]:
    """Bring a manifest of the first format, which told functions by their names, into the present one.

    For jaxnet's and optax's own functions their names and numbers are enough. Refuses a run of others.
    """
    own = own + ["given orders"] * (saved.get("shuffle") == "given orders")
    if own:
        words = (
            f"a run that an earlier jaxnet saved, which knew {', '.join(own)} by name only: whether they are the same "
            "cannot be known; take another folder, or end it with that jaxnet"
        )
        checks.refuse("out", _EXPECTED, checks.Words(words))
    odd = any(saved.get(name) != now[name] for name in _DESCRIBED)
    added = {name: now[name] for name in ("optimizer_state", *_SETTINGS) if name in now}
    return {**added, **saved, "programs": {} if odd else now["programs"]}


_traced: KeptPrograms[dict[str, Any]] = KeptPrograms(64)


def _programs(plan: FitPlan) -> dict[str, Any]:
    """Return the programs of a run; one that was traced before, for such arrays, is not traced again, as it is not
    compiled again: what is known of a program and what runs are kept under the same key."""
    shapes = str(jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), (plan.state, plan.data, plan.key)))
    # numbers stand in the text of a program, which depends on how they are computed with, too
    key = (
        program_key(plan.program),
        computing_key(plan.numbers),
        shapes,
        *(surroundings()[name] for name in MUST_STAY),
    )
    return _traced.get(key, lambda: _trace(plan))


def _trace(plan: FitPlan) -> dict[str, Any]:
    parts, (size, tail) = assemble(plan.program, plan.numbers), (plan.program.batch_size, plan.program.tail)
    given = TracedWith(
        numbers=(),
        trained=Updated(plan.state.params, plan.state.optimizer),
        train=_shapes_of(plan.data.train),
        validation=None if plan.data.validation is None else _shapes_of(plan.data.validation),
        sizes=[size, tail] if tail else [size],
        key=plan.key,
    )
    return traced_training(lambda numbers: parts, given, plan.program.metrics)


def _digest_examples(examples: Examples) -> str:
    if not isinstance(examples.x, Streamed):
        return digest_arrays(examples)
    return digest(examples.x.source.digest(), str(int(examples.rows)))


def _digest_held_out(batch: Batch | None) -> str:
    x: Any = None if batch is None else batch.x
    return x.source.digest() if isinstance(x, Streamed) else digest_arrays(batch)


def _shapes_of(examples: Examples | Batch) -> Batch:
    return examples.x.of_rows(len(examples.x)) if isinstance(examples.x, Streamed) else Batch(*examples[:3])


def _layout_record(objective: Any) -> dict[str, Any]:
    """Say how a wide network's examples lie; nothing for the others, whose folders have never said it."""
    return {"examples as": "rows"} if getattr(getattr(objective, "network", None), "by_rows", False) else {}


def network_record(objective: Any) -> dict[str, Any] | None:
    """Describe the network of an objective, so that its folder can become a model; None for one without names."""
    net = objective.network if isinstance(objective, Objective) else None
    try:
        return describe_network(net) if isinstance(net, MLP) else None
    except ValueError:
        return None


def _strangers(description: Any) -> list[str]:
    """Name the functions and objects in a description that are neither jaxnet's nor optax's nor JAX's."""
    found: dict[str, None] = {}
    waiting, met = [description], set()
    while waiting:
        value = waiting.pop()
        if id(value) in met or isinstance(value, _PLAIN) or getattr(value, "ndim", None) is not None:
            continue
        met.add(id(value))
        parts = parts_of(value)
        kind = value if callable(value) and hasattr(value, "__module__") else type(value)
        if parts is None and not f"{kind.__module__}.".startswith(_LIBRARIES):
            found[getattr(value, "__qualname__", type(value).__qualname__)] = None
        waiting += [part for part, _ in parts or ()]
    return list(found)
