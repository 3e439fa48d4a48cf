"""The folder that ``fit(out=)`` or ``Run.save`` keeps a run in, read as a model: network, parameters, last scores."""

import re
from pathlib import Path

import numpy as np

from jaxnet import storage
from jaxnet.models.model_file import ModelParts, params_like
from jaxnet.network import described_network
from jaxnet.training.checkpoint import RUN_FILE

_PARAMS = {"last": "[0].params", "best": "[0].best.params"}  # as a pytree (state, history) names them


def run_parts(folder: Path) -> ModelParts:
    """Return the network of a run with the parameters that ``Run.params`` has: the best ones where its ``stop``
    restores them, else the last. Its scores are those of that epoch.

    Raises ``CheckpointError``, naming the file, for one that is damaged, and for a run of a network that a file cannot
    describe, for which it says what to do.
    """
    source = str(folder / RUN_FILE)
    file = folder / RUN_FILE
    decode = lambda path: storage.decode_named(storage.read_bytes(path), source=str(path))
    named, manifest = storage.read_generation(file, decode)
    if manifest.get("network") is None:
        what = "a run of an objective or network of one's own, which no file describes"
        if "network" not in manifest:
            what = "a run that an earlier jaxnet kept, which did not write its network down"
        way = "jn.load_run reads its parameters, and jn.Model(net, run.params).save(path) saves them"
        raise storage.CheckpointError(f"{source}: {what}: {way}")
    try:
        net = described_network(manifest["network"])
    except (ValueError, TypeError) as error:
        raise storage.CheckpointError(f"{source}: {error}") from error
    # of a folder of fit(out=) where the best epoch stands, of Run.save how many epochs its parameters are behind
    best = int(named["[0].best.epoch"]) if "[0].best.params[0]['w']" in named else 0
    behind = int(named["[0].epoch"]) - best if best > 0 else int(named.get("[0].behind", 0))
    which = _PARAMS["best" if best > 0 else "last"]
    own = {name.removeprefix(which): leaf for name, leaf in named.items() if name.startswith(f"{which}[")}
    first = own.get("[0]['w']", np.zeros(0, np.float32))
    params = storage.match(own, params_like(net, first.dtype), source=source)
    return ModelParts(net, (params,), None, _scores(named, behind))


def _scores(named: dict[str, np.ndarray], behind: int) -> dict[str, float]:
    """Return the value of each curve so many epochs before its end; one that is not finite is none."""
    curves = {found[1]: leaf for name, leaf in named.items() if (found := re.fullmatch(r"\[1\]\['(.+)'\]", name))}
    at = {name: curve[-1 - behind] for name, curve in sorted(curves.items()) if len(curve) > behind >= 0}
    return {name: float(value) for name, value in at.items() if np.isfinite(value)}
