"""All that is on the page as one record for an address, weights included; what comes from an address is untrusted.

Left out is what an address cannot hold: a table of one's own, what the optimizer remembers, and the states before.
"""

import base64
import binascii
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import flat_params, layers_of_shapes
from jaxnet.playground.moments import RACED
from jaxnet.playground.play_settings import PlaySettings, settings_from

_FIELDS = ("settings", "weights", "rival", "chosen", "plane")


def whole_state(trainer: LiveTrainer) -> dict[str, Any]:
    """Return what is shown as a record for JSON; weights are there where they are not those that the seed draws."""
    record: dict[str, Any] = {"settings": trainer.settings.as_record()}
    if not trainer.moment.untouched:
        record["weights"] = base64.b64encode(flat_params(trainer.params).astype("<f4").tobytes()).decode()
    if trainer.rival is not None:
        record["rival"] = {name: getattr(trainer.rival, name) for name in RACED}
    if trainer.chosen is not None:
        record["chosen"] = list(trainer.chosen)
    record["plane"] = list(trainer.plane.inputs)
    return record


def left_out(trainer: LiveTrainer) -> str:
    """Say what the record of a trainer does not hold."""
    moment = trainer.moment
    said = ["your table, which has to be opened first"] if trainer.settings.data.name == "table" else []
    said += ["the values of the edited example"] if trainer.chosen is None else []
    trained = not moment.untouched and bool(int(moment.state.epoch) or int(moment.state.step))
    said += ["what the optimizer remembers", "the states before"] if trained else []
    return f"It leaves out {', '.join(said)}." if said else "It leaves out nothing."


def trainer_of_state(record: Any, trainer: LiveTrainer) -> LiveTrainer:
    """Return a trainer in the state of a record, with the table of another trainer where it is of one.

    A record of settings alone is taken, too. Raises ValueError or TypeError, naming the field, for what does not fit.
    """
    checks.require(isinstance(record, Mapping), "state", "an object with fields", record, TypeError)
    if "settings" not in record:
        record = {"settings": record}
    for name in record:
        checks.choice("state", name, _FIELDS)
    entered = LiveTrainer(PlaySettings(), trainer.own)
    entered.set(settings_from(record["settings"], PlaySettings()))
    if record.get("weights") is not None:
        entered.put(_params(record["weights"], entered.net.sizes))
    if record.get("rival") is not None:
        entered.race(record["rival"])
    if record.get("chosen") is not None:
        chosen = record["chosen"]
        fits = isinstance(chosen, list) and len(chosen) == 2 and isinstance(chosen[0], bool)
        checks.require(fits, "chosen", "whether it is held out, and a row", chosen)
        entered.choose(chosen[0], chosen[1])
    if record.get("plane") is not None:
        plane = record["plane"]
        checks.require(isinstance(plane, list) and len(plane) == 2, "plane", "two inputs", plane)
        entered.look(entered.point, (plane[0], plane[1]))
    return entered


def _params(text: Any, sizes: tuple[int, ...]) -> list[dict[str, np.ndarray]]:
    """Take the weights of a network of these sizes out of their text."""
    expected = f"{sum((a + 1) * b for a, b in itertools.pairwise(sizes))} finite numbers in base64"
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        checks.refuse("weights", expected, text)
    checks.require(len(content) % 4 == 0, "weights", expected, checks.Words(f"{len(content)} bytes"))
    # no view of what came: these are written to
    numbers = np.frombuffer(content, "<f4").astype(np.float32)
    fits = len(numbers) == int(expected.split()[0]) and bool(np.isfinite(numbers).all())
    checks.require(fits, "weights", expected, checks.Words(f"{len(numbers)} numbers"))
    return layers_of_shapes(numbers, itertools.pairwise(sizes))
