"""A frame as one binary message, of which the page makes views and copies nothing.

Two little-endian uint32, the lengths of what follows in bytes; a head in JSON, padded with spaces to a multiple of 4;
float32: the parameters layer by layer, weights before biases, then the units of the chosen example and its
predictions; uint8: the answer to each training row, then a picture a unit, hidden layers before outputs. In a race a
second message of this form follows, behind zeros up to a multiple of 4: the other one's.
"""

import json
import math
import struct
from typing import Any

import numpy as np

from jaxnet.playground.compiled_programs import compiled
from jaxnet.playground.live_training import LiveTrainer, Pictures
from jaxnet.playground.masked_training import Picture
from jaxnet.playground.moments import Moment, updates_an_epoch
from jaxnet.playground.planes import SIDE

_MANY = 20  # hidden units, from which their pictures are sent at half the resolution: they are drawn smaller


def frame_bytes(
    trainer: LiveTrainer, pictures: Pictures, number: int, *, place: tuple[int, int] | None = None
) -> bytes:
    """Return the message for the pictures of what a trainer shows; ``number`` is that of the last command it knows of,
    and ``place`` which state it is and of how many, by default those of the ring."""
    at, moments = (trainer.at, len(trainer.moments)) if place is None else place
    moment = trainer.moment
    more = {"n": number, "at": at, "moments": moments, "race": moment.rival is not None}
    message = _message(trainer, moment, pictures.shown, more)
    if moment.rival is None or pictures.rival is None:
        return message
    return message + bytes(-len(message) % 4) + _message(trainer, moment.rival, pictures.rival, {**more, "race": False})


def _message(trainer: LiveTrainer, moment: Moment, picture: Picture, more: dict[str, Any]) -> bytes:
    hidden, outputs = trainer.net.sizes[1:-1], trainer.net.sizes[-1]
    stride = 2 if sum(hidden) > _MANY else 1
    numbers: list[Any] = [np.ravel(layer[leaf]) for layer in trainer.params_at(moment) for leaf in ("w", "b")]
    numbers += [picture.chosen[depth, :count] for depth, count in enumerate(hidden)] + [picture.answer[:outputs]]
    rows = len(trainer.data.X)
    pictures = [_square(picture.units[depth, :, :count], stride) for depth, count in enumerate(hidden)]
    small: list[Any] = [picture.answers[:rows].astype(np.uint8), *pictures, _square(picture.outputs[:, :outputs], 1)]
    said = {**_head(trainer, moment, picture), **more, "stride": stride}
    head = json.dumps(said, allow_nan=False).encode()
    head += b" " * (-len(head) % 4)
    floats = np.concatenate([np.ravel(part) for part in numbers]).astype("<f4").tobytes()
    return struct.pack("<II", len(head), len(floats)) + head + floats + b"".join(part.tobytes() for part in small)


def _head(trainer: LiveTrainer, moment: Moment, picture: Picture) -> dict[str, Any]:
    """Return what a frame says in words and single numbers; what is not finite is None."""
    state, rows = moment.state, [len(trainer.data.X), len(trainer.data.held_X)]
    shares = [right / max(count, 1) for right, count in zip(picture.right.tolist(), rows, strict=True)]
    known = compiled(trainer.bucket)
    return {
        "lane": moment.lane,
        "epoch": int(state.epoch),
        "step": int(state.step),
        "per": updates_an_epoch(moment.settings, rows[0]),
        "sizes": list(trainer.net.sizes),
        "rows": rows[0],
        "losses": [_finite(loss) for loss in picture.losses.tolist()],
        "loss": _finite(float(state.epoch_loss)),
        "right": shares if known and trainer.data.classes else None,
        "finite": bool(state.finite),
        "ready": known,
        "side": SIDE,
    }


def _square(columns: np.ndarray, stride: int) -> np.ndarray:
    """Turn points by units [SIDE * SIDE, H] into pictures [H, SIDE / stride, SIDE / stride]."""
    pictures = columns.T.reshape(-1, SIDE, SIDE)[:, ::stride, ::stride]
    return np.ascontiguousarray(pictures)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
