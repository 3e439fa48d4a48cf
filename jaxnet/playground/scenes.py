"""Everything on the page that is no frame: data, names, what is set and what may be set, as one record for JSON.

It is sent when something changed that is not trained: names of columns and classes are text there, as they stand.
"""

from typing import Any

import numpy as np

from jaxnet.playground.lessons import LESSONS
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import DEPTH, SWITCHED, WIDTH
from jaxnet.playground.moments import RACED
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN
from jaxnet.playground.planes import input_ranges
from jaxnet.playground.play_settings import INITIAL_WEIGHTS, goals_for
from jaxnet.playground.shown_data import DATA_NAMES, ShownData

STRIP = 12  # rows of the data that are shown to choose from
_PLACES = 4  # decimals of what is only drawn


def scene_of(trainer: LiveTrainer) -> dict[str, Any]:
    """Return what the page shows around the frames of a trainer; numbers are finite."""
    data, plane = trainer.data, trainer.plane
    return {
        "say": "scene",
        "settings": trainer.settings.as_record(),
        "rival": None if trainer.rival is None else {name: getattr(trainer.rival, name) for name in RACED},
        "lane": trainer.moment.lane,
        "data": _data_record(data),
        "plane": {
            "inputs": list(plane.inputs),
            "names": list(plane.names),
            "low": list(plane.low),
            "high": list(plane.high),
            "points": _listed(plane.place(data.X)),
            "held": _listed(plane.place(data.held_X)),
            "point": _listed(plane.place(trainer.point[None])[0]),
        },
        "targets": _listed(data.y),
        "held_targets": _listed(data.held_y),
        "point": _listed(trainer.point),
        "strip": _strip(trainer),
        "chosen": None if trainer.chosen is None else list(trainer.chosen),
        "choices": {
            "data": [name for name in DATA_NAMES if name != "table" or trainer.own is not None],
            "goals": [list(goal) for goal in goals_for(data)],
            "optimizers": list(OPTIMIZERS_SHOWN),
            "activations": list(SWITCHED),
            "starts": list(INITIAL_WEIGHTS),
            "depth": DEPTH,
            "width": WIDTH,
        },
        "lessons": [
            {"title": each.title, "says": each.says, "asks": each.asks, "choices": list(each.choices),
             "looks": each.looks}
            for each in LESSONS
        ],
    }  # fmt: skip


def _strip(trainer: LiveTrainer) -> dict[str, Any]:
    """Return the rows around the chosen one, to choose from; of an edited example, the first."""
    held, row = trainer.chosen or (False, 0)
    X, y = (trainer.data.held_X, trainer.data.held_y) if held else (trainer.data.X, trainer.data.y)
    first = row - row % STRIP
    rows, targets = (_listed(part[first : first + STRIP]) for part in (X, y))
    return {"held": held, "first": first, "rows": rows, "targets": targets}


def _data_record(data: ShownData) -> dict[str, Any]:
    low, high = input_ranges(data)
    columns = () if data.preparation is None else data.preparation.columns
    shown = ("name", "role", "kind", "what", "why", "gap")
    return {
        "title": data.title,
        "task": data.task,
        "inputs": [str(name) for name in data.inputs],
        "classes": list(data.classes),
        "image": data.image,
        "rows": [len(data.X), len(data.held_X)],
        "note": data.note,
        "low": _listed(low),
        "high": _listed(high),
        "columns": [{name: getattr(column, name) for name in shown} for column in columns],
    }


def _listed(values: Any) -> Any:
    return np.round(np.asarray(values, np.float64), _PLACES).tolist()
